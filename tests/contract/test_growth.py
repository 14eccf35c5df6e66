"""A synthetic nation grows in a database, is left half-way and continued; nobody is ever there twice."""

from datetime import date

import pytest

from idp.ports import Storage
from idp.registries import growth
from idp.registries.growth import CannotGrow
from idp.registries.synthetic import Populated, current_people, documents, populate, resets
from idp.storage.errors import Conflict
from tests.contract.rows import PERSON, another

TODAY, LATER = date(2026, 11, 21), date(2027, 3, 1)
NOW = 1_790_000_000
SEED = 7


def _grow(storage: Storage, count: int, *, seed: int = SEED, today: date = TODAY, papers: bool = False) -> int:
    """In batches of 300; returns how many were added."""
    with storage.reading() as ports:
        present = growth.present(ports, seed=seed, today=today)
    batches = growth.batches(
        storage, seed=seed, places=range(present, count), papers=papers, now=NOW, today=today, size=300
    )
    return sum(batch.people for batch in batches)


def test_a_nation_in_parts_is_the_same_as_at_once(storage: Storage) -> None:
    assert _grow(storage, 400) == 400
    assert _grow(storage, 1_000) == 600
    assert _grow(storage, 1_000) == 0
    wanted = {person.person_id: person for person in current_people(SEED, 1_000, TODAY)}
    with storage.reading() as ports:
        assert {person.person_id: person for person in ports.population.each()} == wanted
        for reset in resets(SEED, 1_000, TODAY):
            (cancelled,) = ports.population.cancelled(reset.person_id)
            assert ports.population.by_pid(cancelled.pid) is None
        grown = ports.journal.read(kind="population_grown")
        assert [event.details["people"] for event in reversed(grown)] == [300, 100, 300, 300]


def test_documents_come_with_those_who_are_added(storage: Storage) -> None:
    with storage.transaction() as ports:
        populate(ports, seed=SEED, count=100, today=TODAY)
    assert _grow(storage, 150, papers=True) == 50
    people = list(current_people(SEED, 150, TODAY))
    with storage.reading() as ports:
        for person in (people[50], people[120]):
            wanted = sorted(documents(person, seed=SEED, today=TODAY), key=lambda paper: paper.document_id)
            assert list(ports.documents.of_person(person.person_id)) == wanted


def test_who_stops_leaves_whole_batches(storage: Storage) -> None:
    batches = growth.batches(storage, seed=SEED, places=range(1_000), papers=False, now=NOW, today=TODAY, size=100)
    assert next(batches) == Populated(100, sum(1 for _ in resets(SEED, 100, TODAY)), 0)
    next(batches)
    with storage.reading() as ports:
        assert ports.population.count() == 200
    assert _grow(storage, 250) == 50


def test_a_batch_that_another_wrote_first_is_refused_whole(storage: Storage) -> None:
    mine = growth.batches(storage, seed=SEED, places=range(400), papers=False, now=NOW, today=TODAY, size=200)
    next(mine)
    assert _grow(storage, 300) == 100
    with pytest.raises(Conflict):
        next(mine)
    with storage.reading() as ports:
        assert ports.population.count() == 300


def test_another_day_continues_with_other_birthdays(storage: Storage) -> None:
    _grow(storage, 200)
    assert _grow(storage, 300, today=LATER) == 100


def test_another_seed_is_refused(storage: Storage) -> None:
    _grow(storage, 200)
    with pytest.raises(CannotGrow, match="another seed"):
        _grow(storage, 300, seed=8)
    with storage.reading() as ports:
        assert ports.population.count() == 200


def test_a_few_corrected_names_do_not_matter(storage: Storage) -> None:
    _grow(storage, 200)
    with storage.transaction() as ports:
        last = ports.population.get("person-0000199")
        assert last is not None
        ports.population.update(another(last, name="Một Tên Khác"))
    assert _grow(storage, 250) == 50


def test_somebody_else_s_register_is_refused(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.population.add([PERSON])
    with pytest.raises(CannotGrow, match="not made by this command"):
        _grow(storage, 10)
