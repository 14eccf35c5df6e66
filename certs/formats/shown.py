"""Claims of a document as JSON from a stranger, some of them withheld: each checked against its field of the catalogue.

Spec: `certs/qr.md` (registry: the kinds and their ranges), RFC 8259.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from certs.catalogue import DocumentType, Field, Kind
from certs.documents.faults import COUNT_LIMIT, DATE, PORTRAIT_LIMIT, ROWS_LIMIT, is_webp
from certs.encoding import b64url_decode, safe_text
from certs.errors import CertsError, Malformed

_DIGITS = re.compile(r"[0-9]+")


def read(document: DocumentType, claims: Mapping[str, Any]) -> dict[str, Any]:
    """The claims that the type knows, in its order; others are passed over (RFC 7519 §4). Raises Malformed."""
    return {
        field.name: _READ[field.kind](field, claims[field.name]) for field in document.fields if field.name in claims
    }


def _text(field: Field, value: Any) -> str:
    if isinstance(value, str):
        return safe_text(value)
    raise Malformed("malformed", field.name)


def _digits(field: Field, value: Any) -> str:
    if isinstance(value, str) and len(value) == field.width and _DIGITS.fullmatch(value):
        return value
    raise Malformed("malformed", field.name)


def _date(field: Field, value: Any) -> str:
    if not isinstance(value, str) or not DATE.fullmatch(value):
        raise Malformed("malformed", field.name)
    if len(value) == 10:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise Malformed("malformed", field.name) from None
    return value


def _count(field: Field, value: Any) -> int:
    if type(value) is int and 0 <= value < COUNT_LIMIT:
        return value
    raise Malformed("malformed", field.name)


def _yes(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Malformed("malformed", field.name)


def _choice(field: Field, value: Any) -> str:
    if isinstance(value, str) and value in field.choices:
        return value
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
    """A row; whatever of it the holder withheld is absent."""
    if not isinstance(row, dict) or not row.keys() <= {column.name for column in field.columns}:
        raise Malformed("malformed", field.name)
    return {column.name: _cell(column, row[column.name]) for column in field.columns if column.name in row}


def _cell(column: Field, value: Any) -> Any:
    return None if value is None and not column.required else _READ[column.kind](column, value)


def _portrait(field: Field, value: Any) -> str:
    try:
        picture = b64url_decode(value) if isinstance(value, str) else b""
    except CertsError:
        picture = b""
    if not isinstance(value, str) or len(picture) > PORTRAIT_LIMIT or not is_webp(picture):
        raise Malformed("malformed", field.name)
    return value


_READ: Mapping[Kind, Callable[[Field, Any], Any]] = {
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
