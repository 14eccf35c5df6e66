"""Reads kinds of documents from TOML, strictly: a key that is not known, or a thing named twice, is an error and no kind.

Spec: TOML 1.0; the shape of a file is what `_KIND`, `_FIELD`, `_VIEW` and their like below admit.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from certs.documents.forms import FORMS, is_pattern
from certs.documents.model import DocumentType, Field, Issuer, Kind, Lifetime, Lifetimes, Text, View
from certs.documents.shared import AUTHORITIES, FIRST_OWN_KEY, SHARED
from certs.documents.tables import Shape, identifier, known, once, refuse, strings, text

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_WIDEST = 18  # digits that a 64-bit integer holds
_LONGEST, _LONGEST_PRINTED = 365, 3653  # days
# What each table must have, and what it may have; the types are those that tomllib gives.
_KIND = (
    {"name": str, "code": int, "title": dict, "issuers": list, "credential_days": int, "views": list},
    {
        "shared": list,
        "optional": list,
        "fields": list,
        "order": list,
        "equal": list,
        "account_level": int,
        "printed_days": int,
        "sensitive": bool,
        "colour": str,
        "glyph": str,
        "iso": str,
        "identified_by": str,
    },
)
_AS_THEY_ARE = (
    "credential_days",
    "printed_days",
    "account_level",
    "sensitive",
    "colour",
    "glyph",
    "iso",
    "identified_by",
)
_COLUMN = (
    {"name": str, "kind": str, "label": dict},
    {"width": int, "most": int, "choices": list, "form": str, "required": bool},
)
_FIELD = (
    {**_COLUMN[0], "key": int},
    {**_COLUMN[1], "columns": list, "lifetimes": dict, "iso": list, "sensitive": bool},
)
_VIEW = ({"name": str, "code": int, "title": dict, "about": dict, "fields": list}, {"qr": bool, "needs": list})
_ISSUER = ({"authority": str, "since": date}, {"until": date})
_CHOICE: Shape = ({"name": str, "vi": str, "en": str}, {})
_LIFETIMES: Shape = ({"choice": str, "begins": str, "ends": str, "each": list}, {})
_LIFETIME = ({"of": list, "years": int}, {"since": date, "until": date})
_OF_A_COLUMN = (Kind.TEXT, Kind.DIGITS, Kind.DATE, Kind.COUNT, Kind.YES, Kind.CHOICE)
_IDENTIFYING = (Kind.TEXT, Kind.DIGITS)
_WITH_A_FORM = (Kind.TEXT, Kind.DIGITS, Kind.TEXTS)


def load(folder: Path) -> Mapping[str, DocumentType]:
    """Every kind of a folder by its name, in the order of their codes. Raises NotAKind."""
    kinds = sorted(
        (read(path.read_text("utf-8"), path.stem) for path in folder.glob("*.toml")), key=lambda kind: kind.code
    )
    once((kind.code for kind in kinds), f"{folder.name}: codes")
    return MappingProxyType({kind.name: kind for kind in kinds})


def read(toml: str, name: str) -> DocumentType:
    """The kind of that name. Raises NotAKind."""
    try:
        table = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        refuse(name, str(error))
    known(table, _KIND, name)
    if table["name"] != name:
        refuse(name, "another name than its file")
    identifier(name, name)
    fields = _fields(table, name)
    kind = DocumentType(
        name,
        table["code"],
        text(table["title"], f"{name}.title"),
        fields,
        tuple(_view(each, fields, f"{name}.views") for each in table["views"]),
        tuple(_issuer(each, f"{name}.issuers") for each in table["issuers"]),
        order=tuple(_pair(each, fields, f"{name}.order") for each in table.get("order", ())),
        equal=tuple(_twins(each, fields, f"{name}.equal") for each in table.get("equal", ())),
        **{key: table[key] for key in _AS_THEY_ARE if key in table},
    )
    _whole(kind)
    return kind


def _whole(kind: DocumentType) -> None:
    """What no single table shows."""
    if (
        kind.code < 1
        or not 1 <= kind.credential_days <= _LONGEST
        or not 0 <= kind.printed_days <= _LONGEST_PRINTED
        or kind.account_level not in (1, 2)
    ):
        refuse(kind.name, "code, credential_days or account_level out of range")
    if not _COLOUR.fullmatch(kind.colour) or len(kind.glyph) != 1:
        refuse(kind.name, "colour is #rrggbb, glyph one character")
    if not kind.fields or not kind.views or not kind.issuers:
        refuse(kind.name, "needs fields, views and issuers")
    tells = {field.name for field in kind.fields if field.required and field.kind in _IDENTIFYING}
    if kind.identified_by and kind.identified_by not in tells:
        refuse(kind.name, "identified_by names a required field of text or digits")
    once((view.code for view in kind.views), f"{kind.name}: codes of views")
    once((view.name for view in kind.views), f"{kind.name}: views")
    for before, after in zip(kind.issuers, kind.issuers[1:], strict=False):
        if before.until is None or before.until > after.since:
            refuse(kind.name, "two issuers at one time")


# --- fields -----------------------------------------------------------------------------------------------------------


def _fields(table: Mapping[str, Any], name: str) -> tuple[Field, ...]:
    """The shared ones by name, in the order of their keys, then the type's own."""
    wanted, optional = strings(table.get("shared", []), name), strings(table.get("optional", []), name)
    once((*wanted, *optional), f"{name}: shared fields")
    for each in (*wanted, *optional):
        if each not in SHARED:
            refuse(name, f"no shared field {each}")
    shared = [replace(field, required=key in wanted) for key, field in SHARED.items() if key in (*wanted, *optional)]
    own = [_field(each, f"{name}.fields") for each in table.get("fields", ())]
    once((field.key for field in own), f"{name}: keys")
    once((field.name for field in own), f"{name}: fields")
    return (*shared, *own)


