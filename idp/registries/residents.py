"""One synthetic person after the other, each drawn from the seed, the day and the own place in the row alone.

Nobody here exists: numbers begin with 999, telephones with 030, which no one was given.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from idp.accounts.ages import age
from idp.accounts.personal_id import PROVINCES as BIRTH_PROVINCES
from idp.accounts.personal_id import SYNTHETIC, compose
from idp.model import Address, Person
from idp.registries import names, places
from idp.registries.personas import PERSONAS, PidReset

MOST = 1_000_000  # people: as many as six digits tell apart
OLDEST_YEARS = 96
_BIRTHPLACES = tuple(BIRTH_PROVINCES.values())
_STRIDE = 618_033  # has no factor in common with MOST: multiplying by it visits each serial once


@dataclass(frozen=True, slots=True)
class Resident:
    """`years` is the age as it was drawn, the same on every day; `family` the name that children get, where one is given."""

    person: Person  # as first registered: with the number that each was given first
    reset: PidReset | None
    years: float
    family: str | None

    @property
    def current(self) -> Person:
        """With the number in force."""
        return replace(self.person, pid=self.reset.pid) if self.reset else self.person


def resident(seed: int, place: int, today: date) -> Resident:
    if place < len(PERSONAS):
        one = PERSONAS[place]
        return Resident(one.person, one.reset, float(age(one.person.birth_date, today)), None)
    return _drawn(Random(f"{seed}/person/{place}"), place, today)  # noqa: S311 - no secret is made of it


def name_of(place: int) -> str:
    return f"person-{place:07}"


def place_of(person_id: str) -> int | None:
    """None for somebody who is not of a synthetic nation."""
    number = person_id.removeprefix("person-")
    return int(number) if len(number) == 7 and number.isascii() and number.isdecimal() else None


def _serials_of_personas() -> dict[int, int]:
    """Serials that a persona has, and what an ordinary person gets in their stead: the personas' own turns are free."""
    theirs = {int(one.person.pid[6:]) for one in PERSONAS}
    turns = {index * _STRIDE % MOST for index in range(len(PERSONAS))}
    return dict(zip(sorted(theirs - turns), sorted(turns - theirs), strict=False))


_INSTEAD = _serials_of_personas()


def _drawn(dice: Random, index: int, today: date) -> Resident:
    sex = dice.choice(("female", "male"))
    drawn = OLDEST_YEARS * (1 - dice.random() ** 0.6)
    born = today - timedelta(days=int(365.2425 * drawn))
    years = age(born.isoformat(), today)
    name, family, nationality, birthplace = _called(dice, sex)
    province = dice.choice(places.PROVINCES)
    serial = index * _STRIDE % MOST
    serial = _INSTEAD.get(serial, serial)
    pid = compose(SYNTHETIC, birth_year=born.year, sex=sex, serial=serial)
    reset = None
    if dice.random() < 0.003:
        first, reset = _reset(dice, index, born.year, sex, serial, pid, today)
        pid = first
    person = Person(
        person_id=name_of(index),
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
    return Resident(person, reset, drawn, family)


def _called(dice: Random, sex: str) -> tuple[str, str | None, str, str]:
    """Name, family name, nationality, place of birth registration."""
    kind = dice.random()
    if kind < 0.012:
        nationality, country, called = dice.choice(names.FOREIGN[sex])
        return dice.choice(called), None, nationality, country
    birthplace = dice.choice(_BIRTHPLACES)
    if kind < 0.027:
        return dice.choice(names.HIGHLAND[sex]), None, "VN", birthplace
    family, middle, given = (dice.choice(part) for part in (names.FAMILIES, names.MIDDLES[sex], names.GIVEN[sex]))
    return f"{family} {middle} {given}", family, "VN", birthplace


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
    return wrong, PidReset(name_of(index), pid, on.isoformat(), reason)
