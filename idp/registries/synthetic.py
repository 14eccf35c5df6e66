"""A synthetic nation: people and their documents, the same for the same seed, one after the other.

Nobody here exists: numbers begin with 999, telephones with 030, which no one was given. The first people are the personas;
each of the others depends on the seed, the day and its own place in the row alone, so a nation of a million is a stream.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from idp.accounts.ages import age
from idp.accounts.personal_id import PROVINCES as BIRTH_PROVINCES
from idp.accounts.personal_id import SYNTHETIC, compose
from idp.model import Address, Document, Person
from idp.ports import Ports
from idp.registries import names, places
from idp.registries.personas import PERSONAS, PidReset
from idp.registries.records import documents

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

MOST = 1_000_000  # people: as many as six digits tell apart
OLDEST_YEARS = 96
_BIRTHPLACES = tuple(BIRTH_PROVINCES.values())
_STRIDE = 618_033  # has no factor in common with MOST: multiplying by it visits each serial once


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
    rows = tuple(_rows(seed, row, today))
    made = (paper for person, reset in rows for paper in documents(_current(person, reset), seed=seed, today=today))
    return Part(
        tuple(person for person, _ in rows),
        tuple(reset for _, reset in rows if reset is not None),
        tuple(made) if papers else (),
    )


def write(ports: Ports, made: Part) -> Populated:
    added = ports.population.add(made.people)
    for reset in made.resets:
        ports.population.reset_pid(reset.person_id, reset.pid, on=reset.on, reason=reset.reason)
    return Populated(added, len(made.resets), ports.documents.add(made.documents))


def _current(person: Person, reset: PidReset | None) -> Person:
    return replace(person, pid=reset.pid) if reset else person


def people(seed: int, count: int, today: date) -> Iterator[Person]:
    """As first registered: with the number that each was given first."""
    return (person for person, _ in _rows(seed, range(count), today))


def resets(seed: int, count: int, today: date) -> Iterator[PidReset]:
    return (reset for _, reset in _rows(seed, range(count), today) if reset is not None)


def current_people(seed: int, count: int, today: date) -> Iterator[Person]:
    """With the number in force."""
    return (_current(person, reset) for person, reset in _rows(seed, range(count), today))


def somebody(seed: int, place: int, today: date) -> Person:
    """Who stands at this place of the row, as first registered."""
    ((person, _),) = _rows(seed, range(place, place + 1), today)
    return person


def _rows(seed: int, row: range, today: date) -> Iterator[tuple[Person, PidReset | None]]:
    if row.stop > MOST:
        raise ValueError(f"at most {MOST} synthetic people")
    for index in row:
        if index < len(PERSONAS):
            yield PERSONAS[index].person, PERSONAS[index].reset
        else:
            yield _somebody(Random(f"{seed}/person/{index}"), index, today)  # noqa: S311 - no secret is made of it


def _serials_of_personas() -> dict[int, int]:
    """Serials that a persona has, and what an ordinary person gets in their stead: the personas' own turns are free."""
    theirs = {int(one.person.pid[6:]) for one in PERSONAS}
    turns = {index * _STRIDE % MOST for index in range(len(PERSONAS))}
    return dict(zip(sorted(theirs - turns), sorted(turns - theirs), strict=False))


_INSTEAD = _serials_of_personas()


def _somebody(dice: Random, index: int, today: date) -> tuple[Person, PidReset | None]:
    sex = dice.choice(("female", "male"))
    born = today - timedelta(days=int(365.2425 * OLDEST_YEARS * (1 - dice.random() ** 0.6)))
    years = age(born.isoformat(), today)
    name, nationality, birthplace = _called(dice, sex)
    province = dice.choice(places.PROVINCES)
    serial = index * _STRIDE % MOST
    serial = _INSTEAD.get(serial, serial)
    pid = compose(SYNTHETIC, birth_year=born.year, sex=sex, serial=serial)
    reset = None
    if dice.random() < 0.003:
        first, reset = _reset(dice, index, born.year, sex, serial, pid, today)
        pid = first
    person = Person(
        person_id=f"person-{index:07}",
        pid=pid,
        name=name,
        birth_date=_known(dice, born, years),
        sex=sex,
        nationality=nationality,
        residence=Address(_detail(dice), dice.choice(places.COMMUNES[province]), province),
        place_of_birth=birthplace,
        phone=f"+8430{index + 1:07}" if years >= 14 and dice.random() < 0.92 else None,
        email=f"nguoidan{index}@nguoidan.example" if years >= 16 and dice.random() < 0.6 else None,
        deceased_on=_death(dice, born, years, today),
        locked=dice.random() < 0.007,
    )
    return person, reset


def _called(dice: Random, sex: str) -> tuple[str, str, str]:
    """Name, nationality, place of birth registration."""
    kind = dice.random()
    if kind < 0.012:
        nationality, country, called = dice.choice(names.FOREIGN[sex])
        return dice.choice(called), nationality, country
    birthplace = dice.choice(_BIRTHPLACES)
    if kind < 0.027:
        return dice.choice(names.HIGHLAND[sex]), "VN", birthplace
    family, middle, given = (dice.choice(part) for part in (names.FAMILIES, names.MIDDLES[sex], names.GIVEN[sex]))
    return f"{family} {middle} {given}", "VN", birthplace


def _known(dice: Random, born: date, years: int) -> str:
    """The date as precisely as the register knows it; old people's papers often hold the year only."""
    known = dice.random()
    if years >= 50 and known < 0.04:
        return f"{born.year}"
    if years >= 40 and known < 0.05:
        return f"{born.year}-{born.month:02}"
    return born.isoformat()


def _detail(dice: Random) -> str:
    if dice.random() < 0.4:
        return dice.choice(places.HAMLETS)
    return f"Số {dice.randint(1, 320)} {dice.choice(places.STREETS)}"


def _death(dice: Random, born: date, years: int, today: date) -> str | None:
    if dice.random() >= (0.05 if years >= 60 else 0.003):
        return None
    return (today - timedelta(days=dice.randint(0, min(700, (today - born).days)))).isoformat()


def _reset(dice: Random, index: int, year: int, sex: str, serial: int, pid: str, today: date) -> tuple[str, PidReset]:
    """The wrong number that came first, and how it was set right."""
    if dice.random() < 0.5:
        wrong = compose(SYNTHETIC, birth_year=year - 1, sex=sex, serial=serial)
        reason = "Cải chính năm sinh"
    else:
        other = "male" if sex == "female" else "female"
        wrong = compose(SYNTHETIC, birth_year=year, sex=other, serial=serial)
        reason = "Xác định lại giới tính"
    on = today - timedelta(days=dice.randint(1, 500))
    return wrong, PidReset(f"person-{index:07}", pid, on.isoformat(), reason)
