"""OP-01, OP-03: the real provider is killed at random moments of sign-in, issuance and suspension; nothing promised is lost.

So are step-up, an added authenticator app, a new password, recovery, registration, the end of a session, and the journal's seal.

Fifty rounds, on SQLite and PostgreSQL; a thousand by `make soak`.
"""

import time
from pathlib import Path

import pytest

from idp.storage import place
from tests.soak.crashes import Crash
from tests.soak.deeds import Held
from tests.soak.nations import crashing
from tests.soak.residents import Deed

ROUNDS = 25  # on each database
KINDS = 6  # of changes of how somebody signs in


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_op_01_killed_at_any_moment(database: str, tmp_path: Path) -> None:
    seed = int(time.time())
    with crashing(database, tmp_path) as crash:
        report = crash.run(ROUNDS, seed=seed)
    assert not report.faults, (seed, report)
    assert report.rounds == ROUNDS
    assert report.acknowledged >= ROUNDS // 2 and report.changes, report  # there was something to lose
    assert len({*report.done, *report.cut}) == KINDS and report.cut and report.sealed and report.seals_cut, report
    assert bool(report.database_kills) == (database == "postgresql")


def test_the_check_finds_what_is_lost(tmp_path: Path) -> None:
    with crashing("sqlite", tmp_path) as crash:
        report = crash.run(0, seed=0)
        assert not report.faults
        lost = Crash(crash.here, crash.database, credentials=[Held("document", "thumbprint", 1, 2, "nonce")])
        assert "lost" in lost.run(0, seed=0).faults[0]
        twice = Crash(crash.here, crash.database, credentials=[Held("d", "t", 1, 2, "n"), Held("e", "u", 1, 2, "m")])
        assert "given twice" in twice.run(0, seed=0).faults[0]
        with place.opened(crash.database) as storage, storage.reading() as ports:

            def told(seen: str, *, acknowledged: bool) -> str:
                to = Deed(
                    "change", "password_changed", "nobody", ("old",), ("new",), lambda _: (seen,),
                    path="/", form=dict, cookies={}, leads_to="/", address="", acknowledged=acknowledged,
                )  # fmt: skip
                return to.found(ports, now=0)[1]

            assert told("old", acknowledged=False) == ""
            assert "lost" in told("old", acknowledged=True)
            assert "half" in told("neither", acknowledged=False)
            assert "0 lines" in told("new", acknowledged=False)  # of it the journal knows nothing
