"""Predicates: yes, no and *not told*, on the day and on the day after, and never yes for what was not told."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.catalogue import CATALOGUE
from certs.documents.values import Typed
from tests.world import RECORDS
from verifier import Policy
from verifier.policy.faults import PolicyError
from verifier.policy.predicates import (
    INSURED,
    OVER_18,
    Aged,
    AtLeast,
    Each,
    Either,
    InForce,
    Predicate,
    Row,
    Says,
    answer,
    drives,
    names,
    today,
)

DAY = date(2026, 3, 2)


def ask(predicate: Predicate, kind: str = "driving_licence", day: date = DAY, partial: Any = (), **told: Any) -> Any:
    record = {name: value for name, value in {**RECORDS[kind], **told}.items() if value is not ...}
    return answer(predicate, Typed(CATALOGUE[kind].fields, record), day=day, partial=partial)


def test_says() -> None:
    assert ask(Says("points", 12)) is True
    assert ask(Says("points", 11)) is False
    assert ask(Says("points", 3, 12)) is True
    assert ask(Says("points", True), points=1) is False  # yes is no number
    assert ask(Says("age_over_18", 1)) is False
    assert ask(Says("points", 12), points=...) is None
    assert ask(Says("points", 12), partial=("points",)) is None


def test_at_least() -> None:
    assert [ask(AtLeast("points", 1), points=points) for points in (0, 1, 12)] == [False, True, True]
    assert ask(AtLeast("points", 1), points=...) is None
    assert ask(AtLeast("age_over_18", 1)) is None


@pytest.mark.parametrize(
    ("born", "first_day"),
    [
        ("2008-03-02", date(2026, 3, 2)),
        ("2008-02-29", date(2026, 3, 1)),  # 2026 has no 29 February
        ("2004-02-29", date(2022, 3, 1)),
        ("2008-03", date(2026, 3, 31)),  # any day of that month
        ("2008", date(2026, 12, 31)),
    ],
)
def test_aged_from_the_birthday_on(born: str, first_day: date) -> None:
    assert ask(Aged(18), birth_date=born, day=first_day) is True
    assert ask(Aged(18), birth_date=born, day=first_day - timedelta(1)) is False


def test_in_force_on_its_first_and_last_day() -> None:
    term = InForce("valid_until", since="valid_from")
    told = {"valid_from": "2026-03-01", "valid_until": "2026-03-02"}
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)]
    assert [ask(term, "health_insurance_card", day, **told) for day in days] == [False, True, True, False]
    assert ask(InForce("valid_until"), "health_insurance_card", date(2020, 1, 1), **told) is True
    for gone in told:
        assert ask(term, "health_insurance_card", DAY, **{**told, gone: ...}) is None
    # Where only the month is known, its first day counts as the end and its last as the begin.
    assert ask(InForce("valid_until"), "health_insurance_card", DAY, valid_until="2026-03") is False
    assert ask(term, "health_insurance_card", DAY, valid_from="2026-03", valid_until="2027-01-01") is False


def test_an_identity_card_without_an_end_does_not_say_that_it_is_in_force() -> None:
    """Who chooses claim by claim could leave the end of an expired one out."""
    assert ask(InForce("valid_until"), "citizen_identity", valid_until=...) is None


def test_class_b_valid_today() -> None:
    assert ask(drives("B")) is True
    assert ask(drives("C")) is False
    assert ask(drives("C", "B")) is True
    assert ask(drives("A1")) is True  # it has no end
    ends = [{"class": "B", "issued": "2016-03-02", "expires": "2026-03-02"}]
    assert ask(drives("B"), classes=ends) is True
    assert ask(drives("B"), classes=ends, day=DAY + timedelta(1)) is False
    assert ask(drives("B"), classes=ends, day=date(2016, 3, 1)) is False
    two = [*ends, {"class": "C", "issued": "2025-01-01", "expires": "2030-01-01"}]
    assert ask(drives("B"), classes=two, day=DAY + timedelta(1)) is False  # no row of B takes the end of C


def test_of_a_list_of_which_a_part_is_withheld_only_what_is_shown_says_yes() -> None:
    shown = [{"class": "A1", "issued": "2021-06-01", "expires": None}]
    assert ask(drives("A1"), classes=shown, partial=("classes",)) is True
    assert ask(drives("B"), classes=shown, partial=("classes",)) is None
    hidden_end = [{"class": "B", "issued": "2016-01-01"}]
    assert ask(drives("B"), classes=hidden_end, partial=("classes",)) is None
    assert ask(drives("C"), classes=hidden_end) is False
    assert ask(drives("B"), classes=...) is None
    assert ask(drives("B"), classes=[]) is False


def test_over_18_by_either_fact() -> None:
    assert ask(OVER_18) is True
    assert ask(OVER_18, age_over_18=False, birth_date=...) is None  # it was signed before the birthday, perhaps
    assert ask(OVER_18, age_over_18=False) is True  # and the birthday has passed
    assert ask(OVER_18, age_over_18=..., birth_date="2010-01-01") is None
    assert ask(OVER_18, age_over_18=False, birth_date="2010-01-01") is False
    assert ask(OVER_18, age_over_18=..., birth_date=...) is None


def test_insured_by_either_card() -> None:
    assert ask(INSURED, "health_record") is True
    assert ask(INSURED, "health_insurance_card") is True
    assert ask(INSURED, "health_insurance_card", date(2027, 1, 1)) is None  # that no other insurance is told is no `no`


def test_composition_by_three_values() -> None:
    yes, no, untold = Says("points", 12), Says("points", 1), Says("residence", "x")
    for predicate, wanted in (
        (Either((untold, yes)), True),
        (Either((untold, no)), None),
        (Either((no, no)), False),
        (Each((untold, no)), False),
        (Each((untold, yes)), None),
        (Each((yes, yes)), True),
        (Each((yes, Either((no, Each((yes, yes)))))), True),
    ):
        assert ask(predicate, residence=...) is wanted


def test_days_are_those_of_hanoi() -> None:
    evening = int(datetime(2026, 3, 1, 16, 59, 59, tzinfo=UTC).timestamp())
    assert (today(evening), today(evening + 1)) == (date(2026, 3, 1), date(2026, 3, 2))


def test_the_facts_that_it_is_about() -> None:
    assert names(Either((Says("points", 1), Each((Aged(18), InForce("valid_until", since="valid_from")))))) == {
        "points",
        "birth_date",
        "valid_until",
        "valid_from",
    }
    assert names(drives("B")) == {"classes"}


SIMPLE = st.sampled_from(
    [
        Says("points", 12),
        Says("points", 1),
        AtLeast("points", 3),
        Aged(18),
        Aged(99),
        InForce("issued_on"),
        drives("B"),
        drives("D"),
        Row("classes", (Says("class", "A1"),)),
    ]
)
ANY = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(Either, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Each, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(ANY, st.sets(st.sampled_from(["points", "birth_date", "issued_on", "classes"])))
def test_to_withhold_a_fact_never_makes_a_yes_of_a_no(predicate: Predicate, withheld: set[str]) -> None:
    whole = ask(predicate)
    less = ask(predicate, **dict.fromkeys(withheld, ...))
    assert whole is not None and less in (whole, None)


def test_the_end_of_another_document_is_no_insurance() -> None:
    """An identity card, and a vehicle's papers, have days from and until as well; they insure nobody."""
    told = {"valid_from": "2020-01-01", "valid_until": "2040-01-01"}
    for kind in ("citizen_identity", "vehicle_registration"):
        assert answer(INSURED, Typed(CATALOGUE[kind].fields, told), day=date(2026, 1, 1)) is None
        with pytest.raises(PolicyError):
            Policy(documents=(kind,), requires=(INSURED,))
