"""What is remembered of the staff, in one SQLite file beside the staff file, for all processes of a machine.

Spec: the verbs are those of `verifier.staff.ports`; each is one statement, or one transaction that begins by writing.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path

from verifier.staff.ports import Entry
from verifier.staff.sign_in import IDLE, LONGEST

BUSY_SECONDS = 5.0
TOUCH = 60  # seconds: how exactly the last act is known; a frame of the camera need not write
KEPT = 400 * 86_400  # seconds of the book: whoever audits a year has it, and a month to begin
_COLUMNS = ", ".join(each.name for each in fields(Entry))
_TABLES = f"""
CREATE TABLE IF NOT EXISTS attempts (key BLOB PRIMARY KEY, count INTEGER NOT NULL, ends INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
    key BLOB PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL, began INTEGER NOT NULL, seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS book (
    id INTEGER PRIMARY KEY, {_COLUMNS.replace("at,", "at INTEGER NOT NULL,").replace("by,", "by TEXT NOT NULL,")}
);
CREATE INDEX IF NOT EXISTS book_at ON book (at);
"""
_TAKE = """
INSERT INTO attempts (key, count, ends) VALUES (:key, 1, :ends) ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN ends <= :now THEN 1 ELSE count + 1 END, ends = CASE WHEN ends <= :now THEN :ends ELSE ends END
WHERE ends <= :now OR count < :most
"""


class StaffRecord:
    """`Attempts`, `Sessions` and `Book`. A connection of its own for each call, so that threads and processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path, self._turn = path, threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._connected() as database:
            database.executescript(_TABLES)

    # --- attempts -----------------------------------------------------------------------------------------------------

    def take(self, key: bytes, *, most: int, window: int, now: int) -> int:
        with self._writing() as database:
            database.execute("DELETE FROM attempts WHERE ends <= ?", (now,))
            values = {"key": key, "ends": now + window, "now": now, "most": most}
            if database.execute(_TAKE, values).rowcount == 1:
                return 0
            (ends,) = database.execute("SELECT ends FROM attempts WHERE key = ?", (key,)).fetchone()
        return max(1, int(ends) - now)

    def forget(self, key: bytes) -> None:
        with self._writing() as database:
            database.execute("DELETE FROM attempts WHERE key = ?", (key,))

    def give_back(self, key: bytes) -> None:
        with self._writing() as database:
            database.execute("UPDATE attempts SET count = count - 1 WHERE key = ? AND count > 0", (key,))

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open(self, key: bytes, name: str, version: int, *, now: int) -> None:
        with self._writing() as database:
            database.execute("DELETE FROM sessions WHERE seen <= ? OR began <= ?", (now - IDLE, now - LONGEST))
            database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", (key, name, version, now, now))

    def find(self, key: bytes, *, now: int, act: bool) -> tuple[str, int] | None:
        with self._connected() as database:
            row = database.execute(
                "SELECT name, version, seen FROM sessions WHERE key = ? AND seen > ? AND began > ?",
                (key, now - IDLE, now - LONGEST),
            ).fetchone()
        if row is None:
            return None
        if act and row[2] <= now - TOUCH:
            with self._writing() as database:
                database.execute("UPDATE sessions SET seen = max(seen, ?) WHERE key = ?", (now, key))
        return row[0], row[1]

    def close(self, key: bytes) -> None:
        with self._writing() as database:
            database.execute("DELETE FROM sessions WHERE key = ?", (key,))

    # --- the book -----------------------------------------------------------------------------------------------------

    def write(self, entry: Entry) -> None:
        with self._writing() as database:
            database.execute("DELETE FROM book WHERE at < ?", (entry.at - KEPT,))
            places = ", ".join("?" for _ in fields(Entry))
            database.execute(f"INSERT INTO book ({_COLUMNS}) VALUES ({places})", astuple(entry))  # noqa: S608 - names of our own

    def entries(self, *, since: int, until: int) -> Iterator[Entry]:
        with self._connected() as database:
            rows = database.execute(
                f"SELECT {_COLUMNS} FROM book WHERE at >= ? AND at < ? ORDER BY at DESC, id DESC",  # noqa: S608
                (since, until),
            ).fetchall()
        return (Entry(*row) for row in rows)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """In turn: SQLite lets those who wait for each other come in any order, so that a crowd would keep one out until it fails."""
        with self._turn, self._connected() as database:
            yield database

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS)
        try:
            with database:
                yield database
        finally:
            database.close()
