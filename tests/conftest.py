"""Servers that several rooms of tests share: started when the first test asks, once a run. And the ear for every log."""

import logging
import os
from collections.abc import Iterator

import pytest

from tests import alike, databases, leaks, proxy, world_idp
from tests.databases import Postgres, Server
from tests.leaks import Collector
from tests.proxy import House

CONSTANT = (world_idp.PASSWORD, world_idp.SECRET, world_idp.VERIFIER, world_idp.STATE, world_idp.NONCE)

for name in ("DATABASE_URL", "REDIS_URL"):  # a developer's own database is no place for tests
    os.environ.pop(name, None)

alike.keep()


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
def suite_log(request: pytest.FixtureRequest) -> Iterator[Collector]:
    """What the rooms of the roles log in this process, from the first test to the last, looked at when all are over (OP-35)."""
    collector = Collector()
    loggers = [logging.getLogger(name) for name in ("certs", "idp", "wallet", "verifier")]
    for logger in loggers:
        logger.addHandler(collector)
        logger.setLevel(logging.DEBUG)
    yield collector
    for logger in loggers:
        logger.removeHandler(collector)
    bad = {line: hits for line in set(collector.said) if (hits := leaks.found(line, CONSTANT))}
    assert not bad, "\n".join(f"{hits}: {line}" for line, hits in list(bad.items())[:20])


def pytest_collection_finish() -> None:
    alike.settle()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: of several processes none is left alone with a journey of minutes when the others are done."""
    items.sort(key=lambda item: (not item.path.stem.startswith("test_crashes"), "journeys" not in item.path.parts))
