"""The passcode of the app: six digits that its holder knows, useful only together with the key of their phone.

Spec: NIST SP 800-63B-4 §3.1.1.2 (blocklist), §3.2.2 (limits); RFC 9106 §4

A million values are few: what keeps them is that each try is counted with the account's other tries, before the hash. As for
passwords, hash and verify outside of a transaction.
"""

import re

from idp.login import hashing
from idp.model import Authenticator, AuthenticatorKind, Event
from idp.ports import Ports

DIGITS = 6
_FORM = re.compile(rf"[0-9]{{{DIGITS}}}", re.ASCII)
_UP, _DOWN = "01234567890123456789", "98765432109876543210"
# What people tap when asked for six digits, beside runs, repetitions and birthdays: pairs, and lines of the keypad.
_USUAL = frozenset(
    {"112233", "223344", "332211", "445566", "147258", "258147", "258369", "147369", "159357", "159753", "357159"}
    | {"753159", "456123", "789456", "123789", "789123", "741852", "963852", "852963", "131420"}
)


class PasscodeRefused(ValueError):
    """`code`: form, repeated, sequential, usual, birth_date."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def hash_passcode(text: str, *, birth_date: str = "") -> str:
    """For a new passcode; raises PasscodeRefused. `birth_date` as the register has it, where it is known."""
    if not _FORM.fullmatch(text):
        raise PasscodeRefused("form")
    if any(text == text[:period] * (DIGITS // period) for period in (1, 2, 3)):
        raise PasscodeRefused("repeated")
    if text in _UP or text in _DOWN:
        raise PasscodeRefused("sequential")
    if text in _USUAL:
        raise PasscodeRefused("usual")
    if text in _birthdays(birth_date):
        raise PasscodeRefused("birth_date")
    return hashing.hash_bytes(text.encode())


def verify_passcode(passcode_hash: str | None, text: str) -> bool:
    """True if it is the passcode. With None, or with what cannot be one, the same work is done, and the answer is False."""
    if not _FORM.fullmatch(text):
        return hashing.matches(None, b"")
    return hashing.matches(passcode_hash, text.encode())


def put(ports: Ports, account_id: str, passcode_hash: str, *, now: int) -> None:
    """Set or change it: an account has one. Its person is told by the page that leads here."""
    ports.authenticators.hold(account_id)  # of two at once one waits, and replaces what the other set
    ports.authenticators.remove_kind(account_id, AuthenticatorKind.PASSCODE)
    ports.authenticators.add(
        Authenticator(
            authenticator_id=f"passcode-{account_id}",
            account_id=account_id,
            kind=AuthenticatorKind.PASSCODE,
            name="",
            created_at=now,
            key=account_id,
            data={"hash": passcode_hash},
        )
    )
    ports.journal.append(Event(now, "authenticator_added", account_id, details={"kind": "passcode", "name": ""}))


def of(ports: Ports, account_id: str) -> str | None:
    """Its hash, if the account has one."""
    found = ports.authenticators.by_key(AuthenticatorKind.PASSCODE, account_id)
    return str(found.data["hash"]) if found else None


def _birthdays(birth_date: str) -> frozenset[str]:
    """The ways to write the day in six digits; fewer where the register knows the month or the year alone."""
    year, _, rest = birth_date.partition("-")
    month, _, day = rest.partition("-")
    if not month:
        return frozenset()
    short = year[2:]
    whole = {day + month + short, month + day + short, short + month + day} if day else set()
    return frozenset({month + year, year + month} | whole)
