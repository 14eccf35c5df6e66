"""The wallet's ports on SQL, through SQLAlchemy Core: each verb is one statement, so that none can be interleaved."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.sql.base import Executable

from wallet.model import Entry, SealedDocument
from wallet.ports import Ports
from wallet.storage.engine import WRITES
from wallet.storage.errors import Conflict, StorageError, Unavailable
from wallet.storage.tables import documents, ephemerals, history

_put = insert(ephemerals)
_read = select(ephemerals.c.sealed).where(ephemerals.c.key == bindparam("key"), ephemerals.c.expires > bindparam("now"))
_take = (
    delete(ephemerals).where(ephemerals.c.key == bindparam("_key")).returning(ephemerals.c.sealed, ephemerals.c.expires)
)
_sweep = delete(ephemerals).where(ephemerals.c.expires <= bindparam("now"))

_keep = insert(documents)
_get = select(documents).where(
    documents.c.owner == bindparam("owner"), documents.c.document_id == bindparam("document_id")
)
_of = (
    select(documents)
    .where(documents.c.owner == bindparam("owner"))
    .order_by(documents.c.received_at.desc(), documents.c.document_id)
)
_reseal = (
    update(documents)
    .where(documents.c.owner == bindparam("_owner"), documents.c.document_id == bindparam("_document_id"))
    .values(sealed=bindparam("sealed_now"))
)
_remove = delete(documents).where(
    documents.c.owner == bindparam("_owner"), documents.c.document_id == bindparam("_document_id")
)

_append = insert(history)
_entries = (
    select(history.c.at, history.c.kind, history.c.details)
    .where(history.c.owner == bindparam("owner"))
    .order_by(history.c.number.desc())
    .limit(bindparam("limit"))
)


class SqlEphemeral:
    def __init__(self, work: "Work") -> None:
        self._work = work

    def put(self, purpose: str, value: str, sealed: bytes, *, expires: int) -> None:
        self._work.run(_put, key=key_of(purpose, value), sealed=sealed, expires=expires)

    def read(self, purpose: str, value: str, *, now: int) -> bytes | None:
        row = self._work.run(_read, key=key_of(purpose, value), now=now).first()
        return None if row is None else bytes(row.sealed)

    def take(self, purpose: str, value: str, *, now: int) -> bytes | None:
        row = self._work.run(_take, _key=key_of(purpose, value)).first()
        return None if row is None or row.expires <= now else bytes(row.sealed)

    def sweep(self, *, now: int) -> int:
        return self._work.run(_sweep, now=now).rowcount


class SqlDocuments:
    def __init__(self, work: "Work") -> None:
        self._work = work

    def keep(self, document: SealedDocument) -> None:
        self._work.run(
            _keep,
            document_id=document.document_id,
            owner=document.owner,
            received_at=document.received_at,
            sealed=document.sealed,
        )

    def reseal(self, document: SealedDocument) -> bool:
        done = self._work.run(
            _reseal, _owner=document.owner, _document_id=document.document_id, sealed_now=document.sealed
        )
        return done.rowcount == 1

    def get(self, owner: str, document_id: str) -> SealedDocument | None:
        row = self._work.run(_get, owner=owner, document_id=document_id).first()
        return None if row is None else _document(row)

    def of(self, owner: str) -> tuple[SealedDocument, ...]:
        return tuple(map(_document, self._work.run(_of, owner=owner)))

    def remove(self, owner: str, document_id: str) -> bool:
        return self._work.run(_remove, _owner=owner, _document_id=document_id).rowcount == 1


class SqlHistory:
    def __init__(self, work: "Work") -> None:
        self._work = work

    def append(self, owner: str, entry: Entry) -> None:
        self._work.run(_append, owner=owner, at=entry.at, kind=entry.kind, details=dict(entry.details))

    def read(self, owner: str, *, limit: int = 200) -> tuple[Entry, ...]:
        rows = self._work.run(_entries, owner=owner, limit=limit)
        return tuple(Entry(at=row.at, kind=row.kind, details=row.details) for row in rows)


class SqlStorage:
    """Storage on an engine that `wallet.storage.engine.prepare` has made ours."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def transaction(self) -> Iterator[Ports]:
        with _translating(), self._engine.connect() as connection:
            connection.execution_options(**{WRITES: True})
            with connection.begin():
                yield _ports(connection)

    @contextmanager
    def reading(self) -> Iterator[Ports]:
        with _translating(), self._engine.connect() as connection:
            yield _ports(connection)  # closing the connection rolls back


class Work:
    """A connection inside a transaction, handed to every port's adapter."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, statement: Executable, **parameters: Any) -> CursorResult[Any]:
        with _translating():
            return self._connection.execute(statement, parameters)


def key_of(purpose: str, value: str) -> bytes:
    """What a short-lived value is found by: a leaked database reveals no cookie and no receipt."""
    return hashlib.sha256(f"{purpose}\0{value}".encode()).digest()


def _ports(connection: Connection) -> Ports:
    work = Work(connection)
    return Ports(SqlEphemeral(work), SqlDocuments(work), SqlHistory(work))


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _translated(error) from error


def _translated(error: DBAPIError) -> StorageError:
    # The database's own text may quote a row's values; only the kind of error leaves this file.
    if isinstance(error, IntegrityError):
        return Conflict("a constraint was broken")
    if isinstance(error, OperationalError):
        return Unavailable("the database did not answer in time")
    return StorageError(type(error.orig).__name__)


def _document(row: Row[Any]) -> SealedDocument:
    return SealedDocument(row.document_id, row.owner, row.received_at, bytes(row.sealed))
