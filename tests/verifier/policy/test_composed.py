"""Alternatives for one document, and several documents of one person: what is yes, what is no, and what cannot be told."""

from typing import Any

import pytest

from certs import qr
from certs.formats import Step
from certs.keys import MemorySigner
from certs.proof import holder_proof
from certs.status import Status
from tests.world import RECORDS, World
from verifier import (
    DEFAULT,
    AllOf,
    AnyOf,
    CheckOutcome,
    Link,
    Outcome,
    Policy,
    PolicyError,
    Rejected,
    Undetermined,
    Unknown,
    Verifier,
    change,
)
from verifier.policy.composed import MOST, leaves

LICENCE, IDENTITY = Policy(documents=("driving_licence",)), Policy(documents=("citizen_identity",))
CARD, TAX = Policy(documents=("health_insurance_card",)), Policy(documents=("tax_registration",))
MISSING = "http://localhost:5000/status-lists/9"


# --- alternatives -----------------------------------------------------------------------------------------------------


def test_one_alternative_that_accepts_is_enough(world: World, verifier: Verifier) -> None:
    either = AnyOf((IDENTITY, LICENCE))
    for kind in ("citizen_identity", "driving_licence"):
        assert verifier.verify(world.present_text(kind), policy=either).document == kind
    report = verifier.inspect(world.present_text("tax_registration"), policy=either)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "policy_refused")


def test_alternatives_may_want_other_proofs(world: World, verifier: Verifier) -> None:
    """A printed card is taken, a printed licence is not; a licence must answer the challenge."""
    either = AnyOf(
        (
            Policy(documents=("health_insurance_card",), accept_printed=True),
            change(LICENCE, audience="us", challenge=b"1"),
        )
    )
    assert verifier.inspect(world.paper("health_insurance_card"), policy=either).accepted
    assert verifier.inspect(world.present(audience="us", challenge=b"1"), policy=either).accepted
    # What the second says of a print, and the first of a licence, came as far as each other's step:
    assert verifier.inspect(world.paper(), policy=either).code == "policy_refused"
    for text in (world.present(), world.present(audience="us"), world.present(audience="us", challenge=b"2")):
        assert verifier.inspect(text, policy=either).outcome is Outcome.REJECTED


def test_the_reason_is_that_of_the_alternative_that_came_furthest(world: World, verifier: Verifier) -> None:
    strict = AnyOf((Policy(fresh_for=1, skew=0), TAX))
    report = verifier.inspect(world.present(at=world.now - 5), policy=strict)
    assert (report.code, report.checks[Step.POLICY - 1].outcome) == ("policy_refused", CheckOutcome.FAILED)
    assert report.checks[Step.HOLDER_PROOF - 1].outcome is CheckOutcome.PASSED  # by that alternative
    for text, code in (
        ("VN1:", "malformed"),
        ("HC1:6BF", "prefix_unknown"),
        (world.printed(), "holder_binding_missing"),
    ):
        assert verifier.inspect(text, policy=AnyOf((LICENCE, TAX))).code == code


def test_cannot_tell_stands_between_yes_and_no(world: World, verifier: Verifier) -> None:
    text = world.present(world.issue(uri=MISSING))
    hard = change(LICENCE, status_unavailable=Unknown.REJECT)
    for alternatives, outcome in (
        ((TAX, LICENCE), Outcome.UNDETERMINED),
        ((LICENCE, TAX), Outcome.UNDETERMINED),
        ((hard, LICENCE), Outcome.UNDETERMINED),
        ((TAX, hard), Outcome.REJECTED),
    ):
        assert verifier.inspect(text, policy=AnyOf(alternatives)).outcome is outcome
    with pytest.raises(Undetermined) as caught:
        verifier.verify(text, policy=AnyOf((TAX, LICENCE)))
    assert caught.value.code == "status_unavailable"