def _field(table: Any, where: str) -> Field:
    known(table, _FIELD, where)
    where = f"{where}.{table['name']}"
    if table["name"] in SHARED or table["key"] < FIRST_OWN_KEY:
        refuse(where, "the name or key of a shared field")
    columns = tuple(_column(each, f"{where}.columns") for each in table.get("columns", ()))
    once((column.name for column in columns), f"{where}.columns")
    field = replace(
        _plain(table, where, table["key"]),
        columns=columns,
        iso=strings(table.get("iso", []), where),
        sensitive=table.get("sensitive", False),
        lifetimes=_lifetimes(table["lifetimes"], columns, f"{where}.lifetimes") if "lifetimes" in table else None,
    )
    if bool(columns) != (field.kind is Kind.ROWS):
        refuse(where, "columns are for rows")
    return field


def _column(table: Any, where: str) -> Field:
    known(table, _COLUMN, where)
    column = _plain(table, f"{where}.{table['name']}", 0)
    if column.kind not in _OF_A_COLUMN:
        refuse(where, f"a column of {column.kind}")
    return column


def _plain(table: Mapping[str, Any], where: str, key: int) -> Field:
    """What fields and columns have alike."""
    identifier(table["name"], where)
    if table["kind"] not in list(Kind):
        refuse(where, f"no kind {table['kind']}")
    kind, width, form = Kind(table["kind"]), table.get("width", 0), table.get("form", "")
    if (kind is Kind.DIGITS) != (0 < width <= _WIDEST):
        refuse(where, "width is for digits")
    named = [_choice(each, where) for each in table.get("choices", ())]
    once((choice for choice, _ in named), f"{where}: choices")
    if bool(named) != (kind is Kind.CHOICE):
        refuse(where, "choices are for a choice")
    if "most" in table and (kind is not Kind.COUNT or table["most"] < 1):
        refuse(where, "most is for counts")
    if form and (kind not in _WITH_A_FORM or not (form in FORMS or is_pattern(form))):
        refuse(where, f"no form {form}")
    return Field(
        table["name"],
        key,
        kind,
        text(table["label"], f"{where}.label"),
        width=width,
        choices=tuple(choice for choice, _ in named),
        words=tuple(word for _, word in named),
        form=form,
        most=table.get("most", 0),
        required=table.get("required", True),
    )


def _choice(each: Any, where: str) -> tuple[str, Text]:
    """A choice is a table with its words, or a text that stands for itself."""
    if isinstance(each, str) and each:
        return each, Text.same(each)
    known(each, _CHOICE, f"{where}.choices")
    return each["name"], text({"vi": each["vi"], "en": each["en"]}, f"{where}.choices")


def _lifetimes(table: Any, columns: tuple[Field, ...], where: str) -> Lifetimes:
    known(table, _LIFETIMES, where)
    kinds = {column.name: column.kind for column in columns}
    choices = next((column.choices for column in columns if column.name == table["choice"]), ())
    if not choices or not kinds.get(table["begins"]) is kinds.get(table["ends"]) is Kind.DATE:
        refuse(where, "a choice and two dates of the columns")
    each = []
    for one in table["each"]:
        known(one, _LIFETIME, where)
        of = strings(one["of"], where)
        if one["years"] < 0 or not of or not set(of) <= set(choices):
            refuse(where, "choices of the column, and years")
        each.append(Lifetime(of, **{key: value for key, value in one.items() if key != "of"}))
    return Lifetimes(table["choice"], table["begins"], table["ends"], tuple(each))


# --- views, issuers, order --------------------------------------------------------------------------------------------


def _view(table: Any, fields: tuple[Field, ...], where: str) -> View:
    known(table, _VIEW, where)
    where = f"{where}.{table['name']}"
    identifier(table["name"], where)
    names, needs = strings(table["fields"], where), strings(table.get("needs", []), where)
    once(names, where)
    once(needs, where)
    if table["code"] < 1 or not names or not set(needs) <= set(names) <= {field.name for field in fields}:
        refuse(where, "a code from 1, and fields of this kind")
    title, about = text(table["title"], f"{where}.title"), text(table["about"], f"{where}.about")
    return View(table["name"], table["code"], title, about, names, qr=table.get("qr", True), needs=needs)


def _issuer(table: Any, where: str) -> Issuer:
    known(table, _ISSUER, where)
    if table["authority"] not in AUTHORITIES:
        refuse(where, f"no authority {table['authority']}")
    issuer = Issuer(**table)
    if issuer.until is not None and issuer.until <= issuer.since:
        refuse(where, "ends before it begins")
    return issuer


def _pair(each: Any, fields: tuple[Field, ...], where: str) -> tuple[str, str]:
    """Two dates, each a field or `field.column`; both of the same rows where they are of rows."""
    names = strings(each, where)
    dates = {field.name for field in fields if field.kind is Kind.DATE} | {
        f"{field.name}.{column.name}" for field in fields for column in field.columns if column.kind is Kind.DATE
    }
    if len(names) != 2 or not set(names) <= dates or len({name.partition(".")[0] for name in names if "." in name}) > 1:
        refuse(where, "pairs of dates of this kind")
    return names[0], names[1]


def _twins(each: Any, fields: tuple[Field, ...], where: str) -> tuple[str, str]:
    """Two fields of one kind."""
    names = strings(each, where)
    kinds = [(field.kind, field.width) for name in names for field in fields if field.name == name]
    if len(names) != 2 or len(kinds) != 2 or kinds[0] != kinds[1] or kinds[0][0] not in (Kind.TEXT, Kind.DIGITS):
        refuse(where, "pairs of texts or digits of one kind")
    return names[0], names[1]
