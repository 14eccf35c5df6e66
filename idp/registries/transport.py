"""The register of driving licences, simulated.

Spec: Law on Road Traffic Order and Safety 36/2024/QH15 Art. 57 (classes, validity), 58 (points), 59 (ages); Circular
12/2025/TT-BCA (public security issues since 1 March 2025, the transport authority before).

The number has twelve digits: two for the province, one for century and sex as in the personal identification number, two for
the year of passing, seven at random.
"""

from dataclasses import dataclass
from datetime import date

from idp.accounts.ages import is_adult, years_later
from idp.accounts.personal_id import SYNTHETIC
from idp.model import Document, DocumentState, Person
from idp.registries.population import residence

TYPE = "driving_licence"
FULL_POINTS = 12  # Art. 58(1)
PROVINCE = SYNTHETIC[:2]  # no province has 99: these licences are nobody's

# B2 was given until the end of 2024 and stays valid until its own end (Art. 89(3)); the other classes are today's.
# Completed years before one may hold a class (Art. 59(1)), and how many years it is valid (Art. 57(5); None: no end).
MINIMUM_AGE = {
    **dict.fromkeys(("A1", "A", "B1", "B", "C1", "B2"), 18),
    **dict.fromkeys(("C", "BE"), 21),
    **dict.fromkeys(("D1", "D2", "C1E", "CE"), 24),
    **dict.fromkeys(("D", "D1E", "D2E", "DE"), 27),
}
VALID_YEARS: dict[str, int | None] = {
    **dict.fromkeys(("A1", "A", "B1")),
    **dict.fromkeys(("B", "C1", "B2"), 10),
    **dict.fromkeys(("C", "D1", "D2", "D", "BE", "C1E", "CE", "D1E", "D2E", "DE"), 5),
}


@dataclass(frozen=True, slots=True)
class LicenceClass:
    name: str
    issued: date

    @property
    def expires(self) -> date | None:
        years = VALID_YEARS[self.name]
        return None if years is None else years_later(self.issued, years)


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
