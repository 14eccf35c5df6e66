"""The journal and the seals over it, in SQL."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    String,
    Text,
    TextClause,
    bindparam,
    func,
    insert,
    select,
    text,
    type_coerce,
)

from idp.model import Block, Event, Mark, Recorded
from idp.storage.statements import Upsert, Work
from idp.storage.tables import OF_CLIENTS
from idp.storage.tables import blocks as b
from idp.storage.tables import events as v

# Details as the driver gives them, SQLite's as text: where that is no JSON any more, reading must tell, not fail.
_COLUMNS = (
    v.c.event_id,
    v.c.at,
    v.c.kind,
    v.c.account_id,
    v.c.client_id,
    type_coerce(v.c.details, Text).label("details"),
)
_LIMIT = bindparam("most", type_=Integer)
_ACCOUNT = bindparam("account_is", type_=String)
_AFTER = bindparam("after", type_=BigInteger)
_APPEND = insert(v).inline()  # nobody asks for the number that it got
_NEWEST = select(*_COLUMNS).order_by(v.c.event_id.desc())
_OF_CLIENT = _NEWEST.where(OF_CLIENTS, v.c.client_id == bindparam("client_is", type_=String)).limit(_LIMIT)
_WHOLE = select(*_COLUMNS).where(v.c.account_id == _ACCOUNT, v.c.event_id > _AFTER).order_by(v.c.event_id).limit(_LIMIT)
LAST = 2**63 - 1


# SQLite takes another index that is as good by its statistics, and then walks through a million lines of other kinds.
_BY_KIND = " INDEXED BY ix_events_account_id_kind_event_id"


@cache  # a page asks for a fixed set of kinds
def _history(kinds: int, of_one_client: bool, sqlite: bool) -> TextClause:
    """The newest of each kind by the index, then the newest of these: other kinds, however many, are never looked at."""
    one_client = " AND client_id = :client_is" if of_one_client else ""
    # A select around each: SQLite takes no order inside of a union. What is put together are words of ours; values are bound.
    parts = [
        "SELECT * FROM (SELECT event_id, at, kind, account_id, client_id, details "  # noqa: S608
        f"FROM events{_BY_KIND if sqlite else ''} WHERE account_id = :account_is AND kind = :kind_{n} "
        f"AND event_id < :before{one_client} ORDER BY event_id DESC LIMIT :most) AS part_{n}"
        for n in range(kinds)
    ]
    return text(f"{' UNION ALL '.join(parts)} ORDER BY event_id DESC LIMIT :most")


def _recorded(row: Any) -> Recorded:
    return Recorded(row.event_id, Event(row.at, row.kind, row.account_id, row.client_id, _details(row.details)))


def _details(written: Any) -> Mapping[str, Any]:
    try:
        read = written if isinstance(written, dict) else json.loads(written)
    except (ValueError, TypeError):
        read = None
    return read if isinstance(read, dict) else {"unreadable": repr(written)}


class SqlJournal:
    def __init__(self, work: Work) -> None:
        self._work = work

    def append(self, event: Event) -> None:
        self._work.run_last(
            _APPEND,
            at=event.at,
            kind=event.kind,
            account_id=event.account_id,
            client_id=event.client_id,
            details=dict(event.details),
        )

    def read(self, *, account_id: str | None = None, kind: str | None = None, limit: int = 1000) -> tuple[Event, ...]:
        self._work.finish()
        wanted = _NEWEST.limit(limit)
        if account_id is not None:
            wanted = wanted.where(v.c.account_id == account_id)
        if kind is not None:
            wanted = wanted.where(v.c.kind == kind)
        return tuple(_recorded(row).event for row in self._work.run(wanted))

    def history(
        self,
        account_id: str,
        *,
        kinds: tuple[str, ...],
        limit: int,
        before: int | None = None,
        client_id: str | None = None,
    ) -> tuple[Recorded, ...]:
        self._work.finish()
        values: dict[str, Any] = {f"kind_{n}": kind for n, kind in enumerate(kinds)}
        values |= {"account_is": account_id, "before": LAST if before is None else before, "most": limit}
        if client_id is not None:
            values["client_is"] = client_id
        statement = _history(len(kinds), client_id is not None, self._work.one_writer)
        return tuple(map(_recorded, self._work.run(statement, values)))

    def of_client(self, client_id: str, *, limit: int) -> tuple[Recorded, ...]:
        self._work.finish()
        return tuple(map(_recorded, self._work.run(_OF_CLIENT, client_is=client_id, most=limit)))

    def whole(self, account_id: str, *, after: int, limit: int) -> tuple[Recorded, ...]:
        self._work.finish()
        return tuple(map(_recorded, self._work.run(_WHOLE, account_is=account_id, after=after, most=limit)))


_MARK = select(func.coalesce(func.max(v.c.event_id), 0))
# Whoever inserts has held this lock since before it took a number, and holds it to its end (see `idp.journal.sealing`).
_WRITERS = text(
    "SELECT DISTINCT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = 'events'::regclass "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND mode = 'RowExclusiveLock'"
)
_UNTIL = bindparam("until", type_=BigInteger)
_BETWEEN = select(*_COLUMNS).where(v.c.event_id > _AFTER, v.c.event_id <= _UNTIL).order_by(v.c.event_id).limit(_LIMIT)
_WAITING = select(func.count()).select_from(v).where(v.c.event_id > _AFTER)
_NEWEST_BLOCK = select(b).order_by(b.c.number.desc()).limit(1)
_BLOCKS = select(b).where(b.c.number > _AFTER).order_by(b.c.number).limit(_LIMIT)
_HOLDS = select(b.c.number).where(b.c.hash == bindparam("hash_is", type_=LargeBinary))
_SEAL = Upsert(lambda insert: insert(b).on_conflict_do_nothing().returning(b.c.number))


def _block(row: Any) -> Block:
    return Block(row.number, row.last_event_id, row.sealed_at, row.leaves, row.previous, row.hash)


class SqlChain:
    def __init__(self, work: Work) -> None:
        self._work = work

    def mark(self) -> Mark:
        newest = int(self._work.run(_MARK).scalar_one())  # first, and then those who may still write below it
        return Mark(newest, self._writers())

    def settled(self, mark: Mark) -> bool:
        return not mark.writers & self._writers() if mark.writers else True

    def _writers(self) -> frozenset[str]:
        return frozenset() if self._work.one_writer else frozenset(self._work.run(_WRITERS).scalars())

    def after(self, event_id: int, *, until: int, limit: int) -> tuple[Recorded, ...]:
        return tuple(map(_recorded, self._work.run(_BETWEEN, after=event_id, until=until, most=limit)))

    def waiting(self, event_id: int) -> int:
        return int(self._work.run(_WAITING, after=event_id).scalar_one())

    def newest(self) -> Block | None:
        row = self._work.run(_NEWEST_BLOCK).first()
        return None if row is None else _block(row)

    def blocks(self, *, after: int, limit: int) -> tuple[Block, ...]:
        return tuple(map(_block, self._work.run(_BLOCKS, after=after, most=limit)))

    def holds(self, block_hash: bytes) -> int | None:
        number: int | None = self._work.run(_HOLDS, hash_is=block_hash).scalar()
        return number

    def seal(self, block: Block) -> bool:
        row = {
            "number": block.number,
            "last_event_id": block.last_event_id,
            "sealed_at": block.sealed_at,
            "leaves": block.leaves,
            "previous": block.previous,
            "hash": block.hash,
        }
        return self._work.run(_SEAL, row).first() is not None
