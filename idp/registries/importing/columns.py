"""Which column holds which field: by the catalogue's names or by its labels in either language; what fits nowhere is refused."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from certs.catalogue import Fault, Field
from idp.registries.importing import values
from idp.registries.importing.formulas import unguard
from idp.registries.importing.sheet import MOST_SHOWN, Row, Unreadable

# The columns that a file of rejects begins with: see rejects.py. Where they come back they are passed over.
REASONS = ("reject_row", "reject_field", "reject_code", "reject_reason_vi", "reject_reason_en")
_NUMBERS = re.compile(r"[0-9]{4,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Layout:
    """`readers` has one entry a column: its field and how its cells are read, or None for one that is passed over."""

    columns: tuple[str, ...]
    readers: tuple[tuple[Field, Callable[[Any], Any]] | None, ...]
    mended: bool  # the file is one of rejects that comes back

    def of(self, row: Row) -> tuple[dict[str, Any], list[Fault]]:
        """The row's values by field, and what could not be read at all. Empty cells are left out."""
        record: dict[str, Any] = {}
        faults: list[Fault] = []
        for reader, cell in zip(self.readers, row.cells, strict=True):
            if reader is None or cell is None or cell == "":
                continue
            field, read = reader
            value = read(unguard(cell) if self.mended and isinstance(cell, str) else cell)
            if isinstance(value, values.Broken):
                faults.append(Fault(field.name, value.code, value.text))
            elif value is not None:
                record[field.name] = value
        return record, faults

    @property
    def present(self) -> frozenset[str]:
        return frozenset(reader[0].name for reader in self.readers if reader is not None)


def match(
    columns: Sequence[str],
    fields: Sequence[Field],
    *,
    ignore: Collection[str] = (),
    aliases: Mapping[str, tuple[str, ...]],
    derived: Collection[str] = (),
) -> Layout:
    """Raises Unreadable, naming every column that is unknown, missing or there twice. `derived`: made where it is missing."""
    by_name = _names(fields, aliases)
    passed = {_key(name) for name in ignore}
    if absent := sorted(name for name in ignore if _key(name) not in {_key(column) for column in columns}):
        raise Unreadable(f"there is no column to ignore: {shown(absent)}")
    found: list[Field | None] = []
    unknown = []
    for place, column in enumerate(columns, 1):
        field = by_name.get(_key(column))
        out = column in REASONS or _key(column) in passed
        if field is None and not out:
            unknown.append(column.strip() or f"(no name, the {place}. column)")
        found.append(None if out else field)
    held = [field.name for field in found if field is not None]
    if unknown:
        raise Unreadable(_unknown(unknown, held, fields))
    if twice := sorted({name for name in held if held.count(name) > 1}):
        raise Unreadable(f"there are two columns of {shown(twice)}; leave one out with --ignore COLUMN")
    missing = [field.name for field in fields if field.required and field.name not in (*held, *derived)]
    if missing:
        raise Unreadable(f"columns are missing: {shown(missing, len(missing))}")
    readers = tuple(None if field is None else (field, values.reader(field)) for field in found)
    return Layout(tuple(columns), readers, "reject_code" in columns)


def _unknown(unknown: list[str], held: list[str], fields: Sequence[Field]) -> str:
    known = ", ".join(field.name for field in fields)
    if not held:
        return f"the first row does not name the columns: {shown(unknown)}. Known are {known}"
    return f"unknown columns: {shown(unknown)}. Leave each out with --ignore COLUMN, or name it as one of {known}"


def shown(names: Sequence[str], most: int = MOST_SHOWN) -> str:
    """Names out of somebody's file: short, printable, and without numbers, since a file with no header has people's there."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(_printable(name) for name in names[:most]) + more


def _printable(name: str) -> str:
    clean = "".join(c if c.isprintable() else "?" for c in name[:60])
    return _NUMBERS.sub(lambda found: "*" * (len(found[0]) - 3) + found[0][-3:], clean)


def _names(fields: Sequence[Field], aliases: Mapping[str, tuple[str, ...]]) -> dict[str, Field]:
    """Every spelling of a column; a label that two fields share names neither."""
    names: dict[str, Field] = {}
    shared: set[str] = set()
    for field in fields:
        for name in {_key(one) for one in (*aliases.get(field.name, ()), field.label.vi, field.label.en)}:
            if name in names:
                shared.add(name)
            names[name] = field
    for name in shared:
        del names[name]
    return names | {_key(field.name): field for field in fields}


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())


def reasons(row: Row, faults: Sequence[Fault]) -> Iterator[str]:
    """The cells under REASONS."""
    each = [(fault.field, fault.code, fault.text.vi, fault.text.en) for fault in faults]
    yield str(row.number)
    for texts in zip(*each, strict=True):
        yield "; ".join(dict.fromkeys(text for text in texts if text))