def test_one_alternative_is_the_policy_itself(world: World, verifier: Verifier) -> None:
    world.set_state(77, Status.SUSPENDED)
    later = Verifier(world.open_bundle(), clock=lambda: world.now)
    for text in (world.present(), world.printed(), "x", world.present(world.issue(index=77)), world.paper()):
        for policy in (DEFAULT, LICENCE, TAX):
            alone = later.inspect(text, policy=policy)
            assert later.inspect(text, policy=AnyOf((policy,))) == alone
            assert later.inspect(text, policy=AnyOf((policy, policy))) == alone


# --- several documents ------------------------------------------------------------------------------------------------


def shown(world: World, *kinds: str, **how: Any) -> list[str]:
    """Of one person, in views that tell the number where there is one, each under a key of its own."""
    views = {"vehicle_registration": "full", "health_record": "administrative"}
    texts = []
    for kind in kinds:
        key = MemorySigner.generate()
        texts.append(world.present(world.issue(kind, views.get(kind), holder=key, **how), signer=key))
    return texts


def test_each_part_is_met_by_a_document_of_its_own_in_any_order(world: World, verifier: Verifier) -> None:
    texts = shown(world, "driving_licence", "citizen_identity", "vehicle_registration")
    anything = AllOf((Policy(), LICENCE, IDENTITY))  # the first takes each of them: it must leave two to the others
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        together = verifier.verify_all([texts[number] for number in order], policy=anything)
        kinds = [each.document for each in together.documents]
        assert kinds == ["vehicle_registration", "driving_licence", "citizen_identity"]
    with pytest.raises(KeyError):
        together.of("health_record")


def test_a_document_too_few_or_too_many(world: World, verifier: Verifier) -> None:
    licence, identity, vehicle = shown(world, "driving_licence", "citizen_identity", "vehicle_registration")
    policy = AllOf((LICENCE, IDENTITY))
    other = shown(world, "driving_licence")[0]
    for texts, code in (
        ([], "claims_missing"),
        ([licence], "claims_missing"),
        ([licence, other], "claims_missing"),
        ([licence, vehicle], "policy_refused"),
        ([licence, identity, vehicle], "policy_refused"),
        ([licence, identity, other], "policy_refused"),
        ([licence] * (MOST + 1), "limit_exceeded"),
        ([licence, "VN1:"], "malformed"),
        ([licence, licence], "presentation_replayed"),
    ):
        with pytest.raises(Rejected) as caught:
            verifier.verify_all(texts, policy=policy)
        assert caught.value.code == code
        report = verifier.inspect_all(texts, policy=policy)
        assert (report.outcome, report.code, report.together) == (Outcome.REJECTED, code, None)
        assert len(report.reports) in (0, len(texts))
        assert all(each["verified"] is None for each in report.to_json()["documents"])
        assert report.reason is not None and report.advice is not None


def test_no_comes_before_cannot_tell_before_yes(world: World, verifier: Verifier) -> None:
    (licence,), (unknown,) = shown(world, "driving_licence"), shown(world, "citizen_identity", uri=MISSING)
    policy = AllOf((LICENCE, IDENTITY))
    with pytest.raises(Undetermined) as caught:
        verifier.verify_all([licence, unknown], policy=policy)
    assert caught.value.code == "status_unavailable"
    report = verifier.inspect_all([unknown, licence], policy=policy)
    assert report.outcome is Outcome.UNDETERMINED
    assert [each.outcome for each in report.reports] == [Outcome.UNDETERMINED, Outcome.ACCEPTED]
    refused = AllOf((change(LICENCE, asks=("residence",)), IDENTITY))
    assert verifier.inspect_all([licence, unknown], policy=refused).code == "claims_missing"


def test_a_part_may_have_alternatives(world: World, verifier: Verifier) -> None:
    policy = AllOf((IDENTITY, AnyOf((LICENCE, Policy(documents=("vehicle_registration",))))))
    for kind in ("driving_licence", "vehicle_registration"):
        together = verifier.verify_all(shown(world, kind, "citizen_identity"), policy=policy)
        assert [each.document for each in together.documents] == ["citizen_identity", kind]
        report = verifier.inspect_all(shown(world, kind, "citizen_identity"), policy=policy)
        told = report.to_json()
        assert report.accepted and told["linked_by"] == ["number"] and report.reason is None
        assert {each["verified"]["document"] for each in told["documents"]} == {"citizen_identity", kind}


