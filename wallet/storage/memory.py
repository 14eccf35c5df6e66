"""The wallet's ports in memory: for tests and for trying things out. One lock makes each transaction alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wallet.model import Entry, SealedDocument
from wallet.ports import Ports
from wallet.storage.errors import Conflict


@dataclass(slots=True)
class _State:
    ephemerals: dict[tuple[str, str], tuple[bytes, int]] = field(default_factory=dict)
    documents: dict[str, SealedDocument] = field(default_factory=dict)
    history: list[tuple[str, Entry]] = field(default_factory=list)

    def copy(self) -> "_State":
        return _State(dict(self.ephemerals), dict(self.documents), list(self.history))


class MemoryEphemeral:
    def __init__(self, state: _State) -> None:
        self._rows = state.ephemerals

    def put(self, purpose: str, value: str, sealed: bytes, *, expires: int) -> None:
        if (purpose, value) in self._rows:
            raise Conflict("a constraint was broken")
        self._rows[purpose, value] = sealed, expires

    def read(self, purpose: str, value: str, *, now: int) -> bytes | None:
        sealed, expires = self._rows.get((purpose, value), (b"", 0))
        return sealed if expires > now else None

    def take(self, purpose: str, value: str, *, now: int) -> bytes | None:
        sealed, expires = self._rows.pop((purpose, value), (b"", 0))
        return sealed if expires > now else None

    def sweep(self, *, now: int) -> int:
        gone = [key for key, (_, expires) in self._rows.items() if expires <= now]
        for key in gone:
            del self._rows[key]
        return len(gone)


class MemoryDocuments:
    def __init__(self, state: _State) -> None:
        self._rows = state.documents

    def keep(self, document: SealedDocument) -> None:
        if document.document_id in self._rows:
            raise Conflict("a constraint was broken")
        self._rows[document.document_id] = document

    def reseal(self, document: SealedDocument) -> bool:
        if self.get(document.owner, document.document_id) is None:
            return False
        self._rows[document.document_id] = document
        return True

    def get(self, owner: str, document_id: str) -> SealedDocument | None:
        document = self._rows.get(document_id)
        return document if document is not None and document.owner == owner else None

    def of(self, owner: str) -> tuple[SealedDocument, ...]:
        mine = [document for document in self._rows.values() if document.owner == owner]
        return tuple(sorted(mine, key=lambda document: (-document.received_at, document.document_id)))

    def remove(self, owner: str, document_id: str) -> bool:
        if self.get(owner, document_id) is None:
            return False
        del self._rows[document_id]
        return True


class MemoryHistory:
    def __init__(self, state: _State) -> None:
        self._rows = state.history

    def append(self, owner: str, entry: Entry) -> None:
        self._rows.append((owner, entry))

    def read(self, owner: str, *, limit: int = 200) -> tuple[Entry, ...]:
        return tuple(entry for who, entry in reversed(self._rows) if who == owner)[:limit]


class MemoryStorage:
    def __init__(self) -> None:
        self._state = _State()
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[Ports]:
        with self._lock:
            draft = self._state.copy()
            yield _ports(draft)
            self._state = draft  # reached only when nothing was raised

    @contextmanager
    def reading(self) -> Iterator[Ports]:
        with self._lock:
            draft = self._state.copy()
        yield _ports(draft)


def _ports(state: _State) -> Ports:
    return Ports(MemoryEphemeral(state), MemoryDocuments(state), MemoryHistory(state))
