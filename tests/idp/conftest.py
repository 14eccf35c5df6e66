"""The provider for tests, on each database: keys and tables are made once, each test gets rows of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Postgres, fresh_name
from tests.world_idp import State, build, populate, reopen

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    build(folder).close()
    return folder


@pytest.fixture(scope="session")
def made_on_server(postgres: Postgres) -> str:
    """The name of a database with our tables, emptied before each test."""
    name = fresh_name()
    postgres.migrated(name)
    return name


@pytest.fixture(params=DATABASES)
def state(request: pytest.FixtureRequest, made: Path, tmp_path: Path) -> Iterator[State]:
    folder = shutil.copytree(made, tmp_path / "idp")
    if request.param == "sqlite":
        state = reopen(folder)
    else:
        server: Postgres = request.getfixturevalue("postgres")
        state = reopen(folder, server.empty(request.getfixturevalue("made_on_server")))
        with state.storage.transaction() as ports:
            populate(ports)
    yield state
    state.close()
