"""Password log-in: find the account by number or phone, do the same work for everybody, say yes or no.

Spec: NIST SP 800-63B-4 §3.1.1.2, §3.2.2; attacks.md BF-03, BF-14, BF-15
"""

import hmac
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from idp.accounts import phones
from idp.login import attempts, hashing
from idp.login.attempts import HiddenLimit, Try
from idp.login.hashing import HashingBusy
from idp.login.password import is_outdated, rehash, verify_password
from idp.login.standing import obstacle
from idp.model import Account, Event, Person
from idp.ports import Ports, Storage

MAX_IDENTIFIER = 64


@dataclass(frozen=True, slots=True)
class Check:
    """`reason` is for the journal: unknown, wrong_password, limit, or the ground of the lock. `account_id` where one was found."""

    tried: Try  # as it was counted
    account_id: str | None
    reason: str | None
    right: str | None = field(default=None, repr=False)  # the hash of which it was the password

    @property
    def passed(self) -> bool:
        return self.reason is None


def check(storage: Storage, *, identifier: str, password: str, tried: Callable[[str, str], Try], now: int) -> Check:
    """Outside of any transaction of the caller: hashing takes long, and nobody shall wait for a lock meanwhile.

    `tried` makes the try of whom it is made on and what was typed. Raises HashingBusy before it has looked for anybody, and
    TooMany before it has looked at the password.
    """
    with hashing.place():
        typed = normal(identifier)
        with storage.reading() as ports:
            account = find(ports, identifier)
            ground = obstacle(ports, account, now=now)
        counted = tried(account.account_id if account else typed, typed)
        try:
            attempts.begin(storage, counted, now=now)
        except HiddenLimit:
            verify_password(None, password)
            return Check(counted, account.account_id if account else None, "limit")
        right = verify_password(account.password_hash if account else None, password)
        if account is None:
            return Check(counted, None, "unknown")
        if not right:
            return Check(counted, account.account_id, "wrong_password")
        known = account.password_hash
        if ground is None and is_outdated(known):
            known = _renew(storage, account, password, now=now)
        return Check(counted, account.account_id, ground, known)


def still_holds(ports: Ports, checked: Check) -> bool:
    """Within the log-in's transaction, which holds the account: the password is the same as when it was right. Who changes it
    waits for us, and then ends the session that begins here; or was faster, and nothing begins."""
    account = ports.accounts.get(checked.account_id or "")
    return (
        account is not None and checked.right is not None and hmac.compare_digest(account.password_hash, checked.right)
    )


def _renew(storage: Storage, account: Account, password: str, *, now: int) -> str:
    """The hash at today's cost, while the password is at hand; not if it was changed meanwhile. The next time does as well."""
    with suppress(HashingBusy):
        renewed = rehash(password)
        with storage.transaction() as ports:
            if ports.accounts.set_password(account.account_id, renewed, replaces=account.password_hash):
                ports.journal.append(Event(now, "password_rehashed", account.account_id))
                return renewed
    return account.password_hash


def find(ports: Ports, identifier: str) -> Account | None:
    """Twelve digits are a number, whatever spaces were typed in it; the rest may be a phone."""
    typed = normal(identifier)
    if _is_number(typed):
        person = ports.population.by_pid(typed)
        return ports.accounts.by_person(person.person_id) if person else None
    return ports.accounts.by_phone(typed) if phones.normalise(typed) else None


def normal(identifier: str) -> str:
    """What was typed, in the one form in which its tries are counted."""
    digits = "".join(identifier.split())
    return digits if _is_number(digits) else phones.normalise(identifier) or identifier.strip().casefold()


def names(account: Account, person: Person) -> tuple[str, ...]:
    """What its person may type for it."""
    return (person.pid, account.phone)


def _is_number(text: str) -> bool:
    return len(text) == 12 and text.isascii() and text.isdecimal()
