"""What admits applications that register themselves, and what each of them then shows, in memory."""

from dataclasses import dataclass, replace

from idp.model import InitialToken, Registration
from idp.ports import SWEPT_AT_ONCE
from idp.storage.memory_accounts import MemoryClients
from idp.storage.memory_rows import Rows, Undo, require


@dataclass(frozen=True, slots=True)
class _Row:
    registration: Registration
    previous: str | None = None


class MemoryRegistrations:
    def __init__(self, undo: Undo, clients: MemoryClients) -> None:
        self._clients = clients
        self._offers: Rows[str, InitialToken] = Rows(undo)
        self._rows: Rows[str, _Row] = Rows(undo)
        clients.forgetting.append(self._forget)

    def offer(self, token: InitialToken) -> None:
        self._offers.add(token.token_hash, token)

    def offered(self, token_hash: str, *, now: int) -> InitialToken | None:
        token = self._offers.get(token_hash)
        return token if token is not None and token.expires > now and token.uses > 0 else None

    def take(self, token_hash: str, *, now: int) -> InitialToken | None:
        token = self.offered(token_hash, now=now)
        if token is None:
            return None
        left = replace(token, uses=token.uses - 1)
        self._offers.put(token_hash, left)
        return left

    def recall(self, token_hash: str) -> bool:
        return self._offers.remove(token_hash)

    def offers(self, *, now: int) -> tuple[InitialToken, ...]:
        open_ = [token for token in self._offers.values() if token.expires > now and token.uses > 0]
        return tuple(sorted(open_, key=lambda token: (token.expires, token.token_hash)))

    def add(self, registration: Registration) -> None:
        require(self._clients.get(registration.client_id) is not None, "a registration of no client")
        self._rows.add(registration.client_id, _Row(registration))

    def claim(self, token_hash: str) -> Registration | None:
        for client_id, row in self._rows.items():
            if row.registration.token_hash == token_hash:
                self._rows.put(client_id, replace(row, previous=None))
                return row.registration
            if row.previous == token_hash:
                return row.registration
        return None

    def rotate(self, client_id: str, used: str, successor: str) -> bool:
        row = self._rows.get(client_id)
        if row is None or used not in (row.registration.token_hash, row.previous):
            return False
        self._rows.put(client_id, _Row(replace(row.registration, token_hash=successor), previous=used))
        return True

    def limit(self, client_id: str, scopes: tuple[str, ...]) -> bool:
        row = self._rows.get(client_id)
        if row is not None:
            self._rows.put(client_id, replace(row, registration=replace(row.registration, scopes=scopes)))
        return row is not None

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        expired = [key for key, token in self._offers.items() if token.expires <= now]
        return sum(self._offers.remove(key) for key in expired[:limit])

    def _forget(self, client_id: str) -> None:
        self._rows.remove(client_id)
