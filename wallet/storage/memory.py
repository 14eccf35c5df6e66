"""The wallet's ports in memory: for tests and for trying things out. One lock makes each transaction alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wallet import chain
from wallet.model import Entry, Head, Linked, SealedDocument
from wallet.ports import Ports
from wallet.storage.errors import Conflict


@dataclass(slots=True)
class _State:
    ephemerals: dict[tuple[str, str], tuple[bytes, int]] = field(default_factory=dict)
    documents: dict[str, SealedDocument] = field(default_factory=dict)
    history: list[tuple[str, Linked]] = field(default_factory=list)
    awaited: dict[str, SealedDocument] = field(default_factory=dict)
    promised: dict[str, SealedDocument] = field(default_factory=dict)

    def copy(self) -> "_State":
        sealed = (dict(self.awaited), dict(self.promised))
        return _State(dict(self.ephemerals), dict(self.documents), list(self.history), *sealed)


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

    def once(self, purpose: str, value: str, *, expires: int) -> bool:
        if (purpose, value) in self._rows:
            return False
        self._rows[purpose, value] = b"", expires
        return True

    def sweep(self, *, now: int) -> int:
        gone = [key for key, (_, expires) in self._rows.items() if expires <= now]
        for key in gone:
            del self._rows[key]
        return len(gone)


class MemoryDocuments:
    def __init__(self, rows: dict[str, SealedDocument]) -> None:
        self._rows = rows

    def alone(self, owner: str) -> None:
        """The lock makes every transaction alone."""

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

    def append(self, owner: str, *entries: Entry) -> None:
        self._rows.extend((owner, line) for line in chain.extend(self.chain(owner)[1], entries))

    def read(self, owner: str, *, limit: int = 200) -> tuple[Entry, ...]:
        return tuple(line.entry for who, line in reversed(self._rows) if who == owner)[:limit]

    def chain(self, owner: str) -> tuple[tuple[Linked, ...], Head | None]:
        lines = tuple(line for who, line in self._rows if who == owner)
        return lines, Head(lines[-1].place, lines[-1].link) if lines else None


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
    return Ports(
        MemoryEphemeral(state),
        MemoryDocuments(state.documents),
        MemoryHistory(state),
        MemoryDocuments(state.awaited),
        MemoryDocuments(state.promised),
    )
