"""The narrow interface of the simulated state registers: a source is asked about one person, and answers with its documents.

What a source is told is a `Subject`: the person as the population register has them, their household, their health insurance.
It draws the rest from the dice it is given, so that the same seed gives the same registers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Protocol

from idp.model import Document, Person
from idp.registries.families import Family
from idp.registries.personas import Persona


@dataclass(frozen=True, slots=True)
class Cover:
    """Health insurance: one cover behind the card and the first page of the health book."""

    number: str
    facility: str
    begins: date
    ends: date


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a source is asked about. `story` where it is one of the named people, whose documents are told, not drawn."""

    person: Person
    years: int
    family: Family
    cover: Cover
    story: Persona | None = None

    @property
    def citizen(self) -> bool:
        return self.person.nationality == "VN"

    def holds(self, type_: str, dice: Random, chance: float) -> bool:
        """The dice are thrown in any case, so that a story does not change what comes after it."""
        drawn = dice.random() < chance
        return drawn if self.story is None else type_ in self.story.holds


class Answer(Protocol):
    def __call__(self, subject: Subject, dice: Random, *, today: date) -> Iterator[Document]: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A register: its name, the types of documents that it keeps, and its answer."""

    name: str
    types: tuple[str, ...]
    records: Answer


def day_between(dice: Random, first: date, last: date) -> date:
    return first + timedelta(days=int(dice.random() * (max((last - first).days, 0) + 1)))


def some_birthday(person: Person) -> date:
    """Some day that the recorded date may mean, for reckoning only: never written into a record."""
    year, month, day = (*(int(part) for part in person.birth_date.split("-")), 12, 28)[:3]
    return date(year, month, day)
