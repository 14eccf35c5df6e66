"""The electronic health books, simulated: what a patient carries from one facility to the next, in four groups.

Spec: Decision 1332/QĐ-BYT (fields: administrative, history, visits, summary of records); Decree 102/2025/NĐ-CP Art. 6 (the
health id is the personal identification number); Civil Code 91/2015/QH13 Art. 136 (parents represent a minor).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from idp.model import Document, DocumentState, Person
from idp.registries import names, places
from idp.registries.families import parents
from idp.registries.illnesses import (
    ALLERGIES,
    CONDITIONS,
    DOCTORS,
    OCCUPATIONS,
    OLD,
    OLD_REASONS,
    REASONS,
    VACCINES,
    Reason,
    Vaccine,
)
from idp.registries.population import residence
from idp.registries.source import Cover, Source, Subject, day_between, some_birthday

TYPE = "health_record"
MINOR = 18
VISITS_DAYS = 900  # how far back the book tells of visits
_VISITS = (0, 1, 1, 1, 2, 3)
_BLOOD = ("O+", "O+", "O+", "O+", "B+", "B+", "B+", "A+", "A+", "AB+", "O-", "B-", None)

Item = TypeVar("Item")
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Book:
    """Groups two to four, as the catalogue has them. Sensitive, all of it."""

    blood_group: str | None
    allergies: tuple[Row, ...]
    conditions: tuple[Row, ...]
    vaccinations: tuple[Row, ...]
    visits: tuple[Row, ...]  # newest first
    summaries: tuple[Row, ...]


def administrative(
    person: Person, cover: Cover, *, occupation: str | None, representative: tuple[Row, ...] = ()
) -> Mapping[str, object]:
    """Group one."""
    record: Row = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "nationality": person.nationality,
        "residence": residence(person),
        "health_insurance_number": cover.number,
        "first_facility": cover.facility,
        "insurance_until": cover.ends.isoformat(),
    }
    told = {
        "ethnicity": names.ethnicity(person.name, person.nationality),
        "occupation": occupation,
        "phone": person.phone,
        "representative": list(representative) or None,
    }
    return record | {name: value for name, value in told.items() if value is not None}


def document(
    person: Person,
    first_group: Mapping[str, object],
    book: Book,
    *,
    texts: Mapping[str, list[str]],
    state: DocumentState = DocumentState.VALID,
) -> Document:
    """`texts`: allergies, conditions and vaccinations in short."""
    record = {**first_group, **texts}
    if book.blood_group is not None:
        record["blood_group"] = book.blood_group
    if book.visits:
        record["last_visit"] = book.visits[0]["admitted"]
    rows = {
        "allergy_details": book.allergies,
        "diagnosis_details": book.conditions,
        "vaccination_details": book.vaccinations,
        "visits": book.visits,
        "record_summary": book.summaries,
    }
    record |= {name: list(value) for name, value in rows.items() if value}
    return Document(f"{person.person_id}.{TYPE}", person.person_id, TYPE, record, state)


def _records(subject: Subject, dice: Random, *, today: date) -> Iterator[Document]:
    if not subject.holds(TYPE, dice, 0.65):
        return
    told = subject.story.fields.get(TYPE, {}) if subject.story else {}
    allergies = _some(dice, ALLERGIES, 2, told.get("allergies"), lambda one: one.text)
    conditions = _some(dice, CONDITIONS, 2, told.get("conditions"), lambda one: one.text)
    vaccines = _some(dice, VACCINES, 5, told.get("vaccinations"), lambda one: one.text)
    born = some_birthday(subject.person)
    visits, summaries = _visits(dice, subject, max(today - timedelta(days=VISITS_DAYS), born), today)
    book = Book(
        dice.choice(_BLOOD),
        tuple({"type": one.type, "agent": one.agent, "reaction": one.reaction} for one in allergies),
        tuple(
            {
                "diagnosis": one.text,
                "icd10": one.icd10,
                "diagnosed_on": str(day_between(dice, born, today).year),
                "facility": dice.choice(places.FACILITIES),
            }
            for one in conditions
        ),
        tuple(row for one in vaccines for row in _doses(dice, one, born, today)),
        visits,
        summaries,
    )
    texts = {
        "allergies": [one.text for one in allergies],
        "conditions": [one.text for one in conditions],
        "vaccinations": [one.text for one in vaccines],
    }
    occupation = dice.choice(OCCUPATIONS) if subject.years >= MINOR else "Học sinh" if subject.years >= 6 else None
    first = administrative(
        subject.person, subject.cover, occupation=occupation, representative=_representative(subject)
    )
    yield document(subject.person, first, book, texts=texts)


def _some(dice: Random, of: tuple[Item, ...], most: int, told: Any, text: Callable[[Item], str]) -> tuple[Item, ...]:
    """Drawn; or those of the story, of which a book that says more has no details."""
    drawn = tuple(dice.sample(of, dice.randint(0, most)))
    return drawn if told is None else tuple(one for one in of if text(one) in told)


def _doses(dice: Random, vaccine: Vaccine, born: date, today: date) -> Iterator[Row]:
    days = sorted(day_between(dice, max(born, vaccine.since), today) for _ in range(vaccine.doses))
    told = {"vaccine": vaccine.name, "antigen": vaccine.antigen}
    facility = dice.choice(places.FACILITIES)
    for number, day in enumerate(days, 1):
        yield {**told, "dose": number, "given_on": day.isoformat(), "facility": facility}


def _visits(dice: Random, subject: Subject, first: date, today: date) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Newest first, with a summary of each stay in bed."""
    count = dice.choice(_VISITS)
    if subject.person.deceased_on is not None or first > today:
        return (), ()
    visits, summaries = [], []
    reasons = OLD_REASONS if subject.years >= OLD else REASONS
    tall = dice.randint(148, 166) + (10 if subject.person.sex == "male" else 0) if subject.years >= MINOR else None
    for admitted in sorted((day_between(dice, first, today) for _ in range(count)), reverse=True):
        reason, facility = dice.choice(reasons), dice.choice(places.FACILITIES)
        visits.append(_visit(dice, tall, reason, facility, admitted, today))
        if reason.inpatient:
            summaries.append(_summary(dice, reason, facility, min(admitted + timedelta(days=reason.inpatient), today)))
    return tuple(visits), tuple(summaries)


