"""One suite for every storage adapter: a new adapter is one more line in ADAPTERS.

An adapter that lives in a database also names itself by a URL, so that other processes can open the same one.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from idp.ports import Storage
from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.memory import MemoryStorage
from idp.storage.sql import SqlStorage


@dataclass(frozen=True, slots=True)
class Opened:
    storage: Storage
    close: Callable[[], None]
    url: str | None = None


def open_url(url: str) -> Opened:
    engine = open_engine(url)
    return Opened(SqlStorage(engine), engine.dispose, url)


def memory(_template: Path, _folder: Path) -> Opened:
    return Opened(MemoryStorage(), lambda: None)


def sqlite(template: Path, folder: Path) -> Opened:
    shutil.copy(template, folder / "contract.sqlite")
    return open_url(f"sqlite:///{folder}/contract.sqlite")


ADAPTERS = {"memory": memory, "sqlite": sqlite}
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


@pytest.fixture(params=ADAPTERS)
def storage(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Iterator[Storage]:
    opened = ADAPTERS[request.param](template, tmp_path)
    yield opened.storage
    opened.close()


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Iterator[Opened]:
    opened = SHARED[request.param](template, tmp_path)
    yield opened
    opened.close()
