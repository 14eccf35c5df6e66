"""What only a database file can get wrong: its settings, its schema, two processes at one start, secrets at rest."""

import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from wallet.storage.engine import PRAGMAS, open_engine, prepare
from wallet.storage.errors import UnsafeDatabase
from wallet.storage.migrate import upgrade
from wallet.storage.sql import SqlStorage
from wallet.storage.tables import metadata


def test_settings_are_read_back(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/w.sqlite")
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name, _, _ in PRAGMAS}
    engine.dispose()
    assert found == {"busy_timeout": 5000, "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_database_that_cannot_keep_its_promise_is_refused() -> None:
    engine = create_engine("sqlite://")  # in memory there is no write-ahead log
    with pytest.raises(UnsafeDatabase, match="journal_mode"):
        prepare(engine)
    engine.dispose()


def test_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/w.sqlite")
    upgrade(engine)
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def _start(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


def test_two_processes_may_start_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/w.sqlite"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_start, args=(url,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0, 0]


def test_cookies_and_receipts_are_stored_as_hashes(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/w.sqlite")
    upgrade(engine)
    with SqlStorage(engine).transaction() as ports:
        ports.ephemeral.put("session", "the-cookie-value", b"sealed", expires=10)
    engine.dispose()
    with sqlite3.connect(tmp_path / "w.sqlite") as connection:
        rows = repr(connection.execute("select * from ephemerals").fetchall())
    connection.close()
    assert "the-cookie-value" not in rows
