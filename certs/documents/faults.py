"""Judges a record of a register by its kind: everything that is wrong with it, each fault named, none passed over.

Spec: `certs/qr.md` §4 (kinds and their ranges), the forms of `certs/documents/forms.py`.

It is stricter than the formats, which sign and read whatever fits a field's kind: a rule of form concerns who writes a register.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, TypeGuard

from certs.documents.forms import broken
from certs.documents.model import DocumentType, Field, Kind, Lifetimes, Text
from certs.encoding import b64url_decode, safe_text
from certs.errors import CertsError

ROWS_LIMIT = 40  # rows or texts in one field
COUNT_LIMIT = 1 << 32
PORTRAIT_LIMIT = 1024  # bytes of a picture that travels in a code; online the mdoc carries a larger one apart
DATE = re.compile(
    r"(18[5-9]|19\d|20\d|21\d)\d(-(0[1-9]|1[0-2])(-\d\d)?)?", re.ASCII
)  # 1850 to 2199; month and day where known

_MISSING = Text("Còn thiếu.", "Is missing.")
_UNKNOWN = Text("Loại giấy tờ này không có mục này.", "This kind of document has no such field.")
_CHOICE = Text("Không có trong danh sách được chọn.", "Is not in the list of choices.")
_UNSAFE = Text("Có ký tự không được phép.", "Has characters that are not allowed.")
_EMPTY = Text("Để trống; hãy bỏ mục này.", "Is empty; leave it out.")
_ORDER = Text("Kết thúc trước khi bắt đầu.", "Ends before it begins.")
_UNEQUAL = Text("Hai mục phải ghi như nhau.", "Two fields that must say the same do not.")
_ENDLESS = Text("Hạng này không có thời hạn.", "This class has no end.")
_ENDING = Text("Hạng này phải có ngày hết hạn.", "This class must have an end.")
_TOO_LONG = Text("Thời hạn dài hơn quy định.", "Lasts longer than is allowed.")
_KINDS: Mapping[Kind, Text] = MappingProxyType(
    {
        Kind.TEXT: Text("Phải là chữ.", "Must be text."),
        Kind.DIGITS: Text("Phải đúng số chữ số.", "Must have its number of digits."),
        Kind.DATE: Text(
            "Phải là ngày có thật, viết như 2003-05-09, 2003-05 hoặc 2003.",
            "Must be a day that exists, written as 2003-05-09, 2003-05 or 2003.",
        ),
        Kind.COUNT: Text("Phải là số nguyên không âm.", "Must be a whole number, not negative."),
        Kind.YES: Text("Phải là có hoặc không.", "Must be yes or no."),
        Kind.CHOICE: Text("Phải là một lựa chọn.", "Must be a choice."),
        Kind.TEXTS: Text("Phải là danh sách tối đa 40 dòng chữ.", "Must be a list of at most 40 texts."),
        Kind.ROWS: Text("Phải là danh sách tối đa 40 dòng.", "Must be a list of at most 40 rows."),
        Kind.PORTRAIT: Text("Phải là ảnh WebP nhỏ, ghi bằng base64url.", "Must be a small WebP picture in base64url."),
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field; in rows the field is `name[2].column`, counted from 1.

    Codes: missing, unknown, kind, form (a rule of form is broken), choice, order (ends before it begins).
    """

    field: str
    code: str
    text: Text


def faults(kind: DocumentType, record: Mapping[str, Any]) -> tuple[Fault, ...]:
    """In the order of the catalogue, then what does not belong there; empty when the record can be signed."""
    known = {field.name for field in kind.fields}
    return (
        *(fault for field in kind.fields for fault in _field(field, field.name, record)),
        *(fault for pair in kind.order for fault in _ordered(pair, record)),
        *(fault for pair in kind.equal for fault in _unequal(pair, record)),
        *(Fault(str(name), "unknown", _UNKNOWN) for name in record if name not in known),
    )


def is_webp(picture: bytes) -> bool:
    """RFC 9649 §2.4: RIFF, the length of what follows, WEBP."""
    return (
        picture[:4] == b"RIFF"
        and picture[8:12] == b"WEBP"
        and int.from_bytes(picture[4:8], "little") == len(picture) - 8
    )


def _field(field: Field, where: str, record: Mapping[str, Any]) -> Iterator[Fault]:
    value = record.get(field.name)
    if value is not None:
        yield from _JUDGES[field.kind](field, where, value)
    elif field.required:
        yield Fault(where, "missing", _MISSING)


