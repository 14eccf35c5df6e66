"""Password log-in: what is checked, and that a hash of former cost is replaced while the password is at hand."""

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher, extract_parameters

from idp.login import hashing, sign_in
from idp.login.attempts import Secret, Try
from idp.login.hashing import HashingBusy
from idp.login.password import is_outdated, verify_password
from tests.world_idp import NOW, PASSWORD, State

PID = "999203001234"
OLDER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def stored(state: State, account_id: str = "a-duong") -> str:
    with state.storage.reading() as ports:
        found = ports.accounts.get(account_id)
        assert found is not None
        return found.password_hash


def store(state: State, password_hash: str, account_id: str = "a-duong") -> None:
    with state.storage.transaction() as ports:
        assert ports.accounts.set_password(account_id, password_hash)


def check(state: State, identifier: str = PID, password: str = PASSWORD) -> sign_in.Check:
    return sign_in.check(state.storage, identifier=identifier, password=password, tried=tried, now=NOW)


def tried(subject: str, typed: str) -> Try:
    return Try(subject=subject, address="198.18.0.1", secret=Secret.PASSWORD, typed=typed)


def test_a_hash_of_former_cost_is_replaced_once(state: State) -> None:
    store(state, OLDER)
    checked = check(state)
    assert checked.passed and checked.account_id == "a-duong"
    renewed = stored(state)
    assert extract_parameters(renewed) == extract_parameters(hashing.hash_bytes(b"today"))
    assert verify_password(renewed, PASSWORD)
    assert check(state).passed and stored(state) == renewed
    assert [event.account_id for event in state.journal("password_rehashed")] == ["a-duong"]


@pytest.mark.parametrize(
    ("identifier", "password", "reason"),
    [(PID, "wrong password", "wrong_password"), ("999203009999", PASSWORD, "unknown")],
)
def test_only_a_right_password_is_hashed_anew(state: State, identifier: str, password: str, reason: str) -> None:
    store(state, OLDER)
    assert check(state, identifier, password).reason == reason
    assert stored(state) == OLDER and not state.journal("password_rehashed")


def test_a_locked_account_is_left_alone(state: State) -> None:
    store(state, OLDER, "a-locked")
    assert not check(state, "999090000222").passed
    assert stored(state, "a-locked") == OLDER


def test_a_password_that_was_changed_meanwhile_stays(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    store(state, OLDER)

    def changed_meanwhile(rehash: Callable[[str], str]) -> Callable[[str], str]:
        def rehash_late(password: str) -> str:
            store(state, "the new one")
            return rehash(password)

        return rehash_late

    monkeypatch.setattr(sign_in, "rehash", changed_meanwhile(sign_in.rehash))
    assert check(state).passed
    assert stored(state) == "the new one" and not state.journal("password_rehashed")


def test_a_log_in_does_not_fail_for_want_of_a_new_hash(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    store(state, OLDER)

    def busy(password: str) -> str:
        raise HashingBusy

    monkeypatch.setattr(sign_in, "rehash", busy)
    assert check(state).passed
    assert is_outdated(stored(state))
