"""Tables in memory: dictionaries that can take their changes back."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from idp.storage.errors import Conflict

K = TypeVar("K")
V = TypeVar("V")
Undo = list[Callable[[], None]]


def as_stored(value: Mapping[str, Any]) -> dict[str, Any]:
    """What comes back from a database: a copy in plain JSON, that nobody else holds."""
    copied: dict[str, Any] = json.loads(json.dumps(dict(value)))
    return copied


class Rows(Generic[K, V]):
    """A dictionary that remembers how to take its changes back."""

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        return self._rows.get(key)

    def __contains__(self, key: K) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def items(self) -> list[tuple[K, V]]:
        return list(self._rows.items())

    def values(self) -> list[V]:
        return list(self._rows.values())

    def add(self, key: K, value: V) -> None:
        if key in self._rows:
            raise Conflict("a value that must be unique is there already")
        self.put(key, value)

    def put(self, key: K, value: V) -> None:
        if key in self._rows:
            before = self._rows[key]
            self._undo.append(lambda: self._rows.__setitem__(key, before))
        else:
            self._undo.append(lambda: self._rows.__delitem__(key))
        self._rows[key] = value

    def remove(self, key: K) -> bool:
        if key not in self._rows:
            return False
        before = self._rows.pop(key)
        self._undo.append(lambda: self._rows.__setitem__(key, before))
        return True


def require(condition: bool, what: str) -> None:
    """A foreign key or a check, as the tables have them."""
    if not condition:
        raise Conflict(what)
