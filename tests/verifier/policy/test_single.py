"""A policy by itself: what it refuses to be, and what it refuses of a genuine document, in every form in which it is shown."""

import pickle
from typing import Any

import pytest

from certs.formats import Step
from tests.shown import FORMS, Shown, show
from tests.world import RECORDS, World
from verifier import AllOf, AnyOf, Outcome, Policy, PolicyError, Report, Verifier
from verifier.policy.file import _KEYS
from verifier.policy.predicates import OVER_18, Aged, AtLeast, Each, Either, InForce, Row, Says, drives
from verifier.policy.ready import READY


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"documents": ("driving_licence.summary",)}, "driving_licence has no view summary"),
        ({"asks": ("shoe_size",)}, "no document has a field shoe_size"),
        ({"documents": ("driving_licence",), "asks": ("blood_group",)}, "driving_licence has no field blood_group"),
        ({"documents": ("health_record",), "claims": (("points", 3),)}, "health_record has no field points"),
        ({"requires": (AtLeast("full_name", 3),)}, "full_name is not a number"),
        (
            {"documents": ("driving_licence",), "requires": (InForce("points"),)},
            "driving_licence: points is not a date",
        ),
        ({"documents": ("driving_licence",), "requires": (Says("points", "12"),)}, "points never says '12'"),
        ({"documents": ("driving_licence",), "requires": (Says("points", True),)}, "points never says True"),
        ({"documents": ("driving_licence",), "requires": (Says("birth_date", "2003"),)}, "which nothing equals"),
        ({"documents": ("driving_licence",), "requires": (Says("points"),)}, "points: one of nothing"),
        ({"documents": ("driving_licence",), "requires": (drives("B9"),)}, "class never says 'B9': its choices are A1"),
        ({"documents": ("driving_licence",), "requires": (Row("points", ()),)}, "points is not a list of rows"),
        ({"documents": ("driving_licence",), "requires": (Row("classes", (Aged(3, "expiry"),)),)}, "no field expiry"),
        ({"documents": ("driving_licence",), "requires": (Each(()),)}, "each of nothing"),
        ({"documents": ("driving_licence",), "requires": (Either(()),)}, "either of nothing"),
        (
            {"documents": ("driving_licence", "health_record"), "requires": (AtLeast("points", 1),)},
            "health_record: no field",
        ),
        ({"requires": (Says("shoe_size", 1),)}, "no field shoe_size"),
        ({"one_time": True, "accept_printed": True}, "one_time"),
        ({"one_time": True, "require_holder_proof": False}, "one_time"),
    ],
)
def test_what_no_document_could_meet_is_no_policy(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(**wrong)
    assert says in str(caught.value)


def test_one_kind_that_can_answer_is_enough_where_any_is_taken() -> None:
    Policy(requires=(AtLeast("points", 1), OVER_18))
    Policy(documents=("health_record", "driving_licence"), requires=(Either((AtLeast("points", 1), Aged(18))),))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("wanted", "code", "fields"),
    [
        ({"issuers": ("public-security",)}, None, ()),
        ({"issuers": ("transport", "health")}, "policy_refused", ()),
        ({"asks": ("full_name", "points")}, None, ()),
        ({"asks": ("full_name", "residence", "nationality")}, "claims_missing", ("residence", "nationality")),
        ({"claims": (("points", 12),)}, None, ()),
        ({"claims": (("points", 11),)}, "policy_refused", ("points",)),
        ({"requires": (drives("B"), AtLeast("points", 1))}, None, ()),
        ({"requires": (drives("C"),)}, "policy_refused", ("classes",)),
        ({"requires": (OVER_18,)}, None, ()),
        ({"requires": (Says("nationality", "Việt Nam"),)}, "claims_missing", ("nationality",)),
        # a no comes before what is not told
        ({"requires": (Says("nationality", "Việt Nam"), drives("C"))}, "policy_refused", ("classes",)),
        ({"requires": (Aged(30),), "asks": ("residence",)}, "claims_missing", ("residence",)),
    ],
)
def test_what_is_asked_beyond_genuineness(
    world: World, verifier: Verifier, form: str, wanted: dict[str, Any], code: str | None, fields: tuple[str, ...]
) -> None:
    report = show(world, form).inspect(verifier, **wanted)
    assert (report.code, report.fields) == (code, fields)
    if code is not None:
        assert report.outcome is Outcome.REJECTED and report.checks[Step.POLICY - 1].code == code
        assert report.to_json()["fields"] == list(fields)


