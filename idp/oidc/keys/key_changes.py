"""The provider's signing keys change: a first start, the schedule, a command. Each change is one transaction with its event.

Whoever changes holds the keys, so that of two at once the second finds what the first one did. New keys are made before: an RSA
key takes a quarter of a second, in which nobody should wait. What was made in vain is forgotten.
"""

from collections.abc import Iterable
from dataclasses import replace

from certs.keys import MemorySigner
from idp.model import Event, SigningKey
from idp.oidc.keys import signing_keys
from idp.oidc.keys.key_safe import Safe, SealedSafe
from idp.oidc.keys.signing_keys import PREPARED_AHEAD, SEEN_BY_ALL, Refused, begun
from idp.ports import Ports, Storage

BY_SCHEDULE = "schedule"


def ensure(storage: Storage, safe: Safe, *, now: int) -> None:
    """At each start: a key that signs for every algorithm. Of several first starts at once one makes them. Raises Unusable."""
    with storage.reading() as ports:
        keys = ports.signing_keys.all()
    fresh = _fresh(safe, keys, signing_keys.missing(keys), now=now)
    if not fresh:
        return
    with storage.transaction() as ports:
        for alg in signing_keys.missing(ports.signing_keys.hold()):
            if alg in fresh:
                _write(ports, (begun(fresh[alg], now=now),), now=now, by="start")


def bring_along(storage: Storage, safe: SealedSafe, signer: MemorySigner, alg: str, *, since: int, now: int) -> None:
    """A key that an earlier version kept in a file: it goes on signing under its name, or, where another one signs already,
    it is published until what it signed is over."""
    key = safe.keep(signer, alg, now=min(since, now))
    with storage.transaction() as ports:
        keys = ports.signing_keys.hold()
        if any(known.kid == key.kid for known in keys):
            return
        here = replace(key, active_from=key.prepared_at)
        if alg in signing_keys.signing(keys):
            here = signing_keys.retired(here, now=now)
        _write(ports, (here,), now=now, by="file of an earlier version")


def prepare(storage: Storage, safe: Safe, algs: Iterable[str], *, now: int, by: str) -> tuple[SigningKey, ...]:
    """The next key of each of these algorithms that has none. Raises Unusable."""
    with storage.reading() as ports:
        keys = ports.signing_keys.all()
    fresh = _fresh(safe, keys, _without_next(keys, algs), now=now)
    if not fresh:
        return ()
    with storage.transaction() as ports:
        made = tuple(fresh[alg] for alg in _without_next(ports.signing_keys.hold(), fresh))
        _write(ports, made, now=now, by=by)
    return made


def rotate(
    storage: Storage, algs: Iterable[str], *, now: int, by: str, seen: int = SEEN_BY_ALL
) -> tuple[SigningKey, ...]:
    """All of them or none. Raises Refused."""
    with storage.transaction() as ports:
        keys = ports.signing_keys.hold()
        changed = tuple(key for alg in algs for key in signing_keys.rotated(keys, alg, now=now, seen=seen))
        _write(ports, changed, now=now, by=by)
    return changed


def remove(storage: Storage, safe: Safe, kid: str, *, now: int, by: str, emergency: bool) -> tuple[SigningKey, ...]:
    """The key as it is now, and the one that succeeds it where it signed. Raises Refused."""
    with storage.reading() as ports:
        found = _find(ports.signing_keys.all(), kid)
    fresh = safe.make(found.alg, now=now) if emergency else None
    with storage.transaction() as ports:
        keys = ports.signing_keys.hold()
        changed = signing_keys.without(keys, _find(keys, kid), now=now, emergency=emergency, fresh=fresh)
        _write(ports, changed, now=now, by=by)
    return changed


def on_schedule(storage: Storage, safe: Safe, *, now: int) -> tuple[SigningKey, ...]:
    """What is due: any number of keepers may ask at any time, and it is done once. Raises Unusable."""
    with storage.reading() as ports:
        keys = ports.signing_keys.all()
    lacking, due = signing_keys.to_prepare(keys, now=now), signing_keys.to_rotate(keys, now=now)
    made = prepare(storage, safe, lacking, now=now, by=BY_SCHEDULE) if lacking else ()
    if not due:
        return made
    with storage.transaction() as ports:
        keys = ports.signing_keys.hold()
        changed = tuple(
            key
            for alg in signing_keys.to_rotate(keys, now=now)
            for key in signing_keys.rotated(keys, alg, now=now, seen=PREPARED_AHEAD)
        )
        _write(ports, changed, now=now, by=BY_SCHEDULE)
    return (*made, *changed)


def _fresh(safe: Safe, keys: Iterable[SigningKey], algs: Iterable[str], *, now: int) -> dict[str, SigningKey]:
    """New keys, by who can open those that sign: sealed by another `master.key`, they could not sign on the day that they should."""
    wanted, held = tuple(algs), signing_keys.signing(keys)
    if wanted and held:
        safe.open(held[min(held)])  # ES256 before the others: an RSA key takes longer
    return {alg: safe.make(alg, now=now) for alg in wanted}


def _without_next(keys: Iterable[SigningKey], algs: Iterable[str]) -> tuple[str, ...]:
    waiting = signing_keys.prepared(keys)
    return tuple(alg for alg in algs if alg not in waiting)


def _find(keys: Iterable[SigningKey], kid: str) -> SigningKey:
    for key in keys:
        if key.kid == kid:
            return key
    raise Refused("there is no key of this id. See: python -m idp keys list")


def _write(ports: Ports, changed: Iterable[SigningKey], *, now: int, by: str) -> None:
    for key in changed:
        ports.signing_keys.put(key)
        details = {"kid": key.kid, "alg": key.alg, "by": by}
        ports.journal.append(Event(now, f"signing_key_{signing_keys.state(key, now=now)}", details=details))
