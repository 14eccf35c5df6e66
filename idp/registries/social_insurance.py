"""The social insurance register, simulated: the health-insurance card, and the bank account that benefits are paid to.

Spec: Decision 1351/QĐ-BHXH (the code of fifteen characters: group, benefit level, province, social-insurance number).
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from idp.accounts.ages import years_later
from idp.accounts.personal_id import SYNTHETIC
from idp.model import Document, DocumentState, Person
from idp.registries import places
from idp.registries.source import Cover, Source, Subject, day_between

TYPE = "health_insurance_card"
ACCOUNT = "social_security_account"
LINKED_SINCE = date(2025, 8, 1)  # accounts are linked in the application since then
BANKS = ("Ngân hàng Sen (mô phỏng)", "Ngân hàng Mây (mô phỏng)", "Ví Tre (mô phỏng)")
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


def linked_account(
    person: Person,
    *,
    insurance_number: str,
    bank: str,
    account_number: str,
    linked_on: date,
    state: DocumentState = DocumentState.VALID,
) -> Document:
    record = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "social_insurance_number": insurance_number,
        "bank": bank,
        "account_number": account_number,
        "linked_on": linked_on.isoformat(),
    }
    return Document(f"{person.person_id}.{ACCOUNT}", person.person_id, ACCOUNT, record, state)


def cover(dice: Random, years: int, today: date) -> Cover:
    """A person's health insurance, which the health book tells of too."""
    group = HOUSEHOLD if dice.random() < 0.2 else group_at(years)
    number = card_number(group, serial=dice.randrange(10**10))
    begins = today - timedelta(days=dice.randint(0, 300))
    return Cover(number, dice.choice(places.FACILITIES), begins, years_later(begins, 1) - timedelta(days=1))


def _records(subject: Subject, dice: Random, *, today: date) -> Iterator[Document]:
    person, held = subject.person, subject.cover
    if subject.holds(TYPE, dice, 0.92):
        yield card(person, number=held.number, facility=held.facility, valid_from=held.begins, valid_until=held.ends)
    chance = 0.0 if subject.years < 18 else 0.3 if subject.years < 60 else 0.65
    if subject.holds(ACCOUNT, dice, chance):
        yield linked_account(
            person,
            insurance_number=held.number[-10:],
            bank=dice.choice(BANKS),
            account_number=f"0000{dice.randrange(10**9):09}",
            linked_on=day_between(dice, LINKED_SINCE, today),
        )


SOURCE = Source("social_insurance", (TYPE, ACCOUNT), _records)
