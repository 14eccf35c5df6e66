"""Password log-in: find the account by number or phone, do the same work for everybody, say yes or no.

Spec: NIST SP 800-63B-4 §3.1.1.2, §3.2.2; attacks.md BF-03, BF-14
"""

from dataclasses import dataclass

from idp.accounts import phones
from idp.login.password import verify_password
from idp.login.standing import obstacle
from idp.model import Account
from idp.ports import Ports, Storage


@dataclass(frozen=True, slots=True)
class Check:
    """`reason` is for the journal: unknown, wrong_password, or the ground of the lock. `account_id` where one was found."""

    account_id: str | None
    reason: str | None

    @property
    def passed(self) -> bool:
        return self.reason is None


def check(storage: Storage, *, identifier: str, password: str, now: int) -> Check:
    """Outside of any transaction of the caller: hashing takes long, and nobody shall wait for a lock meanwhile."""
    with storage.reading() as ports:
        account = _find(ports, identifier)
        ground = obstacle(ports, account, now=now)
    right = verify_password(account.password_hash if account else None, password)
    if account is None:
        return Check(None, "unknown")
    if not right:
        return Check(account.account_id, "wrong_password")
    return Check(account.account_id, ground)


def _find(ports: Ports, identifier: str) -> Account | None:
    """Twelve digits are a number, whatever spaces were typed in it; the rest may be a phone."""
    digits = "".join(identifier.split())
    if len(digits) == 12 and digits.isascii() and digits.isdecimal():
        person = ports.population.by_pid(digits)
        return ports.accounts.by_person(person.person_id) if person else None
    phone = phones.normalise(identifier)
    return ports.accounts.by_phone(phone) if phone else None
