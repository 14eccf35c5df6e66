"""The provider for tests: its keys and its tables are made once, each test gets a copy of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world_idp import State, build, reopen


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    build(folder).close()
    return folder


@pytest.fixture
def state(made: Path, tmp_path: Path) -> Iterator[State]:
    state = reopen(shutil.copytree(made, tmp_path / "idp"))
    yield state
    state.close()
