"""Synthetic people joined in households: couples who name each other, children with their father's name at his address.

Spec: Law on Marriage and Family 52/2014/QH13 Art. 8 (a man from 20, a woman from 18 years); Law on Residence 68/2020/QH14 Art. 10

People stand in rows of `ROW`, and families are within one row: who looks for one person's draws sixty-four, and a nation of a
million is still a stream. Ages are compared as they were drawn, so that a nation that grows on two days has the same couples.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from random import Random
from zlib import crc32

from idp.model import Address, Person
from idp.registries import names
from idp.registries.personas import PERSONAS
from idp.registries.residents import MOST, Resident, place_of, resident

ROW = 64
_KEPT = 4  # rows in memory: a stream looks at one
_LEGAL_AGES = (21.2, 19.2)  # of him and her: a year more, since a birth date may be known to the year only
_GAP = (-6.0, 12.0)  # years that he may be older
_LONGEST_ENGAGED = 3.0  # years before the register's day in which nobody married: whoever died since was married then
_MARRY = 0.8
_MOTHERS, _FATHERS = (19.0, 43.0), (20.5, 58.0)  # years at a birth
_LEAVES_HOME = 27.0
_MOST_CHILDREN = 3
_DAYS = 365.2425
_WOMEN, _MEN = names.GIVEN["female"], names.GIVEN["male"]
_FAMILIES = tuple(f"{name} " for name in dict.fromkeys(names.FAMILIES))


@dataclass(frozen=True, slots=True)
class Family:
    """`head` of the household, where that is somebody else; `relation` of the person to them."""

    spouse: Person | None = None
    married_on: date | None = None
    mother: Person | None = None
    father: Person | None = None
    head: Person | None = None
    relation: str = "head"


NONE = Family()


@dataclass(frozen=True, slots=True)
class _Couple:
    husband: int  # places in the row
    wife: int
    years: float  # married for


def residents(seed: int, places: range, today: date) -> list[Resident]:
    """Who stands at these places, in their households."""
    found: list[Resident] = []
    for number in range(places.start // ROW, -(-places.stop // ROW)):
        row, begins = _row(seed, number, today)[0], number * ROW
        found.extend(row[max(places.start - begins, 0) : places.stop - begins])
    return found


def family(person: Person, *, seed: int, today: date) -> Family:
    """Of somebody of this nation; who is not of one has no family here."""
    place = place_of(person.person_id)
    if place is None or place >= MOST:
        return NONE
    return _row(seed, place // ROW, today)[1].get(place % ROW, NONE)


@lru_cache(_KEPT)
def _row(seed: int, number: int, today: date) -> tuple[tuple[Resident, ...], Mapping[int, Family]]:
    dice = Random(f"{seed}/families/{number}")  # noqa: S311 - no secret is made of it
    people = [resident(seed, place, today) for place in range(number * ROW, min((number + 1) * ROW, MOST))]
    told = len(PERSONAS) if number == 0 else 0  # personas have the families of their stories
    couples = _couples(dice, people, told)
    children = _children(people, couples, told)
    for couple in couples:
        husband = people[couple.husband]
        people[couple.wife] = _at_home(people[couple.wife], husband.person.residence)
        for child in children[couple.husband]:
            people[child] = _child(people[child], husband)
    found = _personas() if told else {}
    for couple in couples:
        found.update(_household(people, couple, children[couple.husband], today))
    return tuple(people), found


def _couples(dice: Random, people: list[Resident], told: int) -> list[_Couple]:
    """The eldest first, each with the first who is left and near enough in age."""
    eldest = sorted(range(told, len(people)), key=lambda place: -people[place].years)
    women = [place for place in eldest if people[place].person.sex == "female"]
    found = []
    for husband in eldest:
        one = people[husband]
        least, most = one.years - _GAP[1], one.years - _GAP[0]
        if one.person.sex == "female" or one.years < _LEGAL_AGES[0] + _LONGEST_ENGAGED or dice.random() > _MARRY:
            continue
        wife = next((place for place in women if least <= people[place].years <= most), None)
        if wife is None:
            continue
        longest = min(one.years - _LEGAL_AGES[0], people[wife].years - _LEGAL_AGES[1])
        if longest >= _LONGEST_ENGAGED:
            women.remove(wife)
            found.append(_Couple(husband, wife, max(_LONGEST_ENGAGED, longest * (1 - 0.5 * dice.random()))))
    return found


def _children(people: list[Resident], couples: list[_Couple], told: int) -> Mapping[int, list[int]]:
    """By the father's place. Each goes to the first couple of the right ages that has room."""
    married = {place for couple in couples for place in (couple.husband, couple.wife)}
    found: dict[int, list[int]] = {couple.husband: [] for couple in couples}
    for child in range(told, len(people)):
        one = people[child]
        if child in married or one.family is None:
            continue
        for couple in couples:
            theirs = found[couple.husband]
            if (
                people[couple.husband].family is not None
                and len(theirs) < _MOST_CHILDREN
                and one.years < couple.years - 0.8
                and _FATHERS[0] <= people[couple.husband].years - one.years <= _FATHERS[1]
                and _MOTHERS[0] <= people[couple.wife].years - one.years <= _MOTHERS[1]
            ):
                theirs.append(child)
                break
    return found


