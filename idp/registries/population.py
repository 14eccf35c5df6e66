"""The population register, simulated: the identity card that hangs on a person, and yes-or-no matching.

Spec: Law 26/2023/QH15 Art. 18, 21 (card, ages of renewal); Decree 37/2021/NĐ-CP and 70/2024/NĐ-CP (sharing); one authority:
public security.
"""

import unicodedata
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date

from idp.accounts.ages import is_adult, latest_birthday, years_later
from idp.model import Document, DocumentState, Person

TYPE = "citizen_identity"
RENEWAL_AGES = (14, 25, 40, 60)  # Art. 21(1): the card is changed on reaching each
EARLY_YEARS = 2  # Art. 21(2): a card got within two years before an age runs to the next one


def residence(person: Person) -> str:
    """On one line, two tiers: detail, commune, province."""
    home = person.residence
    return ", ".join(part for part in (home.detail, home.commune, home.province) if part)


def _renewals(birth_date: str) -> Iterator[date]:
    year, month, day = latest_birthday(birth_date)
    for age in RENEWAL_AGES:
        # A birthday that the year does not have (29 February; old papers hold 31 April too) is kept on the month's last.
        yield date(year + age, month, min(day, monthrange(year + age, month)[1]))


def card_ends(birth_date: str, issued_on: date) -> str | None:
    """The last day of a card; None for a card without end, which one gets near or after 60."""
    ends = (day for day in _renewals(birth_date) if issued_on < years_later(day, -EARLY_YEARS))
    return next((day.isoformat() for day in ends), None)


def card_in_force_since(birth_date: str, today: date) -> date:
    """The first day on which a card could be issued that is still good today."""
    passed = [years_later(day, -EARLY_YEARS) for day in _renewals(birth_date) if day <= today]
    return max(passed, default=date.min)


def identity(person: Person, *, issued_on: date, today: date, state: DocumentState = DocumentState.VALID) -> Document:
    """The electronic identity as the card shows it. Citizens only: foreigners have none."""
    ends = card_ends(person.birth_date, issued_on)
    record = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "nationality": person.nationality,
        "residence": residence(person),
        "age_over_18": is_adult(person.birth_date, today),
        "place_of_birth": person.place_of_birth,
        "valid_from": issued_on.isoformat(),
    }
    if ends is not None:
        record["valid_until"] = ends
    return Document(f"{person.person_id}.{TYPE}", person.person_id, TYPE, record, state, ends)


def comparable(name: str) -> str:
    """For identity: NFC, single spaces, case ignored. Tone marks stay where they are: `Hòa` and `Hoà` are two names."""
    return unicodedata.normalize("NFC", " ".join(unicodedata.normalize("NFC", name).split()).casefold())


def agreement(person: Person, claimed: Mapping[str, str]) -> Mapping[str, bool]:
    """Field by field, yes or no, and nothing of the register's own value."""
    recorded = {
        "personal_identification_number": person.pid,
        "full_name": comparable(person.name),
        "birth_date": person.birth_date,
        "sex": person.sex,
        "nationality": person.nationality,
    }
    return {
        field: field in recorded and recorded[field] == (comparable(value) if field == "full_name" else value)
        for field, value in claimed.items()
    }