@pytest.mark.parametrize("form", FORMS)
def test_predicates_go_by_the_day_of_the_check(world: World, form: str) -> None:
    record = {
        **RECORDS["driving_licence"],
        "classes": [{"class": "B", "issued": "2025-03-10", "expires": "2026-03-02"}],
    }
    for later, code in ((0, None), (86_400, "policy_refused")):
        shown = show(world, form, record=record, at=world.now + later)
        report = shown.inspect(at(world, later), requires=(drives("B"),))
        assert report.code == code


def at(world: World, later: int) -> Verifier:
    return Verifier(world.open_bundle(), clock=lambda: world.now + later)


def test_one_class_of_a_licence_can_be_shown_without_the_others(world: World, verifier: Verifier) -> None:
    """SD-JWT: the row that is shown says yes; that the hidden ones say no is not known."""
    row: list[Any] = [("classes", 1, name) for name in ("class", "issued", "expires")]
    shown = show(world, "dc+sd-jwt", claims=row)
    assert shown.inspect(verifier, requires=(drives("B"),)).accepted
    report = shown.inspect(verifier, requires=(drives("A1"),))
    assert (report.code, report.fields) == ("claims_missing", ("classes",))
    assert shown.inspect(verifier, asks=("classes",)).code == "claims_missing"  # of which a part is withheld
    no_end = show(world, "dc+sd-jwt", claims=row[:2])
    assert no_end.inspect(verifier, requires=(drives("B"),)).code == "claims_missing"


def test_alternatives_and_parts_can_be_handed_to_other_processes() -> None:
    for demand in (*READY.values(), AllOf((READY["bank.open_account"], READY["clinic.reception"]))):  # type: ignore[arg-type]
        assert pickle.loads(pickle.dumps(demand)) == demand
        assert hash(demand) == hash(pickle.loads(pickle.dumps(demand)))


def test_every_field_of_a_policy_has_its_key_in_a_file() -> None:
    assert set(_KEYS) == set(Policy.__dataclass_fields__) - {"challenge"}


def test_a_verified_document_tells_its_level_and_types(world: World, verifier: Verifier) -> None:
    for form in FORMS:
        verified = show(world, form).verify(verifier)
        assert verified.level == 2 and verified.typed.number("points") == 12
        assert verified.typed.rows("classes")[1].text("class") == "B"
        assert verified.known_as_of == {name: world.now for name in ("bundle", "trust_list", "status_list")}
        assert verified.presentation_id is not None and len(verified.presentation_id) == 32
        assert verified.presentation_id.hex() not in repr(verified) and "signed=" not in repr(verified)


def reports(world: World, demand: Any, *shown: Shown) -> list[Report]:
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    return [verifier.inspect(each.text, policy=demand, conversation=each.conversation) for each in shown]


def test_a_policy_of_another_kind_is_told_by_its_first_refusal(world: World) -> None:
    wrong = AnyOf((Policy(documents=("tax_registration",)), Policy(asks=("residence",))))
    (report,) = reports(world, wrong, show(world, "vn1_cwt"))
    assert (report.code, report.fields) == ("policy_refused", ())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lax", [{"require_holder_proof": False}, {"accept_printed": True}])
def test_kb_01_a_challenge_is_not_answered_by_leaving_the_proof_out(
    world: World, form: str, lax: dict[str, Any]
) -> None:
    """Who shows a challenge wants it signed, whatever else would do without one: copy, print, key binding cut off."""
    shown = show(world, form)
    texts = [world.printed(), world.paper()] if form == FORMS[0] else [shown.text]
    texts = [text[: text.rindex("~") + 1] if "~" in text else text for text in texts]
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    for text in texts:
        report = verifier.inspect(text, policy=Policy(challenge=b"shown by us", **lax))
        assert (report.outcome, report.code) == (Outcome.REJECTED, "holder_binding_missing")


def test_a_text_is_no_list_of_names() -> None:
    """`"tax" in "taxes"`: a text in place of a tuple would let parts of it pass."""
    for name in ("documents", "issuers", "asks"):
        with pytest.raises(PolicyError, match=name):
            Policy(**{name: "tax"})
