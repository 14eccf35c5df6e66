"""Challenges: ours alone, for one thing, for a while, once; on each database."""

import secrets

import pytest

from idp.login import challenge
from tests.world_idp import NOW, State

KEY = b"k" * 32
ISSUED = challenge.issue(KEY, bound_to="step-1", expires=NOW + 60, random=secrets.token_bytes)


def test_holds_for_what_it_was_issued_for() -> None:
    assert challenge.holds(KEY, ISSUED, bound_to="step-1", now=NOW)
    assert challenge.holds(KEY, ISSUED, bound_to="step-1", now=NOW + 59)
    assert not challenge.holds(KEY, ISSUED, bound_to="step-1", now=NOW + 60)
    assert not challenge.holds(KEY, ISSUED, bound_to="step-2", now=NOW)
    assert not challenge.holds(b"x" * 32, ISSUED, bound_to="step-1", now=NOW)


@pytest.mark.parametrize("place", range(len(ISSUED)))
def test_no_byte_can_be_changed(place: int) -> None:
    changed = bytearray(ISSUED)
    changed[place] ^= 1
    assert not challenge.holds(KEY, bytes(changed), bound_to="step-1", now=NOW)


@pytest.mark.parametrize("other", [b"", ISSUED[:-1], ISSUED + b"\0", b"\0" + ISSUED, ISSUED[:32]], ids=len)
def test_of_another_length(other: bytes) -> None:
    assert not challenge.holds(KEY, other, bound_to="step-1", now=NOW)


def test_each_is_new() -> None:
    others = {challenge.issue(KEY, bound_to="s", expires=NOW, random=secrets.token_bytes) for _ in range(100)}
    assert len(others) == 100


def test_spent_once(state: State) -> None:
    other = challenge.issue(KEY, bound_to="step-1", expires=NOW + 60, random=secrets.token_bytes)
    with state.storage.transaction() as ports:
        assert challenge.spend(ports, ISSUED)
    with state.storage.transaction() as ports:
        assert not challenge.spend(ports, ISSUED)
        assert challenge.spend(ports, other)


def test_is_remembered_as_long_as_it_holds(state: State) -> None:
    with state.storage.transaction() as ports:
        assert challenge.spend(ports, ISSUED)
        ports.ephemeral.sweep(now=NOW + 59)
        assert not challenge.spend(ports, ISSUED)
