"""What is waited for before copies are signed, in memory."""

from collections.abc import Collection

from idp.model import Hold
from idp.storage.memory_rows import Rows, Undo


class MemoryHolds:
    def __init__(self, undo: Undo) -> None:
        self._rows: Rows[str, Hold] = Rows(undo)

    def put(self, hold: Hold) -> bool:
        if hold.subject in self._rows:
            return False
        self._rows.add(hold.subject, hold)
        return True

    def lift(self, subject: str) -> Hold | None:
        found = self._rows.get(subject)
        self._rows.remove(subject)
        return found

    def of(self, subjects: Collection[str]) -> tuple[Hold, ...]:
        return tuple(hold for hold in self.all() if hold.subject in subjects)

    def all(self) -> tuple[Hold, ...]:
        return tuple(sorted(self._rows.values(), key=lambda one: (one.since, one.subject)))
