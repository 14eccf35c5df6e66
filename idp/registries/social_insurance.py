"""The social insurance register, simulated: the health-insurance card.

Spec: Decision 1351/QĐ-BHXH (the code of fifteen characters: group, benefit level, province, social-insurance number).
"""

import re
from datetime import date

from idp.accounts.personal_id import SYNTHETIC
from idp.model import Document, DocumentState, Person

TYPE = "health_insurance_card"
CARD_NUMBER = re.compile(r"[A-Z]{2}[1-5][0-9]{2}[0-9]{10}", re.ASCII)
PROVINCE = SYNTHETIC[:2]  # no province has 99

# Who pays decides the group, the group the level of benefit: employees, civil servants, pensioners, children under six,
# pupils and students, households, poor households.
LEVEL_OF_GROUP = {"DN": 4, "HC": 4, "HT": 3, "TE": 1, "HS": 4, "SV": 4, "GD": 4, "HN": 2}
CHILD, PUPIL, STUDENT, EMPLOYEE, PENSIONER, HOUSEHOLD = "TE", "HS", "SV", "DN", "HT", "GD"


def card_number(group: str, *, serial: int) -> str:
    if not 0 <= serial < 10_000_000_000:
        raise ValueError("a social-insurance number has ten digits")
    return f"{group}{LEVEL_OF_GROUP[group]}{PROVINCE}{serial:010}"


def group_at(age: int) -> str:
    """The usual group at an age."""
    for under, group in ((6, CHILD), (18, PUPIL), (22, STUDENT), (60, EMPLOYEE)):
        if age < under:
            return group
    return PENSIONER


def card(
    person: Person,
    *,
    number: str,
    facility: str,
    valid_from: date,
    valid_until: date,
    state: DocumentState = DocumentState.VALID,
) -> Document:
    if not CARD_NUMBER.fullmatch(number):
        raise ValueError("not the number of a health-insurance card")
    record = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "card_number": number,
        "first_facility": facility,
        "valid_from": valid_from.isoformat(),
        "valid_until": valid_until.isoformat(),
        "benefit_level": int(number[2]),
    }
    return Document(f"{person.person_id}.{TYPE}", person.person_id, TYPE, record, state, valid_until.isoformat())
