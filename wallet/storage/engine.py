"""Open the wallet's database safely: the settings that durability and exclusion rest on, set and read back.

SQLite's defaults depend on how it was built, so nothing is left to them: write-ahead log, a flush at each commit, foreign
keys checked, a bounded wait for the one writer. PostgreSQL's are set for each connection: the isolation that the verbs are
written for, a flush at each commit, and a bound on every wait.
"""

import sqlite3
from contextlib import suppress
from importlib.util import find_spec
from time import sleep
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError
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

ENGINE_OPTIONS: dict[str, Any] = {
    "pool_size": 8,
    "max_overflow": 8,
    "pool_timeout": 5,
    "hide_parameters": True,  # an error's text goes to the log
}
CONNECT_SECONDS = 3
SILENCE_MS = 3_000  # of the network below a query that was sent
SETTINGS = {
    "lock_timeout": BUSY_MS,
    "statement_timeout": 10_000,
    "idle_in_transaction_session_timeout": 60_000,
    "synchronous_commit": "on",  # what was acknowledged is on the disk, whatever the server's own file says
}


def engine_options(url: str) -> dict[str, Any]:
    """Options for SQLAlchemy's engine: the same for Flask-SQLAlchemy, the commands and the tests."""
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError as error:
        raise UnsafeDatabase("the database's URL cannot be read") from error
    if backend == "sqlite":
        return dict(ENGINE_OPTIONS)
    if backend != "postgresql":
        raise UnsafeDatabase(f"{backend} is not a database that this wallet knows")
    if find_spec("psycopg") is None:
        raise UnsafeDatabase("PostgreSQL's driver is not installed: pip install vneid-reference[postgresql]")
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    network = {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": SILENCE_MS, "options": options}
    return {**ENGINE_OPTIONS, "isolation_level": "READ COMMITTED", "connect_args": network}


def flask_settings(url: str) -> dict[str, Any]:
    """What Flask-SQLAlchemy reads from an application's configuration."""
    return {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_ENGINE_OPTIONS": engine_options(url)}


def open_engine(url: str) -> Engine:
    """An engine outside of Flask, for commands and tests."""
    return prepare(create_engine(url, **engine_options(url)))


def prepare(engine: Engine) -> Engine:
    """Make an engine ours and read its settings back; raises UnsafeDatabase. Call it once, before the first use."""
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    try:
        with engine.connect() as connection:
            if sqlite:
                _read_back(connection)
            else:
                _check_server(connection)
    except DBAPIError as error:
        why = str(error.orig).strip().partition("\n")[0]
        raise Unavailable(f"cannot open the database: {why}") from error
    return engine


def _read_back(connection: Connection) -> None:
    for name, _value, wanted in PRAGMAS:
        found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        if found != wanted:
            raise UnsafeDatabase(f"SQLite's {name} is {found!r} and must be {wanted!r}")


def _check_server(connection: Connection) -> None:
    # In another encoding some names could not be kept, and lengths would be counted in bytes.
    if (encoding := connection.exec_driver_sql("SHOW server_encoding").scalar()) != "UTF8":
        raise UnsafeDatabase(f"the database's encoding is {encoding} and must be UTF8")
    if connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "off":
        raise UnsafeDatabase("synchronous_commit is off: what was acknowledged could be lost")


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
