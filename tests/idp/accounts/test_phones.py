"""Telephone numbers in one form. Spec: ITU-T E.164."""

import pytest

from idp.accounts.phones import mask, national, normalise


@pytest.mark.parametrize(
    "typed",
    [
        *("0300000001", "+84300000001", "84300000001", "0084300000001", "0300 000 001", "0300.000.001"),
        *("(030) 000-0001", " 0300000001 ", "+84 300 000 001"),
    ],
)
def test_one_form(typed: str) -> None:
    assert normalise(typed) == "+84300000001"


@pytest.mark.parametrize(
    "typed",
    [
        *("", "0", "030000000", "03000000011", "0100000001", "0243000000", "+85300000001", "+840300000001"),
        *("٠٣٠٠٠٠٠٠٠١", "０３０００００００１", "0300000001x", "0300\n000001", "999196000346"),
    ],
)
def test_no_mobile_number(typed: str) -> None:
    assert normalise(typed) is None


def test_as_people_write_it() -> None:
    assert national("+84300000001") == "0300 000 001"
    assert normalise(national("+84912345678")) == "+84912345678"
    assert mask("+84912345678") == "*********678"
