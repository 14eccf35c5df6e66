from pathlib import Path

import pytest

from tests.idp.issuance.office import Office, build
from tests.idp.registries.civil import settle


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = build(tmp_path)
    settle(office)
    return office
