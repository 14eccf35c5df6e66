"""One suite for every storage adapter: a new adapter is one more line in ADAPTERS.

An adapter that lives in a database also has an address, so that other processes can open the same one.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from redis import Redis

from idp.ports import Storage
from idp.storage import migrations, redis
from idp.storage.engine import open_engine
from idp.storage.memory import MemoryStorage
from idp.storage.redis import RedisStorage, Spent
from idp.storage.sql import SqlStorage
from tests.databases import Postgres, Server

CONTRACT = "contract"  # the database's name on the server


@dataclass(frozen=True, slots=True)
class Address:
    database: str
    redis: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    storage: Storage
    close: Callable[[], None]
    address: Address | None = None


def open_address(address: Address) -> Opened:
    engine = open_engine(address.database)
    storage = SqlStorage(engine)
    if address.redis is None:
        return Opened(storage, engine.dispose, address)
    client = redis.connect(address.redis)

    def close() -> None:
        client.close()
        engine.dispose()

    return Opened(RedisStorage(storage, Spent(client, time.monotonic)), close, address)


def memory(_request: pytest.FixtureRequest, _folder: Path) -> Opened:
    return Opened(MemoryStorage(), lambda: None)


def sqlite(request: pytest.FixtureRequest, folder: Path) -> Opened:
    return open_address(Address(_sqlite(request, folder)))


def postgresql(request: pytest.FixtureRequest, _folder: Path) -> Opened:
    return open_address(Address(_postgresql(request)))


def redis_over(database: str, request: pytest.FixtureRequest, folder: Path) -> Opened:
    url = _sqlite(request, folder) if database == "sqlite" else _postgresql(request)
    server: Server = request.getfixturevalue("redis_server")
    address = f"redis://127.0.0.1:{server.port}/0"
    with Redis(port=server.port) as client:  # with more patience than the provider's own
        client.flushall()
    return open_address(Address(url, address))


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> str:
    shutil.copy(request.getfixturevalue("template"), folder / "contract.sqlite")
    return f"sqlite:///{folder}/contract.sqlite"


def _postgresql(request: pytest.FixtureRequest) -> str:
    request.getfixturevalue("migrated")
    server: Postgres = request.getfixturevalue("postgres")
    return server.empty(CONTRACT)


ADAPTERS: dict[str, Callable[[pytest.FixtureRequest, Path], Opened]] = {
    "memory": memory,
    "sqlite": sqlite,
    "postgresql": postgresql,
    "redis+sqlite": partial(redis_over, "sqlite"),
    "redis+postgresql": partial(redis_over, "postgresql"),
}
SHARED = {name: adapter for name, adapter in ADAPTERS.items() if name != "memory"}  # between processes


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest revision: copied, since migrating it anew costs more than a test."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    migrations.upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The contract's database on the server, at the newest revision: emptied before each test."""
    return postgres.migrated(CONTRACT)


@pytest.fixture(params=ADAPTERS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    opened = ADAPTERS[request.param](request, tmp_path)
    yield opened.storage
    opened.close()


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    opened = SHARED[request.param](request, tmp_path)
    yield opened
    opened.close()
