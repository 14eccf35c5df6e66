"""What log-in needs beside accounts and sessions, in memory: authenticators, counted tries, simulated messages."""

from dataclasses import dataclass, replace

from idp.model import Authenticator, AuthenticatorKind, Limit, Message
from idp.ports import SWEPT_AT_ONCE
from idp.storage.memory_accounts import MemoryAccounts
from idp.storage.memory_rows import Rows, Undo, as_stored, require


class MemoryAuthenticators:
    def __init__(self, undo: Undo, accounts: MemoryAccounts) -> None:
        self._accounts = accounts
        self._rows: Rows[str, Authenticator] = Rows(undo)

    def add(self, authenticator: Authenticator) -> None:
        require(self._accounts.get(authenticator.account_id) is not None, "an authenticator of no account")
        if authenticator.key is not None:
            require(self.by_key(authenticator.kind, authenticator.key) is None, "an authenticator's key used before")
        self._rows.add(authenticator.authenticator_id, replace(authenticator, data=as_stored(authenticator.data)))

    def by_key(self, kind: AuthenticatorKind, key: str) -> Authenticator | None:
        return next((row for row in self._rows.values() if row.kind is kind and row.key == key), None)

    def hold(self, account_id: str) -> bool:
        return self._accounts.get(account_id) is not None  # transactions exclude one another

    def of_account(self, account_id: str) -> tuple[Authenticator, ...]:
        theirs = [row for row in self._rows.values() if row.account_id == account_id]
        return tuple(sorted(theirs, key=lambda row: (row.created_at, row.authenticator_id)))

    def use(self, authenticator_id: str, *, now: int, counter: int | None = None) -> bool:
        row = self._rows.get(authenticator_id)
        if row is None or (counter is not None and row.counter >= counter):
            return False
        risen = row.counter if counter is None else counter
        self._rows.put(authenticator_id, replace(row, counter=risen, last_used_at=now))
        return True

    def rename(self, account_id: str, authenticator_id: str, name: str) -> bool:
        row = self._theirs(account_id, authenticator_id)
        if row is not None:
            self._rows.put(authenticator_id, replace(row, name=name))
        return row is not None

    def remove(self, account_id: str, authenticator_id: str) -> bool:
        return self._theirs(account_id, authenticator_id) is not None and self._rows.remove(authenticator_id)

    def remove_kind(self, account_id: str, kind: AuthenticatorKind) -> int:
        found = [row.authenticator_id for row in self.of_account(account_id) if row.kind is kind]
        return sum(self._rows.remove(authenticator_id) for authenticator_id in found)

    def _theirs(self, account_id: str, authenticator_id: str) -> Authenticator | None:
        row = self._rows.get(authenticator_id)
        return row if row is not None and row.account_id == account_id else None


@dataclass(frozen=True, slots=True)
class _Count:
    tries: int
    blocked_until: int
    expires: int


class MemoryAttempts:
    def __init__(self, undo: Undo) -> None:
        self._rows: Rows[tuple[str, str], _Count] = Rows(undo)

    def count(self, limit: Limit, value: str, *, now: int) -> int:
        held = self._held(limit, value, now)
        if held is not None and held.blocked_until > now:
            return _wait(held, now)
        tries = held.tries + 1 if held else 1
        until = now + limit.wait(tries)
        expires = held.expires if held and limit.window else until + limit.kept
        self._rows.put((limit.name, value), _Count(tries, until, expires))
        return 0

    def waiting(self, limit: Limit, value: str, *, now: int) -> int:
        held = self._held(limit, value, now)
        return _wait(held, now) if held else 0

    def refund(self, limit: Limit, value: str, *, now: int) -> None:
        row = self._rows.get((limit.name, value))
        if row is not None and row.tries > 0:
            self._rows.put((limit.name, value), replace(row, tries=row.tries - 1, blocked_until=now))

    def forget(self, *counts: tuple[Limit, str]) -> None:
        for limit, value in counts:
            self._rows.remove((limit.name, value))

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        expired = [key for key, row in self._rows.items() if row.expires <= now]
        return sum(self._rows.remove(key) for key in expired[:limit])

    def _held(self, limit: Limit, value: str, now: int) -> _Count | None:
        row = self._rows.get((limit.name, value))
        return row if row is not None and row.expires > now else None


def _wait(held: _Count, now: int) -> int:
    """Until it may be tried again, or all is forgotten: a window that ends takes its wait along."""
    return max(0, min(held.blocked_until, held.expires) - now)


class MemoryMessages:
    def __init__(self, undo: Undo) -> None:
        self._rows: Rows[int, Message] = Rows(undo)
        self._next = 0

    def add(self, message: Message) -> None:
        self._next += 1
        self._rows.add(self._next, message)

    def recent(self, *, now: int, phone: str | None = None, limit: int = 20) -> tuple[Message, ...]:
        living = [m for m in reversed(self._rows.values()) if m.expires > now and phone in (None, m.phone)]
        return tuple(living[:limit])

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        expired = [key for key, message in self._rows.items() if message.expires <= now]
        return sum(self._rows.remove(key) for key in expired[:limit])
