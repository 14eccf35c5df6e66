"""Servers that several rooms of tests share: started when the first test asks, once a run. And the ear for every log."""

import logging
import os
from collections.abc import Iterator

import pytest

from tests import databases, proxy
from tests.databases import Postgres, Server
from tests.leaks import Collector
from tests.proxy import House

for name in ("DATABASE_URL", "REDIS_URL"):  # a developer's own database is no place for tests
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with databases.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    with databases.redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with proxy.house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture(scope="session", autouse=True)
def suite_log() -> Iterator[Collector]:
    """What the rooms of the roles log in this process, from the first test to the last."""
    collector = Collector()
    loggers = [logging.getLogger(name) for name in ("certs", "idp", "wallet", "verifier")]
    for logger in loggers:
        logger.addHandler(collector)
        logger.setLevel(logging.DEBUG)
    yield collector
    for logger in loggers:
        logger.removeHandler(collector)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The look at the logs comes when all else is over."""
    items.sort(key=lambda item: item.path.name == "test_suite_logs.py")
