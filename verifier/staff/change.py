"""Changes to accounts, each a rule for `StaffFile.change`: what stands after it, or StaffError with what to do.

Each raises the account's version, so that sessions that began before it have ended.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from verifier.staff.file import Accounts
from verifier.staff.model import Account, StaffError, check_name, check_roles, check_title

Rule = Callable[[Accounts], Account]


class ChangedMeanwhile(StaffError):
    """The account is not as it was when its person was asked."""


def added(name: str, title: str, roles: Iterable[object], password: str, *, must_change: bool, now: int) -> Rule:
    """`password`: its hash."""
    made = Account(
        name=check_name(name),
        title=check_title(title),
        roles=check_roles(roles),
        password=password,
        created=now,
        must_change=must_change,
    )

    def rule(accounts: Accounts) -> Account:
        if name in accounts:
            raise StaffError(f"{name} is there already; choose another name, or: staff password, staff role")
        return made

    return rule


def given_roles(name: str, roles: Iterable[object]) -> Rule:
    """These, and no others."""
    found = check_roles(roles)
    return lambda accounts: _next(accounts, name, roles=found)


def given_password(name: str, password: str, *, must_change: bool, version: int | None = None) -> Rule:
    """`version`: of the account as it was when the person was asked; if it changed since, nothing is done (ChangedMeanwhile)."""

    def rule(accounts: Accounts) -> Account:
        changed = _next(accounts, name, password=password, must_change=must_change)
        if version is not None and changed.version != version + 1:
            raise ChangedMeanwhile(f"{name} was changed by somebody else meanwhile")
        return changed

    return rule


def disabled(name: str, *, off: bool) -> Rule:
    return lambda accounts: _next(accounts, name, disabled=off)


def _next(accounts: Accounts, name: str, **changes: object) -> Account:
    account = accounts.get(name)
    if account is None:
        raise StaffError(f"there is no {name}; see: staff list")
    return replace(account, version=account.version + 1, **changes)  # type: ignore[arg-type]