def _household(people: list[Resident], couple: _Couple, children: list[int], today: date) -> dict[int, Family]:
    husband, wife = people[couple.husband].current, people[couple.wife].current
    married = today - timedelta(days=int(couple.years * _DAYS))
    head = wife if husband.deceased_on and not wife.deceased_on else husband
    found = {
        couple.husband: Family(wife, married, head=None if head is husband else wife),
        couple.wife: Family(husband, married, head=None if head is wife else husband),
    }
    for place in (couple.husband, couple.wife):
        if found[place].head is not None:
            found[place] = replace(found[place], relation="spouse")
    for child in children:
        home = people[child].years < _LEAVES_HOME
        found[child] = Family(
            mother=wife, father=husband, head=head if home else None, relation="child" if home else "head"
        )
    return found


def _at_home(one: Resident, residence: Address) -> Resident:
    return Resident(replace(one.person, residence=residence), one.reset, one.years, one.family)


def _child(one: Resident, father: Resident) -> Resident:
    """With the father's family name, and at his address until they leave it."""
    name, family = one.person.name, one.family
    if father.family is not None and family is not None:
        name, family = f"{father.family}{name.removeprefix(family)}", father.family
    residence = father.person.residence if one.years < _LEAVES_HOME else one.person.residence
    return Resident(replace(one.person, name=name, residence=residence), one.reset, one.years, family)


def _personas() -> dict[int, Family]:
    places = {one.key: place for place, one in enumerate(PERSONAS)}
    found = {}
    for place, one in enumerate(PERSONAS):
        if one.marriage is not None:
            other = PERSONAS[places[one.marriage.spouse]]
            found[place] = Family(replace(other.person, pid=other.pid), one.marriage.on)
    return found


def parents(person: Person, of: Family) -> tuple[str, str]:
    """The names of mother and father; of those who do not stand in the register, made of the person's identifier and name."""
    if of.mother is not None and of.father is not None:
        return of.mother.name, of.father.name
    number = crc32(person.person_id.encode())  # quicker than dice of their own, and as good for names
    mother = (_pick(names.FAMILIES, number), _pick(names.MIDDLES["female"], number >> 7), _pick(_WOMEN, number >> 11))
    own = next((name for name in _FAMILIES if person.name.startswith(name)), f"{_pick(names.FAMILIES, number >> 3)} ")
    return " ".join(mother), f"{own}{_pick(names.MIDDLES['male'], number >> 5)} {_pick(_MEN, number >> 13)}"


def _pick(of: tuple[str, ...], number: int) -> str:
    return of[number % len(of)]
