"""What is remembered of those who work at the counter: attempts, sessions, and the book of the day.

Each verb is one atomic step, for any number of processes of a machine. Keys are hashes: no file holds what a cookie holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """One verdict, as it stands in the book: nothing that a document says of its holder. Empty is what was not established."""

    at: int
    by: str  # name of the account; empty at a counter without accounts
    document: str
    view: str
    form: str
    outcome: str
    code: str
    issuer: str
    receipt: str


class Attempts(Protocol):
    def take(self, key: bytes, *, most: int, window: int, now: int) -> int:
        """0 where this is one of `most` in `window` seconds from the first; else the seconds until the next may be tried."""

    def forget(self, key: bytes) -> None: ...

    def give_back(self, key: bytes) -> None:
        """One that was taken is none."""


class Sessions(Protocol):
    def open(self, key: bytes, name: str, version: int, *, now: int) -> None: ...

    def find(self, key: bytes, *, now: int, act: bool) -> tuple[str, int] | None:
        """Name and version of its account, unless it ended; an act of its person puts the idle end off."""

    def close(self, key: bytes) -> None: ...


class Book(Protocol):
    def write(self, entry: Entry) -> None:
        """And forgets what is older than it is kept."""

    def entries(self, *, since: int, until: int) -> Iterator[Entry]:
        """Newest first."""
