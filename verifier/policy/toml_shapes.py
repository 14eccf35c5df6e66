"""Reading TOML strictly: what is wrong with a table, and where it stands.

Spec: TOML 1.0; the types are those that `tomllib` gives.
"""

from collections.abc import Collection, Mapping
from typing import Any

Path = tuple[str | int, ...]  # keys and places: ("all_of", 1, "requires", 0, "claim")


class Wrong(Exception):
    """What is wrong, and where."""

    def __init__(self, path: Path, says: str) -> None:
        super().__init__(says)
        self.path = path
        self.says = says


def known(table: Mapping[str, Any], known: Collection[str], path: Path) -> None:
    for key in table:
        if key not in known:
            raise Wrong((*path, key), f"unknown key; known are {', '.join(sorted(known))}")


def typed(value: Any, kind: type, path: Path) -> Any:
    if type(value) is not kind:  # True is no number
        raise Wrong(path, f"{_CALLED[kind]} is needed, not {_CALLED.get(type(value), 'this')}")
    return value


_CALLED = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    dict: "a table",
    list: "a list",
    float: "a fraction",
}


def tables(value: Any, path: Path) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = typed(value, list, path)
    for place, each in enumerate(rows):
        typed(each, dict, (*path, place))
    return rows


def words(value: Any, path: Path) -> tuple[str, ...]:
    return tuple(typed(each, str, (*path, place)) for place, each in enumerate(typed(value, list, path)))


def choice(kind: Any, value: Any, path: Path) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise Wrong(path, f"one of: {', '.join(kind)}") from None


def written(path: Path) -> str:
    written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return f"{written.removeprefix('.')}: " if path else ""
