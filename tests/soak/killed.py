"""Half of the crashes of `make test`, on one database: nothing promised is lost, and there was something to lose."""

import time
from pathlib import Path

from tests.soak.nations import crashing

ROUNDS = 25  # on each database
KINDS = 6  # of changes of how somebody signs in


def killed_at_any_moment(database: str, folder: Path) -> None:
    seed = int(time.time())
    with crashing(database, folder) as crash:
        report = crash.run(ROUNDS, seed=seed)
    assert not report.faults, (seed, report)
    assert report.rounds == ROUNDS
    assert report.acknowledged >= ROUNDS // 2 and report.changes, report  # there was something to lose
    assert len({*report.done, *report.cut}) == KINDS and report.cut and report.sealed and report.seals_cut, report
    assert bool(report.database_kills) == (database == "postgresql")
