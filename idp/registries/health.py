"""The electronic health books, simulated: what a patient carries from one facility to the next.

Spec: Decision 1332/QĐ-BYT (fields); Decree 102/2025/NĐ-CP Art. 6 (the health id is the personal identification number).
"""

from dataclasses import dataclass
from datetime import date

from idp.model import Document, DocumentState, Person

TYPE = "health_record"


@dataclass(frozen=True, slots=True)
class History:
    """Sensitive, all of it."""

    blood_group: str | None
    allergies: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    vaccinations: tuple[str, ...] = ()
    last_visit: date | None = None


def book(
    person: Person,
    history: History,
    *,
    insurance_number: str,
    facility: str,
    insurance_until: date,
    state: DocumentState = DocumentState.VALID,
) -> Document:
    record: dict[str, object] = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "health_insurance_number": insurance_number,
        "first_facility": facility,
        "insurance_until": insurance_until.isoformat(),
        "allergies": list(history.allergies),
        "conditions": list(history.conditions),
        "vaccinations": list(history.vaccinations),
    }
    if history.blood_group is not None:
        record["blood_group"] = history.blood_group
    if history.last_visit is not None:
        record["last_visit"] = history.last_visit.isoformat()
    return Document(f"{person.person_id}.{TYPE}", person.person_id, TYPE, record, state)
