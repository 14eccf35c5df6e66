"""Passwords: which ones may be set, and whether one is right, in time that says nothing about who exists.

Spec: NIST SP 800-63B-4 §3.1.1.2 (length, blocklist, no rules of composition); RFC 8265 §4.2 (NFC); attacks.md BF-14

Hashing takes the processor for some 20 ms, in the bounded pool of `idp.login.hashing`: do it outside of a transaction, and be
ready for HashingBusy.
"""

import unicodedata
from collections.abc import Iterable, Mapping

from certs.catalogue import Text
from idp.login import blocklist, hashing
from idp.login.hashing import is_outdated
from idp.model import Person

__all__ = [
    "LONGEST",
    "SHORTEST",
    "PasswordRefused",
    "check_new",
    "hash_password",
    "is_outdated",
    "rehash",
    "verify_password",
]

SHORTEST = (
    8  # characters: NIST SP 800-63B-4 §3.1.1.2 asks 15 where a password stands alone, and 8 beside a second factor
)
LONGEST = 1_024  # bytes, after normalisation: nobody types more, and hashing what is sent must have an end

RULES: Mapping[str, Text] = {
    "too_short": Text(
        f"Mật khẩu cần ít nhất {SHORTEST} ký tự. Một câu dài dễ nhớ là tốt nhất.",
        f"The password needs at least {SHORTEST} characters. A long sentence that you remember is best.",
    ),
    "too_long": Text(
        "Mật khẩu quá dài. Hãy chọn mật khẩu ngắn hơn.", "The password is too long. Choose a shorter one."
    ),
    "not_text": Text(
        "Mật khẩu có ký tự không dùng được. Hãy gõ lại bằng bàn phím.",
        "The password has a character that cannot be used. Type it anew on a keyboard.",
    ),
    blocklist.COMMON: Text(
        "Rất nhiều người dùng mật khẩu này nên kẻ xấu sẽ thử nó trước tiên. Hãy chọn mật khẩu khác.",
        "Many people use this password, so it is guessed first. Choose another one.",
    ),
    blocklist.SERVICE: Text(
        "Mật khẩu này là tên của dịch vụ nên dễ đoán. Hãy chọn mật khẩu khác.",
        "This password is the name of the service, so it is easily guessed. Choose another one.",
    ),
    blocklist.PERSONAL: Text(
        "Mật khẩu này là tên, ngày sinh, số định danh hoặc liên lạc của bạn nên dễ đoán. Hãy chọn mật khẩu khác.",
        "This password is your name, date of birth, a number or contact of yours, so it is easily guessed. Choose another one.",
    ),
}


class PasswordRefused(ValueError):
    """`code`: a name in RULES. `text` is for the person, and says what to do."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def text(self) -> Text:
        return RULES[self.code]


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


def check_new(password: str, *, person: Person | None = None, contacts: Iterable[str] = ()) -> bytes:
    """What will be hashed; raises PasswordRefused. In order: 1 text that can be kept; 2 long enough; 3 in no blocklist.

    `person` and the account's `contacts` (telephone, e-mail): whose password it shall be.
    """
    encoded = _bytes(password)  # 1
    if len(encoded.decode()) < SHORTEST:  # 2
        raise PasswordRefused("too_short")
    if (rule := blocklist.rule_against(password, person=person, contacts=contacts)) is not None:  # 3
        raise PasswordRefused(rule)
    return encoded


def hash_password(password: str, *, person: Person | None = None, contacts: Iterable[str] = ()) -> str:
    """For a new password; raises PasswordRefused, HashingBusy."""
    return hashing.hash_bytes(check_new(password, person=person, contacts=contacts))


def rehash(password: str) -> str:
    """Of a password that was just found right, at today's cost: it is not judged again. Raises HashingBusy."""
    return hashing.hash_bytes(_bytes(password))


def verify_password(password_hash: str | None, password: str) -> bool:
    """True if it is the password. With None (nobody has that name) the same work is done, and the answer is False.

    Raises HashingBusy, whoever it is.
    """
    try:
        encoded = _bytes(password)
    except PasswordRefused:
        return hashing.matches(None, b"")  # as long as for any other
    return hashing.matches(password_hash, encoded)
