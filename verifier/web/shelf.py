"""What the counter remembers about a browser for some minutes, in memory only: nothing of a customer is written to disk."""

import threading
from collections import OrderedDict
from typing import Any

KEEP_FOR = 900  # seconds
AT_MOST = 10_000  # entries; the oldest make room


class Shelf:
    """Values by key, each for a while. Safe to share between threads."""

    def __init__(self, *, keep_for: int = KEEP_FOR, at_most: int = AT_MOST) -> None:
        self._keep_for = keep_for
        self._at_most = at_most
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str], tuple[int, Any]] = OrderedDict()

    def put(self, desk: str, name: str, value: Any, *, now: int) -> None:
        with self._lock:
            self._entries[desk, name] = (now + self._keep_for, value)
            self._entries.move_to_end((desk, name))
            while self._entries and (len(self._entries) > self._at_most or self._oldest_ends() <= now):
                self._entries.popitem(last=False)

    def get(self, desk: str, name: str, *, now: int) -> Any:
        """The value, or None."""
        with self._lock:
            ends, value = self._entries.get((desk, name), (0, None))
            return value if now < ends else None

    def take(self, desk: str, name: str, *, now: int) -> Any:
        """The value, or None; it is there no longer afterwards, so it is used once."""
        with self._lock:
            ends, value = self._entries.pop((desk, name), (0, None))
            return value if now < ends else None

    def _oldest_ends(self) -> int:
        return next(iter(self._entries.values()))[0]
