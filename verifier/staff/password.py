"""Passwords of the staff: which may be set, and whether one is right, at the same cost whoever is named.

Spec: RFC 9106 §4; OWASP Password Storage (m = 19 MiB, t = 2, p = 1); NIST SP 800-63B-4 §3.1.1.2; RFC 8265 §4.2 (NFC)

A hash takes a core for some 20 ms. How many are tried is bounded by `verifier.staff.sign_in`, and two run at once.
"""

import base64
import secrets
import threading
import unicodedata
from typing import Any

from certs.catalogue import Text
from verifier.staff.model import StaffError

SHORTEST = 15  # characters: a password that stands alone, without a second factor (NIST SP 800-63B-4 §3.1.1.2)
LONGEST = 1_024  # bytes, as UTF-8: hashing what is sent must have an end
MOST_ALIKE = 5  # different characters at least: `aaaaaaaaaaaaaaa` is long and no secret
ONE_TIME_BYTES = 15  # 120 bits
MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1
AT_ONCE = 2  # hashes: the counter's other pages go on

TOO_SHORT = Text(
    f"Mật khẩu cần ít nhất {SHORTEST} ký tự. Một câu dài dễ nhớ là tốt nhất.",
    f"The password needs at least {SHORTEST} characters. A long sentence that you remember is best.",
)
TOO_LONG = Text("Mật khẩu quá dài. Hãy chọn mật khẩu ngắn hơn.", "The password is too long. Choose a shorter one.")
NOT_TEXT = Text(
    "Mật khẩu có ký tự không dùng được. Hãy gõ lại bằng bàn phím.",
    "The password has a character that cannot be used. Type it anew on a keyboard.",
)
GUESSED = Text(
    "Mật khẩu này dễ đoán: nó lặp lại ít ký tự, hoặc chứa tên của bạn. Hãy chọn mật khẩu khác.",
    "This password is easily guessed: it repeats a few characters, or holds your name. Choose another one.",
)
_places = threading.BoundedSemaphore(AT_ONCE)


class PasswordRefused(ValueError):
    """`text` is for the person, and says what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def check_new(password: str, *names: str) -> None:
    """Raises PasswordRefused. `names`: of the account and of its person."""
    normal = _bytes(password).decode()
    if len(normal) < SHORTEST:
        raise PasswordRefused(TOO_SHORT)
    folded = normal.casefold()
    if len(set(folded)) < MOST_ALIKE or any(len(name) > 3 and name.casefold() in folded for name in names):
        raise PasswordRefused(GUESSED)


def one_time() -> str:
    letters = base64.b32encode(secrets.token_bytes(ONE_TIME_BYTES)).decode().lower()
    return "-".join(letters[start : start + 6] for start in range(0, len(letters), 6))


def hashed(password: str) -> str:
    """Argon2id with a salt of its own, encoded. Raises PasswordRefused."""
    encoded = _bytes(password)
    with _places:
        return str(_hasher(_argon2()).hash(encoded))


def matches(known: str | None, password: str) -> bool:
    """Whether `known` is its hash. With None the same work is done, and the answer is False."""
    try:
        encoded, fair = _bytes(password), True
    except PasswordRefused:
        encoded, fair = b"", False
    with _places:
        right = _verified(known or _of_nothing(), encoded)
    return right and fair and known is not None


def _verified(known: str, encoded: bytes) -> bool:
    argon2 = _argon2()
    try:
        return bool(_hasher(argon2).verify(known, encoded))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    """The same bytes when it is set and when it is checked, however a keyboard composed its letters."""
    if len(password) > LONGEST:
        raise PasswordRefused(TOO_LONG)
    try:
        encoded = unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:
        raise PasswordRefused(NOT_TEXT) from None  # a lone surrogate
    if b"\0" in encoded:
        raise PasswordRefused(NOT_TEXT)
    if len(encoded) > LONGEST:
        raise PasswordRefused(TOO_LONG)
    return encoded


def _of_nothing() -> str:
    """What looks like a hash of today's cost, and of which nobody knows a value."""
    salt, tag = (base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=") for length in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={ROUNDS},p={LANES}${salt}${tag}"


def _hasher(argon2: Any) -> Any:
    return argon2.PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES, type=argon2.Type.ID)


def _argon2() -> Any:
    """The door to an optional extra: checking documents needs none."""
    try:
        import argon2  # noqa: PLC0415
    except ImportError:
        raise StaffError("accounts of staff need an extra: pip install vneid-reference[verifier]") from None
    return argon2
