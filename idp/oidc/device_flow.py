"""A device without a browser asks for tokens: the codes that it gets, and what the person decides about it on another one.

Spec: RFC 8628 §3.2, §3.3, §3.5, §5.1 (guessing), §5.4 (who begins it may be a stranger), §6.1 (the alphabet); attacks.md QL-05, QL-09

    device code   256 bits, known to the device; redeemed once, by the client that it was given to
    user code     8 letters that are not mistaken for one another and spell no words: some 34 bits, for ten minutes

One decision ends the user code, by one statement; what was decided waits for the device until its own code is over.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from idp.model import Limit
from idp.oidc.secrets import token_hash
from idp.ports import Ports

LIFETIME = 600  # seconds, to find another device and decide there
REMEMBERED = 600  # longer, so that a device which still asks is told that it is too late (RFC 8628 §3.5)
INTERVAL, SLOWER = 5, 5  # seconds between two polls, and how much is added for each that came too early
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
CODE_LENGTH = 8

MINUTE = 60
# Who types codes is signed in: five wrong ones, and this person waits. 34 bits are not guessed so within ten minutes.
GUESSES = Limit("user_code", ((4, 0), (8, 10 * MINUTE), (9, 60 * MINUTE)), kept=60 * MINUTE)
FROM_ADDRESS = Limit("user_code_address", ((99, 0), (100, 10 * MINUTE)), kept=10 * MINUTE, window=True)

_DEVICE, _USER, _DECISION, _HURRIED = "device_code", "device_user_code", "device_decision", "device_hurried"
_MOST_HURRIED = 10
# One row for all of them: the name is the same.
_PACE = tuple(
    Limit("device_poll", ((1, INTERVAL + SLOWER * level),), kept=LIFETIME) for level in range(_MOST_HURRIED + 1)
)
_SEPARATORS = re.compile(r"[\s\-–—._]+")
_CODE = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    asking_id: str
    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    user_code: str
    until: int


@dataclass(frozen=True, slots=True)
class Decided:
    """`code` is what a code of the authorization endpoint would stand for; None where it was denied."""

    code: Mapping[str, Any] | None


def ask(
    ports: Ports,
    *,
    client_id: str,
    scopes: tuple[str, ...],
    resources: tuple[str, ...],
    new_secret: Callable[[], str],
    now: int,
) -> tuple[str, Asking]:
    """The device code, and what it asks."""
    device_code, until = new_secret(), now + LIFETIME
    user_code = _drawn(new_secret())
    while ports.ephemeral.read(_USER, user_code, now=now) is not None:
        user_code = _drawn(new_secret())
    asking = Asking(
        asking_id=token_hash(device_code),
        client_id=client_id,
        scopes=scopes,
        resources=resources,
        user_code=user_code,
        until=until,
    )
    ports.ephemeral.put(_DEVICE, device_code, asdict(asking), expires=until + REMEMBERED)
    ports.ephemeral.put(_USER, user_code, asdict(asking), expires=until)
    return device_code, asking


def shown(user_code: str) -> str:
    half = CODE_LENGTH // 2
    return f"{user_code[:half]}-{user_code[half:]}"


def typed(text: str) -> str | None:
    """As people type it: in small letters, with a hyphen or without, with spaces (RFC 8628 §6.1). None: it can be no code."""
    letters = _SEPARATORS.sub("", text).upper()
    return letters if _CODE.fullmatch(letters) else None


def find(ports: Ports, user_code: str, *, now: int) -> Asking | None:
    """What waits for a decision."""
    payload = ports.ephemeral.read(_USER, user_code, now=now)
    return None if payload is None else _of(payload)


def decide(ports: Ports, user_code: str, decided: Decided, *, now: int) -> bool:
    """True for the first decision alone."""
    taken = ports.ephemeral.take(_USER, user_code, now=now)
    if taken is None or taken.again:
        return False
    asking = _of(taken.payload)
    payload = {"code": None if decided.code is None else dict(decided.code)}
    ports.ephemeral.put(_DECISION, asking.asking_id, payload, expires=asking.until + REMEMBERED)
    return True


def polled(ports: Ports, device_code: str, *, now: int) -> Asking | None:
    """What this device asked. None: unknown, redeemed, or long over."""
    payload = ports.ephemeral.read(_DEVICE, device_code, now=now)
    return None if payload is None else _of(payload)


def decision(ports: Ports, asking: Asking, *, now: int) -> Decided | None:
    payload = ports.ephemeral.read(_DECISION, asking.asking_id, now=now)
    return None if payload is None else Decided(payload["code"])


def redeem(ports: Ports, device_code: str, *, now: int) -> bool:
    """True for exactly one caller."""
    taken = ports.ephemeral.take(_DEVICE, device_code, now=now)
    return taken is not None and not taken.again


def too_early(ports: Ports, asking: Asking, *, now: int) -> bool:
    """RFC 8628 §3.5: each poll that came too early adds five seconds to the pace from then on."""
    level = 0
    while level < _MOST_HURRIED and ports.ephemeral.take(_HURRIED, f"{asking.asking_id}.{level}", now=now) is not None:
        level += 1
    if not ports.attempts.count(_PACE[level], asking.asking_id, now=now):
        return False
    ports.ephemeral.once(_HURRIED, f"{asking.asking_id}.{level}", expires=asking.until + REMEMBERED)
    return True


def _drawn(secret: str) -> str:
    number = int.from_bytes(hashlib.sha256(secret.encode()).digest())
    letters = []
    for _ in range(CODE_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return "".join(letters)


def _of(payload: Mapping[str, Any]) -> Asking:
    return Asking(**{**payload, "scopes": tuple(payload["scopes"]), "resources": tuple(payload["resources"])})
