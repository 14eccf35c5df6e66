"""The tax register, simulated: since 1 July 2025 the personal identification number is the tax code.

Spec: Circular 86/2024/TT-BTC Art. 5, 39
"""

from collections.abc import Iterator
from datetime import date
from random import Random

from idp.model import Document, DocumentState, Person
from idp.registries.source import Source, Subject, day_between, some_birthday

TYPE = "tax_registration"
SINCE = date(2025, 7, 1)


def registration(
    person: Person, *, office: str, registered_on: date, state: DocumentState = DocumentState.VALID
) -> Document:
    if registered_on < SINCE:
        raise ValueError("before 1 July 2025 a tax code was another number")
    record = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "tax_code": person.pid,
        "tax_office": office,
        "registered_on": registered_on.isoformat(),
    }
    return Document(f"{person.person_id}.{TYPE}", person.person_id, TYPE, record, state)


def _records(subject: Subject, dice: Random, *, today: date) -> Iterator[Document]:
    person = subject.person
    if subject.holds(TYPE, dice, 0.7 if subject.years >= 18 else 0.05):
        office = f"Thuế {person.residence.province} (mô phỏng)"
        yield registration(
            person, office=office, registered_on=day_between(dice, max(SINCE, some_birthday(person)), today)
        )


SOURCE = Source("tax", (TYPE,), _records)
