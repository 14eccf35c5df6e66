"""A register's record as a person reads it, before it goes into a wallet: official labels, dates as dd/mm/yyyy, numbers in groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certs.catalogue import Field, Kind, Text
from idp.web.facts import grouped

_YES, _NO, _NONE = Text("Có", "Yes"), Text("Không", "No"), Text("Không có", "None")
_CHOICES = {"male": Text("Nam", "Male"), "female": Text("Nữ", "Female")}
_NO_END = Text("không thời hạn", "no expiry")


@dataclass(frozen=True, slots=True)
class Line:
    label: Text
    value: Text
    sensitive: bool


def lines(fields: tuple[Field, ...], record: Mapping[str, Any]) -> tuple[Line, ...]:
    """Fields that the record does not have are not signed either."""
    return tuple(
        Line(field.label, _value(field, record[field.name]), field.sensitive)
        for field in fields
        if record.get(field.name) is not None
    )


def _value(field: Field, content: Any) -> Text:
    match field.kind:
        case Kind.DIGITS:
            return _same(grouped(str(content)))
        case Kind.DATE:
            return _same(_day(str(content)))
        case Kind.YES:
            return _YES if content else _NO
        case Kind.CHOICE:
            return _CHOICES.get(str(content), _same(str(content)))
        case Kind.TEXTS:
            return _same("; ".join(map(str, content))) if content else _NONE
        case Kind.CLASSES:
            return Text(*("; ".join(_class(each, language) for each in content) for language in ("vi", "en")))
    return _same(str(content))


def _class(each: Mapping[str, Any], language: str) -> str:
    until = _day(each["expires"]) if each.get("expires") else _NO_END.of(language)
    return f"{each['class']} ({_day(each['issued'])} – {until})"


def _day(iso: str) -> str:
    return "/".join(reversed(iso.split("-")))


def _same(text: str) -> Text:
    return Text(text, text)