def _text(field: Field, where: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(where, "kind", _KINDS[Kind.TEXT])
        return
    try:
        safe_text(value)
    except CertsError:
        yield Fault(where, "form", _UNSAFE)
        return
    if not value.strip():
        yield Fault(where, "form", _EMPTY)
    elif field.form and (says := broken(field.form, value)):
        yield Fault(where, "form", says)


def _digits(field: Field, where: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, str) or len(value) != field.width or not (value.isascii() and value.isdecimal()):
        yield Fault(where, "kind", _KINDS[Kind.DIGITS])
    elif field.form and (says := broken(field.form, value)):
        yield Fault(where, "form", says)


def _date(field: Field, where: str, value: Any) -> Iterator[Fault]:
    if not _is_date(value):
        yield Fault(where, "kind", _KINDS[Kind.DATE])


def _is_date(value: Any) -> TypeGuard[str]:
    if not isinstance(value, str) or not DATE.fullmatch(value):
        return False
    try:
        return len(value) < len("2003-05-09") or bool(date.fromisoformat(value))
    except ValueError:
        return False


def _count(field: Field, where: str, value: Any) -> Iterator[Fault]:
    if type(value) is not int or not 0 <= value < COUNT_LIMIT:
        yield Fault(where, "kind", _KINDS[Kind.COUNT])
    elif field.most and value > field.most:
        yield Fault(where, "form", Text(f"Nhiều nhất là {field.most}.", f"Is at most {field.most}."))


def _yes(field: Field, where: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, bool):
        yield Fault(where, "kind", _KINDS[Kind.YES])


def _choice(field: Field, where: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(where, "kind", _KINDS[Kind.CHOICE])
    elif value not in field.choices:
        yield Fault(where, "choice", _CHOICE)


def _texts(field: Field, where: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, list) or len(value) > ROWS_LIMIT:
        yield Fault(where, "kind", _KINDS[Kind.TEXTS])
        return
    for number, each in enumerate(value, 1):
        yield from _text(field, f"{where}[{number}]", each)


def _rows(field: Field, where: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, list) or len(value) > ROWS_LIMIT or not all(isinstance(row, dict) for row in value):
        yield Fault(where, "kind", _KINDS[Kind.ROWS])
        return
    columns = {column.name for column in field.columns}
    for number, row in enumerate(value, 1):
        at = f"{where}[{number}]"
        for column in field.columns:
            yield from _field(column, f"{at}.{column.name}", row)
            if column.name not in row and not column.required:  # null says that there is none; silence says nothing
                yield Fault(f"{at}.{column.name}", "missing", _MISSING)
        yield from (Fault(f"{at}.{name}", "unknown", _UNKNOWN) for name in row if name not in columns)
        if field.lifetimes:
            yield from _lifetime(field.lifetimes, at, row)


def _portrait(field: Field, where: str, value: Any) -> Iterator[Fault]:
    try:
        picture = b64url_decode(value) if isinstance(value, str) else b""
    except CertsError:
        picture = b""
    if not is_webp(picture) or len(picture) > PORTRAIT_LIMIT:
        yield Fault(where, "kind", _KINDS[Kind.PORTRAIT])


_JUDGES: Mapping[Kind, Callable[[Field, str, Any], Iterator[Fault]]] = {
    Kind.TEXT: _text,
    Kind.DIGITS: _digits,
    Kind.DATE: _date,
    Kind.COUNT: _count,
    Kind.YES: _yes,
    Kind.CHOICE: _choice,
    Kind.TEXTS: _texts,
    Kind.ROWS: _rows,
    Kind.PORTRAIT: _portrait,
}


def _unequal(pair: tuple[str, str], record: Mapping[str, Any]) -> Iterator[Fault]:
    first, second = record.get(pair[0]), record.get(pair[1])
    if first is not None and second is not None and first != second:
        yield Fault(pair[1], "form", _UNEQUAL)


# --- dates against each other -------------------------------------------------------------------------------------------


def _ordered(pair: tuple[str, str], record: Mapping[str, Any]) -> Iterator[Fault]:
    """Of rows each row for itself, against a field of the record or a column of the same row."""
    rows = next((name.partition(".")[0] for name in pair if "." in name), "")
    if not rows:
        if _after(record.get(pair[0]), record.get(pair[1])):
            yield Fault(pair[1], "order", _ORDER)
        return
    held = record.get(rows)
    for number, row in enumerate(held if isinstance(held, list) else (), 1):
        if isinstance(row, dict):
            first, last = (row.get(name.partition(".")[2]) if "." in name else record.get(name) for name in pair)
            if _after(first, last):
                name = pair[1].partition(".")[2]
                yield Fault(f"{rows}[{number}].{name}" if name else pair[1], "order", _ORDER)


def _after(first: Any, last: Any) -> bool:
    """As far as both are known: the year 2003 is not after May 2003."""
    if not _is_date(first) or not _is_date(last):
        return False
    known = min(len(first), len(last))
    return bool(first[:known] > last[:known])


def _lifetime(rule: Lifetimes, where: str, row: Mapping[str, Any]) -> Iterator[Fault]:
    begins, ends, where = row.get(rule.begins), row.get(rule.ends), f"{where}.{rule.ends}"
    if not _is_date(begins) or len(begins) != len("2003-05-09") or not (ends is None or _is_date(ends)):
        return
    day = date.fromisoformat(begins)
    for each in rule.each:
        if row.get(rule.choice) not in each.of or not each.since <= day < each.until:
            continue
        if not each.years and ends is not None:
            yield Fault(where, "form", _ENDLESS)
        elif each.years and ends is None:
            yield Fault(where, "form", _ENDING)
        elif each.years and _after(ends, _later(begins, each.years)):
            yield Fault(where, "form", _TOO_LONG)


def _later(day: str, years: int) -> str:
    """The same day so many years on, as text: 29 February stays, and compares as it should."""
    return f"{int(day[:4]) + years:04}{day[4:]}"
