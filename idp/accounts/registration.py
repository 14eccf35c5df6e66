"""Registering an account of level 1: the number, the own telephone, and what the register knows of the person.

Spec: Decree 69/2024/NĐ-CP Art. 7 (who), 10 (remotely, level 1), 14(2) (children); NIST SP 800-63A-4 §3.1; attacks.md BF-03

Nobody learns from it whether a number exists: whatever was written, the same pages follow, a code goes to the telephone that
was written, and what does not agree is answered at the very end, by one sentence for every reason.

    begin → the code in the message → confirm → a password → complete
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from idp.accounts.levels import entitlement
from idp.model import Account, Address, Event, Limit, Person
from idp.ports import Ports
from idp.registries.population import agreement

PURPOSE = "registration"
LIFETIME = 30 * 60
LEVEL = 1
_DAY = 86_400

# Guessing a name or date for a number ends soon; in an office many register from one address.
OF_NUMBER = Limit("registrations_of", ((4, 0), (5, _DAY)), kept=_DAY)
FROM_ADDRESS = Limit("registrations_from", ((99, 0), (100, 3600)), kept=3600, window=True)


class Ground(StrEnum):
    """Why there is no account now: for the journal alone."""

    UNKNOWN = "unknown"
    DISAGREES = "disagrees"
    DECEASED = "deceased"
    LOCKED = "identity_locked"
    NEEDS_GUARDIAN = "needs_guardian"
    HAS_ACCOUNT = "has_account"
    PHONE_TAKEN = "phone_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What somebody wrote, kept on the server from page to page; `browser` is the hash of its cookie."""

    browser: str
    account_id: str  # of the account that there may be
    pid: str
    name: str
    birth_date: str  # YYYY-MM-DD
    phone: str  # E.164
    email: str | None = None
    confirmed: bool = False  # the code came back
    then: str | None = None  # the log-in that it was begun for


@dataclass(frozen=True, slots=True)
class TooMany:
    wait: int  # seconds


def begin(
    ports: Ports, application: Application, *, address: str, new_secret: Callable[[], str], now: int
) -> str | TooMany:
    """The id that its pages carry."""
    for limit, value in ((OF_NUMBER, application.pid), (FROM_ADDRESS, address)):
        if wait := ports.attempts.count(limit, value, now=now):
            ports.journal.append(Event(now, "attempts_limited", details={"limits": [limit.name], "purpose": PURPOSE}))
            return TooMany(wait)
    return _keep(ports, application, new_secret=new_secret, now=now)


def find(ports: Ports, identifier: str, *, browser: str | None, now: int) -> Application | None:
    return _of_browser(ports.ephemeral.read(PURPOSE, identifier, now=now), browser)


def finish(ports: Ports, identifier: str, *, browser: str | None, now: int) -> Application | None:
    """Use it up; None for everybody but the first, and for another browser."""
    if find(ports, identifier, browser=browser, now=now) is None:
        return None
    taken = ports.ephemeral.take(PURPOSE, identifier, now=now)
    return None if taken is None or taken.again else _of_browser(taken.payload, browser)


def confirm(ports: Ports, application: Application, *, new_secret: Callable[[], str], now: int) -> str:
    """The telephone is theirs: the id of the next step."""
    return _keep(ports, replace(application, confirmed=True), new_secret=new_secret, now=now)


def complete(ports: Ports, application: Application, password_hash: str, *, today: date, now: int) -> Account | Ground:
    """The account, or why there is none. Raises Conflict when another one of this person or telephone came in between."""
    person = ports.population.by_pid(application.pid)
    ground = _ground(ports, application, person, today=today)
    if ground is not None or person is None:
        ports.journal.append(Event(now, "registration_refused", details={"reason": (ground or Ground.UNKNOWN).value}))
        return ground or Ground.UNKNOWN
    account = Account(
        application.account_id,
        person.person_id,
        LEVEL,
        application.phone,
        application.email,
        password_hash,
        created_at=now,
    )
    ports.accounts.add(account)
    ports.journal.append(Event(now, "registered", account.account_id, details={"level": LEVEL}))
    return account


_DATE = re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})", re.ASCII)


def birth_date(typed: str) -> str | None:
    """`YYYY-MM-DD` of `27/3/1990`, as dates are written here; None for what no calendar has."""
    found = _DATE.fullmatch(typed)
    if found is None:
        return None
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    except ValueError:
        return None


def claimed(application: Application) -> Person:
    """The person as they wrote themselves down, whom no register has confirmed: for the rules of a new password."""
    nowhere = Address("", "", "")
    return Person("", application.pid, application.name, application.birth_date, "", "", nowhere, "", application.phone)


def _ground(ports: Ports, application: Application, person: Person | None, *, today: date) -> Ground | None:
    """1 there is such a number; 2 name and date of birth are the register's, as exactly as it knows them; 3 alive;
    4 not locked; 5 old enough to register alone; 6 no account yet; 7 the telephone is no other account's."""
    if person is None:  # 1
        return Ground.UNKNOWN
    born = application.birth_date[: len(person.birth_date)]  # the register may know the year alone
    if not all(agreement(person, {"full_name": application.name, "birth_date": born}).values()):  # 2
        return Ground.DISAGREES
    if person.deceased_on is not None:  # 3
        return Ground.DECEASED
    if person.locked:  # 4
        return Ground.LOCKED
    if entitlement(person, today).by_guardian:  # 5
        return Ground.NEEDS_GUARDIAN
    if ports.accounts.by_person(person.person_id) is not None:  # 6
        return Ground.HAS_ACCOUNT
    if ports.accounts.by_phone(application.phone) is not None:  # 7
        return Ground.PHONE_TAKEN
    return None


def _keep(ports: Ports, application: Application, *, new_secret: Callable[[], str], now: int) -> str:
    identifier = new_secret()
    ports.ephemeral.put(PURPOSE, identifier, asdict(application), expires=now + LIFETIME)
    return identifier


def _of_browser(payload: Mapping[str, Any] | None, browser: str | None) -> Application | None:
    application = Application(**payload) if payload is not None else None
    return application if application is not None and application.browser == browser else None
