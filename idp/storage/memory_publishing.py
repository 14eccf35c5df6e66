"""What is published and remembered, in memory: status lists, sequence numbers, bundles."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from certs.status import Status
from idp.model import PublishedBundle, SignedList
from idp.storage.errors import Conflict
from idp.storage.memory_rows import Rows, Undo, require

DRAWS = 32  # as in SQL


@dataclass(frozen=True, slots=True)
class _List:
    kind: int
    size: int
    version: int = 1
    closed: bool = False


class MemoryStatuses:
    def __init__(self, undo: Undo) -> None:
        self._lists: Rows[int, _List] = Rows(undo)
        self._given: Rows[tuple[int, int], Status] = Rows(undo)

    def _list(self, number: int) -> _List:
        found = self._lists.get(number)
        if found is None:
            raise Conflict("no such status list")
        return found

    def add(self, number: int, *, kind: int, size: int) -> bool:
        if number in self._lists:
            return False
        self._lists.add(number, _List(kind, size))
        return True

    def numbers(self) -> tuple[int, ...]:
        return tuple(sorted(number for number, _ in self._lists.items()))

    def current(self, kind: int) -> int | None:
        return min(
            (number for number, held in self._lists.items() if held.kind == kind and not held.closed), default=None
        )

    def draw(self, number: int) -> int | None:
        size = self._list(number).size
        for _ in range(DRAWS):
            index = secrets.randbelow(size)
            if (number, index) not in self._given:
                self._given.add((number, index), Status.VALID)
                return index
        return None

    def close(self, number: int) -> None:
        self._lists.put(number, replace(self._list(number), closed=True))

    def set(self, number: int, index: int, status: Status) -> None:
        before = self._given.get((number, index))
        require(before is not None, "a status is set only for an index that was given")
        if before not in (status, Status.INVALID):
            self._given.put((number, index), status)
            found = self._list(number)
            self._lists.put(number, replace(found, version=found.version + 1))

    def look_up(self, number: int, index: int) -> Status:
        return self._given.get((number, index)) or Status.VALID

    def read(self, number: int) -> tuple[int, int, Mapping[int, Status]]:
        found = self._list(number)
        entries = {
            index: status for (of, index), status in self._given.items() if of == number and status is not Status.VALID
        }
        return found.version, found.size, entries

    def versions(self) -> Mapping[int, int]:
        return {number: found.version for number, found in self._lists.items()}

    def version(self) -> int:
        return sum(found.version for _, found in self._lists.items())


class MemoryPublications:
    def __init__(self, undo: Undo) -> None:
        self._sequences: Rows[str, int] = Rows(undo)
        self._signed: Rows[int, SignedList] = Rows(undo)
        self._bundles: Rows[int, PublishedBundle] = Rows(undo)

    def next_sequence(self, name: str) -> int:
        following = self.current_sequence(name) + 1
        self._sequences.put(name, following)
        return following

    def current_sequence(self, name: str) -> int:
        return self._sequences.get(name) or 0

    def signed_lists(self) -> Mapping[int, SignedList]:
        return dict(self._signed.items())

    def keep_list(self, signed: SignedList) -> None:
        self._signed.put(signed.number, signed)

    def keep_bundle(self, bundle: PublishedBundle, *, since: int) -> None:
        for sequence, held in self._bundles.items():
            if held.issued < since and sequence < bundle.sequence:
                self._bundles.remove(sequence)
            elif held.raw and sequence < bundle.sequence:
                self._bundles.put(sequence, replace(held, raw=b""))
        self._bundles.add(bundle.sequence, bundle)

    def newest_bundle(self) -> PublishedBundle | None:
        return max((held for held in self._bundles.values() if held.raw), key=lambda held: held.sequence, default=None)

    def manifest(self, sequence: int) -> bytes | None:
        held = self._bundles.get(sequence)
        return None if held is None else held.manifest
