"""Decree 69/2024/NĐ-CP Art. 20, row by row."""

import pytest

from idp.login.acr import Factor, acr, amr, authentication_level, level_of

F = Factor


@pytest.mark.parametrize(
    ("factors", "level"),
    [
        ({F.PASSWORD}, 1),
        ({F.ONE_TIME_CODE}, 1),
        ({F.PASSWORD, F.PIN}, 1),  # two secrets in one head
        ({F.FACE}, 1),  # no more than any other single factor
        ({F.FACE, F.FINGERPRINT}, 1),
        ({F.PASSWORD, F.ONE_TIME_CODE}, 2),
        ({F.PASSWORD, F.HARDWARE_KEY}, 2),
        ({F.PASSWORD, F.FACE}, 3),
        ({F.CARD, F.FINGERPRINT}, 3),
        ({F.PASSWORD, F.CARD, F.FACE}, 4),
        ({F.PIN, F.SOFTWARE_KEY, F.FINGERPRINT}, 4),
    ],
)
def test_level(factors: set[Factor], level: int) -> None:
    assert authentication_level(frozenset(factors)) == level
    assert level_of(acr(level)) == level


def test_no_factor_no_level() -> None:
    with pytest.raises(ValueError, match="factor"):
        authentication_level(frozenset())


def test_amr() -> None:
    assert amr(frozenset({F.PASSWORD})) == ("pwd",)
    assert amr(frozenset({F.PASSWORD, F.ONE_TIME_CODE})) == ("otp", "pwd", "mfa")
