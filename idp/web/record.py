"""A register's record as a person reads it, before it goes into a wallet: official labels, dates as dd/mm/yyyy, numbers in groups."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certs.catalogue import Field, Kind, Text
from certs.documents.words import joined, sentences
from certs.encoding import b64url_decode
from idp.web.facts import grouped

_YES, _NO, _NONE = Text("Có", "Yes"), Text("Không", "No"), Text("Không có", "None")
_PICTURE = Text("Có ảnh", "A picture")
_NO_END = Text("không thời hạn", "no expiry")


@dataclass(frozen=True, slots=True)
class Line:
    label: Text
    value: Text
    sensitive: bool
    rows: tuple[Text, ...] = ()  # the sentences of a list
    picture: str = ""  # base64 of a WebP


def lines(fields: tuple[Field, ...], record: Mapping[str, Any]) -> tuple[Line, ...]:
    """Fields that the record does not have are not signed either."""
    return tuple(_line(field, record[field.name]) for field in fields if record.get(field.name) is not None)


def _line(field: Field, content: Any) -> Line:
    return Line(
        field.label,
        _value(field, content),
        field.sensitive,
        rows=sentences(field, content, _value) if field.kind is Kind.ROWS and not field.lifetimes else (),
        picture=b64encode(b64url_decode(content)).decode() if field.kind is Kind.PORTRAIT else "",
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
            return field.word(str(content))
        case Kind.TEXTS:
            return _same("; ".join(map(str, content))) if content else _NONE
        case Kind.ROWS if not field.lifetimes:
            return joined(sentences(field, content, _value)) if content else _NONE
        case Kind.PORTRAIT:
            return _PICTURE
        case Kind.ROWS:
            return Text(*("; ".join(_class(each, language) for each in content) for language in ("vi", "en")))
    return _same(str(content))


def _class(each: Mapping[str, Any], language: str) -> str:
    until = _day(each["expires"]) if each.get("expires") else _NO_END.of(language)
    return f"{each['class']} ({_day(each['issued'])} – {until})"


def _day(iso: str) -> str:
    return "/".join(reversed(iso.split("-")))


def _same(text: str) -> Text:
    return Text.same(text)
