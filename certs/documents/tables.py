"""Tables of TOML read strictly: what must be there is, what is not known is refused, each value of its type.

Spec: TOML 1.0, as tomllib gives it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from certs.documents.model import Text

Shape = tuple[Mapping[str, type], Mapping[str, type]]  # what a table must have, and what it may
_TEXT: Shape = ({"vi": str, "en": str}, {})
_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


class NotAKind(ValueError):
    """A file that describes no kind of document; says where."""


def known(table: Any, shape: Shape, where: str) -> None:
    """All keys that must be there, none that may not, each of its type."""
    must, may = shape
    if not isinstance(table, dict) or not must.keys() <= table.keys() <= must.keys() | may.keys():
        asked = f"must have {', '.join(must)}; may have {', '.join(may) or 'nothing else'}"
        refuse(where, f"has {', '.join(table) if isinstance(table, dict) else table!r}; {asked}")
    for key, value in table.items():
        if type(value) is not (must.get(key) or may[key]):
            refuse(f"{where}.{key}", f"{value!r} is of another type")


def text(table: Any, where: str) -> Text:
    known(table, _TEXT, where)
    if not all(text and text == text.strip() for text in table.values()):
        refuse(where, "needs both languages")
    return Text(**table)


def strings(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        refuse(where, f"{value!r} is not a list of names")
    return tuple(value)


def identifier(name: str, where: str) -> None:
    if not _NAME.fullmatch(name):
        refuse(where, f"{name!r} is not a name")


def once(values: Iterable[object], where: str) -> None:
    known = list(values)
    if len(set(known)) != len(known):
        refuse(where, "one stands there twice")


def refuse(where: str, why: str) -> NoReturn:
    raise NotAKind(f"{where}: {why}")
