"""`Once` in one SQLite file, for all processes of a machine: what is used up stays so after a crash and after a power failure.

Spec: SQLite's write-ahead log with `synchronous = FULL`; the verb is `verifier.once.Once`.

The file holds keys and times, and nothing of whom they are; a presentation's key is a hash.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from verifier.once import SWEPT_AT_ONCE, check_key

BUSY_SECONDS = 5.0  # how long one waits for another's write; then it raises
_PAUSE_SECONDS = 0.05
_TABLE = "CREATE TABLE IF NOT EXISTS once (key BLOB PRIMARY KEY, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID"
_INDEX = "CREATE INDEX IF NOT EXISTS once_expires ON once (expires)"
# One statement: the first writes, and so does who comes after the end; nobody else.
_ONCE = (
    "INSERT INTO once (key, expires) VALUES (:key, :expires) "
    "ON CONFLICT (key) DO UPDATE SET expires = excluded.expires WHERE once.expires <= :now"
)
_SWEEP = "DELETE FROM once WHERE key IN (SELECT key FROM once WHERE expires <= :now ORDER BY expires LIMIT :most)"


class OnceUnusable(RuntimeError):
    """The file cannot be opened, or is none of ours."""


class SqliteOnce:
    """Raises OnceUnusable. Threads share one connection. A process that was forked opens its own: SQLite forbids to carry one across."""

    def __init__(self, path: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = Path(path)
        self._clock = clock
        self._lock = threading.Lock()
        self._carried: list[sqlite3.Connection] = []  # of our parent: never used here, and never closed
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._open()
        except (OSError, sqlite3.Error) as error:
            raise OnceUnusable(str(error)) from error

    def once(self, key: bytes, *, expires: int) -> bool:
        check_key(key)
        now = int(self._clock())
        with self._writing() as database:
            first = database.execute(_ONCE, {"key": key, "expires": expires, "now": now}).rowcount == 1
            database.execute(_SWEEP, {"now": now, "most": SWEPT_AT_ONCE})
        return first  # committed, and on the disk

    def __reduce__(self) -> tuple[type["SqliteOnce"], tuple[str]]:
        """Another process opens its own."""
        return type(self), (str(self._path),)

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        if self._process != os.getpid():
            self._lock = threading.Lock()  # our parent's may have been held when it forked
            self._carried.append(self._database)
            self._open()
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def _open(self) -> None:
        self._process = os.getpid()
        # Transactions are begun by us, and threads take turns by our lock.
        self._database = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._write_ahead()
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(_TABLE)
        self._database.execute(_INDEX)

    def _write_ahead(self) -> None:
        # SQLite does not wait its timeout for this change: of two first starts at once one fails at once.
        for _ in range(int(BUSY_SECONDS / _PAUSE_SECONDS)):
            with suppress(sqlite3.OperationalError):
                self._database.execute("PRAGMA journal_mode = WAL")
                return
            time.sleep(_PAUSE_SECONDS)
        self._database.execute("PRAGMA journal_mode = WAL")
