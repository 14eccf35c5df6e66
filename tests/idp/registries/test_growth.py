"""How much memory a growing nation takes; the rest is in tests/contract/test_growth.py, on each storage."""

import tracemalloc
from collections import deque
from datetime import date
from pathlib import Path

from idp.registries import growth
from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage

TODAY = date(2026, 11, 21)


def _peak(folder: Path, people: int) -> int:
    engine = open_engine(f"sqlite:///{folder}/{people}.sqlite")
    migrations.upgrade(engine)
    batches = growth.batches(
        SqlStorage(engine), seed=7, places=range(people), papers=False, now=0, today=TODAY, size=500
    )
    tracemalloc.start()
    try:
        deque(batches, maxlen=0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        engine.dispose()


def test_ten_times_the_people_take_no_more_memory(tmp_path: Path) -> None:
    _peak(tmp_path, 500)  # what is made once: statements, caches
    few, many = _peak(tmp_path, 1_000), _peak(tmp_path, 10_000)
    assert many < few * 1.2, f"{few:,} bytes for 1,000 people, {many:,} for 10,000"
