"""What an officer does for somebody who stands before them: raise the account to level 2, recover it, forget counted tries.

Spec: Decree 69/2024/NĐ-CP Art. 7, 11 (level 2 in person: card, data and biometrics are checked), 15; NIST SP 800-63B-4 §4.2

What the officer looked at (the card, the face, the fingers) happens before the command, and its name stands for it.

Whoever knew a name and a date of birth could have registered the account with a telephone of their own: before it is raised,
the person says which telephone is theirs. Where it is another one, the account is recovered first, with theirs.
"""

from dataclasses import dataclass, replace
from typing import cast

from certs.catalogue import Text
from idp.accounts.levels import entitlement
from idp.accounts.locks import Ground
from idp.login import attempts, notices
from idp.login.attempts import Secret
from idp.login.sign_in import names
from idp.login.standing import obstacle, today
from idp.model import Account, AuthenticatorKind, Event, Person
from idp.ports import Ports

SECOND = 2

LEVEL_NOTICE = Text(
    "Tài khoản định danh của bạn vừa được nâng lên mức 2 tại quầy. Nếu không phải bạn, hãy báo ngay cho cơ quan quản lý.",
    "Your account was raised to level 2 at the counter. If it was not you, tell the authority at once.",
)
RECOVERY_NOTICE = Text(
    "Tài khoản của bạn vừa được khôi phục tại quầy bằng mật khẩu mới; mọi phiên đăng nhập đã kết thúc. "
    "Nếu không phải bạn, hãy báo ngay cho cơ quan quản lý.",
    "Your account was recovered at the counter with a new password, and every session was ended. "
    "If it was not you, tell the authority at once.",
)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why not: a code for the journal, a sentence for the officer, who may know it."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Recovered:
    account: Account
    sessions: int
    grants: int
    factors: int


NO_ACCOUNT = Refused("no_account", "This person has no account. They register themselves first, on the page /register.")
HAS_LEVEL = Refused("has_level", "The account is of level 2 already.")
OTHER_PHONE = Refused(
    "other_phone",
    "The account has another telephone than the person names: somebody else may have registered it. "
    "Give it to this person first: python -m idp account recover PID --phone NUMBER --officer NAME",
)
NOT_ENTITLED = Refused("not_entitled", "Below the age of six there is level 1 only (Decree 69/2024 Art. 7).")
STANDS_NOT = {
    Ground.ACCOUNT_LOCKED: "The account is locked.",
    Ground.IDENTITY_LOCKED: "The electronic identity is locked. See: python -m idp person unlock PID",
    Ground.DECEASED: "The register says that this person has died.",
    Ground.CARD_EXPIRED: "The identity card has run out. It is renewed first.",
    Ground.CARD_WITHDRAWN: "The identity card is not in force. See: python -m idp document list PID",
    Ground.NEEDS_GUARDIAN: "Below the age of 14 a representative acts for this person.",
}


def raise_level(
    ports: Ports, person: Person, *, phone: str, officer: str, now: int, simulation: bool
) -> Account | Refused:
    """1 there is an account; 2 it stands; 3 the person may hold level 2; 4 it is not of that level yet; 5 its telephone is
    the one that the person names.

    Who holds the person first sees the other's effect: of two officers at once one raises it. A child from six on may have
    level 2 on request (Art. 7), though its account is used by a representative.
    """
    held = ports.population.hold(person.person_id) or person
    account = ports.accounts.by_person(person.person_id)
    refused = _unusable(ports, account, but=Ground.NEEDS_GUARDIAN, now=now)  # 1, 2
    if refused is None and SECOND not in entitlement(held, today(now)).levels:  # 3
        refused = NOT_ENTITLED
    if refused is None and cast(Account, account).level >= SECOND:  # 4
        refused = HAS_LEVEL
    if refused is None and cast(Account, account).phone != phone:  # 5
        refused = OTHER_PHONE
    if account is None or refused is not None:
        return _refused(ports, account, refused or NO_ACCOUNT, "account_level_set", officer, now)
    ports.accounts.set_level(account.account_id, SECOND)
    details = {"level": SECOND, "officer": officer}
    ports.journal.append(Event(now, "account_level_set", account.account_id, details=details))
    notices.tell(ports, account, LEVEL_NOTICE, now=now, simulation=simulation)
    return account


def recover(
    ports: Ports,
    person: Person,
    password_hash: str,
    *,
    officer: str,
    remove_factors: bool,
    phone: str | None = None,
    now: int,
    simulation: bool,
) -> Recovered | Refused:
    """A new password instead of the lost one; what the former ones opened ends. `remove_factors` where they are lost too.

    With a new `phone` the account may have been in other hands: nothing that those added stays. Raises Conflict where the
    telephone is another account's.
    """
    held = ports.population.hold(person.person_id) or person
    account = ports.accounts.by_person(person.person_id)
    refused = _unusable(ports, account, but=None, now=now)
    if account is None or refused is not None:
        return _refused(ports, account, refused or NO_ACCOUNT, "recovered", officer, now)
    ports.accounts.set_password(account.account_id, password_hash)
    if phone is not None and phone != account.phone:
        ports.accounts.set_phone(account.account_id, phone)
        account, remove_factors = replace(account, phone=phone), True
    done = Recovered(
        account,
        ports.sessions.end_account(account.account_id),
        ports.grants.close_account(account.account_id, now=now),
        _without_factors(ports, account, now=now) if remove_factors else 0,
    )
    _forget(ports, account, held)
    details = {"sessions": done.sessions, "grants": done.grants, "factors": done.factors, "officer": officer}
    ports.journal.append(Event(now, "recovered", account.account_id, details=details))
    notices.tell(ports, account, RECOVERY_NOTICE, now=now, simulation=simulation)
    return done


def unlock(ports: Ports, person: Person, *, by: str, now: int) -> Account | Refused:
    """Every way to sign in may be tried again. A lock by law is another thing, and stays.

    A browser that knows the account has a count of its own, by a name that we do not keep: it ends with a new password.
    """
    account = ports.accounts.by_person(person.person_id)
    if account is None:
        return NO_ACCOUNT
    _forget(ports, account, person)
    ports.journal.append(Event(now, "attempts_forgotten", account.account_id, details={"by": by}))
    return account


def _unusable(ports: Ports, account: Account | None, *, but: Ground | None, now: int) -> Refused | None:
    ground = obstacle(ports, account, now=now)
    if ground is None or ground is but:
        return None
    return Refused(ground.value, STANDS_NOT[ground]) if ground in STANDS_NOT else NO_ACCOUNT


def _without_factors(ports: Ports, account: Account, *, now: int) -> int:
    """One event a kind: the journal tells the person what is gone."""
    removed = 0
    for kind in AuthenticatorKind:
        count = ports.authenticators.remove_kind(account.account_id, kind)
        if count:
            details = {"kind": kind.value, "name": ""}
            ports.journal.append(Event(now, "authenticator_removed", account.account_id, details=details))
        removed += count
    return removed


def _forget(ports: Ports, account: Account, person: Person) -> None:
    for secret in Secret:
        attempts.forget(ports, account.account_id, secret, names=names(account, person))


def _refused(ports: Ports, account: Account | None, refused: Refused, asked: str, officer: str, now: int) -> Refused:
    details = {"asked": asked, "reason": refused.code, "officer": officer}
    ports.journal.append(Event(now, "proofing_refused", account.account_id if account else None, details=details))
    return refused
