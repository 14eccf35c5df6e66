"""What a document says, in Python's own types: days as dates, numbers, yes and no, lists of rows; by the kinds of the catalogue.

Spec: `certs/qr.md` §4 (kinds and their JSON forms).

    licence.typed.day("birth_date")            # date(2003, 5, 9)
    licence.typed.rows("classes")[0].text("class")
"""

import calendar
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

from certs.documents.model import Field, Kind
from certs.encoding import b64url_decode

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A year, or a month of a year: all that is known of some birthdays."""

    year: int
    month: int | None = None

    @property
    def first(self) -> date:
        return date(self.year, self.month or 1, 1)

    @property
    def last(self) -> date:
        month = self.month or 12
        return date(self.year, month, calendar.monthrange(self.year, month)[1])


Value = str | int | bool | bytes | date | PartialDate | tuple[Any, ...] | None


class Typed(Mapping[str, Value]):
    """Claims, or one row of a list, by the names of their fields. A field of unknown kind keeps its JSON value.

    Each accessor answers in the one type that it names: KeyError where the fact is not told, TypeError where the catalogue
    has another type for it. None stands only in rows, for what has none (a class without an end).
    """

    __slots__ = ("_fields", "_told")

    def __init__(self, fields: tuple[Field, ...], told: Mapping[str, Any]) -> None:
        self._fields = {field.name: field for field in fields}
        self._told = told

    def __getitem__(self, name: str) -> Value:
        field, value = self._fields.get(name), self._told[name]
        made: Value = value if field is None or value is None else _TYPES[field.kind](field, value)
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    def __repr__(self) -> str:
        return f"Typed({', '.join(self._told)})"  # names only: a log must not learn what they say

    def text(self, name: str) -> str:
        """Words, digits or a choice."""
        return self._as(str, name)

    def day(self, name: str) -> date:
        """A whole date. TypeError for one of which only year or month is known: see `date_of`."""
        return self._as(date, name)

    def date_of(self, name: str) -> date | PartialDate:
        value = self[name]
        return value if isinstance(value, PartialDate) else self._as(date, name)

    def number(self, name: str) -> int:
        value = self._as(int, name)
        if isinstance(value, bool):
            raise TypeError(f"{name} is yes or no")
        return value

    def yes(self, name: str) -> bool:
        return self._as(bool, name)

    def texts(self, name: str) -> tuple[str, ...]:
        return self._as(tuple, name)

    def rows(self, name: str) -> "tuple[Typed, ...]":
        rows = self._as(tuple, name)
        if not all(isinstance(row, Typed) for row in rows):
            raise TypeError(f"{name} is a list of texts")
        return rows

    def picture(self, name: str) -> bytes:
        """WebP."""
        return self._as(bytes, name)

    def _as(self, kind: type[T], name: str) -> T:
        value = self[name]
        if not isinstance(value, kind):
            raise TypeError(f"{name} is {type(value).__name__}, not {kind.__name__}")
        return value


def _same(_field: Field, value: Any) -> Value:
    made: Value = value
    return made


def _date(_field: Field, value: Any) -> Value:
    parts = [int(part) for part in value.split("-")]
    return date(*parts) if len(parts) == 3 else PartialDate(*parts)


def _rows(field: Field, value: Any) -> Value:
    return tuple(Typed(field.columns, row) for row in value)


_TYPES: Mapping[Kind, Callable[[Field, Any], Value]] = MappingProxyType(
    {
        Kind.TEXT: _same,
        Kind.DIGITS: _same,  # of fixed width, with its zeros: a number to read, not to reckon with
        Kind.DATE: _date,
        Kind.COUNT: _same,
        Kind.YES: _same,
        Kind.CHOICE: _same,
        Kind.TEXTS: lambda _, value: tuple(value),
        Kind.ROWS: _rows,
        Kind.PORTRAIT: lambda _, value: b64url_decode(value),
    }
)
