"""The population register, simulated: the identity card and the registered residence, and yes-or-no matching.

Spec: Law 26/2023/QH15 Art. 18, 21 (card, ages of renewal); Law on Residence 68/2020/QH14 Art. 10, 20, 27 (household,
permanent, temporary residence); Decree 37/2021/NĐ-CP and 70/2024/NĐ-CP (sharing); one authority: public security.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random

from certs.documents.forms import broken
from certs.encoding import safe_text
from certs.errors import CertsError
from idp.accounts.ages import is_adult, latest_birthday, years_later
from idp.model import Document, DocumentState, Person
from idp.registries import places
from idp.registries.families import parents
from idp.registries.source import Source, Subject, day_between, some_birthday

TYPE = "citizen_identity"
RESIDENCE = "residence_registration"
CARDS_SINCE = date(2021, 1, 1)  # the card with a chip
ADULT_AGE = 18
EARLIEST_BIRTH = 1900
_KNOWN = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", re.ASCII)
_ETH = "\u00d0\u00f0"  # look like Đ and đ, and NFC leaves them
TEMPORARY_DAYS = 730  # Law on Residence Art. 27(2): temporary residence is registered for two years at most
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


def residence_registration(
    person: Person,
    *,
    since: date,
    head: str,
    relation: str,
    temporary: tuple[str, date] | None = None,
    state: DocumentState = DocumentState.VALID,
) -> Document:
    """`temporary`: where the person stays otherwise, and until when."""
    record = {
        "personal_identification_number": person.pid,
        "full_name": person.name,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "permanent_address": residence(person),
        "permanent_since": since.isoformat(),
        "household_head": head,
        "relation_to_head": relation,
    }
    if temporary is not None:
        record["temporary_address"], record["temporary_until"] = temporary[0], temporary[1].isoformat()
    return Document(f"{person.person_id}.{RESIDENCE}", person.person_id, RESIDENCE, record, state)


def _records(subject: Subject, dice: Random, *, today: date) -> Iterator[Document]:
    person = subject.person
    chance = 0.0 if not subject.citizen else 1.0 if subject.years >= RENEWAL_AGES[0] else 0.4
    if subject.holds(TYPE, dice, chance):
        first = max(CARDS_SINCE, some_birthday(person), card_in_force_since(person.birth_date, today))
        yield identity(person, issued_on=day_between(dice, first, today), today=today)
    if subject.holds(RESIDENCE, dice, 0.97):
        head, relation = _household(subject)
        since = day_between(dice, max(some_birthday(person), years_later(today, -40)), today)
        yield residence_registration(
            person, since=since, head=head, relation=relation, temporary=_temporary(subject, dice, today)
        )


def _household(subject: Subject) -> tuple[str, str]:
    family = subject.family
    if family.head is not None:
        return family.head.name, family.relation
    if subject.years < ADULT_AGE:  # with a parent who does not stand in this register
        return parents(subject.person, family)[1], "child"
    return subject.person.name, "head"


def _temporary(subject: Subject, dice: Random, today: date) -> tuple[str, date] | None:
    """Who studies or works elsewhere."""
    if dice.random() > 0.12 or not ADULT_AGE <= subject.years < 60:
        return None
    province = dice.choice(places.PROVINCES)
    address = (
        f"Số {dice.randint(1, 320)} {dice.choice(places.STREETS)}, {dice.choice(places.COMMUNES[province])}, {province}"
    )
    return address, day_between(dice, today, today + timedelta(days=TEMPORARY_DAYS))


SOURCE = Source("population", (TYPE, RESIDENCE), _records)


def name_of(typed: str) -> str | None:
    """A person's name as it is written into the register; None for what cannot be one (Civil Code 91/2015 Art. 26(3))."""
    name = unicodedata.normalize("NFC", " ".join(typed.split())).replace(_ETH[0], "Đ").replace(_ETH[1], "đ")
    try:
        safe_text(name)
    except CertsError:
        return None
    return None if broken("person_name", name) else name


def birth_date_of(typed: str, *, today: date) -> str | None:
    """A day, month or year of the calendar that has begun, as ISO writes it; None for anything else."""
    if not _KNOWN.fullmatch(typed):
        return None
    try:
        first = date.fromisoformat(f"{typed}-01-01"[:10])
    except ValueError:
        return None
    return typed if date(EARLIEST_BIRTH, 1, 1) <= first <= today else None


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
