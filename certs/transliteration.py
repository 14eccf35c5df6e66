"""Names in the letters that every machine reads, A to Z: the name line of a machine-readable zone, and plain Latin text.

Spec: ICAO Doc 9303-3 §6 A (table of national letters), §4.6 (names: apostrophes go, hyphens become fillers), 9303-5 §4.2.4
(the third line of a card, thirty characters). Vietnamese letters lose their marks and Đ is D, as on passports and cards.

The way there is one table and has one answer; the way back has none, as Hoà, Hòa and Hoa are all HOA. So a line is read into
its two parts (`read_name`) and compared (`may_be`), and no name is ever made of it.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from certs.errors import Malformed

NAME_LENGTH = 30  # TD1, the size of a card
FILLER = "<"
_LINE = re.compile(r"[A-Z<]{1,39}", re.ASCII)
_LETTER = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER (?:REVERSED |TURNED |OPEN |DOTLESS )?([A-Z])(?: WITH .+)?")
_DIGRAPH = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]{2})(?: WITH .+)?")
# ICAO's own words where a letter is more than a mark on another.
_ICAO: Mapping[str, str] = MappingProxyType(
    {
        "Ä": "AE",
        "Å": "AA",
        "Æ": "AE",
        "Ð": "D",
        "Ö": "OE",
        "Ø": "OE",
        "Ü": "UE",
        "Þ": "TH",
        "ß": "SS",
        "ẞ": "SS",
        "Đ": "D",
        "ı": "I",
        "Ĳ": "IJ",
        "ĸ": "Q",
        "Ŋ": "N",
        "Œ": "OE",
        "Ŧ": "T",
        "ŉ": "N",
        "Ə": "E",
        "Ǝ": "E",
        "ſ": "S",
    }
)


def plain(text: str) -> str:
    """The text in ASCII, letter by letter, in its own case; what is no letter of the Latin script is left out."""
    return "".join(_plain(letter) for letter in unicodedata.normalize("NFC", text))


def mrz_name(name: str, *, length: int = NAME_LENGTH) -> str:
    """The name line: family name, two fillers, the other names with one between, fillers to the end.

    What does not fit: the names between the first and the last become their initials, then the rest is cut off. Raises
    Malformed for a name without a letter, or with a digit or a letter that no table has.
    """
    family, *others = _parts(name)
    for place in range(len(others) - 1):
        if len(_line(family, others)) <= length:
            break
        others[place] = others[place][0]
    return _line(family, others)[:length].ljust(length, FILLER)


def read_name(line: str) -> tuple[str, str]:
    """Family name and other names of a name line, with blanks. Raises Malformed."""
    if not _LINE.fullmatch(line) or line.startswith(FILLER):
        raise Malformed("malformed", "name line of a machine-readable zone")
    family, _, others = line.rstrip(FILLER).partition(FILLER * 2)
    if FILLER * 2 in others:
        raise Malformed("malformed", "more than two parts of a name")
    return family.replace(FILLER, " "), others.replace(FILLER, " ")


def may_be(line: str, name: str) -> bool:
    """Does the line say this name? Many names share a line: never proof that two names are one. Raises Malformed."""
    read_name(line)
    return mrz_name(name, length=len(line)) == line


def _parts(name: str) -> list[str]:
    """Words in A to Z; within a word a filler stands for its hyphen."""
    words = ("".join(map(_upper, word)).strip(FILLER) for word in unicodedata.normalize("NFC", name).split(" "))
    parts = [word for word in words if word]
    if not parts:
        raise Malformed("malformed", "a name without letters")
    return parts


def _line(family: str, others: list[str]) -> str:
    return family + (FILLER * 2 + FILLER.join(others) if others else "")


def _upper(letter: str) -> str:
    if letter == "-":
        return FILLER
    if letter in "'’ʼ.,":
        return ""
    if letter.isdigit():
        raise Malformed("malformed", "a digit in a name")
    form = _plain(letter).upper()
    if not form and not unicodedata.combining(letter):
        raise Malformed("malformed", f"U+{ord(letter):04X} has no form in A to Z")
    if not all("A" <= each <= "Z" for each in form):
        raise Malformed("malformed", f"U+{ord(letter):04X} in a name")
    return form


def _plain(letter: str) -> str:
    if letter.isascii():
        return letter
    if letter in _ICAO or letter.upper() in _ICAO:
        form = _ICAO.get(letter) or _ICAO[letter.upper()]
        return form if letter.isupper() else form.lower()
    base = unicodedata.normalize("NFD", letter)[0]
    if base.isascii():
        return base
    if base != letter:  # a mark on a letter of the table, such as Ǻ
        return _plain(base)
    called = unicodedata.name(letter, "")
    found = _LETTER.fullmatch(called) or _DIGRAPH.fullmatch(called)
    if not found:
        return ""
    return found[1] if letter.isupper() else found[1].lower()
