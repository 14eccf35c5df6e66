"""Batch by batch: the counts add up, what is written is whole, and ten times the rows take no more memory."""

import tracemalloc
from pathlib import Path

import pytest

from idp.ports import Ports, Storage
from idp.registries.importing.register import State
from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage
from tests.idp.registries.importing.files import (
    Imported,
    bring_in,
    held_people,
    of_people,
    persons,
    row_of,
    steps,
    write_csv,
)


def test_who_stops_leaves_whole_batches_and_goes_on(storage: Storage, tmp_path: Path) -> None:
    rows = [row_of(person) | ({"sex": "?"} if number % 10 == 0 else {}) for number, person in enumerate(persons(500))]
    path, done = write_csv(tmp_path / "p.csv", rows), Imported()
    going = steps(storage, path, of_people(), done, size=100)
    next(going)
    tally = next(going)
    assert (tally.read, len(done.refused), len(held_people(storage))) == (200, 20, 180)
    assert 0 < tally.at < path.stat().st_size
    going.close()
    assert bring_in(storage, path, of_people()).counts == {"already there": 180, "written": 270, "refused": 50}
    assert len(held_people(storage)) == 450


def test_a_batch_that_fails_leaves_nothing_of_itself(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, done = write_csv(tmp_path / "p.csv", map(row_of, persons(300))), Imported()
    register = of_people()
    settle, calls = register.settle, 0

    def failing(ports: Ports, *rest: object) -> object:
        nonlocal calls
        calls += 1
        settled = settle(ports, *rest)  # type: ignore[arg-type]
        if calls == 3:
            raise OSError("the power is gone")
        return settled

    object.__setattr__(register, "settle", failing)
    with pytest.raises(OSError):
        for _ in steps(storage, path, register, done, size=100):
            pass
    assert len(held_people(storage)) == 200
    with storage.reading() as ports:
        assert len(ports.journal.read(kind="people_imported")) == 2


def test_a_dry_run_says_what_would_be_and_writes_nothing(storage: Storage, tmp_path: Path) -> None:
    rows = [row_of(person) for person in persons(100)]
    bring_in(storage, write_csv(tmp_path / "some.csv", rows[:30]), of_people())
    path = write_csv(tmp_path / "p.csv", [*rows, rows[5] | {"name": "Ai Đó"}, rows[99], rows[50] | {"sex": "?"}])
    would = bring_in(storage, path, of_people(dry_run=True), size=40)
    assert len(held_people(storage)) == 30
    assert would.counts == bring_in(storage, path, of_people(), size=40).counts
    assert would.counts == {"already there": 31, "written": 70, "refused": 2}


def test_faults_are_counted_and_the_first_rows_are_named(storage: Storage, tmp_path: Path) -> None:
    rows = [row_of(person) | {"sex": "?", "phone": "1"} for person in persons(20)]
    tally = bring_in(storage, write_csv(tmp_path / "p.csv", rows), of_people(), size=7).tally
    assert tally.counts[State.REFUSED] == 20
    assert {key: (found.rows, found.first) for key, found in tally.faults.items()} == {
        ("choice", "sex"): (20, [2, 3, 4, 5, 6]),
        ("form", "phone"): (20, [2, 3, 4, 5, 6]),
    }


def test_an_empty_file_is_an_import_of_nobody(storage: Storage, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(",".join(row_of(persons(1)[0])) + "\n\n\n")
    assert bring_in(storage, tmp_path / "p.csv", of_people()).tally.read == 0


def _peak(folder: Path, count: int) -> int:
    engine = open_engine(f"sqlite:///{folder}/{count}.sqlite")
    migrations.upgrade(engine)
    path = write_csv(folder / f"{count}.csv", (row_of(person) for person in persons(count)))
    storage, done = SqlStorage(engine), Imported()
    tracemalloc.start()
    try:
        for _ in steps(storage, path, of_people(), done, size=500):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        engine.dispose()


def test_ten_times_the_people_take_no_more_memory(tmp_path: Path) -> None:
    _peak(tmp_path, 600)  # what is made once
    few, many = _peak(tmp_path, 1_000), _peak(tmp_path, 10_000)
    allowed = 16 * 2 * 10_000  # their numbers, to know them again
    assert many < few * 1.2 + allowed, f"{few:,} bytes for 1,000 people, {many:,} for 10,000"
