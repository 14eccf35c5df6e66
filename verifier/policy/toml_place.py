"""On which line of a TOML text a key stands, so that an error can say it; `tomllib` itself forgets.

Spec: TOML 1.0 (keys, tables, arrays of tables).

A key may stand in many places under one name. So each place where its word occurs is changed in turn to a word that occurs
nowhere, and the text read again: the line is that of the place whose change shows at the path.
"""

import re
import tomllib
from collections.abc import Iterator
from itertools import islice
from typing import Any

_TRIES = 200  # places of one word; beyond that the error goes without a line


def line_of(text: str, path: tuple[str | int, ...]) -> int | None:
    """The line of the last key of the path, counted from 1; None where it cannot be told. Of a table among `[[several]]` it is
    the line where that one begins."""
    keys = [place for place, part in enumerate(path) if isinstance(part, str)]
    if not keys:
        return None
    parents, key, rest = path[: keys[-1]], str(path[keys[-1]]), path[keys[-1] + 1 :]
    lines = list(_lines(text, parents, key, listed=bool(rest)))
    number = rest[0] if rest and isinstance(rest[0], int) else 0
    return lines[number] if number < len(lines) else next(iter(lines), None)


def _lines(text: str, parents: tuple[str | int, ...], key: str, *, listed: bool) -> Iterator[int]:
    other = _unused(text)
    for found in islice(re.finditer(rf"(?<![\w-]){re.escape(key)}(?![\w-])", text), _TRIES):
        try:
            read: Any = tomllib.loads(text[: found.start()] + other + text[found.end() :])
            for part in parents:
                read = read[part]
        except (tomllib.TOMLDecodeError, KeyError, IndexError, TypeError):
            continue
        if isinstance(read, dict) and other in read and (isinstance(read[other], list) or not listed):
            yield text.count("\n", 0, found.start()) + 1


def _unused(text: str) -> str:
    word = "place"
    while word in text:
        word += "_"
    return word
