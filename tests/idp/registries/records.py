"""Is a record what the catalogue says? Written from the catalogue's own comments, apart from the code that signs."""

import re
import unicodedata
from datetime import date
from typing import Any

from certs.catalogue import CATALOGUE, Field, Kind
from certs.encoding import b64url_decode
from idp.model import Document


def is_day(value: object) -> bool:
    return isinstance(value, str) and date.fromisoformat(value).isoformat() == value


def is_date(value: object) -> bool:
    return isinstance(value, str) and (re.fullmatch(r"[0-9]{4}(-(0[1-9]|1[0-2]))?", value) is not None or is_day(value))


def fits(field: Field, value: Any) -> bool:
    if field.kind is Kind.TEXT:
        return isinstance(value, str) and value != "" and unicodedata.is_normalized("NFC", value)
    if field.kind is Kind.DIGITS:
        return isinstance(value, str) and re.fullmatch(rf"[0-9]{{{field.width}}}", value) is not None
    if field.kind is Kind.DATE:
        return is_date(value)
    if field.kind is Kind.COUNT:
        return type(value) is int and value >= 0
    if field.kind is Kind.YES:
        return type(value) is bool
    if field.kind is Kind.CHOICE:
        return value in field.choices
    if field.kind is Kind.ROWS:
        return all(
            set(one) == {column.name for column in field.columns}
            and all(
                (one[column.name] is None and not column.required) or fits(column, one[column.name])
                for column in field.columns
            )
            for one in value
        )
    if field.kind is Kind.PORTRAIT:
        return isinstance(value, str) and b64url_decode(value)[8:12] == b"WEBP"
    assert field.kind is Kind.TEXTS
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def faults(document: Document) -> list[str]:
    """What is wrong, by field name; empty when the record follows the catalogue exactly."""
    fields = {field.name: field for field in CATALOGUE[document.type].fields}
    found = [f"{name}: unknown" for name in document.record if name not in fields]
    for name, field in fields.items():
        if name not in document.record:
            if field.required:
                found.append(f"{name}: missing")
        elif not fits(field, document.record[name]):
            found.append(f"{name}: {document.record[name]!r}")
    return found