# --- one person -------------------------------------------------------------------------------------------------------

NUMBER = "personal_identification_number"


def card(world: World, **changes: Any) -> str:
    """A health-insurance card tells no number: name and birth are all that joins it."""
    record = {**RECORDS["health_insurance_card"], **changes}
    view = (
        "full_name",
        "birth_date",
        "sex",
        "card_number",
        "first_facility",
        "valid_from",
        "valid_until",
        "benefit_level",
    )
    return world.present(world.issue("health_insurance_card", None, {name: record[name] for name in view}))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"full_name": "Nguyễn Thị Thùy Dương"}, None),  # the tone on another letter of the same syllable
        ({"full_name": "NGUYỄN THỊ THUỲ DƯƠNG"}, None),
        ({"full_name": "Nguyễn Thị Thuý Dương"}, "claim_conflict"),  # another tone
        ({"full_name": "Nguyễn Thị Thuy Dương"}, "claim_conflict"),
        ({"full_name": "Nguyễn Thị Thuỳ Duơng"}, "claim_conflict"),
        ({"birth_date": "2003-05-10"}, "claim_conflict"),
        ({"birth_date": "2003"}, "claims_missing"),  # agrees, and joins nobody
        ({"birth_date": "2004"}, "claim_conflict"),
        ({"sex": "male"}, "claim_conflict"),
    ],
)
def test_name_and_birth_join_where_the_policy_lets_them(
    world: World, verifier: Verifier, changes: dict[str, Any], code: str | None
) -> None:
    texts = [card(world, **changes), world.present_text("citizen_identity")]
    policy = AllOf((IDENTITY, CARD), linked_by=(Link.NUMBER, Link.NAME_AND_BIRTH))
    assert verifier.inspect_all(texts, policy=policy).code == code
    if code is None:
        assert verifier.verify_all(texts, policy=policy).linked_by == (Link.NAME_AND_BIRTH,)
        strict = verifier.inspect_all(texts, policy=AllOf((IDENTITY, CARD)))
        assert (strict.code, strict.fields) == ("claims_missing", (NUMBER,))


def test_documents_hang_together_in_a_chain(world: World, verifier: Verifier) -> None:
    """The card is joined to the licence by name and birth, the licence to the vehicle by the number."""
    texts = [card(world), world.present(), world.present(world.issue("vehicle_registration", "full"))]
    policy = AllOf((CARD, LICENCE, Policy(documents=("vehicle_registration",))), (Link.NUMBER, Link.NAME_AND_BIRTH))
    assert set(verifier.verify_all(texts, policy=policy).linked_by) == {Link.NUMBER, Link.NAME_AND_BIRTH}
    # Without the one between the two do not: the registration tells no birth.
    apart = AllOf((CARD, Policy(documents=("vehicle_registration",))), (Link.NUMBER, Link.NAME_AND_BIRTH))
    assert verifier.inspect_all([texts[0], texts[2]], policy=apart).code == "claims_missing"


def test_a_contradiction_is_one_whatever_joins(world: World, verifier: Verifier) -> None:
    """One key, one name, one birth; another number."""
    other = {**RECORDS["driving_licence"], NUMBER: "999103004321"}
    told = {name: other[name] for name in (NUMBER, "full_name", "birth_date", "licence_number", "classes", "points")}
    texts = [world.present(world.issue(record=told)), world.present_text("citizen_identity")]
    report = verifier.inspect_all(texts, policy=AllOf((LICENCE, IDENTITY), tuple(Link)))
    assert (report.code, report.fields) == ("claim_conflict", (NUMBER,))


# --- values -----------------------------------------------------------------------------------------------------------


