"""What is published and remembered, in memory: status lists, sequence numbers."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from certs.status import Status
from idp.storage.errors import Conflict, ListFull
from idp.storage.memory_rows import Rows, Undo, require

DRAWS = 32  # before all that is free is written down


@dataclass(frozen=True, slots=True)
class _List:
    size: int
    version: int


class MemoryStatuses:
    def __init__(self, undo: Undo) -> None:
        self._lists: Rows[int, _List] = Rows(undo)
        self._given: Rows[tuple[int, int], Status] = Rows(undo)

    def _list(self, number: int) -> _List:
        found = self._lists.get(number)
        if found is None:
            raise Conflict("no such status list")
        return found

    def create(self, number: int, size: int) -> None:
        self._lists.add(number, _List(size, version=1))

    def numbers(self) -> tuple[int, ...]:
        return tuple(sorted(number for number, _ in self._lists.items()))

    def allocate(self, number: int) -> int:
        size = self._list(number).size
        index = self._draw(number, size)
        self._given.add((number, index), Status.VALID)
        return index

    def _draw(self, number: int, size: int) -> int:
        for _ in range(DRAWS):
            index = secrets.randbelow(size)
            if (number, index) not in self._given:
                return index
        free = [index for index in range(size) if (number, index) not in self._given]
        if not free:
            raise ListFull(f"status list {number} of {size} entries")
        return secrets.choice(free)

    def set(self, number: int, index: int, status: Status) -> None:
        before = self._given.get((number, index))
        require(before is not None, "a status is set only for an index that was given")
        if before is not status:
            self._given.put((number, index), status)
            found = self._list(number)
            self._lists.put(number, replace(found, version=found.version + 1))

    def read(self, number: int) -> tuple[int, int, Mapping[int, Status]]:
        found = self._list(number)
        entries = {
            index: status for (of, index), status in self._given.items() if of == number and status is not Status.VALID
        }
        return found.version, found.size, entries

    def version(self) -> int:
        return sum(found.version for _, found in self._lists.items())


class MemoryPublications:
    def __init__(self, undo: Undo) -> None:
        self._sequences: Rows[str, int] = Rows(undo)

    def next_sequence(self, name: str) -> int:
        following = self.current_sequence(name) + 1
        self._sequences.put(name, following)
        return following

    def current_sequence(self, name: str) -> int:
        return self._sequences.get(name) or 0
