"""Which people come into the population register, and why others do not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.model import Person
from idp.ports import Storage
from tests.idp.registries.importing.files import (
    TODAY,
    bring_in,
    held_people,
    of_people,
    persons,
    row_of,
    write_csv,
)


def test_they_are_as_they_were(storage: Storage, tmp_path: Path) -> None:
    wanted = persons(300)
    done = bring_in(storage, write_csv(tmp_path / "p.csv", map(row_of, wanted)), of_people(), size=70)
    assert done.counts == {"written": 300}
    held = held_people(storage)
    assert len({person.person_id for person in held.values()}) == 300
    for person in wanted:
        made = held[person.pid]
        assert person.pid not in made.person_id
        assert replace(made, person_id=person.person_id) == replace(person, locked=False)
    with storage.reading() as ports:
        events = ports.journal.read(kind="people_imported")
    assert [event.details["written"] for event in reversed(events)] == [70, 70, 70, 70, 20]


def _one(storage: Storage, folder: Path, **changes: Any) -> list[tuple[str, str]]:
    (person,) = persons(1)
    done = bring_in(storage, write_csv(folder / "p.csv", [row_of(person) | changes]), of_people())
    return [(field, code) for _, field, code in done.codes]


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"pid": "99919600034"}, [("pid", "kind")]),
        ({"pid": "99919600034O"}, [("pid", "kind")]),
        ({"pid": ""}, [("pid", "missing")]),
        ({"pid": "001196000346"}, [("pid", "real")]),
        ({"pid": "999996000346"}, [("pid", "century")]),
        ({"pid": "999399000346"}, [("pid", "future")]),
        ({"name": "An 2"}, [("name", "form")]),
        ({"name": "=cmd()"}, [("name", "form")]),
        ({"name": "Ngu\u202eyễn"}, [("name", "form")]),
        ({"name": "Nguy\ufffdn"}, [("name", "encoding")]),
        ({"name": "Ng\0uyen"}, [("name", "form")]),
        ({"name": "Ðỗ"}, [("name", "form")]),  # Eth
        ({"name": "x" * 101}, [("name", "form")]),
        ({"birth_date": "31/02/1990"}, [("birth_date", "kind")]),
        ({"birth_date": "01/01/2027"}, [("birth_date", "future")]),
        ({"sex": "khác"}, [("sex", "choice")]),
        ({"nationality": "Vietnamese"}, [("nationality", "form")]),
        ({"phone": "12345"}, [("phone", "form")]),
        ({"email": "nobody"}, [("email", "form")]),
        ({"deceased_on": "2026-12-31"}, [("deceased_on", "future")]),
        ({"deceased_on": "2025"}, [("deceased_on", "form")]),
        ({"birth_date": "2001", "deceased_on": "1999-01-01"}, [("deceased_on", "order")]),
        ({"residence_commune": " ", "sex": "x"}, [("sex", "choice"), ("residence_commune", "missing")]),
    ],
)
def test_each_fault_is_named(
    storage: Storage, tmp_path: Path, changes: dict[str, str], faults: list[tuple[str, str]]
) -> None:
    assert _one(storage, tmp_path, **changes) == faults
    assert held_people(storage) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "H'Hen Niê"},
        {"name": "Jean-Luc O'Neill Jr."},
        {"birth_date": "1958"},
        {"birth_date": "27/03/1990"},
        {"sex": "Nữ", "nationality": "Việt Nam"},
        {"phone": "0912 345 678"},
        {"phone": "+84 912.345.678"},
        {"nationality": "kr"},
        {"residence_detail": ""},
    ],
)
def test_what_is_unusual_is_no_fault(storage: Storage, tmp_path: Path, changes: dict[str, str]) -> None:
    assert _one(storage, tmp_path, **changes) == []
    (person,) = held_people(storage).values()
    assert person.nationality in ("VN", "KR") and (person.phone is None or person.phone.startswith("+84"))


def test_outside_of_a_simulation_synthetic_people_are_refused_and_others_are_not(
    storage: Storage, tmp_path: Path
) -> None:
    (synthetic,) = persons(1)
    other = row_of(synthetic) | {"pid": f"001{synthetic.pid[3:]}"}
    path = write_csv(tmp_path / "p.csv", [row_of(synthetic), other])
    assert bring_in(storage, path, of_people(simulation=False)).codes == [(2, "pid", "synthetic")]
    assert list(held_people(storage)) == [other["pid"]]


def test_the_number_may_tell_another_year_or_sex_and_that_is_noted(storage: Storage, tmp_path: Path) -> None:
    (person,) = persons(1)
    other = "female" if person.sex == "male" else "male"
    path = write_csv(tmp_path / "p.csv", [row_of(person) | {"sex": other, "birth_date": "1901"}])
    done = bring_in(storage, path, of_people())
    assert done.counts == {"written": 1}
    assert {key: found.first for key, found in done.tally.noted.items()} == {
        ("number_disagrees", "birth_date"): [2],
        ("number_disagrees", "sex"): [2],
    }


def test_again_is_there_already_and_another_record_is_refused(storage: Storage, tmp_path: Path) -> None:
    rows = [row_of(person) for person in persons(5)]
    path = write_csv(tmp_path / "p.csv", rows)
    bring_in(storage, path, of_people())
    before = held_people(storage)
    assert bring_in(storage, path, of_people()).counts == {"already there": 5}
    write_csv(path, [*rows[:2], rows[2] | {"name": "Trần Văn Khác"}, *rows[3:]])
    done = bring_in(storage, path, of_people())
    assert done.counts == {"already there": 4, "refused": 1} and done.codes == [(4, "name", "differs")]
    assert held_people(storage) == before


def test_where_a_file_is_silent_it_contradicts_nothing(storage: Storage, tmp_path: Path) -> None:
    rows = [row_of(person) for person in persons(5)]
    bring_in(storage, write_csv(tmp_path / "p.csv", rows), of_people())
    fewer = [
        {name: value for name, value in row.items() if name not in ("phone", "email", "deceased_on")} for row in rows
    ]
    assert bring_in(storage, write_csv(tmp_path / "p.csv", fewer), of_people()).counts == {"already there": 5}


@pytest.mark.parametrize("size", [2, 100])
@pytest.mark.parametrize("dry_run", [False, True])
def test_twice_in_one_file(storage: Storage, tmp_path: Path, size: int, dry_run: bool) -> None:
    """The same again is there; another record of the same number is not taken, wherever the batches end."""
    one, two, three = (row_of(person) for person in persons(3))
    rows = [one, two, one, two | {"name": "Trần Văn Khác"}, three | {"sex": "x"}, three]
    done = bring_in(storage, write_csv(tmp_path / "p.csv", rows), of_people(dry_run=dry_run), size=size)
    assert done.counts == {"written": 3, "already there": 1, "refused": 2}
    assert done.codes == [(5, "pid", "duplicate"), (6, "sex", "choice")]
    assert len(held_people(storage)) == (0 if dry_run else 3)


def test_a_cancelled_number_is_nobody_s(storage: Storage, tmp_path: Path) -> None:
    person, other = persons(2)
    with storage.transaction() as ports:
        ports.population.add([person])
        ports.population.reset_pid(person.person_id, "999199000001", on=TODAY.isoformat(), reason="test")
    done = bring_in(storage, write_csv(tmp_path / "p.csv", [row_of(person), row_of(other)]), of_people())
    assert done.codes == [(2, "pid", "cancelled")] and done.counts == {"refused": 1, "written": 1}


def test_a_lock_of_ours_is_no_difference(storage: Storage, tmp_path: Path) -> None:
    (person,) = persons(1)
    with storage.transaction() as ports:
        ports.population.add([replace(person, locked=True)])
    assert bring_in(storage, write_csv(tmp_path / "p.csv", [row_of(person)]), of_people()).counts == {
        "already there": 1
    }
    assert isinstance(held_people(storage)[person.pid], Person)
