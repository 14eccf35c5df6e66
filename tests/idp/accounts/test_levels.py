"""Who may hold which account, how old somebody is. Spec: Decree 69/2024/NĐ-CP Art. 7, 14."""

from datetime import date

import pytest

from certs.catalogue import CATALOGUE
from idp.accounts.ages import age, is_adult, years_later
from idp.accounts.levels import entitlement, opens
from tests.contract.rows import PERSON, another

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("birth_date", "years"),
    [
        ("2008-11-21", 18),
        ("2008-11-22", 17),
        ("2008-11", 17),  # it may have been the 30th
        ("2008-10", 18),
        ("2008", 17),  # it may have been the 31st of December
        ("2007", 18),
        ("2008-02-29", 18),
        ("1960-04-31", 66),  # no such day: old papers hold it
        ("2026-11-21", 0),
    ],
)
def test_an_age_is_what_is_certain(birth_date: str, years: int) -> None:
    assert age(birth_date, TODAY) == years
    assert is_adult(birth_date, TODAY) is (years >= 18)


def test_a_birthday_on_29_february() -> None:
    assert age("2008-02-29", date(2026, 2, 28)) == 17
    assert age("2008-02-29", date(2026, 3, 1)) == 18
    assert years_later(date(2024, 2, 29), 1) == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("birth_date", "levels", "by_guardian"),
    [
        ("2012-11-21", (1, 2), False),
        ("2012-11-22", (1, 2), True),
        ("2020-11-21", (1, 2), True),
        ("2020-11-22", (1,), True),
        ("2026-01-01", (1,), True),
    ],
)
def test_article_7(birth_date: str, levels: tuple[int, ...], by_guardian: bool) -> None:
    entitled = entitlement(another(PERSON, birth_date=birth_date), TODAY)
    assert (entitled.levels, entitled.by_guardian) == (levels, by_guardian)


def test_the_dead_hold_nothing() -> None:
    assert entitlement(another(PERSON, deceased_on="2026-01-01"), TODAY).levels == ()


def test_documents_open_at_their_own_level() -> None:
    for document in CATALOGUE.values():
        assert opens(document.account_level, document)
        assert not opens(document.account_level - 1, document)
