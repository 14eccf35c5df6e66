"""Passwords that are guessed first: the common ones, the name of this service, what is known about the person.

Spec: NIST SP 800-63B-4 §3.1.1.2 (blocklist: commonly used, expected or compromised values; the entire password is compared)

Nothing is asked of how a password is made up, and what it contains does not count: `mật khẩu của Dương` is none of these, and
may be long remembered. It is compared as guessers vary it: small and capital letters, marks and signs left out, `@` for `a`,
and a year or a `123` before or behind.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from importlib.resources import files

from idp.accounts import phones
from idp.model import Person

COMMON, SERVICE, PERSONAL = "common", "service", "personal"

# As the lines of the file are: small letters of ASCII and digits, nothing else. Made for this list, by hand and by pattern.
_COMMON = frozenset(files("idp.login").joinpath("common_passwords.txt").read_text(encoding="ascii").split())
_SERVICE = frozenset(
    {"vneid", "vneidreference", "eid", "dinhdanh", "dinhdanhdientu", "danhtinhdientu", "sodinhdanh", "dichvucong"}
    | {"electronicidentity", "electronicid", "digitalidentity", "nationalid", "identity", "vnid", "evn"}
)
_LOOK_ALIKES = str.maketrans({"@": "a", "0": "o", "$": "s", "!": "i", "3": "e", "1": "i", "4": "a", "5": "s"})
_WORD_IN_DIGITS = re.compile(r"([0-9]*)(.*?)([0-9]*)", re.ASCII | re.DOTALL)
_LAST_SIGNS = re.compile(r"[0-9]{0,4}[^a-z0-9]*\Z", re.ASCII)
_WRITTEN_DATE = re.compile(r"([0-9]{1,4})[^0-9a-z]([0-9]{1,2})[^0-9a-z]([0-9]{1,4})", re.ASCII)
_SHORT = 4  # digits at an end that say nothing: a year, 123
_WALKS = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba")


def rule_against(password: str, *, person: Person | None = None, contacts: Iterable[str] = ()) -> str | None:
    """COMMON, SERVICE or PERSONAL; None for what is in no list. `contacts`: telephones and e-mail of the account."""
    spellings = set(_spellings(password))
    if person is not None and spellings & _known(person, contacts):
        return PERSONAL
    if spellings & _SERVICE:
        return SERVICE
    return COMMON if any(_is_common(spelling) for spelling in spellings) else None


def _is_common(spelling: str) -> bool:
    return spelling in _COMMON or _is_pattern(spelling) or (spelling.isdecimal() and _is_date(spelling))


def _is_pattern(spelling: str) -> bool:
    """One piece again and again, or a walk through the digits or the alphabet."""
    length = len(spelling)
    repeated = any(spelling[size:] == spelling[:-size] for size in range(1, length // 2 + 1))
    return repeated or (length > 2 and any(spelling in walk for walk in _WALKS))


def _is_date(digits: str) -> bool:
    """A day of somebody's life, whichever of day, month and year was written first."""
    if len(digits) == 6:
        return any(_is_date(f"{digits[:4]}{century}{digits[4:]}") for century in ("19", "20"))
    if len(digits) != 8:
        return False
    orders = ((digits[4:], digits[2:4], digits[:2]), (digits[4:], digits[:2], digits[2:4]))
    return any(_exists(*parts) for parts in (*orders, (digits[:4], digits[4:6], digits[6:])))


def _exists(year: str, month: str, day: str) -> bool:
    try:
        return 1900 <= date(int(year), int(month), int(day)).year < 2100
    except ValueError:
        return False


# --- spellings --------------------------------------------------------------------------------------------------------


def _spellings(password: str) -> Iterator[str]:
    """What the password is, as its guessers see it. Never empty: a password of signs alone stays as it is."""
    plain = _plain(password)
    if found := _WRITTEN_DATE.fullmatch(plain):  # `5/9/1990`
        yield "".join(part.zfill(2) for part in found.groups())
    for text in (plain, plain.translate(_LOOK_ALIKES)):
        yield from _without_ends(_letters(text))
    bare = _LAST_SIGNS.sub("", plain)  # `p@ssw0rd1!`: these stand for no letters
    yield _letters(bare.translate(_LOOK_ALIKES)) or plain


def _without_ends(text: str) -> Iterator[str]:
    """Itself, and what is left of it without digits before and behind that say nothing."""
    yield text
    found = _WORD_IN_DIGITS.fullmatch(text)
    if found and found[2] and all(len(end) <= _SHORT or _is_common(end) for end in (found[1], found[3])):
        yield found[2]


def _plain(text: str) -> str:
    """Small letters without marks: `Đường` and `ĐƯỜNG` are `duong`."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("đ", "d")
    return "".join(char for char in unicodedata.normalize("NFD", folded) if not unicodedata.combining(char))


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


# --- what is known about a person -------------------------------------------------------------------------------------


def _known(person: Person, contacts: Iterable[str]) -> frozenset[str]:
    names, births = set(_names(person.name)), set(_births(person.birth_date))
    numbers = {person.pid}
    for contact in (*contacts, person.phone or "", person.email or ""):
        if (phone := phones.normalise(contact)) is not None:
            digits = phone.removeprefix("+84")
            numbers |= {digits, f"0{digits}", f"84{digits}", f"0084{digits}"}
        elif contact:
            numbers |= {_letters(_plain(contact)), _letters(_plain(contact.partition("@")[0]))}
    joined = {first + second for name in names for birth in births | numbers for first, second in _orders(name, birth)}
    return frozenset(names | births | numbers | joined)


def _orders(one: str, other: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (one, other), (other, one)


def _names(name: str) -> Iterator[str]:
    """`Nguyễn Thị Thuỳ Dương`: whole, from behind, given name, family and given name, initials."""
    words = [_letters(_plain(word)) for word in name.split()]
    if not words:
        return
    given, initials = words[-1], "".join(word[:1] for word in words)
    yield from ("".join(words), "".join(words[::-1]), given, "".join(words[-2:]))
    yield from (words[0] + given, given + words[0], "".join([given, *words[:-1]]))
    yield from (initials, initials[:-1] + given, given + initials[:-1])


def _births(birth_date: str) -> Iterator[str]:
    """`2003-05-09` as people write it: 09052003, 952003, 090503, 20030509, 0905, 2003 …"""
    year, *rest = birth_date.split("-")
    yield year
    if len(rest) < 2:
        return
    month, day = rest
    for written_day, written_month in ((day, month), (day.lstrip("0"), month.lstrip("0"))):
        for written_year in (year, year[2:]):
            yield written_day + written_month + written_year
            yield written_month + written_day + written_year
            yield written_year + written_month + written_day
        yield written_day + written_month
