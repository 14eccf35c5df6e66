"""The passcode of the app. Spec: NIST SP 800-63B-4 §3.1.1.2."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from idp.login import passcode
from idp.login.passcode import PasscodeRefused, hash_passcode, verify_passcode
from tests.world_idp import NOW, State

GOOD = "482913"


def test_set_and_checked() -> None:
    made = hash_passcode(GOOD, birth_date="2003-05-09")
    assert made.startswith("$argon2id$")
    assert verify_passcode(made, GOOD)
    for wrong in ("482914", "", GOOD + " ", GOOD + "0", "٤٨٢٩١٣", "x" * 5000):
        assert not verify_passcode(made, wrong)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "form"),
        ("12345", "form"),
        ("1234567", "form"),
        ("12 456", "form"),
        ("abcdef", "form"),
        ("٤٨٢٩١٣", "form"),
        ("482913\n", "form"),
        ("000000", "repeated"),
        ("121212", "repeated"),
        ("123123", "repeated"),
        ("123456", "sequential"),
        ("654321", "sequential"),
        ("789012", "sequential"),
        ("321098", "sequential"),
        ("112233", "usual"),
        ("147258", "usual"),
        ("090503", "birth_date"),
        ("050903", "birth_date"),
        ("030509", "birth_date"),
        ("052003", "birth_date"),
        ("200305", "birth_date"),
    ],
)
def test_weak_ones_are_refused(text: str, code: str) -> None:
    with pytest.raises(PasscodeRefused) as refused:
        hash_passcode(text, birth_date="2003-05-09")
    assert refused.value.code == code
    assert not text or text not in str(refused.value)


def test_dates_that_the_register_knows_in_part() -> None:
    with pytest.raises(PasscodeRefused):
        hash_passcode("200305", birth_date="2003-05")
    for known in ("2003", ""):
        assert hash_passcode("200305", birth_date=known)


def test_few_are_refused() -> None:
    """A rule that refuses much of a million leaves little to guess: under one in a hundred."""
    refused = sum(_is_weak(f"{number:06d}") for number in range(0, 1_000_000, 37))
    assert refused / (1_000_000 / 37) < 0.01


def _is_weak(text: str) -> bool:
    """As `hash_passcode` sees it, without the hash."""
    checks = (text == text[:period] * (6 // period) for period in (1, 2, 3))
    return any(checks) or text in passcode._UP or text in passcode._DOWN or text in passcode._USUAL


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("text", [GOOD, "no code"])
def test_the_same_work_for_nobody(known: bool, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = hash_passcode("731942") if known else None
    checked: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str, password: bytes) -> object:
        checked.append(hash)
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    assert not verify_passcode(made, text)
    assert len(checked) == 1


def test_an_account_has_one(state: State) -> None:
    first, second = hash_passcode(GOOD), hash_passcode("731942")
    with state.storage.reading() as ports:
        assert passcode.of(ports, "a-duong") is None
    for each in (first, second):
        with state.storage.transaction() as ports:
            passcode.put(ports, "a-duong", each, now=NOW)
    with state.storage.reading() as ports:
        assert passcode.of(ports, "a-duong") == second
        assert passcode.of(ports, "a-lam") is None
        assert len(ports.authenticators.of_account("a-duong")) == 1
    assert [event.details["kind"] for event in state.journal("authenticator_added")] == ["passcode"] * 2
    assert second not in repr(state.journal())


def test_two_at_once_leave_one(state: State) -> None:
    hashes = [f"hash {number}" for number in range(6)]

    def put(each: str) -> None:
        with state.storage.transaction() as ports:
            passcode.put(ports, "a-duong", each, now=NOW)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(put, hashes))
    with state.storage.reading() as ports:
        assert len(ports.authenticators.of_account("a-duong")) == 1
        assert passcode.of(ports, "a-duong") in hashes
