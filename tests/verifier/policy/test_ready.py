"""The ready policies, each driven by the documents that it is for, and by those that it is not."""

from typing import Any

import pytest

from tests.shown import FORMS, show
from tests.world import DAY, RECORDS, World
from verifier import AnyOf, MemoryOnce, Outcome, Policy, Report, Verifier, change
from verifier.policy import text as policy_text
from verifier.policy.composed import leaves
from verifier.policy.file import loads
from verifier.policy.ready import READY, ready


def check(world: World, name: str, text: str, later: int = 0, **bundle: Any) -> Report:
    verifier = Verifier(world.open_bundle(**bundle), clock=lambda: world.now + later)
    demand = ready(name)
    assert isinstance(demand, Policy | AnyOf)
    return verifier.inspect(text, policy=demand, once=MemoryOnce())


def licence(world: World, **changes: Any) -> str:
    told = {**RECORDS["driving_licence"], **changes}
    fields = ("personal_identification_number", "full_name", "birth_date", "licence_number", "classes", "points")
    return world.present(world.issue(record={name: told[name] for name in fields}))


def test_the_list() -> None:
    assert set(READY) == {"bank.open_account", "bank.face_to_face", "traffic.stop", "clinic.reception", "age.18"}
    with pytest.raises(KeyError):
        ready("bank.rob")


@pytest.mark.parametrize("name", READY)
def test_each_can_be_written_and_read(name: str) -> None:
    assert loads(policy_text.dumps(ready(name))) == ready(name)


@pytest.mark.parametrize("form", FORMS)
def test_open_an_account(world: World, form: str) -> None:
    """From afar: the whole identity, once, and a no where something is not known."""
    shown = show(world, form, "citizen_identity", "identity")
    demand = ready("bank.open_account")
    assert isinstance(demand, Policy)
    asked, guard = change(demand, **shown.asked), MemoryOnce(clock=lambda: world.now)
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)

    def inspect(text: str, on: Verifier = verifier) -> Report:
        return on.inspect(text, policy=asked, conversation=shown.conversation, once=guard)

    assert inspect(shown.text).accepted
    assert inspect(shown.text).code == "presentation_replayed"
    age = show(world, form, "citizen_identity", "age_over_18")
    assert inspect(age.text).code == "policy_refused"
    assert inspect(show(world, form).text).code == "policy_refused"  # a licence
    for bundle in ({"status_lists": {}}, {"lifetime": 1}):
        late = Verifier(world.open_bundle(**bundle), clock=lambda: world.now + 1)
        assert inspect(show(world, form, "citizen_identity").text, late).outcome is Outcome.REJECTED


def test_face_to_face_by_number_or_by_portrait(world: World) -> None:
    for view in ("identity", "portrait"):
        report = check(world, "bank.face_to_face", world.present(world.issue("citizen_identity", view)))
        assert report.accepted, view
    age = world.present(world.issue("citizen_identity", "age_over_18"))
    assert check(world, "bank.face_to_face", age).code == "policy_refused"
    assert check(world, "bank.face_to_face", world.paper("citizen_identity")).code == "holder_binding_missing"
    unknown = check(world, "bank.face_to_face", world.present_text("citizen_identity"), status_lists={})
    assert unknown.outcome is Outcome.UNDETERMINED  # the clerk asks for another document


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"points": 0}, "policy_refused"),
        ({"points": 1}, None),
        ({"classes": []}, "policy_refused"),
        ({"classes": [{"class": "B", "issued": "2016-03-01", "expires": "2026-03-01"}]}, "policy_refused"),
        ({"classes": [{"class": "B", "issued": "2016-03-02", "expires": "2026-03-02"}]}, None),
        ({"classes": [{"class": "A1", "issued": "2021-06-01", "expires": None}]}, None),
    ],
)
def test_stop_on_the_road(world: World, changes: dict[str, Any], code: str | None) -> None:
    assert check(world, "traffic.stop", licence(world, **changes)).code == code


def test_stop_on_the_road_takes_no_other_view(world: World) -> None:
    assert check(world, "traffic.stop", world.present(world.issue("driving_licence", "full"))).accepted
    for view in ("age_over_18", "portrait"):  # the latter tells no points
        assert (
            check(world, "traffic.stop", world.present(world.issue("driving_licence", view))).code == "policy_refused"
        )


def test_reception_by_either_card_printed_or_not(world: World) -> None:
    for kind, view in (
        ("health_insurance_card", "card"),
        ("health_record", "insurance"),
        ("health_record", "administrative"),
    ):
        assert check(world, "clinic.reception", world.present(world.issue(kind, view))).accepted, view
    assert check(world, "clinic.reception", world.paper("health_insurance_card")).accepted
    assert check(world, "clinic.reception", world.present_text("health_record", "summary")).code == "policy_refused"
    assert check(world, "clinic.reception", world.present_text("driving_licence")).code == "policy_refused"


def test_reception_refuses_insurance_that_has_ended(world: World) -> None:
    card = {
        name: value
        for name, value in RECORDS["health_insurance_card"].items()
        if "number" not in name or name == "card_number"
    }
    over = world.present(world.issue("health_insurance_card", None, {**card, "valid_until": "2026-03-01"}))
    report = check(world, "clinic.reception", over)
    assert (report.code, report.fields) == ("policy_refused", ("valid_from", "valid_until"))
    last_day = world.present(world.issue("health_insurance_card", None, {**card, "valid_until": "2026-03-02"}))
    assert check(world, "clinic.reception", last_day).accepted


def test_age_18(world: World) -> None:
    for kind in ("citizen_identity", "driving_licence"):
        assert check(world, "age.18", world.present(world.issue(kind, "age_over_18"))).accepted
    young = world.issue("citizen_identity", "age_over_18", {"age_over_18": False})
    assert check(world, "age.18", world.present(young)).code == "policy_refused"
    assert check(world, "age.18", world.present()).code == "policy_refused"  # more than is needed


def test_none_of_them_takes_what_was_made_for_somebody_else(world: World) -> None:
    for name, demand in READY.items():
        (kind, _, view) = next(leaves(demand)).documents[0].partition(".")
        text = world.present(world.issue(kind, view), audience="another bank", challenge=b"theirs")
        assert check(world, name, text).code == "audience_mismatch", name


def test_days_are_days() -> None:
    assert next(leaves(ready("bank.open_account"))).max_status_age == DAY