def test_what_is_no_composition() -> None:
    for make in (
        lambda: AnyOf(()),
        lambda: AnyOf([LICENCE]),  # type: ignore[arg-type]
        lambda: AnyOf((AnyOf((LICENCE,)),)),  # type: ignore[arg-type]
        lambda: AnyOf((LICENCE,) * (MOST + 1)),
        lambda: AllOf((LICENCE,)),
        lambda: AllOf((LICENCE, AllOf((LICENCE, IDENTITY)))),  # type: ignore[arg-type]
        lambda: AllOf((LICENCE, IDENTITY), ()),
        lambda: AllOf((LICENCE, IDENTITY), ("number",)),  # type: ignore[arg-type]
    ):
        with pytest.raises(PolicyError):
            make()


def test_one_text_for_several_documents_is_the_callers_mistake(world: World, verifier: Verifier) -> None:
    for ask in (verifier.verify, verifier.inspect):
        with pytest.raises(PolicyError, match="verify_all"):
            ask(world.present(), policy=AllOf((LICENCE, IDENTITY)))  # type: ignore[arg-type]


def test_change_reaches_every_policy() -> None:
    demand = AllOf((LICENCE, AnyOf((IDENTITY, CARD))))
    changed = change(demand, audience="bank", challenge=b"1")
    assert {(each.audience, each.challenge) for each in leaves(changed)} == {("bank", b"1")}
    assert change(changed, audience=None, challenge=None) == demand
    assert isinstance(change(LICENCE, audience="bank"), Policy)


@pytest.mark.parametrize(
    ("second", "code"), [("30K-567.89", None), (RECORDS["vehicle_registration"]["plate"], "presentation_replayed")]
)
def test_kb_10_two_of_one_kind_are_told_apart_by_what_they_say(
    world: World, verifier: Verifier, second: str, code: str | None
) -> None:
    """Two vehicles are two documents; a copy under another key, or one issued anew, is none."""
    texts = []
    for number, plate in enumerate((RECORDS["vehicle_registration"]["plate"], second)):
        record, key = {**RECORDS["vehicle_registration"], "plate": plate}, MemorySigner.generate()
        issued = world.issue("vehicle_registration", "full", record, holder=key, index=20 + number)
        texts.append(world.present(issued, signer=key))
    vehicle = Policy(documents=("vehicle_registration",))
    assert verifier.inspect_all(texts, policy=AllOf((vehicle, vehicle))).code == code


def test_kb_10_two_views_of_one_document_where_each_is_asked_for(world: World, verifier: Verifier) -> None:
    views = [world.present(world.issue("driving_licence", view)) for view in ("licence", "full")]
    named = [Policy(documents=(f"driving_licence.{view}",)) for view in ("licence", "full")]
    assert verifier.inspect_all(views, policy=AllOf(tuple(named))).accepted
    both = Policy(documents=("driving_licence.licence", "driving_licence.full"))
    for parts in ((LICENCE, LICENCE), (named[0], LICENCE), (both, named[1]), (Policy(), named[0])):
        assert verifier.inspect_all(views, policy=AllOf(parts)).code == "presentation_replayed"


def test_kb_10_one_paper_does_not_pass_for_two(world: World) -> None:
    """The holder signs anew, or shows a copy beside it: it is still the one licence."""
    licence, card = world.issue("driving_licence", "licence"), world.issue("citizen_identity", "identity")
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    earlier = qr.to_text(holder_proof(licence, world.holder, now=world.now - 5))
    any_two = AllOf((Policy(require_holder_proof=False), Policy()))
    for other in (earlier, world.printed(licence)):
        report = verifier.inspect_all([other, world.present(licence)], policy=any_two)
        assert (report.outcome, report.code) == (Outcome.REJECTED, "presentation_replayed")
    assert verifier.inspect_all([world.present(licence), world.present(card)], policy=any_two).accepted
    assert not verifier.inspect_all([["no text"], earlier], policy=any_two).accepted  # type: ignore[list-item]
