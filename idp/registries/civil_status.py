"""The books of civil status, simulated: births and marriages, kept by the people's committee of the commune.

Spec: Law on Civil Status 60/2014/QH13 Art. 13–18 (birth, marriage); Law on Marriage and Family 52/2014/QH13 Art. 8, 65 (a
marriage ends with a death)
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from zlib import crc32

from idp.model import Document, DocumentState, Person
from idp.registries import names, places
from idp.registries.families import parents
from idp.registries.source import Source, Subject, day_between, some_birthday

BIRTH, MARRIAGE = "birth_certificate", "marriage_certificate"
REGISTER_WITHIN = 60  # days after a birth (Art. 15)
ENTRIES = 400  # of a commune in a year
_COMMUNES = tuple((province, commune) for province, communes in places.COMMUNES.items() for commune in communes)


def birth(
    person: Person,
    *,
    mother: str,
    father: str,
    ethnicity: str | None,
    registered_on: date,
    registered_at: str,
    entry: int,
    state: DocumentState = DocumentState.VALID,
) -> Document:
    record = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "nationality": person.nationality,
        "place_of_birth": person.place_of_birth,
        "mother_name": mother,
        "father_name": father,
        "registered_on": registered_on.isoformat(),
        "registered_at": registered_at,
        "entry_number": f"{entry}/{registered_on.year}",
    }
    if ethnicity is not None:
        record["ethnicity"] = ethnicity
    return Document(f"{person.person_id}.{BIRTH}", person.person_id, BIRTH, record, state)


def marriage(person: Person, spouse: Person, *, married_on: date, registered_at: str, entry: int) -> Document:
    """It ends with the death of either."""
    record = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "birth_date": person.birth_date,
        "nationality": person.nationality,
        "spouse_name": spouse.name,
        "spouse_birth_date": spouse.birth_date,
        "spouse_identification_number": spouse.pid,
        "married_on": married_on.isoformat(),
        "registered_at": registered_at,
        "entry_number": f"{entry}/{married_on.year}",
    }
    state = DocumentState.REVOKED if person.deceased_on or spouse.deceased_on else DocumentState.VALID
    return Document(f"{person.person_id}.{MARRIAGE}", person.person_id, MARRIAGE, record, state)


def _records(subject: Subject, dice: Random, *, today: date) -> Iterator[Document]:
    person, family = subject.person, subject.family
    chance = (0.95 if subject.years < 35 else 0.4) if subject.citizen else 0.0
    if subject.holds(BIRTH, dice, chance):
        yield _birth(subject, dice, today)
    if family.spouse is not None and family.married_on is not None:
        book = crc32(f"{family.married_on}/{min(person.person_id, family.spouse.person_id)}".encode())  # one for both
        yield marriage(
            person,
            family.spouse,
            married_on=family.married_on,
            registered_at=_committee(book),
            entry=1 + (book >> 8) % ENTRIES,
        )


def _birth(subject: Subject, dice: Random, today: date) -> Document:
    person = subject.person
    born = some_birthday(person)
    mother, father = parents(person, subject.family)
    return birth(
        person,
        mother=mother,
        father=father,
        ethnicity=names.ethnicity(person.name, person.nationality),
        registered_on=day_between(dice, born, min(today, born + timedelta(days=REGISTER_WITHIN))),
        registered_at=_committee(number := dice.getrandbits(32)),
        entry=1 + (number >> 8) % ENTRIES,
    )


def _committee(number: int) -> str:
    province, commune = _COMMUNES[number % len(_COMMUNES)]
    return f"UBND {commune}, {province} (mô phỏng)"


SOURCE = Source("civil_status", (BIRTH, MARRIAGE), _records)
