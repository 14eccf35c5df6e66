"""`keys`: the provider's own signing keys. The schedule needs none of this; a leak does.

Exit codes as everywhere: 0 done, 1 refused (nothing was changed), 64 wrong usage, 78 not configured.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable

from idp import master_key, provider_keys
from idp.commands.opening import BY, opened, reading, settings
from idp.commands.terminal import CONFIGURATION, DONE, REFUSED, Failed, Words, command, group, moment, show
from idp.model import SigningKey
from idp.oidc.id_token import LIFETIME
from idp.oidc.keys import key_changes, signing_keys
from idp.oidc.keys.key_safe import SealedSafe, Unusable
from idp.oidc.keys.signing_keys import ALGORITHMS, CACHED, DAY, PUBLISHED_AFTER, READ_EVERY, Refused, State

NEVER = "–"
COLUMNS = ("prepared_at", "active_from", "retired_at", "removed_at")


def add(words: Words) -> None:
    actions = group(words, "keys", "the provider's own signing keys: list, prepare, rotate, remove")
    command(actions, "list", _list, "list every key, and what comes next")
    prepared = command(actions, "prepare", _prepare, "publish the next keys; they sign nothing yet")
    rotated = command(actions, "rotate", _rotate, "let the prepared keys sign from now on")
    for action in (prepared, rotated):
        action.add_argument("--alg", choices=ALGORITHMS, help="of this algorithm alone (default: of all)")
    removed = command(actions, "remove", _remove, "take a key out of what is published")
    removed.add_argument("kid", metavar="KID", help="see: keys list")
    removed.add_argument(
        "--emergency",
        action="store_true",
        help="whatever it signed: its private half has leaked. Another key signs at once",
    )


def _list(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        keys = ports.signing_keys.all()
    return _show(keys, options)


def _prepare(options: argparse.Namespace) -> int:
    safe = _safe(options)
    with opened(options) as storage:
        made = _or_refused(lambda: key_changes.prepare(storage, safe, _algorithms(options), now=_now(), by=BY))
    if not made:
        raise Failed("the next keys are prepared already. See: python -m idp keys list", REFUSED)
    return _show(made, options)


def _rotate(options: argparse.Namespace) -> int:
    with opened(options) as storage:
        return _show(_or_refused(lambda: key_changes.rotate(storage, _algorithms(options), now=_now(), by=BY)), options)


def _remove(options: argparse.Namespace) -> int:
    safe = _safe(options)
    with opened(options) as storage:
        changed = _or_refused(
            lambda: key_changes.remove(storage, safe, options.kid, now=_now(), by=BY, emergency=options.emergency)
        )
    _show(changed, options)
    if options.emergency:
        print(_what_follows(changed[0], now=_now()), file=sys.stderr)
    return DONE


def _what_follows(gone: SigningKey, *, now: int) -> str:
    """For the operator, and to be passed on to the relying parties."""
    since = NEVER if gone.active_from is None else moment(gone.active_from)
    return (
        f"Every server of ours knows within {READ_EVERY} seconds, with proxies in front of it within {READ_EVERY + CACHED}. "
        f"Restart any that does not reach the database.\n"
        f"Tell every relying party now:\n"
        f"  1. Forget the key {gone.kid}: fetch /jwks anew, or restart what keeps it. Who obeys max-age has done so within "
        f"{(READ_EVERY + CACHED) // 60 + 1} minutes.\n"
        f"  2. Refuse ID tokens, userinfo, access tokens and logout tokens of this key, however young: "
        f"anybody may have made them.\n"
        f"  3. End the sessions that began by a token of this key since it may have leaked (it signs since: {since}), "
        f"and let people sign in again. A token lives {LIFETIME // 60} minutes; a session that it began lives as you decide.\n"
        f"Then find out how it leaked. If master.key or the database was read, remove the other keys too: "
        f"python -m idp keys list"
    )


def _show(keys: Iterable[SigningKey], options: argparse.Namespace) -> int:
    return show(
        [_row(key, options, now=_now()) for key in keys], options, "There is no key yet. Start the provider once."
    )


def _row(key: SigningKey, options: argparse.Namespace, *, now: int) -> dict[str, object]:
    state = signing_keys.state(key, now=now)
    times = {name: getattr(key, name) for name in COLUMNS}
    if options.json:
        return {"kid": key.kid, "alg": key.alg, "state": state.value, **times, "jwk": dict(key.jwk)}
    told = {name: NEVER if at is None else moment(at) for name, at in times.items()}
    return {"kid": key.kid, "alg": key.alg, "state": state.value, **told, "next": _next(key, state)}


def _next(key: SigningKey, state: State) -> str:
    if state is State.PREPARED:
        return f"may sign from {moment(key.prepared_at + signing_keys.SEEN_BY_ALL)}"
    if state is State.ACTIVE:
        return f"retires by schedule {moment(signing_keys.rotates_at(key))}"
    if state is State.RETIRED and key.retired_at is not None:
        return (
            f"withdrawn {moment(key.retired_at + PUBLISHED_AFTER)}, {PUBLISHED_AFTER // DAY} days after its last token"
        )
    return NEVER


def _algorithms(options: argparse.Namespace) -> tuple[str, ...]:
    return ALGORITHMS if options.alg is None else (options.alg,)


def _or_refused(change: Callable[[], tuple[SigningKey, ...]]) -> tuple[SigningKey, ...]:
    try:
        return change()
    except Refused as error:
        raise Failed(f"{error}. Nothing was changed.", REFUSED) from error
    except Unusable as error:
        raise Failed(f"{error} Nothing was changed.", CONFIGURATION) from error


def _safe(options: argparse.Namespace) -> SealedSafe:
    """Never a `master.key` of its own: what it sealed no server could open."""
    folder = settings(options).data
    if not (folder / master_key.NAME).exists():
        raise Failed(
            f"there is no {master_key.NAME} in {folder}; start the provider once, or name its folder", CONFIGURATION
        )
    return provider_keys.safe(master_key.load_or_create(folder))


def _now() -> int:
    return int(time.time())
