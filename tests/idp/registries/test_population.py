"""The identity card's ages, and matching by yes and no. Spec: Law 26/2023/QH15 Art. 21; domain C."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.accounts.ages import age
from idp.registries.population import (
    agreement,
    birth_date_of,
    card_ends,
    card_in_force_since,
    comparable,
    identity,
    name_of,
    residence,
)
from tests.contract.rows import PERSON, another

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("birth_date", "issued", "ends"),
    [
        ("2000-05-10", "2015-01-01", "2025-05-10"),
        ("2000-05-10", "2023-05-09", "2025-05-10"),
        ("2000-05-10", "2023-05-10", "2040-05-10"),  # within two years of 25: runs to 40
        ("1970-05-10", "2020-01-01", "2030-05-10"),
        ("1970-05-10", "2028-05-10", None),
        ("1950", "2024-01-01", None),
        ("1990", "2024-01-01", "2030-12-31"),
        ("1990-04", "2024-01-01", "2030-04-30"),
        ("2012-02-29", "2020-01-01", "2026-02-28"),
        ("1990-04-31", "2024-01-01", "2030-04-30"),
    ],
)
def test_when_a_card_ends(birth_date: str, issued: str, ends: str | None) -> None:
    assert card_ends(birth_date, date.fromisoformat(issued)) == ends


@given(st.dates(date(1930, 1, 1), TODAY), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_card_of_that_day_is_still_good(born: date, today: date) -> None:
    first = max(card_in_force_since(born.isoformat(), today), date(1990, 1, 1))
    ends = card_ends(born.isoformat(), first)
    assert ends is None or ends > today.isoformat() or age(born.isoformat(), today) < 0


def test_a_card_without_end_says_nothing_of_one() -> None:
    old = another(PERSON, birth_date="1950")
    document = identity(old, issued_on=date(2024, 1, 1), today=TODAY)
    assert "valid_until" not in document.record and document.valid_until is None
    assert document.record["residence"] == residence(old) == "Số 5, ngõ 12, Phường Ngọc Hà, Hà Nội"


def test_matching_says_yes_or_no_and_nothing_else() -> None:
    asked = {
        "personal_identification_number": PERSON.pid,
        "full_name": "  NGUYỄN THỊ  minh anh ",
        "birth_date": "1996",
        "sex": "female",
        "blood_group": "O+",
    }
    assert agreement(PERSON, asked) == {
        "personal_identification_number": True,
        "full_name": True,
        "birth_date": False,
        "sex": True,
        "blood_group": False,
    }


def test_names_are_compared_by_form_and_case_and_no_further() -> None:
    assert comparable("Nguye\u0302\u0303n") == comparable("NGUYỄN")
    assert comparable("Hòa") != comparable("Hoà")
    assert comparable("Đào") != comparable("Ðào")  # the second begins with Eth


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Trần   Thị Hân ", "Trần Thị Hân"),
        ("Nguye\u0302\u0303n An", "Nguyễn An"),
        ("\u00d0ào Thị Lan", "Đào Thị Lan"),  # Eth looks the same, and is another letter
        ("H'Hen Niê", "H'Hen Niê"),
        ("Y Bhĭu Kbuôr", "Y Bhĭu Kbuôr"),
        ("Ann J. Smith Jr.", "Ann J. Smith Jr."),
        ("", None),
        ("Trần 2", None),
        ("Trần <b>", None),
        ("Tr\u200bần", None),
        ("Hoàng Ho\u0430", None),
        ("x" * 101, None),
    ],
)
def test_a_name_as_it_is_written(typed: str, name: str | None) -> None:
    assert name_of(typed) == name


@pytest.mark.parametrize("known", ["1996-04-12", "1996-04", "1996", "2026-11-21", "2026-11", "2026"])
def test_a_birth_date_as_precise_as_it_is_known(known: str) -> None:
    assert birth_date_of(known, today=TODAY) == known


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "96",
        "1996-4-12",
        "1996-13",
        "1996-02-30",
        "12/04/1996",
        "2026-11-22",
        "2026-12",
        "2027",
        "1899",
        "1996-04-12 ",
    ],
)
def test_what_is_no_birth_date(typed: str) -> None:
    assert birth_date_of(typed, today=TODAY) is None
