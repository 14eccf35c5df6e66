"""One nation for each test, and a verifier that stands in it."""

from collections.abc import Iterator

import pytest

from certs.fetch import Fetcher
from tests.site import Site
from tests.world import World
from verifier import Verifier


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def verifier(world: World) -> Verifier:
    return Verifier(world.open_bundle(), clock=lambda: world.now)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(simulation=True)
    yield fetcher
    fetcher.close()
