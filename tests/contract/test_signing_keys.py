"""The provider's signing keys: kept whole, one prepared and one that signs of each algorithm, changed by one at a time.

Races: two rotate at once, two keepers, two first starts, an emergency against a rotation.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from threading import Barrier

import pytest

from certs.keys import MemorySigner
from idp.login.sealed import Sealer
from idp.model import SigningKey
from idp.oidc.keys import key_changes, signing_keys
from idp.oidc.keys.key_safe import SealedSafe
from idp.oidc.keys.signing_keys import ALGORITHMS, DAY, ROTATED_EVERY, Refused, State
from idp.ports import Storage
from idp.storage.errors import Conflict
from tests.contract.rows import NOW

THREADS = 6
KEY = SigningKey("kid-1", "ES256", {"kty": "EC", "x": "ệ"}, prepared_at=NOW, private="sealed")


@cache
def _rsa() -> MemorySigner:
    return MemorySigner.generate("RS256")


def generate(alg: str) -> MemorySigner:
    """An RSA key costs a quarter of a second, and all but its name is the same to these tests."""
    if alg not in ("RS256", "PS256"):
        return MemorySigner.generate(alg)
    return MemorySigner(_rsa().crypto(), alg, kid=MemorySigner.generate().public.kid)


SAFE = SealedSafe(Sealer(b"k" * 32), generate)


def all_keys(storage: Storage) -> tuple[SigningKey, ...]:
    with storage.reading() as ports:
        return ports.signing_keys.all()


def put(storage: Storage, *keys: SigningKey) -> None:
    with storage.transaction() as ports:
        ports.signing_keys.hold()
        for key in keys:
            ports.signing_keys.put(key)


def at_once(do: Callable[[], object]) -> list[object]:
    """What each of the threads was told, refusals too."""
    start = Barrier(THREADS)

    def one(_: int) -> object:
        start.wait()
        try:
            return do()
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def kinds(storage: Storage) -> list[str]:
    with storage.reading() as ports:
        return [event.kind for event in ports.journal.read() if event.kind.startswith("signing_key")]


def test_what_is_put_comes_back(storage: Storage) -> None:
    assert all_keys(storage) == ()
    older = replace(KEY, kid="kid-0", alg="RS256", prepared_at=NOW - 1, active_from=NOW, private=None)
    put(storage, KEY, older)
    assert all_keys(storage) == (older, KEY)
    changed = replace(KEY, active_from=NOW + 1, retired_at=NOW + 2, removed_at=NOW + 3, private=None)
    put(storage, changed)
    assert all_keys(storage) == (older, changed)


def test_what_is_taken_back_was_never_there(storage: Storage) -> None:
    put(storage, KEY)
    with pytest.raises(KeyError), storage.transaction() as ports:
        ports.signing_keys.hold()
        ports.signing_keys.put(replace(KEY, active_from=NOW))
        ports.signing_keys.put(replace(KEY, kid="kid-2"))
        raise KeyError
    assert all_keys(storage) == (KEY,)


@pytest.mark.parametrize("state", [{}, {"active_from": NOW}])
def test_one_of_each_algorithm_whatever_the_rules_say(storage: Storage, state: dict[str, int]) -> None:
    put(storage, replace(KEY, **state), replace(KEY, kid="other", alg="PS256", **state))
    with pytest.raises(Conflict):
        put(storage, replace(KEY, kid="second", **state))
    for over in ({"removed_at": NOW}, {"active_from": NOW, "retired_at": NOW}):
        put(storage, replace(KEY, kid=f"over {over}", **over))
    assert len(all_keys(storage)) == 4


def test_of_several_first_starts_one_makes_the_keys(storage: Storage) -> None:
    at_once(lambda: key_changes.ensure(storage, SAFE, now=NOW))
    keys = all_keys(storage)
    assert sorted(key.alg for key in keys) == sorted(ALGORITHMS)
    assert not signing_keys.missing(keys)
    assert kinds(storage) == ["signing_key_active"] * len(ALGORITHMS)
    for key in keys:
        signer = SAFE.open(key)
        signer.public.verify(signer.sign(b"x"), b"x")


def test_two_rotate_at_once_and_one_wins(storage: Storage) -> None:
    key_changes.ensure(storage, SAFE, now=NOW)
    assert len(key_changes.prepare(storage, SAFE, ALGORITHMS, now=NOW, by="x")) == len(ALGORITHMS)
    assert key_changes.prepare(storage, SAFE, ALGORITHMS, now=NOW, by="x") == ()
    answers = at_once(lambda: key_changes.rotate(storage, ALGORITHMS, now=NOW + DAY, by="x"))
    assert [len(answer) for answer in answers if isinstance(answer, tuple)] == [2 * len(ALGORITHMS)]
    assert sum(isinstance(answer, Refused) for answer in answers) == THREADS - 1
    states = [signing_keys.state(key, now=NOW + DAY) for key in all_keys(storage)]
    assert sorted(states) == [State.ACTIVE] * len(ALGORITHMS) + [State.RETIRED] * len(ALGORITHMS)


def test_two_keepers_do_what_is_due_once(storage: Storage) -> None:
    key_changes.ensure(storage, SAFE, now=NOW)
    due = NOW + ROTATED_EVERY
    for now in (due - signing_keys.PREPARED_AHEAD, due):
        at_once(lambda now=now: key_changes.on_schedule(storage, SAFE, now=now))
    assert key_changes.on_schedule(storage, SAFE, now=due) == ()
    states = sorted(signing_keys.state(key, now=due) for key in all_keys(storage))
    assert states == [State.ACTIVE] * len(ALGORITHMS) + [State.RETIRED] * len(ALGORITHMS)
    assert sorted(kinds(storage)) == sorted(
        ["signing_key_active"] * 2 * len(ALGORITHMS)
        + ["signing_key_prepared"] * len(ALGORITHMS)
        + ["signing_key_retired"] * len(ALGORITHMS)
    )


def test_an_emergency_against_a_rotation(storage: Storage) -> None:
    """Whoever is first: the leaked key is gone, one key signs, and nothing waits in a ring."""
    key_changes.ensure(storage, SAFE, now=NOW)
    leaked = signing_keys.signing(all_keys(storage))["ES256"].kid
    key_changes.prepare(storage, SAFE, ["ES256"], now=NOW, by="x")
    turns = iter(range(THREADS))

    def one() -> object:
        if next(turns) % 2:
            return key_changes.rotate(storage, ["ES256"], now=NOW + DAY, by="x")
        return key_changes.remove(storage, SAFE, leaked, now=NOW + DAY, by="x", emergency=True)

    answers = at_once(one)
    assert sum(isinstance(answer, tuple) for answer in answers) in (1, 2)
    keys = {key.kid: key for key in all_keys(storage)}
    assert signing_keys.state(keys[leaked], now=NOW + DAY) is State.REMOVED
    assert (keys[leaked].private, signing_keys.missing(keys.values())) == (None, ())
    assert SAFE.open(signing_keys.signing(keys.values())["ES256"])


def test_only_one_removes(storage: Storage) -> None:
    key_changes.ensure(storage, SAFE, now=NOW)
    leaked = signing_keys.signing(all_keys(storage))["Ed25519"].kid
    answers = at_once(lambda: key_changes.remove(storage, SAFE, leaked, now=NOW, by="x", emergency=True))
    assert sum(isinstance(answer, tuple) for answer in answers) == 1
    assert len(all_keys(storage)) == len(ALGORITHMS) + 1
    with pytest.raises(Refused, match="no key of this id"):
        key_changes.remove(storage, SAFE, "unknown", now=NOW, by="x", emergency=True)


def test_a_key_from_a_file_keeps_its_name(storage: Storage) -> None:
    """What was made at the first start of a new version on one machine, and a file on another: both verify."""
    file, other = MemorySigner.generate(), MemorySigner.generate()
    for _ in range(2):  # a start that was cut off before the file went
        key_changes.bring_along(storage, SAFE, file, "ES256", since=NOW - 5, now=NOW)
    key_changes.ensure(storage, SAFE, now=NOW)
    key_changes.bring_along(storage, SAFE, other, "ES256", since=NOW + 5, now=NOW)
    keys = {key.kid: key for key in all_keys(storage)}
    assert len(keys) == len(ALGORITHMS) + 1
    signs, also = keys[file.public.kid], keys[other.public.kid]
    assert (signing_keys.signing(keys.values())["ES256"], signs.active_from) == (signs, NOW - 5)
    assert (signing_keys.state(also, now=NOW), also.private) == (State.RETIRED, None)
    SAFE.open(signs).public.verify(file.sign(b"x"), b"x")
