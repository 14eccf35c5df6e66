"""A challenge that costs no row until it is answered: random, dated, and sealed to who asked for it.

Spec: W3C Web Authentication Level 3 §13.4.3 (random, of at least 16 bytes, kept from everybody who could put it in)

Showing a page writes nothing, so that showing many fills nothing. That it is used once, the answer's transaction makes sure.
"""

import hashlib
import hmac
from collections.abc import Callable

from certs.encoding import b64url_encode
from idp.ports import Ports

PURPOSE = "challenge"
_NONCE, _TIME, _SEAL = 32, 8, 32


def issue(key: bytes, *, bound_to: str, expires: int, random: Callable[[int], bytes]) -> bytes:
    """`bound_to` says for what and for whom it is: an interaction, a session."""
    opened = random(_NONCE) + expires.to_bytes(_TIME, "big")
    return opened + _seal(key, opened, bound_to)


def holds(key: bytes, challenge: bytes, *, bound_to: str, now: int) -> bool:
    """Ours, for this, and not too old. Whether it was used before, `spend` tells."""
    opened, sealed = challenge[:-_SEAL], challenge[-_SEAL:]
    if len(challenge) != _NONCE + _TIME + _SEAL or not hmac.compare_digest(sealed, _seal(key, opened, bound_to)):
        return False
    return now < _expires(challenge)


def spend(ports: Ports, challenge: bytes) -> bool:
    """Within the transaction of what it proves: True for exactly one caller."""
    return ports.ephemeral.once(PURPOSE, b64url_encode(challenge), expires=_expires(challenge) + 1)


def _expires(challenge: bytes) -> int:
    return int.from_bytes(challenge[_NONCE : _NONCE + _TIME], "big")


def _seal(key: bytes, opened: bytes, bound_to: str) -> bytes:
    return hmac.digest(key, b"challenge\0" + bound_to.encode() + b"\0" + opened, hashlib.sha256)
