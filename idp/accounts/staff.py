"""Who of the state's staff may do what: a role on a citizen's own account, granted and withdrawn by command.

A member of staff signs in as everybody does; the role adds pages, and what they ask for in authentication (`LEVEL`).
Spec: NIST SP 800-53 AC-2, AC-6; Decree 69/2024/NĐ-CP Art. 7 (level 2 is proofed in person)
"""

from idp.accounts.proofing import SECOND, Refused
from idp.model import Account, Event, Member, Role
from idp.ports import Ports

LEVEL = 2  # of authentication, on every page of administration

NOT_PROOFED = Refused(
    "not_proofed",
    "The account is of level 1: who administers is known in person. See: python -m idp account level PID 2",
)
HAS_ROLE = Refused("has_role", "The account has this role already.")
HAS_NO_ROLE = Refused("has_no_role", "The account does not have this role. See: python -m idp staff list")


def grant(ports: Ports, account: Account, role: Role, *, by: str, now: int) -> Member | Refused:
    if account.level < SECOND:
        return NOT_PROOFED
    member = Member(account.account_id, role, now, by)
    if not ports.staff.grant(member):
        return HAS_ROLE
    ports.journal.append(Event(now, "staff_granted", account.account_id, details={"role": role.value, "by": by}))
    return member


def withdraw(ports: Ports, account_id: str, role: Role, *, by: str, now: int) -> Refused | None:
    """It counts from the next request on: each asks storage."""
    if not ports.staff.withdraw(account_id, role):
        return HAS_NO_ROLE
    ports.journal.append(Event(now, "staff_withdrawn", account_id, details={"role": role.value, "by": by}))
    return None
