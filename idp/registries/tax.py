"""The tax register, simulated: since 1 July 2025 the personal identification number is the tax code.

Spec: Circular 86/2024/TT-BTC Art. 5, 39
"""

from datetime import date

from idp.model import Document, DocumentState, Person

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