def _visit(dice: Random, tall: int | None, reason: Reason, facility: str, admitted: date, today: date) -> Row:
    left = min(admitted + timedelta(days=reason.inpatient), today)
    return {
        "facility": facility,
        "admitted": admitted.isoformat(),
        "discharged": left.isoformat(),
        "kind": "inpatient" if reason.inpatient else "screening" if reason.icd10 == "Z00.0" else "outpatient",
        "reason": reason.text,
        "outcome": "improved" if reason.drugs else "unchanged",
        "diagnoses": reason.icd10,
        "height_cm": tall,
        "weight_kg": None if tall is None else tall - 100 + dice.randint(-10, 8),
        "results": "Công thức máu bình thường" if reason.inpatient else None,
        "drugs": reason.drugs,
        "procedures": reason.treatment or None,
    }


def _summary(dice: Random, reason: Reason, facility: str, left: date) -> Row:
    return {
        "facility": facility,
        "written_on": left.isoformat(),
        "course": f"{reason.text}; diễn biến ổn định",
        "results": "Công thức máu bình thường",
        "treatment": reason.treatment,
        "prescription": reason.drugs,
        "follow_up": "Nghỉ ngơi, tái khám theo hẹn",
        "revisit_on": (left + timedelta(days=14)).isoformat(),
        "doctor": dice.choice(DOCTORS),
    }


def _representative(subject: Subject) -> tuple[Row, ...]:
    """Of a minor: a parent, with number and telephone where the parent stands in the register."""
    if subject.years >= MINOR:
        return ()
    known = [one for one in (subject.family.mother, subject.family.father) if one and one.deceased_on is None]
    if known:
        return ({"name": known[0].name, "relation": "parent", "pid": known[0].pid, "phone": known[0].phone},)
    return ({"name": parents(subject.person, subject.family)[0], "relation": "parent", "pid": None, "phone": None},)


SOURCE = Source("health", (TYPE,), _records)
