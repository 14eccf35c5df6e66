"""OP-01, OP-03 on PostgreSQL, which is killed too; what is held to: `test_crashes.py`."""

from pathlib import Path

from tests.soak.killed import killed_at_any_moment


def test_op_01_killed_at_any_moment(tmp_path: Path) -> None:
    killed_at_any_moment("postgresql", tmp_path)
