from pathlib import Path

import pytest

from tests.idp.issuance.office import Office, build


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return build(tmp_path)
