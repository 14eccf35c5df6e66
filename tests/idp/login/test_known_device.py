"""The token of a browser that an account was used in: for this account, this password, this long."""

from dataclasses import replace

import pytest

from idp.login import known_device
from idp.login.acr import Factor
from idp.login.attempts import Secret, shown
from idp.login.known_device import LIFETIME, MOST, read
from idp.model import Account
from tests.world_idp import NOW, account

KEY = b"k" * 32
PASSWORD = frozenset({Secret.PASSWORD})
DUONG, LAM = account(), account("a-lam", "p-lam", phone="+84987000111")


def remembered(cookie: str | None, who: Account, *, key: bytes, now: int) -> str:
    return known_device.remembered(cookie, who, proven=PASSWORD, key=key, now=now)


def name_of(cookie: str | None, who: Account | None, *, key: bytes, now: int) -> str | None:
    known = read(cookie, who, key=key, now=now)
    return known.name if known else None


@pytest.mark.parametrize(
    ("factors", "secrets"),
    [
        ({Factor.PASSWORD}, {Secret.PASSWORD}),
        ({Factor.SHORT_MESSAGE}, {Secret.CODE}),
        ({Factor.PASSWORD, Factor.ONE_TIME_CODE}, {Secret.PASSWORD, Secret.CODE}),
        ({Factor.SOFTWARE_KEY, Factor.USER_VERIFIED}, {Secret.PASSWORD}),  # may set a new one
        ({Factor.SOFTWARE_KEY, Factor.PIN}, {Secret.PASSWORD, Secret.PASSCODE}),
        ({Factor.SHORT_MESSAGE, Factor.FACE}, {Secret.PASSWORD, Secret.CODE, Secret.FACE}),
    ],
)
def test_it_says_what_was_proven(factors: set[Factor], secrets: set[Secret]) -> None:
    cookie = known_device.remembered(None, DUONG, proven=shown(frozenset(factors)), key=KEY, now=NOW)
    known = read(cookie, DUONG, key=KEY, now=NOW)
    assert known is not None and known.proven == secrets
    later = known_device.remembered(cookie, DUONG, proven=PASSWORD, key=KEY, now=NOW)
    again = read(later, DUONG, key=KEY, now=NOW)
    assert again is not None and again.proven == secrets | PASSWORD and again.name == known.name


def test_it_is_known_again() -> None:
    cookie = remembered(None, DUONG, key=KEY, now=NOW)
    assert len(cookie) == 43
    name = name_of(cookie, DUONG, key=KEY, now=NOW)
    assert name is not None
    assert name_of(cookie, DUONG, key=KEY, now=NOW + LIFETIME - 1) == name
    assert name_of(cookie, DUONG, key=KEY, now=NOW + LIFETIME) is None
    assert name_of(cookie, DUONG, key=KEY, now=NOW - 1) is None


def test_it_is_of_one_account_one_password_and_one_key() -> None:
    cookie = remembered(None, DUONG, key=KEY, now=NOW)
    assert name_of(cookie, LAM, key=KEY, now=NOW) is None
    assert name_of(cookie, replace(DUONG, password_hash="another"), key=KEY, now=NOW) is None
    assert name_of(cookie, DUONG, key=b"another", now=NOW) is None
    assert name_of(cookie, None, key=KEY, now=NOW) is None


def test_its_name_stays_while_its_time_begins_anew() -> None:
    first = remembered(None, DUONG, key=KEY, now=NOW)
    second = remembered(first, DUONG, key=KEY, now=NOW + LIFETIME - 1)
    assert first != second and len(second) == 43
    assert name_of(second, DUONG, key=KEY, now=NOW + LIFETIME) == name_of(first, DUONG, key=KEY, now=NOW)


def test_a_family_s_browser_knows_each_of_them() -> None:
    people = [account(f"a-{number}", f"p-{number}") for number in range(MOST + 1)]
    cookie: str | None = None
    for one in people:
        cookie = remembered(cookie, one, key=KEY, now=NOW)
    assert [name_of(cookie, one, key=KEY, now=NOW) is not None for one in people] == [False] + [True] * MOST
    names = {name_of(cookie, one, key=KEY, now=NOW) for one in people[1:]}
    assert len(names) == MOST  # they are not told apart by nothing


@pytest.mark.parametrize("place", [0, 20, 30, 42])
def test_a_changed_token_is_none(place: int) -> None:
    cookie = remembered(None, DUONG, key=KEY, now=NOW)
    for other in "AEIMQ":
        forged = cookie[:place] + other + cookie[place + 1 :]
        assert forged == cookie or name_of(forged, DUONG, key=KEY, now=NOW) is None


@pytest.mark.parametrize(
    "value", ["", "x", "A" * 42, "A" * 44, "A" * 42 + "B", "ạ" * 43, ".", "A" * 43 + ".", "A" * 16_384]
)
def test_what_is_no_token_is_nobody_s(value: str) -> None:
    assert name_of(value, DUONG, key=KEY, now=NOW) is None
    assert len(remembered(value, DUONG, key=KEY, now=NOW)) == 43
