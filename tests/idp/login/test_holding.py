"""The ways to sign in that an account holds: names, the last of them, and what removing one ends."""

import pytest

from idp.login import holding
from idp.model import Authenticator, AuthenticatorKind
from tests.world_idp import NOW

TOTP, CODE, PASSCODE = AuthenticatorKind.TOTP, AuthenticatorKind.RECOVERY_CODE, AuthenticatorKind.PASSCODE


def one(kind: AuthenticatorKind, number: int = 1) -> Authenticator:
    return Authenticator(f"{kind.value}-{number}", "a-1", kind, "", NOW)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Máy", "Máy"),
        ("  Máy   của mẹ ", "Máy của mẹ"),
        ("x" * 40, "x" * 40),
        ("x" * 41, None),
        ("", None),
        (None, None),
        (" ", None),
        ("a\u202eb", None),
        ("a\u200bb", None),
        ("Ma\u0301y", None),  # not composed: it would compare differently
    ],
)
def test_names(typed: str | None, name: str | None) -> None:
    assert holding.name_of(typed) == name


def test_the_last_one() -> None:
    app, other, passcode = one(TOTP), one(TOTP, 2), one(PASSCODE)
    codes = tuple(one(CODE, number) for number in range(3))
    assert holding.is_last((app,), app)
    assert holding.is_last((app, passcode), app)  # a passcode opens nothing by itself
    assert not holding.is_last((app, passcode), passcode)
    assert not holding.is_last((app, other), app)
    assert not holding.is_last((app, *codes), app)
    assert holding.is_last(codes, codes[0])  # they go together


def test_every_kind_has_a_title() -> None:
    assert set(holding.TITLES) == set(AuthenticatorKind)
