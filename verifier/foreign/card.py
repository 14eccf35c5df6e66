"""The plain code on a Vietnamese identity card: fields between `|`, signed by nobody. Data entry, never proof.

Spec: Circular 06/2021/TT-BCA (card with a chip, code on the front), Circular 16/2024/TT-BCA (the card of 2024, on the back). Of the
newer card's further fields (cancelled numbers, parents) the order is not published: they come back as they stand.

Anybody can print such a code with any content. So there is no outcome but this one: what it says, and that nothing proves it.
"""

import re
from dataclasses import dataclass
from datetime import date

from certs.catalogue import Text
from certs.encoding import safe_text
from certs.errors import Malformed
from verifier.reasons import REASONS

CODE = "unsigned"
TEXT_LIMIT = 1024
_START = re.compile(r"[0-9]{12}\|", re.ASCII)
_DAY = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4})", re.ASCII)
_OLD_NUMBER = re.compile(r"(?:[0-9]{9}|[0-9]{12})?", re.ASCII)
_FIELDS = range(7, 12)
_SEXES = {"Nam": "male", "Nữ": "female"}


@dataclass(frozen=True, slots=True, repr=False)
class UnsignedCard:
    """What a card's code says. It proves nothing: not that the card is genuine, nor that such a person lives.

    `further` are the fields behind the date of issue, in their order and without names. Dates are ISO 8601.
    """

    personal_identification_number: str
    old_number: str | None
    full_name: str
    birth_date: str
    sex: str  # `male` or `female`
    residence: str
    issued_on: str
    further: tuple[str, ...] = ()

    @property
    def reason(self) -> Text:
        """Always to be told with it, in both languages."""
        return REASONS[CODE].sentence

    @property
    def advice(self) -> Text:
        return REASONS[CODE].advice


def is_card(text: str) -> bool:
    """Whether it begins as a card's code does: twelve digits and a bar."""
    return len(text) <= TEXT_LIMIT and _START.match(text) is not None


def read(text: str) -> UnsignedCard:
    """Raises Malformed for what is not written as these cards are."""
    if len(text) > TEXT_LIMIT:
        raise Malformed("oversize", f"{len(text)} characters")
    fields = text.split("|")
    if not _START.match(text) or len(fields) not in _FIELDS:
        raise Malformed("malformed", "not seven to eleven fields")
    number, old, name, born, sex, residence, issued, *further = (safe_text(field) for field in fields)
    if not _OLD_NUMBER.fullmatch(old) or not name or sex not in _SEXES:
        raise Malformed("malformed", "number, name or sex of a card")
    return UnsignedCard(
        personal_identification_number=number,
        old_number=old or None,
        full_name=name,
        birth_date=_day(born),
        sex=_SEXES[sex],
        residence=residence,
        issued_on=_day(issued),
        further=tuple(further),
    )


def _day(text: str) -> str:
    """`ddmmyyyy`; a day that no calendar has is not made into another one."""
    found = _DAY.fullmatch(text)
    if found is None:
        raise Malformed("malformed", "date of a card")
    day, month, year = map(int, found.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise Malformed("malformed", "date of a card") from None
