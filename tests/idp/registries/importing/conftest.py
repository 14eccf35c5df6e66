"""A register in memory; that every storage keeps what is asked of it is for the contract tests."""

import pytest

from idp.ports import Storage
from idp.storage.memory import MemoryStorage


@pytest.fixture
def storage() -> Storage:
    return MemoryStorage()
