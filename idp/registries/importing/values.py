"""A cell becomes a value of its field's kind: text tidied, days as people here write them, lists from JSON.

What cannot be one stays as it is, and the catalogue's own judgement says what is wrong with it.
Spec: domain rules on names and dates: NFC, single spaces; dd/mm/yyyy; dates known to the month or year stay so.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from certs.catalogue import Field, Kind, Text
from certs.encoding import json_decode
from certs.errors import CertsError
from idp.registries.importing.sheet import ENCODING, REPLACED

_DAY = re.compile(r"(?:(?:([0-9]{1,2})[/.-])?([0-9]{1,2})[/.-])?([0-9]{4})", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,12}", re.ASCII)
_YES: Mapping[str, bool] = MappingProxyType(
    {**dict.fromkeys(("true", "yes", "có", "1", "x"), True), **dict.fromkeys(("false", "no", "không", "0"), False)}
)
# As sex and nationality stand in people's files.
_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "sex": {"nam": "male", "nữ": "female", "m": "male", "f": "female"},
        "nationality": dict.fromkeys(("việt nam", "vietnam", "viet nam", "vnm", "vn"), "VN"),
    }
)
_JSON = Text('Ghi bằng JSON, như ["…", "…"] hoặc [{"…": "…"}].', 'Write it as JSON, as ["…", "…"] or [{"…": "…"}].')


@dataclass(frozen=True, slots=True)
class Broken:
    """Why there is no value."""

    code: str
    text: Text


def reader(field: Field) -> Callable[[Any], Any]:
    """How the cells of a field are read: a value, None for an empty cell, or what is Broken."""
    read = _READERS.get(field.kind, _text)
    words = {_folded(word.vi): choice for choice, word in zip(field.choices, field.words, strict=False)}
    words |= {_folded(word.en): choice for choice, word in zip(field.choices, field.words, strict=False)}
    words |= {_folded(choice): choice for choice in field.choices} | dict(_WORDS.get(field.name, {}))

    def one(cell: Any) -> Any:
        if not isinstance(cell, str):
            return _tidy(field, cell)
        if REPLACED in cell:
            return Broken("encoding", ENCODING)
        value = read(cell)
        if words and isinstance(value, str):
            return words.get(value.casefold(), value)
        return _tidy(field, value) if isinstance(value, list) else value

    return one


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _text(cell: str) -> str | None:
    return " ".join(unicodedata.normalize("NFC", cell).split()) or None


def _joined(cell: str) -> str | None:
    """Numbers are often written in groups."""
    return "".join(cell.split()) or None


def day(cell: str) -> str | None:
    """ISO, as precise as it was written; what is no day stays as it is."""
    text = cell.strip()
    found = _DAY.fullmatch(text)
    if found is None:
        return text or None
    return "-".join(part if len(part) == 4 else part.zfill(2) for part in found.group(3, 2, 1) if part)


def _count(cell: str) -> int | str | None:
    text = cell.strip()
    return int(text) if _COUNT.fullmatch(text) else text or None


def _yes(cell: str) -> bool | str | None:
    text = _text(cell)
    return None if text is None else _YES.get(text.casefold(), text)


def _listed(cell: str) -> Any:
    if not cell.strip():
        return None
    try:
        made = json_decode(cell.strip().encode())
    except CertsError:
        return Broken("kind", _JSON)
    return made if isinstance(made, list) else Broken("kind", _JSON)


def _tidy(field: Field, value: Any) -> Any:
    """Values that are no text, and the texts and days inside of lists; columns of rows that are not required may be silent."""
    if isinstance(value, str):
        return (day if field.kind is Kind.DATE else _text)(value)
    if not isinstance(value, list):
        return value
    if field.kind is not Kind.ROWS:
        return [_text(one) or "" if isinstance(one, str) else one for one in value]
    columns = {column.name: column for column in field.columns}
    silent = dict.fromkeys(name for name, column in columns.items() if not column.required)
    return [
        silent | {name: _tidy(columns[name], one) if name in columns else one for name, one in row.items()}
        if isinstance(row, dict)
        else row
        for row in value
    ]


_READERS: Mapping[Kind, Callable[[str], Any]] = MappingProxyType(
    {
        Kind.DIGITS: _joined,
        Kind.DATE: day,
        Kind.COUNT: _count,
        Kind.YES: _yes,
        Kind.TEXTS: _listed,
        Kind.ROWS: _listed,
        Kind.PORTRAIT: str.strip,
    }
)
