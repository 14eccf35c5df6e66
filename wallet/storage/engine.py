"""Open the wallet's database safely: the settings that durability and exclusion rest on, set and read back.

SQLite's defaults depend on how it was built, so nothing is left to them: write-ahead log, a flush at each commit, foreign
keys checked, a bounded wait for the one writer.
"""

import sqlite3
from contextlib import suppress
from time import sleep
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from wallet.storage.errors import Unavailable, UnsafeDatabase

BUSY_MS = 5_000  # a writer waits this long for another, then the request is refused instead of hanging
RETRY_MS = 50
WRITES = "vneid_wallet_writes"  # execution option of a connection that will write

# name, as set, as read back
PRAGMAS: tuple[tuple[str, str, object], ...] = (
    ("busy_timeout", str(BUSY_MS), BUSY_MS),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
)

ENGINE_OPTIONS: dict[str, Any] = {"pool_size": 8, "max_overflow": 8, "pool_timeout": 5}


def flask_settings(url: str) -> dict[str, Any]:
    """What Flask-SQLAlchemy reads from an application's configuration."""
    return {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_ENGINE_OPTIONS": dict(ENGINE_OPTIONS)}


def open_engine(url: str) -> Engine:
    """An engine outside of Flask, for commands and tests."""
    return prepare(create_engine(url, **ENGINE_OPTIONS))


def prepare(engine: Engine) -> Engine:
    """Make an engine ours and read its settings back; raises UnsafeDatabase. Call it once, before the first use."""
    if engine.dialect.name != "sqlite":
        raise UnsafeDatabase(f"{engine.dialect.name} is not a database that this wallet knows")
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    try:
        with engine.connect() as connection:
            for name, _value, wanted in PRAGMAS:
                found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                if found != wanted:
                    raise UnsafeDatabase(f"SQLite's {name} is {found!r} and must be {wanted!r}")
    except DBAPIError as error:
        raise Unavailable(f"cannot open the database: {error.orig}") from error
    return engine


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: it would begin them late and deferred.
    connection.isolation_level = None
    cursor = connection.cursor()
    for name, value, wanted in PRAGMAS:
        cursor.execute(f"PRAGMA {name}")
        # The journal's mode is kept in the file; setting it anew would need a lock at each connection.
        if cursor.fetchone() != (wanted,):
            _set(cursor, f"PRAGMA {name} = {value}")
    cursor.close()


def _set(cursor: DBAPICursor, pragma: str) -> None:
    # SQLite does not wait its `busy_timeout` for the change to WAL: of two first starts at once one fails at once.
    for _ in range(BUSY_MS // RETRY_MS):
        with suppress(sqlite3.OperationalError):
            cursor.execute(pragma)
            return
        sleep(RETRY_MS / 1000)
    cursor.execute(pragma)


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: a transaction that reads first and then upgrades cannot wait, it fails.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
