"""The nation that the floor's tests stand on, and how hypothesis searches: the same examples in every run, no clock."""

import pytest
from hypothesis import settings

from tests.world import World

settings.register_profile("floor", deadline=None, derandomize=True, database=None, max_examples=100)
settings.load_profile("floor")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def standing() -> World:
    """One nation for tests that only look: nothing in it may be changed."""
    return World()
