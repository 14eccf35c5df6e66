"""A synthetic nation: people and their documents, the same for the same seed, one after the other.

The first people are the personas; the others depend on the seed, the day and their place in the row, and families on those who
stand near, so a nation of a million is a stream.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from idp.model import Document, Person
from idp.ports import Ports
from idp.registries import families
from idp.registries.families import ROW
from idp.registries.personas import PidReset
from idp.registries.records import documents
from idp.registries.residents import MOST, Resident

__all__ = [
    "MOST",
    "Populated",
    "current_people",
    "documents",
    "part",
    "people",
    "populate",
    "resets",
    "somebody",
    "write",
]


@dataclass(frozen=True, slots=True)
class Populated:
    people: int
    resets: int
    documents: int

    @property
    def rows(self) -> int:
        """A person is a row, and each number that they have or had another."""
        return 2 * self.people + self.resets + self.documents


@dataclass(frozen=True, slots=True)
class Part:
    """The people of some places in the row, and what the registers hold of them."""

    people: tuple[Person, ...]
    resets: tuple[PidReset, ...]
    documents: tuple[Document, ...]


def populate(ports: Ports, *, seed: int, count: int, today: date) -> Populated:
    """Write a nation into empty registers."""
    return write(ports, part(seed, range(count), today, papers=True))


def part(seed: int, row: range, today: date, *, papers: bool) -> Part:
    """Held in memory whole, so that it can be made before a transaction begins: some thousands at a time."""
    rows: list[Resident] = []
    made: list[Document] = []
    for one in _rows(seed, row, today):
        rows.append(one)
        if papers:
            made.extend(documents(one.current, seed=seed, today=today))
    return Part(
        tuple(one.person for one in rows),
        tuple(one.reset for one in rows if one.reset is not None),
        tuple(made),
    )


def write(ports: Ports, made: Part) -> Populated:
    added = ports.population.add(made.people)
    for reset in made.resets:
        ports.population.reset_pid(reset.person_id, reset.pid, on=reset.on, reason=reset.reason)
    return Populated(added, len(made.resets), ports.documents.add(made.documents))


def people(seed: int, count: int, today: date) -> Iterator[Person]:
    """As first registered: with the number that each was given first."""
    return (one.person for one in _rows(seed, range(count), today))


def resets(seed: int, count: int, today: date) -> Iterator[PidReset]:
    return (one.reset for one in _rows(seed, range(count), today) if one.reset is not None)


def current_people(seed: int, count: int, today: date) -> Iterator[Person]:
    """With the number in force."""
    return (one.current for one in _rows(seed, range(count), today))


def somebody(seed: int, place: int, today: date) -> Person:
    """Who stands at this place of the row, as first registered."""
    (one,) = families.residents(seed, range(place, place + 1), today)
    return one.person


def _rows(seed: int, places: range, today: date) -> Iterator[Resident]:
    """A row at a time, whose families the documents ask for while it is at hand."""
    if places.stop > MOST:
        raise ValueError(f"at most {MOST} synthetic people")
    for first in range(places.start, places.stop, ROW):
        yield from families.residents(seed, range(first, min(first + ROW, places.stop)), today)
