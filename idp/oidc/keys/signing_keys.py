"""The provider's own signing keys: which there are, which one signs, which are published. Rules alone; `key_changes` applies them.

Spec: OpenID Connect Core 1.0 §10.1, §10.1.1 (rotation); RFC 7517 §4.5; RFC 9864 (Ed25519); NIST SP 800-57 part 1 rev. 5 §5.3.6

    prepared    published, and signs nothing yet
    active      signs; one of each algorithm
    retired     signs no more, and is published until nothing that it signed is of any use; its private half is gone
    withdrawn   retired and published no more
    removed     an emergency, or never used: published no more, and nothing that it signed counts

    every 90 days     prepared 7 days ahead ─> active ─────────────────> retired for 2 days ─> withdrawn
    in an emergency   the successor signs at once; each process knows within READ_EVERY, relying parties within CACHED more

An RSA key is for one of its two algorithms, not for both: a key is never without its algorithm (RFC 8725 §3.1).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType

from idp.model import SigningKey

ALGORITHMS = ("ES256", "PS256", "RS256", "Ed25519")  # as they are registered; `certs.keys` says EdDSA (RFC 9864 §2.2)

HOUR, DAY = 3600, 86_400
ROTATED_EVERY = 90 * DAY  # well within the one to two years that SP 800-57 allows a key that signs
PREPARED_AHEAD = 7 * DAY  # a relying party that copies our keys once a week has the next one before it signs
# By command a key may sign this early: libraries keep a key set for minutes to some hours, whatever max-age says.
SEEN_BY_ALL = DAY
READ_EVERY = 5  # seconds: how old may be what a process knows of the keys
CACHED = 300  # seconds: max-age of /jwks. Who obeys it forgets a removed key within six minutes
# What is verified longest is an ID token that comes back as a hint: as long as the session that it tells of, a day at most.
# The other day is for processes that read late and for relying parties that look a token over some hours after it came.
PUBLISHED_AFTER = 2 * DAY


class State(StrEnum):
    PREPARED = "prepared"
    ACTIVE = "active"
    RETIRED = "retired"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"


PUBLISHED = frozenset({State.PREPARED, State.ACTIVE, State.RETIRED})


class Refused(Exception):
    """What was asked would make tokens that cannot be verified; the text says what to do."""


def state(key: SigningKey, *, now: int) -> State:
    """Whether it signs is no question of the time: processes whose clocks differ agree."""
    if key.removed_at is not None:
        return State.REMOVED
    if key.active_from is None:
        return State.PREPARED
    if key.retired_at is None:
        return State.ACTIVE
    return State.RETIRED if now < key.retired_at + PUBLISHED_AFTER else State.WITHDRAWN


def published(keys: Iterable[SigningKey], *, now: int) -> tuple[SigningKey, ...]:
    """What stands in /jwks, and what our own signatures are verified by."""
    return tuple(key for key in keys if state(key, now=now) in PUBLISHED)


def signing(keys: Iterable[SigningKey]) -> Mapping[str, SigningKey]:
    """By algorithm, the key that signs."""
    return MappingProxyType({key.alg: key for key in keys if _is(key, State.ACTIVE)})


def prepared(keys: Iterable[SigningKey]) -> Mapping[str, SigningKey]:
    """By algorithm, the key that will sign next."""
    return MappingProxyType({key.alg: key for key in keys if _is(key, State.PREPARED)})


def _is(key: SigningKey, wanted: State) -> bool:
    return state(key, now=0) is wanted  # of these two the time does not decide


def missing(keys: Iterable[SigningKey]) -> tuple[str, ...]:
    """The algorithms that nothing signs with: at a first start, or where one was added to `ALGORITHMS`."""
    held = signing(keys)
    return tuple(alg for alg in ALGORITHMS if alg not in held)


def to_prepare(keys: Iterable[SigningKey], *, now: int) -> tuple[str, ...]:
    """The algorithms whose key is about to be replaced and has no successor."""
    keys = tuple(keys)
    waiting = prepared(keys)
    return tuple(
        alg for alg, key in signing(keys).items() if alg not in waiting and now >= rotates_at(key) - PREPARED_AHEAD
    )


def to_rotate(keys: Iterable[SigningKey], *, now: int) -> tuple[str, ...]:
    """The algorithms whose key has signed long enough, and whose next one is known to all."""
    keys = tuple(keys)
    waiting = prepared(keys)
    return tuple(
        alg
        for alg, key in signing(keys).items()
        if alg in waiting and now >= max(rotates_at(key), waiting[alg].prepared_at + PREPARED_AHEAD)
    )


def rotates_at(key: SigningKey) -> int:
    """When the schedule replaces a key that signs."""
    return (key.active_from or key.prepared_at) + ROTATED_EVERY


def begun(key: SigningKey, *, now: int) -> SigningKey:
    """It signs from now on."""
    return replace(key, active_from=now)


def retired(key: SigningKey, *, now: int) -> SigningKey:
    """Without its private half: nobody needs it again, and what is not kept cannot be stolen."""
    return replace(key, retired_at=now, private=None)


def removed(key: SigningKey, *, now: int) -> SigningKey:
    return replace(key, removed_at=now, private=None)


def rotated(keys: Iterable[SigningKey], alg: str, *, now: int, seen: int = SEEN_BY_ALL) -> tuple[SigningKey, ...]:
    """What changes when the next key of `alg` takes over, in the order in which it is written. Raises Refused."""
    keys = tuple(keys)
    following = prepared(keys).get(alg)
    if following is None:
        raise Refused(f"no key is prepared for {alg}. Prepare one: python -m idp keys prepare --alg {alg}")
    if now < following.prepared_at + seen:
        raise Refused(
            f"the next key for {alg} has not been published long enough: what it signs could not be verified everywhere. "
            f"It may sign {seen // HOUR} hours after it was prepared"
        )
    return _succeeded(keys, following, now=now)


def without(
    keys: Iterable[SigningKey], key: SigningKey, *, now: int, emergency: bool, fresh: SigningKey | None
) -> tuple[SigningKey, ...]:
    """What changes when a key is removed. `fresh` succeeds one that signs where none is prepared. Raises Refused."""
    keys, found = tuple(keys), state(key, now=now)
    if found is State.REMOVED:
        raise Refused("this key is removed already")
    if found is State.ACTIVE and not emergency:
        raise Refused("this key signs. Rotate first (python -m idp keys rotate), or say --emergency")
    if found is State.RETIRED and not emergency:
        raise Refused("what this key signed is still in use. It is withdrawn by itself; or say --emergency")
    gone = removed(key, now=now)
    if found is not State.ACTIVE:
        return (gone,)
    following = prepared(keys).get(key.alg, fresh)
    if following is None:
        raise Refused(f"no key is there to succeed it for {key.alg}")
    return (gone, begun(following, now=now))  # how long it was published is no question now


def _succeeded(keys: tuple[SigningKey, ...], following: SigningKey, *, now: int) -> tuple[SigningKey, ...]:
    before = signing(keys).get(following.alg)
    return (*(() if before is None else (retired(before, now=now),)), begun(following, now=now))
