"""The wallet's ports on SQL, through SQLAlchemy Core: each verb is one statement, so that none can be interleaved."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Row,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.sql.base import Executable

from wallet import chain
from wallet.model import Entry, Head, Linked, SealedDocument
from wallet.ports import Ports
from wallet.storage.engine import WRITES
from wallet.storage.errors import Conflict, StorageError, Unavailable
from wallet.storage.tables import awaited, documents, ephemerals, history, history_heads, promised

_put = insert(ephemerals)
_read = select(ephemerals.c.sealed).where(ephemerals.c.key == bindparam("key"), ephemerals.c.expires > bindparam("now"))
_take = (
    delete(ephemerals).where(ephemerals.c.key == bindparam("_key")).returning(ephemerals.c.sealed, ephemerals.c.expires)
)
_sweep = delete(ephemerals).where(ephemerals.c.expires <= bindparam("now"))

# In one statement, the same in both databases; whoever comes second waits for the first to end and then finds the row.
_once = text("INSERT INTO ephemerals (key, sealed, expires) VALUES (:key, :sealed, :expires) ON CONFLICT DO NOTHING")
_alone = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("owner"), 0)))

_append = insert(history)
_entries = (
    select(history.c.at, history.c.kind, history.c.details)
    .where(history.c.owner == bindparam("owner"))
    .order_by(history.c.number.desc())
    .limit(bindparam("limit"))
)
# The row of the chain's end is held until the transaction ends: of two lines at once one stands behind the other.
_next = text(
    "INSERT INTO history_heads (owner, place, link) VALUES (:owner, :count, :first) "
    "ON CONFLICT (owner) DO UPDATE SET place = history_heads.place + :count RETURNING place, link"
)
_end = update(history_heads).where(history_heads.c.owner == bindparam("_owner")).values(link=bindparam("end"))
_head = select(history_heads.c.place, history_heads.c.link).where(history_heads.c.owner == bindparam("owner"))
_lines = select(history).where(history.c.owner == bindparam("owner")).order_by(history.c.number)


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

    def once(self, purpose: str, value: str, *, expires: int) -> bool:
        return self._work.run(_once, key=key_of(purpose, value), sealed=b"", expires=expires).rowcount == 1

    def sweep(self, *, now: int) -> int:
        return self._work.run(_sweep, now=now).rowcount


class SqlDocuments:
    """Sealed documents of one table: those that are held, awaited, or promised."""

    def __init__(self, work: "Work", table: Table = documents) -> None:
        self._work, self._table = work, table
        self._one = (table.c.owner == bindparam("_owner"), table.c.document_id == bindparam("_document_id"))

    def alone(self, owner: str) -> None:
        if self._work.many_writers:  # SQLite has one writer, and this transaction is it
            self._work.run(_alone, owner=owner)

    def keep(self, document: SealedDocument) -> None:
        self._work.run(
            insert(self._table),
            document_id=document.document_id,
            owner=document.owner,
            received_at=document.received_at,
            sealed=document.sealed,
        )

    def reseal(self, document: SealedDocument) -> bool:
        changed = update(self._table).where(*self._one).values(sealed=bindparam("sealed_now"))
        where = {"_owner": document.owner, "_document_id": document.document_id}
        return self._work.run(changed, **where, sealed_now=document.sealed).rowcount == 1

    def get(self, owner: str, document_id: str) -> SealedDocument | None:
        found = select(self._table).where(*self._one)
        row = self._work.run(found, _owner=owner, _document_id=document_id).first()
        return None if row is None else _document(row)

    def of(self, owner: str) -> tuple[SealedDocument, ...]:
        table = self._table
        mine = select(table).where(table.c.owner == bindparam("owner"))
        newest_first = mine.order_by(table.c.received_at.desc(), table.c.document_id)
        return tuple(map(_document, self._work.run(newest_first, owner=owner)))

    def remove(self, owner: str, document_id: str) -> bool:
        gone = delete(self._table).where(*self._one)
        return self._work.run(gone, _owner=owner, _document_id=document_id).rowcount == 1


class SqlHistory:
    def __init__(self, work: "Work") -> None:
        self._work = work

    def append(self, owner: str, *entries: Entry) -> None:
        if not entries:
            return
        end = self._work.run(_next, owner=owner, first=chain.FIRST, count=len(entries)).one()
        lines = chain.extend(Head(end.place - len(entries), bytes(end.link)), entries)
        self._work.run_many(_append, [_row(owner, line) for line in lines])
        self._work.run(_end, _owner=owner, end=lines[-1].link)

    def read(self, owner: str, *, limit: int = 200) -> tuple[Entry, ...]:
        rows = self._work.run(_entries, owner=owner, limit=limit)
        return tuple(map(_entry, rows))

    def chain(self, owner: str) -> tuple[tuple[Linked, ...], Head | None]:
        rows = self._work.run(_lines, owner=owner)
        lines = tuple(Linked(row.place, _entry(row), bytes(row.link)) for row in rows)
        end = self._work.run(_head, owner=owner).first()
        return lines, None if end is None else Head(end.place, bytes(end.link))


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
            if connection.dialect.name == "postgresql":  # READ COMMITTED would see a new state at each statement
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield _ports(connection)  # closing the connection rolls back


class Work:
    """A connection inside a transaction, handed to every port's adapter."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.many_writers = connection.dialect.name != "sqlite"

    def run(self, statement: Executable, **parameters: Any) -> CursorResult[Any]:
        with _translating():
            return self._connection.execute(statement, parameters)

    def run_many(self, statement: Executable, rows: list[dict[str, Any]]) -> None:
        with _translating():
            self._connection.execute(statement, rows)


def key_of(purpose: str, value: str) -> bytes:
    """What a short-lived value is found by: a leaked database reveals no cookie and no receipt."""
    return hashlib.sha256(f"{purpose}\0{value}".encode()).digest()


def _ports(connection: Connection) -> Ports:
    work = Work(connection)
    waiting = (SqlDocuments(work, awaited), SqlDocuments(work, promised))
    return Ports(SqlEphemeral(work), SqlDocuments(work), SqlHistory(work), *waiting)


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except PoolExhausted as error:
        raise Unavailable("no connection was free in time") from error
    except DBAPIError as error:
        raise _translated(error) from error


def _translated(error: DBAPIError) -> StorageError:
    # The database's own text may quote a row's values; only the kind of error leaves this file.
    if isinstance(error, IntegrityError):
        return Conflict("a constraint was broken")
    if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_FULL" or getattr(error.orig, "sqlstate", "") == "53100":
        return Unavailable("the storage is full")
    if isinstance(error, OperationalError):
        return Unavailable("the database did not answer in time")
    return StorageError(type(error.orig).__name__)


def _row(owner: str, line: Linked) -> dict[str, Any]:
    entry = line.entry
    told = {"at": entry.at, "kind": str(entry.kind), "details": dict(entry.details)}
    return {"owner": owner, **told, "place": line.place, "link": line.link}


def _entry(row: Row[Any]) -> Entry:
    return Entry(at=row.at, kind=row.kind, details=row.details)


def _document(row: Row[Any]) -> SealedDocument:
    return SealedDocument(row.document_id, row.owner, row.received_at, bytes(row.sealed))
