"""The messages that a session is over, in memory."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count

from idp.model import Ended, Logout
from idp.ports import SWEPT_AT_ONCE
from idp.storage.memory_rows import Rows, Undo


@dataclass(frozen=True, slots=True)
class _Row:
    logout: Logout
    due: int = 0
    since: int | None = None


class MemoryLogouts:
    def __init__(self, undo: Undo) -> None:
        self._rows: Rows[int, _Row] = Rows(undo)
        self._numbers = count(1)

    def leave(self, ended: Iterable[Ended]) -> None:
        for one in ended:
            for reached in one.reached:
                number = next(self._numbers)
                logout = Logout(number, one.sid, reached.client_id, one.account_id, reached.subject, 0)
                self._rows.add(number, _Row(logout))

    def _due(self, now: int) -> list[_Row]:
        busy = {row.logout.client_id for row in self._rows.values() if row.due > now}
        due = [row for row in self._rows.values() if row.due <= now and row.logout.client_id not in busy]
        return sorted(due, key=lambda row: row.logout.logout_id)

    def waiting(self, *, now: int) -> bool:
        return bool(self._due(now))

    def claim(self, *, now: int, until: int, limit: int) -> tuple[Logout, ...]:
        claimed = []
        for row in self._due(now)[:limit]:
            logout = replace(row.logout, tries=row.logout.tries + 1)
            self._rows.put(logout.logout_id, replace(row, logout=logout, due=until))
            claimed.append(logout)
        if claimed:
            for number, row in self._rows.items():
                self._rows.put(number, replace(row, since=now if row.since is None else row.since))
        return tuple(claimed)

    def told(self, logout: Logout) -> bool:
        return self._mine(logout) is not None and self._rows.remove(logout.logout_id)

    def put_off(self, logout: Logout, *, until: int) -> bool:
        return self._put(logout, logout, until)

    def give_back(self, logout: Logout) -> bool:
        return self._put(logout, replace(logout, tries=logout.tries - 1), 0)

    def give_up(self, *, before: int, limit: int = SWEPT_AT_ONCE) -> tuple[Logout, ...]:
        old = [row.logout for row in self._rows.values() if row.since is not None and row.since < before]
        chosen = sorted(old, key=lambda one: one.logout_id)[:limit]
        for one in chosen:
            self._rows.remove(one.logout_id)
        return tuple(chosen)

    def forget_client(self, client_id: str) -> None:
        for row in self._rows.values():
            if row.logout.client_id == client_id:
                self._rows.remove(row.logout.logout_id)

    def _mine(self, logout: Logout) -> _Row | None:
        row = self._rows.get(logout.logout_id)
        return row if row is not None and row.logout.tries == logout.tries else None

    def _put(self, held: Logout, changed: Logout, due: int) -> bool:
        row = self._mine(held)
        if row is not None:
            self._rows.put(held.logout_id, replace(row, logout=changed, due=due))
        return row is not None
