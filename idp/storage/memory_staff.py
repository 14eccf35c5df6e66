"""The state's staff in memory."""

from idp.model import Member, Role
from idp.storage.memory_accounts import MemoryAccounts
from idp.storage.memory_rows import Rows, Undo, require


class MemoryStaff:
    def __init__(self, undo: Undo, accounts: MemoryAccounts) -> None:
        self._accounts = accounts
        self._rows: Rows[tuple[str, Role], Member] = Rows(undo)

    def grant(self, member: Member) -> bool:
        require(self._accounts.get(member.account_id) is not None, "a role of no account")
        if (member.account_id, member.role) in self._rows:
            return False
        self._rows.add((member.account_id, member.role), member)
        return True

    def withdraw(self, account_id: str, role: Role) -> bool:
        return self._rows.remove((account_id, role))

    def holds(self, account_id: str, role: Role, *, to_the_end: bool = False) -> bool:
        return (account_id, role) in self._rows  # transactions exclude one another

    def all(self) -> tuple[Member, ...]:
        return tuple(sorted(self._rows.values(), key=lambda one: (one.since, one.account_id, one.role)))
