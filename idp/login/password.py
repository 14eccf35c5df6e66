"""Passwords: hashed with Argon2id, compared in time that says nothing about who exists.

Spec: RFC 9106 §4; OWASP Password Storage (m = 19 MiB, t = 2, p = 1); NIST SP 800-63B-4 §3.1.1; RFC 8265 §4.2 (NFC)

Hashing takes the processor for some 20 ms: do it outside of a transaction.
"""

import secrets
import unicodedata
from contextlib import suppress

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1
SHORTEST = (
    8  # characters: NIST SP 800-63B-4 §3.1.1.2 asks 15 where a password stands alone, and 8 beside a second factor
)
LONGEST = 1_024  # bytes, after normalisation: nobody types more, and hashing what is sent must have an end

_HASHER = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)

# The hash of what nobody knows, at the present cost: checked when there is no account, so that time does not tell.
_NOBODY = _HASHER.hash(secrets.token_bytes(32))


class PasswordRefused(ValueError):
    """`code`: too_short, too_long, not_text."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _bytes(password: str) -> bytes:
    """The same bytes when a password is set and when it is checked, however a keyboard composed its letters."""
    try:
        encoded = unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:
        raise PasswordRefused("not_text") from None  # a lone surrogate
    if b"\0" in encoded:
        raise PasswordRefused("not_text")  # never cut off there, as C would
    if len(encoded) > LONGEST:
        raise PasswordRefused("too_long")
    return encoded


def hash_password(password: str) -> str:
    """For a new password; raises PasswordRefused."""
    encoded = _bytes(password)
    if len(encoded.decode()) < SHORTEST:
        raise PasswordRefused("too_short")
    return _HASHER.hash(encoded)


def verify_password(password_hash: str | None, password: str) -> bool:
    """True if it is the password. With None (nobody has that name) the same work is done, and the answer is False."""
    known = password_hash if password_hash is not None else _NOBODY
    try:
        _HASHER.verify(known, _bytes(password))
    except PasswordRefused:
        return _burn()  # as long as for any other
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def _burn() -> bool:
    with suppress(VerificationError):
        _HASHER.verify(_NOBODY, b"")
    return False


def is_outdated(password_hash: str) -> bool:
    """Made with another cost than today's: hash the password anew while it is at hand."""
    return _HASHER.check_needs_rehash(password_hash)
