"""The long runs: a million contested uses, a thousand crashes. `make soak`, or `make soak SHARE=0.1` for a tenth of them.

The figures of each run are printed as it ends; those of a past one are in `tests/bench/README.md`.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from idp.storage import place
from tests.contract.conftest import Address
from tests.databases import Postgres, fresh_name
from tests.soak import racing, redeeming
from tests.soak.nations import crashing
from tests.soak.racing import Race
from tests.soak.redeeming import Redeeming
from tests.world_idp import build

pytestmark = pytest.mark.soak

SHARE = float(os.environ.get("SHARE", "1"))
DATABASES = ("sqlite", "postgresql")
# Values that eight race for, on each database: together 1,000,000 uses, one in ten of them over HTTP.
STORAGE_ROUNDS, HTTP_ROUNDS = round(56_250 * SHARE), round(6_250 * SHARE)
CRASHES = round(500 * SHARE)  # on each database
BAR = 30


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Iterator[Callable[[int, int], None]]:
    """A bar on the error stream: of whatever is counted, how much is done, and how long the rest will take."""
    began, name = time.monotonic(), request.node.name

    def show(done: int, of: int) -> None:
        filled, left = BAR * done // of, (time.monotonic() - began) * (of - done) / done
        bar = f"\r{name:32} [{'#' * filled:{BAR}}] {done:,} of {of:,}, {left:.0f} s left   "
        print(bar, end="", file=sys.stderr, flush=True)

    yield show
    print(file=sys.stderr)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/soak.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(fresh_name())


def test_verbs(database: str, told: Callable[[int, int], None]) -> None:
    with place.opened(database):
        pass
    began = time.monotonic()
    verdict = racing.run(Race(Address(database), STORAGE_ROUNDS), lambda done: told(done, STORAGE_ROUNDS))
    print(f"\n{verdict.uses:,} uses of {verdict.values:,} values in {time.monotonic() - began:.0f} s")
    assert verdict.holds, verdict


def test_token_endpoint(database: str, tmp_path: Path, told: Callable[[int, int], None]) -> None:
    build(tmp_path / "idp", database).close()
    began = time.monotonic()
    with place.opened(database) as storage:
        race = Redeeming(tmp_path / "idp", database, storage, HTTP_ROUNDS)
        verdict = redeeming.run(race, lambda done: told(done, HTTP_ROUNDS))
    print(f"\n{verdict.uses:,} uses of {verdict.values:,} values in {time.monotonic() - began:.0f} s")
    assert verdict.holds, verdict


@pytest.mark.parametrize("kind", DATABASES)
def test_crashes(kind: str, tmp_path: Path, told: Callable[[int, int], None]) -> None:
    began, seed = time.monotonic(), int(time.time())
    with crashing(kind, tmp_path) as crash:
        report = crash.run(CRASHES, seed=seed, told=lambda done: told(done, CRASHES))
    print(f"\nseed {seed}, {time.monotonic() - began:.0f} s: {report}")
    assert not report.faults
