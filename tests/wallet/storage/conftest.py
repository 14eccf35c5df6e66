"""The wallet's storage, three times: in memory, on SQLite, on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.databases import Postgres
from wallet.ports import Storage
from wallet.storage.engine import open_engine
from wallet.storage.memory import MemoryStorage
from wallet.storage.migrate import upgrade
from wallet.storage.sql import SqlStorage
from wallet.storage.tables import metadata


@pytest.fixture(scope="session")
def wallet_database(postgres: Postgres) -> Iterator[Engine]:
    """A database of the wallet's own on the tests' server, at the newest schema."""
    engine = open_engine(postgres.create("wallet"))
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def empty_database(wallet_database: Engine) -> Engine:
    with wallet_database.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
    return wallet_database


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("template") / "wallet.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path.read_bytes()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "memory":
        yield MemoryStorage()
    elif request.param == "postgresql":
        yield SqlStorage(request.getfixturevalue("empty_database"))
    else:
        (tmp_path / "wallet.sqlite").write_bytes(request.getfixturevalue("sqlite_template"))
        engine = open_engine(f"sqlite:///{tmp_path}/wallet.sqlite")
        yield SqlStorage(engine)
        engine.dispose()
