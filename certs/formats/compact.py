"""A record's view as a compact CBOR map, and back: integer keys of the registry, dates as day numbers, digits as integers.

Spec: `certs/qr.md` (claim-key registry); RFC 8943 §1.1 (days since 1970-01-01).
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from certs.catalogue import CATALOGUE, DocumentType, Field, Kind, View
from certs.documents.faults import COUNT_LIMIT, PORTRAIT_LIMIT, ROWS_LIMIT, is_webp
from certs.encoding import b64url_decode, b64url_encode, safe_text
from certs.errors import Malformed

TYPE, VIEW = 1, 2  # keys of the document map; the fields follow from 3
_EPOCH = date(1970, 1, 1)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_DAYS = range((date(1850, 1, 1) - _EPOCH).days, (date(2200, 1, 1) - _EPOCH).days)  # any day a living document may hold
_PARTIAL_DATE = re.compile(r"(18[5-9]|19\d|20\d|21\d)\d(-(0[1-9]|1[0-2]))?", re.ASCII)
_DIGITS = re.compile(r"[0-9]+")


def to_compact(document: DocumentType, view: View, record: Mapping[str, Any]) -> dict[int, Any]:
    """The document map of a view. Raises ValueError when the record lacks a required field or does not fit its kind,
    Malformed when a text of it could deceive its reader."""
    if not view.qr:
        raise ValueError(f"{document.name}.{view.name} is shown online only")
    compact: dict[int, Any] = {TYPE: document.code, VIEW: view.code}
    for name in view.fields:
        field, value = document.field(name), record.get(name)
        if value is None:
            if field.required or name in view.needs:
                raise ValueError(f"{document.name} lacks {name}")
            continue
        compact[field.key] = _shrink(field, value)
    return compact


def from_compact(compact: object) -> tuple[DocumentType, View, dict[str, Any]]:
    """Type, view and record of a document map. Raises Malformed; the fields are exactly those of the view."""
    if not isinstance(compact, dict):
        raise Malformed("malformed", "document map")
    kind, cut = compact.get(TYPE), compact.get(VIEW)
    known = _VIEWS.get((kind, cut)) if type(kind) is int and type(cut) is int else None
    if known is None:
        raise Malformed("type_mismatch", "unknown kind of document or view")
    document, view, fields = known
    record: dict[str, Any] = {}
    for field, grow in fields:
        if field.key in compact:
            record[field.name] = grow(field, compact[field.key])
        elif field.required or field.name in view.needs:
            raise Malformed("claims_missing", field.name)
    if len(compact) != len(record) + 2:
        raise Malformed("malformed", "claims beyond the view")
    return document, view, record


def _shrink(field: Field, value: Any) -> Any:
    match field.kind:
        case Kind.TEXT:
            return safe_text(value)
        case Kind.DIGITS:
            if len(value) != field.width or not _DIGITS.fullmatch(value):
                raise ValueError(f"{field.name} is not {field.width} digits")
            return int(value)
        case Kind.DATE:
            return _day(value)
        case Kind.COUNT if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < COUNT_LIMIT:
            return value
        case Kind.YES if isinstance(value, bool):
            return value
        case Kind.CHOICE:
            return field.choices.index(value)
        case Kind.TEXTS if len(value) <= ROWS_LIMIT:
            return [safe_text(item) for item in value]
        case Kind.ROWS if len(value) <= ROWS_LIMIT:
            return [_row(field.columns, row) for row in value]
        case Kind.PORTRAIT:
            return _picture(b64url_decode(value))
    raise ValueError(f"{field.name} does not fit {field.kind}")


def _row(columns: tuple[Field, ...], row: Mapping[str, Any]) -> list[Any]:
    """A row names all its columns, and no other; null is for what is not required."""
    if row.keys() != {column.name for column in columns}:
        raise ValueError("a row has each of its columns, and no other")
    if any(column.required and row[column.name] is None for column in columns):
        raise ValueError("a row lacks a required column")
    return [None if row[column.name] is None else _shrink(column, row[column.name]) for column in columns]


def _picture(data: bytes) -> bytes:
    if len(data) > PORTRAIT_LIMIT or not is_webp(data):
        raise ValueError("not a small WebP picture")
    return data


def _day(text: str) -> int | str:
    if _PARTIAL_DATE.fullmatch(text):
        return text
    day = (date.fromisoformat(text) - _EPOCH).days
    if day not in _DAYS:
        raise ValueError("date before 1850 or after 2199")
    return day


# --- and back: every value comes from a stranger ------------------------------------------------------------------------


def _text(field: Field, value: Any) -> str:
    if isinstance(value, str):
        return safe_text(value)
    raise Malformed("malformed", field.name)


def _digits(field: Field, value: Any) -> str:
    if type(value) is int and 0 <= value < 10**field.width:
        return str(value).zfill(field.width)
    raise Malformed("malformed", field.name)


def _date(field: Field, value: Any) -> str:
    if type(value) is int and value in _DAYS:
        return date.fromordinal(_EPOCH_ORDINAL + value).isoformat()
    if isinstance(value, str) and _PARTIAL_DATE.fullmatch(value):
        return value
    raise Malformed("malformed", field.name)


def _count(field: Field, value: Any) -> int:
    if type(value) is int and 0 <= value < COUNT_LIMIT:
        return value
    raise Malformed("malformed", field.name)


def _yes(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Malformed("malformed", field.name)


def _choice(field: Field, value: Any) -> str:
    if type(value) is int and 0 <= value < len(field.choices):
        return field.choices[value]
    raise Malformed("malformed", field.name)


def _list(field: Field, value: Any) -> list[Any]:
    if isinstance(value, list) and len(value) <= ROWS_LIMIT:
        return value
    raise Malformed("malformed", field.name)


def _texts(field: Field, value: Any) -> list[str]:
    return [_text(field, item) for item in _list(field, value)]


def _rows(field: Field, value: Any) -> list[dict[str, Any]]:
    return [_columns(field, row) for row in _list(field, value)]


def _columns(field: Field, row: Any) -> dict[str, Any]:
    if not isinstance(row, list) or len(row) != len(field.columns):
        raise Malformed("malformed", field.name)
    return {
        column.name: None if cell is None and not column.required else _GROW[column.kind](column, cell)
        for column, cell in zip(field.columns, row, strict=True)
    }


def _portrait(field: Field, value: Any) -> str:
    if isinstance(value, bytes) and len(value) <= PORTRAIT_LIMIT and is_webp(value):
        return b64url_encode(value)
    raise Malformed("malformed", field.name)


_GROW: Mapping[Kind, Callable[[Field, Any], Any]] = {
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
# By the codes that a document map begins with: the view, and each of its fields with what makes its value.
_VIEWS = {
    (document.code, view.code): (
        document,
        view,
        tuple((field, _GROW[field.kind]) for field in map(document.field, view.fields)),
    )
    for document in CATALOGUE.values()
    for view in document.views
    if view.qr
}
