"""OP-29: eight racers of two processes on one code, one refresh token, one nonce, one status index; exactly one wins each.

Ten thousand contested uses in all, on SQLite and PostgreSQL; a million by `make soak`.
"""

import shutil
from pathlib import Path

import pytest

from idp.storage import place
from tests.contract.conftest import Address
from tests.databases import Postgres, fresh_name
from tests.soak import racing, redeeming
from tests.soak.history import Use, judge
from tests.soak.racing import Race
from tests.soak.redeeming import Redeeming
from tests.world_idp import build

STORAGE_ROUNDS, HTTP_ROUNDS = 500, 125  # × 8 racers × 2 databases = 10,000


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/races.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(fresh_name())


def test_op_29_verbs(database: str) -> None:
    with place.opened(database):
        pass  # brings the tables
    verdict = racing.run(Race(Address(database), STORAGE_ROUNDS))
    assert verdict.holds, verdict
    assert verdict.uses == STORAGE_ROUNDS * 8


def test_op_29_token_endpoint(database: str, tmp_path: Path) -> None:
    build(tmp_path / "idp", database).close()
    with place.opened(database) as storage:
        verdict = redeeming.run(Redeeming(tmp_path / "idp", database, storage, HTTP_ROUNDS))
    assert verdict.holds, verdict
    assert (verdict.values, verdict.uses) == (HTTP_ROUNDS, HTTP_ROUNDS * 8)
    shutil.rmtree(tmp_path / "idp")


@pytest.mark.parametrize(
    ("uses", "fault"),
    [
        ([Use("a", True, 0, 1), Use("a", True, 0, 1)], "double"),
        ([Use("a", False, 0, 1), Use("a", False, 0, 1)], "unused"),
        ([Use("a", False, 0, 1), Use("a", True, 2, 3)], "early"),
    ],
)
def test_the_checker_finds(uses: list[Use], fault: str) -> None:
    verdict = judge(uses)
    assert getattr(verdict, fault) == ("a",) and not verdict.holds


def test_the_checker_lets_a_true_history_pass() -> None:
    verdict = judge([Use("a", True, 0, 3), Use("a", False, 1, 2), Use("b", True, 5, 6)])
    assert verdict.holds and (verdict.values, verdict.uses) == (2, 3)
