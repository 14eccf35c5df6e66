"""A record's view as a compact CBOR map, and back: integer keys of the registry, dates as day numbers, digits as integers.

Spec: `certs/qr.md` (claim-key registry); RFC 8943 §1.1 (days since 1970-01-01).
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from certs.catalogue import DocumentType, Field, Kind, View, document_type_by_code
from certs.encoding import safe_text
from certs.errors import Malformed

TYPE, VIEW = 1, 2  # keys of the document map; the fields follow from 3
_EPOCH = date(1970, 1, 1)
_DAYS = range((date(1850, 1, 1) - _EPOCH).days, (date(2200, 1, 1) - _EPOCH).days)  # any day a living document may hold
_PARTIAL_DATE = re.compile(r"(18[5-9]|19\d|20\d|21\d)\d(-(0[1-9]|1[0-2]))?", re.ASCII)
_DIGITS = re.compile(r"[0-9]+")
_COUNT_LIMIT = 1 << 32
_LIST_LIMIT = 40


def to_compact(document: DocumentType, view: View, record: Mapping[str, Any]) -> dict[int, Any]:
    """The document map of a view. Raises ValueError when the record lacks a required field or does not fit its kind,
    Malformed when a text of it could deceive its reader."""
    compact: dict[int, Any] = {TYPE: document.code, VIEW: view.code}
    for name in view.fields:
        field, value = document.field(name), record.get(name)
        if value is None:
            if field.required:
                raise ValueError(f"{document.name} lacks {name}")
            continue
        compact[field.key] = _shrink(field, value)
    return compact


def from_compact(compact: object) -> tuple[DocumentType, View, dict[str, Any]]:
    """Type, view and record of a document map. Raises Malformed; the fields are exactly those of the view."""
    if not isinstance(compact, dict):
        raise Malformed("malformed", "document map")
    kind, cut = compact.get(TYPE), compact.get(VIEW)
    document = document_type_by_code(kind) if type(kind) is int else None
    if document is None:
        raise Malformed("type_mismatch", "unknown kind of document")
    view = next((view for view in document.views if view.code == cut and type(cut) is int), None)
    if view is None:
        raise Malformed("type_mismatch", "unknown view")
    record: dict[str, Any] = {}
    for name in view.fields:
        field = document.field(name)
        if field.key in compact:
            record[name] = _grow(field, compact[field.key])
        elif field.required:
            raise Malformed("claims_missing", name)
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
        case Kind.COUNT if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _COUNT_LIMIT:
            return value
        case Kind.YES if isinstance(value, bool):
            return value
        case Kind.CHOICE:
            return field.choices.index(value)
        case Kind.CLASSES if len(value) <= _LIST_LIMIT:
            return [
                [field.choices.index(item["class"]), _day(item["issued"]), item["expires"] and _day(item["expires"])]
                for item in value
            ]
        case Kind.TEXTS if len(value) <= _LIST_LIMIT:
            return [safe_text(item) for item in value]
    raise ValueError(f"{field.name} does not fit {field.kind}")


def _grow(field: Field, value: Any) -> Any:
    match field.kind:
        case Kind.TEXT if isinstance(value, str):
            return safe_text(value)
        case Kind.DIGITS if type(value) is int and 0 <= value < 10**field.width:
            return f"{value:0{field.width}d}"
        case Kind.DATE:
            return _iso(value)
        case Kind.COUNT if type(value) is int and 0 <= value < _COUNT_LIMIT:
            return value
        case Kind.YES if isinstance(value, bool):
            return value
        case Kind.CHOICE:
            return _choice(field, value)
        case Kind.CLASSES if isinstance(value, list) and len(value) <= _LIST_LIMIT:
            return [_licence_class(field, item) for item in value]
        case Kind.TEXTS if isinstance(value, list) and len(value) <= _LIST_LIMIT:
            if all(isinstance(item, str) for item in value):
                return [safe_text(item) for item in value]
    raise Malformed("malformed", field.name)


def _day(text: str) -> int | str:
    if _PARTIAL_DATE.fullmatch(text):
        return text
    day = (date.fromisoformat(text) - _EPOCH).days
    if day not in _DAYS:
        raise ValueError("date before 1850 or after 2199")
    return day


def _iso(value: Any) -> str:
    if type(value) is int and value in _DAYS:
        return (_EPOCH + timedelta(days=value)).isoformat()
    if isinstance(value, str) and _PARTIAL_DATE.fullmatch(value):
        return value
    raise Malformed("malformed", "date")


def _choice(field: Field, value: Any) -> str:
    if type(value) is int and 0 <= value < len(field.choices):
        return field.choices[value]
    raise Malformed("malformed", field.name)


def _licence_class(field: Field, item: Any) -> dict[str, str | None]:
    if not isinstance(item, list) or len(item) != 3:
        raise Malformed("malformed", field.name)
    name, issued, expires = item
    return {
        "class": _choice(field, name),
        "issued": _iso(issued),
        "expires": None if expires is None else _iso(expires),
    }
