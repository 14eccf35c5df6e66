"""What both ceremonies of a passkey share: who we are to an authenticator, the challenge, what the browser says it did.

Spec: W3C Web Authentication Level 3 §7.1, §7.2, §5.8.1 (client data), §6.1 (authenticator data), §14.6.1 (user handle)

The library `fido2` reads the bytes, verifies with the keys and checks attestation; nothing else of ours imports it. Its own
server makes some of the checks below, in classes that look up their annotations at every use: that alone takes 2 ms of a
log-in which takes 4. Tests ask it for its opinion.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fido2.webauthn import AuthenticatorData

from certs.encoding import b64url_decode, b64url_encode, json_decode
from certs.errors import CertsError
from idp.login import challenge as challenges
from idp.model import Authenticator, AuthenticatorKind

LIFETIME = 10 * 60  # seconds to answer: longer than a browser asks, shorter than a page is left open
MAX_SENT = 32 * 1024  # characters; an attestation with its certificates has some 8 KiB
CREATE, GET = "webauthn.create", "webauthn.get"

# What parsers raise over bytes that are no passkey's: ours, the library's, and those that it calls.
_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    CertsError,
    InvalidSignature,
    LookupError,
    RuntimeError,  # nested too deep, among others
    TypeError,
    UnsupportedAlgorithm,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who asks for passkeys: our name on the web, and the keys under which challenges and handles are made."""

    issuer: str
    challenge_key: bytes = field(repr=False)
    handle_key: bytes = field(repr=False)

    @property
    def rp_id(self) -> str:
        return urlsplit(self.issuer).hostname or ""

    def handle(self, account_id: str) -> bytes:
        """What the authenticator keeps to say whose passkey it is; it tells nothing to others (§14.6.1)."""
        return hmac.digest(self.handle_key, b"passkey user\0" + account_id.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why, for the journal alone."""

    reason: str


class Refusal(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def refusing() -> Iterator[None]:
    """Whatever is wrong inside becomes a Refusal: what comes from outside is never a fault of ours."""
    try:
        yield
    except Refusal:
        raise
    except _UNREADABLE as error:
        raise Refusal("unreadable") from error


def issue(party: Party, kind: str, *, bound_to: str, now: int, random: Callable[[int], bytes]) -> str:
    """A challenge for one kind of ceremony."""
    bound = f"{kind}\0{bound_to}"
    return b64url_encode(challenges.issue(party.challenge_key, bound_to=bound, expires=now + LIFETIME, random=random))


def members(sent: str) -> tuple[bytes, dict[str, Any]]:
    """The credential's id and the response, of what our page sent."""
    read = json_decode(sent, limit=MAX_SENT, depth=4)
    response = read["response"]
    if not isinstance(response, dict):
        raise Refusal("unreadable")
    return b64url_decode(read["id"]), response


def check_client(party: Party, client_data: bytes, kind: str, *, bound_to: str, now: int) -> bytes:
    """What the browser says it did; the challenge.

    1. this kind of ceremony (§7.1 step 7, §7.2 step 10)
    2. the challenge is ours, for this log-in or session, and fresh (§7.1 step 8, §7.2 step 11)
    3. on a page of exactly our origin: neither a neighbour host nor another port (§7.1 step 9, §7.2 step 12)
    4. in no frame of another's (§7.1 steps 10, 11; §7.2 steps 13, 14)
    """
    said = json_decode(client_data, limit=MAX_SENT, depth=4)
    challenge = b64url_decode(said["challenge"])
    _require(said["type"] == kind, "type")  # 1
    held = challenges.holds(party.challenge_key, challenge, bound_to=f"{kind}\0{bound_to}", now=now)
    _require(held, "challenge")  # 2
    _require(said["origin"] == party.issuer, "origin")  # 3
    _require(said.get("crossOrigin", False) is False and "topOrigin" not in said, "cross_origin")  # 4
    return challenge


def check_data(party: Party, data: AuthenticatorData) -> None:
    """What the authenticator says it did.

    1. for us (§7.1 step 14, §7.2 step 15)
    2. somebody was there (§7.1 step 15, §7.2 step 16)
    3. what is backed up could be backed up (§7.1 step 17, §7.2 step 18)

    The flag *user verified* (§7.1 step 16, §7.2 step 17) is a factor here, not a condition.
    """
    _require(hmac.compare_digest(data.rp_id_hash, hashlib.sha256(party.rp_id.encode()).digest()), "relying_party")  # 1
    _require(data.is_user_present(), "not_present")  # 2
    _require(data.is_backup_eligible() or not data.is_backed_up(), "backup")  # 3


def descriptors(held: Iterable[Authenticator]) -> list[dict[str, Any]]:
    return [
        {"type": "public-key", "id": each.data["id"], "transports": each.data["transports"]} for each in passkeys(held)
    ]


def passkeys(held: Iterable[Authenticator]) -> Sequence[Authenticator]:
    return tuple(each for each in held if each.kind is AuthenticatorKind.PASSKEY)


def key_of(raw_id: bytes) -> str:
    """What a passkey is found by."""
    return hashlib.sha256(raw_id).hexdigest()


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise Refusal(reason)
