"""What the counter remembers about a browser for some minutes, in memory only: nothing of a customer is written to disk."""

import threading
from collections import OrderedDict
from collections.abc import Callable
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
            self._put((desk, name), value, now)

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

    def first(self, name: str, *, now: int) -> bool:
        """True for the first who says this name in a while."""
        with self._lock:
            ends, _ = self._entries.get(("", name), (0, None))
            if ends <= now:
                self._put(("", name), True, now)
            return ends <= now

    def drop(self, name: str, which: Callable[[Any], bool]) -> int:
        """Forget the values of this name that are meant, wherever they are."""
        with self._lock:
            meant = [key for key, (_, value) in self._entries.items() if key[1] == name and which(value)]
            for key in meant:
                del self._entries[key]
            return len(meant)

    def _put(self, key: tuple[str, str], value: Any, now: int) -> None:
        self._entries[key] = (now + self._keep_for, value)
        self._entries.move_to_end(key)
        while self._entries and (len(self._entries) > self._at_most or self._oldest_ends() <= now):
            self._entries.popitem(last=False)

    def _oldest_ends(self) -> int:
        return next(iter(self._entries.values()))[0]
