"""The same in a file that every process of one machine shares, by the SQLite that comes with Python; for its owner's eyes alone."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from verifier.login.kept import AT_MOST, KeptFull

WAIT = 5.0  # seconds for another process that writes
LOOKED_EVERY = 256  # sign-ins begun in this process, between two looks at how many there are
_TABLE = """create table if not exists kept (
    kind text not null, key text not null, text text not null, until integer not null, sid text, subject text not null,
    primary key (kind, key)) without rowid"""
_BEGUN = "select count(*) from kept where kind = 'pending'"
_ENDS = "create index if not exists kept_until on kept (until)"


class KeptFile:
    """`Kept`, at this path. A connection for each call: safe between threads, and after a fork."""

    def __init__(self, path: str | Path, *, at_most: int = AT_MOST) -> None:
        self._path, self._at_most, self._begun, self._full = Path(path), at_most, 0, False
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._open() as database:
            database.execute("pragma journal_mode=wal")
            database.execute(_TABLE)
            database.execute(_ENDS)

    def put(
        self, kind: str, key: str, text: str, *, until: int, now: int, sid: str | None = None, subject: str = ""
    ) -> None:
        with self._open() as database:
            database.execute("delete from kept where until <= ?", (now,))
            if kind == "pending":  # strangers begin as many as they like
                if self._full or self._begun % LOOKED_EVERY == 0:
                    self._full = database.execute(_BEGUN).fetchone()[0] >= self._at_most
                if self._full:
                    raise KeptFull(f"{self._at_most} sign-ins under way")
                self._begun += 1
            row = (kind, key, text, until, sid, subject)
            database.execute("insert or replace into kept values (?, ?, ?, ?, ?, ?)", row)

    def get(self, kind: str, key: str, *, now: int) -> str | None:
        return self._text("select text from kept where kind = ? and key = ? and until > ?", (kind, key, now))

    def take(self, kind: str, key: str, *, now: int) -> str | None:
        return self._text("delete from kept where kind = ? and key = ? and until > ? returning text", (kind, key, now))

    def renew(self, kind: str, key: str, text: str, *, now: int) -> None:
        with self._open() as database:
            row = (text, kind, key, now)
            database.execute("update kept set text = ? where kind = ? and key = ? and until > ?", row)

    def once(self, key: str, *, until: int, now: int) -> bool:
        with self._open() as database:
            database.execute("delete from kept where until <= ?", (now,))
            row = (key, until)
            done = database.execute("insert or ignore into kept values ('used', ?, '', ?, null, '')", row)
            return done.rowcount == 1

    def end(self, *, sid: str | None, subject: str | None) -> int:
        if sid is None and subject is None:
            return 0
        meant = "delete from kept where kind = 'session' and (?1 is null or sid = ?1) and (?2 is null or subject = ?2)"
        with self._open() as database:
            return database.execute(meant, (sid, subject)).rowcount

    def _text(self, statement: str, values: tuple[object, ...]) -> str | None:
        with self._open() as database:
            rows = database.execute(statement, values).fetchall()
            return str(rows[0][0]) if rows else None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction; what was written is on disk when it ends."""
        database = sqlite3.connect(self._path, timeout=WAIT)
        try:
            database.execute("pragma synchronous=full")
            with database:
                yield database
        finally:
            database.close()
