"""Which documents a synthetic person has, and what stands in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from types import MappingProxyType

from idp.accounts.ages import age, years_later
from idp.model import Document, DocumentState, Person
from idp.registries import health, places, population, social_insurance, tax, transport
from idp.registries.health import History
from idp.registries.personas import PERSONAS
from idp.registries.transport import MINIMUM_AGE, LicenceClass

CLASSES_SINCE = date(2025, 1, 1)  # today's classes of driving licence
LICENCES_SINCE = date(2013, 1, 1)  # older ones were paper, and have no row here
CARDS_SINCE = date(2021, 1, 1)  # the card with a chip

_PERSONAS = MappingProxyType({one.person.person_id: one for one in PERSONAS})

# What people hold together, by how often.
_CLASSES = (
    (("A1",),) * 8
    + (("A1", "B"),) * 7
    + (("B2",),) * 3
    + (("B",),) * 3
    + (
        ("A1", "C1"),
        ("A1", "B", "C"),
        ("B", "D1"),
        ("A", "B"),
        ("B1",),
        ("C", "CE"),
    )
)
_BLOOD = ("O+", "O+", "O+", "O+", "B+", "B+", "B+", "A+", "A+", "AB+", "O-", "B-", None)
_ALLERGIES = (
    "Penicillin: nổi mề đay",
    "Hải sản: phát ban",
    "Phấn hoa: hắt hơi",
    "Aspirin: co thắt phế quản",
    "Đậu phộng: phù môi",
)
_CONDITIONS = (
    "Tăng huyết áp",
    "Đái tháo đường típ 2",
    "Hen phế quản",
    "Viêm dạ dày",
    "Viêm mũi dị ứng",
    "Rối loạn lipid máu",
)
_VACCINES = (
    "COVID-19 (3 liều)",
    "Viêm gan B (3 liều)",
    "Sởi - Rubella",
    "Uốn ván",
    "Viêm não Nhật Bản",
    "Cúm mùa",
    "BCG",
)


@dataclass(frozen=True, slots=True)
class _Cover:
    """Health insurance: one cover behind the card and the first page of the health book."""

    number: str
    facility: str
    begins: date
    ends: date


def documents(person: Person, *, seed: int, today: date) -> Iterator[Document]:
    """The person's documents, with the number that the person has now."""
    dice = Random(f"{seed}/documents/{person.person_id}")  # noqa: S311 - no secret is made of it
    persona = _PERSONAS.get(person.person_id)
    years = age(person.birth_date, today)
    holds = persona.holds if persona else _usual(dice, person, years)
    classes = persona.classes if persona else _classes(dice, person, today)
    cover = _cover(dice, years, today)
    for type_ in holds:
        made = _make(type_, dice, person, classes, cover, today)
        if made is None:
            continue
        if persona is not None:
            record = {**made.record, **persona.fields.get(type_, {})}
            yield replace(made, record=record, state=persona.states.get(type_, DocumentState.VALID))
        else:
            yield replace(made, state=_state(dice, person))


def _usual(dice: Random, person: Person, years: int) -> tuple[str, ...]:
    citizen = person.nationality == "VN"
    chances: Mapping[str, float] = {
        population.TYPE: 0.0 if not citizen else 1.0 if years >= 14 else 0.4,
        transport.TYPE: 0.6 if 18 <= years < 80 else 0.0,
        health.TYPE: 0.65,
        social_insurance.TYPE: 0.92,
        tax.TYPE: 0.7 if years >= 18 else 0.05,
    }
    return tuple(type_ for type_, chance in chances.items() if dice.random() < chance)


def _make(
    type_: str, dice: Random, person: Person, classes: tuple[LicenceClass, ...], cover: _Cover, today: date
) -> Document | None:
    if type_ == population.TYPE:
        first = max(CARDS_SINCE, _birth(person), population.card_in_force_since(person.birth_date, today))
        return population.identity(person, issued_on=_day(dice, first, today), today=today)
    if type_ == transport.TYPE:
        if not classes:
            return None
        points = dice.choice((12,) * 12 + (10, 8, 6, 2))
        return transport.licence(person, classes=classes, serial=dice.randrange(10**7), points=points, today=today)
    if type_ == health.TYPE:
        return health.book(
            person,
            _history(dice, person, today),
            insurance_number=cover.number,
            facility=cover.facility,
            insurance_until=cover.ends,
        )
    if type_ == social_insurance.TYPE:
        return social_insurance.card(
            person, number=cover.number, facility=cover.facility, valid_from=cover.begins, valid_until=cover.ends
        )
    office = f"Thuế {person.residence.province} (mô phỏng)"
    return tax.registration(person, office=office, registered_on=_day(dice, max(tax.SINCE, _birth(person)), today))


def _state(dice: Random, person: Person) -> DocumentState:
    if person.deceased_on is not None:
        return DocumentState.REVOKED
    state = dice.random()
    return DocumentState.REVOKED if state < 0.004 else DocumentState.SUSPENDED if state < 0.012 else DocumentState.VALID


def _day(dice: Random, first: date, last: date) -> date:
    return first + timedelta(days=dice.randint(0, max((last - first).days, 0)))


def _birth(person: Person) -> date:
    """Some day that the recorded date may mean, for reckoning only: never written into a record."""
    year, month, day = (*(int(part) for part in person.birth_date.split("-")), 12, 28)[:3]
    return date(year, month, day)


def _classes(dice: Random, person: Person, today: date) -> tuple[LicenceClass, ...]:
    held = []
    for name in dice.choice(_CLASSES):
        first = max(years_later(_birth(person), MINIMUM_AGE[name] + 1), LICENCES_SINCE)
        last = today
        if name == "B2":
            last = CLASSES_SINCE - timedelta(days=1)
        elif name not in ("A1",):
            first = max(first, CLASSES_SINCE)
        if first <= last:
            held.append(LicenceClass(name, _day(dice, first, last)))
    return tuple(held)


def _cover(dice: Random, years: int, today: date) -> _Cover:
    group = dice.choice((social_insurance.group_at(years),) * 4 + (social_insurance.HOUSEHOLD,))
    number = social_insurance.card_number(group, serial=dice.randrange(10**10))
    begins = today - timedelta(days=dice.randint(0, 300))
    return _Cover(number, dice.choice(places.FACILITIES), begins, years_later(begins, 1) - timedelta(days=1))


def _history(dice: Random, person: Person, today: date) -> History:
    def some(of: tuple[str, ...], most: int) -> tuple[str, ...]:
        return tuple(dice.sample(of, dice.randint(0, most)))

    alive = max(today - timedelta(days=900), _birth(person))
    visit = _day(dice, alive, today) if dice.random() < 0.8 and alive <= today and not person.deceased_on else None
    return History(dice.choice(_BLOOD), some(_ALLERGIES, 2), some(_CONDITIONS, 2), some(_VACCINES, 5), visit)
