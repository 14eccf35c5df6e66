"""What may be used once: the port by which a presentation or a challenge is used up, and the adapter for one process.

Spec: attacks QR-13, KB-04; certs/qr.md §7 (one use).

    guard = MemoryOnce()                                      # one process
    guard = SqliteOnce("instance/once.sqlite")                # all processes of a machine: verifier.storage.sqlite
    guard = RedisOnce("redis://counter.bank.example/0")       # all machines: verifier.storage.redis, extra `redis`
    verifier.verify(text, policy=policy, once=guard)

The verb is one atomic step: of two who come at once, in whatever thread, process or machine, one is told no. Nobody reads first
and then writes. A guard that cannot remember raises: whoever asks must take that for a no.
"""

import threading
import time
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Protocol

KEY_LIMIT = 256  # bytes
LIMIT = 250_000  # keys in memory: some 50 MB
SWEPT_AT_ONCE = (
    8  # keys past their end that each call removes: more than it adds, so that nothing grows and nobody waits long
)


class Once(Protocol):
    """A guard by which a presentation is accepted once: `verifier.verify(text, policy=…, once=guard)`.

    Implemented in memory, in SQLite and in Redis; `tests/contract/test_once.py` holds for each.
    """

    def once(self, key: bytes, *, expires: int) -> bool:
        """True for the first caller with this key, False for all others until `expires` (Unix seconds); after that it is forgotten.

        `key` has 1 to 256 bytes; what uses a guard for several things puts the name of the thing first (`b"challenge:"`).
        Raises whatever its storage raises; `OnceFull` where no room is left.
        """


class OnceFull(RuntimeError):
    """More keys are alive than may be held. None of them is dropped: that would let it be used a second time."""


class MemoryOnce:
    """`Once` in one process, for any number of threads; what it knows is gone with the process.

    `limit` is how many keys may be alive (some 200 bytes each). None is forgotten before its end: where no room is left, `once`
    raises OnceFull, and who asked takes that for a no.
    """

    def __init__(self, *, limit: int = LIMIT, clock: Callable[[], float] = time.time) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: dict[bytes, int] = {}
        self._order: list[tuple[int, bytes]] = []  # a heap: what ends first

    def __len__(self) -> int:
        return len(self._ends)

    def once(self, key: bytes, *, expires: int) -> bool:
        """As `Once` says. Raises OnceFull, ValueError for a key that is none."""
        check_key(key)
        with self._lock:
            now = self._clock()
            self._sweep(now, SWEPT_AT_ONCE)
            ends = self._ends.get(key)
            if ends is not None and ends > now:
                return False
            if len(self._ends) >= self._limit:
                self._sweep(now, len(self._order))
            if len(self._ends) >= self._limit:
                raise OnceFull(f"{self._limit} keys are alive")
            self._ends[key] = expires
            heappush(self._order, (expires, key))
            return True

    def _sweep(self, now: float, most: int) -> None:
        for _ in range(most):
            if not self._order or self._order[0][0] > now:
                return
            ends, key = heappop(self._order)
            if self._ends.get(key) == ends:  # not used again since, until a later end
                del self._ends[key]


def check_key(key: bytes) -> None:
    if not isinstance(key, bytes) or not 1 <= len(key) <= KEY_LIMIT:
        raise ValueError(f"a key has 1 to {KEY_LIMIT} bytes")
