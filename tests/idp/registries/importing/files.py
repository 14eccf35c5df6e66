"""Files as people have them, and an import of one into a storage: what became of each row."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import count, islice
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from certs.catalogue import CATALOGUE, Fault
from idp.model import Document, Person
from idp.ports import Ports, Storage
from idp.registries import synthetic
from idp.registries.importing import batches, columns, comma, documents, parquet, people
from idp.registries.importing.register import Register, Settled, State
from idp.registries.importing.sheet import Row
from idp.registries.importing.tally import Tally

TODAY, NOW, SEED = date(2026, 11, 21), 1_795_000_000, 7
LICENCE = "driving_licence"
COLUMNS = tuple(field.name for field in people.PEOPLE.fields)


def persons(number: int, start: int = 1_000) -> list[Person]:
    """Synthetic people beyond the demonstration's."""
    return list(_persons(number, start))


@lru_cache(4)  # thousands take a second, and several tests want the same
def _persons(number: int, start: int) -> tuple[Person, ...]:
    return tuple(islice(synthetic.current_people(SEED, start + number, TODAY), start, None))


def row_of(person: Person) -> dict[str, str]:
    home = person.residence
    values = {
        "pid": person.pid,
        "name": person.name,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "nationality": person.nationality,
        "residence_detail": home.detail,
        "residence_commune": home.commune,
        "residence_province": home.province,
        "place_of_birth": person.place_of_birth,
        "phone": person.phone or "",
        "email": person.email or "",
        "deceased_on": person.deceased_on or "",
    }
    assert tuple(values) == COLUMNS
    return values


def licence_of(person: Person, **other: Any) -> dict[str, Any]:
    return {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "birth_date": person.birth_date,
        "nationality": person.nationality,
        "residence": "Số 1 Lê Lợi, Hà Nội",
        "licence_number": "990240000001",
        "classes": [{"class": "B", "issued": "2025-02-03", "expires": "2035-02-03"}],
        "points": 12,
        "issued_on": "2025-02-03",
    } | other


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]], **how: Any) -> Path:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([dict(row) for row in rows]), path, **how)
    return path


@dataclass
class Imported:
    tally: Tally = field(default_factory=Tally)
    refused: list[tuple[Row, tuple[Fault, ...]]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        return {state.value: number for state, number in self.tally.counts.items() if number}

    @property
    def codes(self) -> list[tuple[int, str, str]]:
        return [(row.number, fault.field, fault.code) for row, faults in self.refused for fault in faults]


_IDS = count()


def of_people(*, simulation: bool = True, dry_run: bool = False, today: date = TODAY) -> Register:
    new_id: Callable[[], str] = lambda: f"imported-{next(_IDS)}"
    return people.register(new_id=new_id, today=today, simulation=simulation, dry_run=dry_run)


def of_documents(kind: str = LICENCE, *, dry_run: bool = False, rewrite: documents.Rewrite | None = None) -> Register:
    return documents.register(CATALOGUE[kind], today=TODAY, simulation=True, dry_run=dry_run, rewrite=rewrite)


def bring_in(
    storage: Storage, path: Path, register: Register, *, size: int = batches.BATCH, ignore: Sequence[str] = ()
) -> Imported:
    done = Imported()
    for tally in steps(storage, path, register, done, size=size, ignore=ignore):
        done.tally = tally
    assert done.tally.read == sum(done.tally.counts.values())
    assert len(done.refused) == done.tally.counts[State.REFUSED]
    return done


def steps(
    storage: Storage,
    path: Path,
    register: Register,
    done: Imported,
    *,
    size: int = batches.BATCH,
    ignore: Sequence[str] = (),
) -> Iterator[Tally]:
    opened = parquet.opened if path.suffix == ".parquet" else comma.opened

    def transact(work: Callable[[Ports], list[Settled]]) -> list[Settled]:
        with storage.transaction() if register.writes else storage.reading() as ports:
            return work(ports)

    def refuse(row: Row, faults: Sequence[Fault]) -> None:
        done.refused.append((row, tuple(faults)))

    with closing(opened(path)) as sheet:
        layout = columns.match(
            sheet.columns, register.kind.fields, ignore=ignore, aliases=register.aliases, derived=register.derived
        )
        yield from batches.run(sheet, layout, register, transact=transact, refuse=refuse, now=NOW, size=size)


def held_people(storage: Storage) -> dict[str, Person]:
    with storage.reading() as ports:
        return {person.pid: person for person in ports.population.each()}


def held_document(storage: Storage, person: Person, kind: str = LICENCE) -> Document | None:
    with storage.reading() as ports:
        found = ports.population.by_pid(person.pid)
        assert found is not None
        return next((one for one in ports.documents.of_person(found.person_id) if one.type == kind), None)
