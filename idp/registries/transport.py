"""The register of driving licences, simulated.

Spec: Law on Road Traffic Order and Safety 36/2024/QH15 Art. 57 (classes, validity), 58 (points), 59 (ages); Circular
12/2025/TT-BCA (public security issues since 1 March 2025, the transport authority before).

The number has twelve digits: two for the province, one for century and sex as in the personal identification number, two for
the year of passing, seven at random.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from idp.accounts.ages import is_adult, years_later
from idp.accounts.personal_id import SYNTHETIC
from idp.model import Document, DocumentState, Person
from idp.registries.licence_classes import MINIMUM_AGE, LicenceClass
from idp.registries.population import residence
from idp.registries.source import Source, Subject, day_between, some_birthday

TYPE = "driving_licence"
FULL_POINTS = 12  # Art. 58(1)
PROVINCE = SYNTHETIC[:2]  # no province has 99: these licences are nobody's
CLASSES_SINCE = date(2025, 1, 1)  # today's classes
LICENCES_SINCE = date(2013, 1, 1)  # older ones were paper, and have no row here

# What people hold together, by how often.
_HELD = (
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
_POINTS = (*(FULL_POINTS,) * 12, 10, 8, 6, 2)


def licence_number(person: Person, *, passed: int, serial: int) -> str:
    """`passed` is the year of passing the highest class; `serial` has up to seven digits."""
    if not 0 <= serial < 10_000_000:
        raise ValueError("a serial has up to seven digits")
    return f"{PROVINCE}{person.pid[3]}{passed % 100:02}{serial:07}"


def licence(
    person: Person,
    *,
    classes: tuple[LicenceClass, ...],
    serial: int,
    today: date,
    points: int = FULL_POINTS,
    state: DocumentState = DocumentState.VALID,
) -> Document:
    """One licence for all classes, issued anew when the last was passed."""
    issued_on = max(one.issued for one in classes)
    ends = [one.expires for one in classes]
    record = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "birth_date": person.birth_date,
        "nationality": person.nationality,
        "residence": residence(person),
        "age_over_18": is_adult(person.birth_date, today),
        "licence_number": licence_number(person, passed=issued_on.year, serial=serial),
        "classes": [
            {
                "class": one.name,
                "issued": one.issued.isoformat(),
                "expires": None if one.expires is None else one.expires.isoformat(),
            }
            for one in classes
        ],
        "points": points,
        "issued_on": issued_on.isoformat(),
    }
    # The licence lives as long as any of its classes does.
    limited = [end for end in ends if end is not None]
    valid_until = max(limited).isoformat() if len(limited) == len(ends) else None
    return Document(f"{person.person_id}.{TYPE}", person.person_id, TYPE, record, state, valid_until)


def without_points(record: Mapping[str, Any]) -> bool:
    """Art. 58(1): with none one may not drive, whoever would put the licence in force again."""
    return record.get("points") == 0


def _records(subject: Subject, dice: Random, *, today: date) -> Iterator[Document]:
    if not subject.holds(TYPE, dice, 0.6 if 18 <= subject.years < 80 else 0.0):
        return
    classes = subject.story.classes if subject.story else _classes(dice, subject.person, today)
    if classes:
        points, serial = dice.choice(_POINTS), dice.randrange(10**7)
        yield licence(subject.person, classes=classes, serial=serial, points=points, today=today)


def _classes(dice: Random, person: Person, today: date) -> tuple[LicenceClass, ...]:
    held = []
    for name in dice.choice(_HELD):
        first = max(years_later(some_birthday(person), MINIMUM_AGE[name] + 1), LICENCES_SINCE)
        last = today
        if name == "B2":
            last = CLASSES_SINCE - timedelta(days=1)
        elif name != "A1":
            first = max(first, CLASSES_SINCE)
        if first <= last:
            held.append(LicenceClass(name, day_between(dice, first, last)))
    return tuple(held)


SOURCE = Source("transport", (TYPE,), _records)
