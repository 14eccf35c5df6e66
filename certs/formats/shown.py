"""Claims of a document as JSON from a stranger, some of them withheld: each checked against its field of the catalogue.

Spec: `certs/qr.md` (registry: the kinds and their ranges), RFC 8259.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from certs.catalogue import DocumentType, Field, Kind
from certs.encoding import safe_text
from certs.errors import Malformed

_DATE = re.compile(r"(18[5-9]|19\d|20\d|21\d)\d(-(0[1-9]|1[0-2])(-\d\d)?)?", re.ASCII)
_DIGITS = re.compile(r"[0-9]+")
_COUNT_LIMIT = 1 << 32
_LIST_LIMIT = 40
_CLASS_MEMBERS = {"class", "issued", "expires"}


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
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise Malformed("malformed", field.name)
    if len(value) == 10:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise Malformed("malformed", field.name) from None
    return value


def _count(field: Field, value: Any) -> int:
    if type(value) is int and 0 <= value < _COUNT_LIMIT:
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
    if isinstance(value, list) and len(value) <= _LIST_LIMIT:
        return value
    raise Malformed("malformed", field.name)


def _texts(field: Field, value: Any) -> list[str]:
    return [_text(field, item) for item in _list(field, value)]


def _classes(field: Field, value: Any) -> list[dict[str, str | None]]:
    return [_licence_class(field, item) for item in _list(field, value)]


def _licence_class(field: Field, item: Any) -> dict[str, str | None]:
    """A class of a licence; whatever of it the holder withheld is absent."""
    if not isinstance(item, dict) or not set(item) <= _CLASS_MEMBERS:
        raise Malformed("malformed", field.name)
    known: dict[str, str | None] = {}
    if "class" in item:
        known["class"] = _choice(field, item["class"])
    if "issued" in item:
        known["issued"] = _date(field, item["issued"])
    if "expires" in item:
        known["expires"] = None if item["expires"] is None else _date(field, item["expires"])
    return known


_READ: Mapping[Kind, Callable[[Field, Any], Any]] = {
    Kind.TEXT: _text,
    Kind.DIGITS: _digits,
    Kind.DATE: _date,
    Kind.COUNT: _count,
    Kind.YES: _yes,
    Kind.CHOICE: _choice,
    Kind.CLASSES: _classes,
    Kind.TEXTS: _texts,
}
