"""What is published and remembered, in SQL: status lists, sequence numbers, bundles.

Spec: draft-ietf-oauth-status-list §12.5.1 (indexes are given at random, so that neighbours tell nothing).
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Integer, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from certs.status import Status
from idp.model import PublishedBundle, SignedList
from idp.storage.errors import Conflict
from idp.storage.statements import Insert, Upsert, Work
from idp.storage.tables import bundles as b
from idp.storage.tables import publications as u
from idp.storage.tables import signed_lists as signed
from idp.storage.tables import status_entries as e
from idp.storage.tables import status_indexes as x
from idp.storage.tables import status_lists as s

# So many draws in a row that find nothing free: the list has enough. On the average one of 2^20 entries is then 73 % full,
# which costs less than four draws; and nobody needs to count, so that those who draw do not wait for each other.
DRAWS = 32

_NUMBER = bindparam("number_is", type_=Integer)
_POSITION = bindparam("position_is", type_=Integer)
_ADD = Upsert(lambda insert: insert(s).on_conflict_do_nothing().returning(s.c.number))
_NUMBERS = select(s.c.number).order_by(s.c.number)
_CURRENT = select(func.min(s.c.number)).where(s.c.kind == bindparam("kind_is", type_=Integer), ~s.c.closed)
_CLOSE = update(s).where(s.c.number == _NUMBER, ~s.c.closed).values(closed=True)
_SIZE = select(s.c.size).where(s.c.number == _NUMBER)
_GIVEN = select(x.c.position).where(x.c.number == _NUMBER, x.c.position == _POSITION)
_FINAL = int(Status.INVALID)
_CLEAR = delete(e).where(e.c.number == _NUMBER, e.c.position == _POSITION, e.c.status != _FINAL).returning(e.c.position)
_ENTRY = select(e.c.status).where(e.c.number == _NUMBER, e.c.position == _POSITION)
_CHANGED = update(s).where(s.c.number == _NUMBER).values(version=s.c.version + 1)
# One statement, so that version and entries are of one moment whatever the isolation.
_LIST = (
    select(s.c.version, s.c.size, e.c.position, e.c.status)
    .outerjoin(e, e.c.number == s.c.number)
    .where(s.c.number == _NUMBER)
)
_VERSIONS = select(s.c.number, s.c.version)
_VERSION = select(func.coalesce(func.sum(s.c.version), 0))


def _mark(insert: Insert) -> Any:
    row = insert(e)
    return row.on_conflict_do_update(
        index_elements=[e.c.number, e.c.position],
        set_={"status": row.excluded.status},
        where=(e.c.status != row.excluded.status) & (e.c.status != _FINAL),
    ).returning(e.c.position)


_MARK = Upsert(_mark)


def _give(insert: Insert) -> Any:
    """What was inserted is returned: not every driver counts the rows of an INSERT.

    On PostgreSQL a place that somebody else is just taking counts as taken: an insert would wait for that transaction, and two
    that each take several would wait for each other.
    """
    row = insert(x)
    if insert is postgresql_insert:
        free = func.pg_try_advisory_xact_lock(_NUMBER, _POSITION)
        row = row.from_select(["number", "position"], select(_NUMBER, _POSITION).where(free))
    else:
        row = row.values(number=_NUMBER, position=_POSITION)
    return row.on_conflict_do_nothing().returning(x.c.position)


_GIVE = Upsert(_give)


class SqlStatuses:
    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, number: int, *, kind: int, size: int) -> bool:
        row = {"number": number, "kind": kind, "size": size, "version": 1, "closed": False}
        return self._work.run(_ADD, row).first() is not None

    def numbers(self) -> tuple[int, ...]:
        return tuple(self._work.run(_NUMBERS).scalars())

    def current(self, kind: int) -> int | None:
        number: int | None = self._work.run(_CURRENT, kind_is=kind).scalar()
        return number

    def draw(self, number: int) -> int | None:
        size = self._work.run(_SIZE, number_is=number).scalar()
        if size is None:
            raise Conflict("no such status list")
        # Drawn, and not computed from a counter: a database restored from yesterday would give a counter's indexes again.
        for _ in range(DRAWS):
            position = secrets.randbelow(size)
            if self._work.run(_GIVE, number_is=number, position_is=position).first() is not None:
                return position
        return None

    def close(self, number: int) -> None:
        self._work.run(_CLOSE, number_is=number)

    def _given(self, number: int, position: int) -> bool:
        return self._work.run(_GIVEN, number_is=number, position_is=position).first() is not None

    def set(self, number: int, index: int, status: Status) -> None:
        if not self._given(number, index):
            raise Conflict("a status is set only for an index that was given")
        if status is Status.VALID:
            changed = self._work.run(_CLEAR, number_is=number, position_is=index).first()
        else:
            changed = self._work.run(_MARK, number=number, position=index, status=int(status)).first()
        if changed is not None:
            self._work.run(_CHANGED, number_is=number)

    def look_up(self, number: int, index: int) -> Status:
        return Status(self._work.run(_ENTRY, number_is=number, position_is=index).scalar() or Status.VALID)

    def read(self, number: int) -> tuple[int, int, Mapping[int, Status]]:
        rows = self._work.run(_LIST, number_is=number).all()
        if not rows:
            raise Conflict("no such status list")
        entries = {row.position: Status(row.status) for row in rows if row.position is not None}
        return rows[0].version, rows[0].size, entries

    def versions(self) -> Mapping[int, int]:
        return {row.number: row.version for row in self._work.run(_VERSIONS)}

    def version(self) -> int:
        return int(self._work.run(_VERSION).scalar_one())


def _advance(insert: Insert) -> Any:
    return (
        insert(u)
        .on_conflict_do_update(index_elements=[u.c.name], set_={"sequence": u.c.sequence + 1})
        .returning(u.c.sequence)
    )


_ADVANCE = Upsert(_advance)
_SEQUENCE = select(u.c.sequence).where(u.c.name == bindparam("name_is"))


def _sign(insert: Insert) -> Any:
    row = insert(signed)
    new = {name: row.excluded[name] for name in ("version", "issued", "signer", "token")}
    return row.on_conflict_do_update(index_elements=[signed.c.number], set_=new)


_SIGN = Upsert(_sign)
_SIGNED = select(signed)
_KEEP = insert(b)
_STRIP = update(b).where(b.c.sequence < bindparam("newest"), b.c.raw.is_not(None)).values(raw=None)
_FORGET = delete(b).where(b.c.issued < bindparam("since"), b.c.sequence < bindparam("newest"))
_NEWEST = select(b).where(b.c.raw.is_not(None)).order_by(b.c.sequence.desc()).limit(1)
_MANIFEST = select(b.c.manifest).where(b.c.sequence == bindparam("sequence_is"))


class SqlPublications:
    def __init__(self, work: Work) -> None:
        self._work = work

    def next_sequence(self, name: str) -> int:
        return int(self._work.run(_ADVANCE, name=name, sequence=1).scalar_one())

    def current_sequence(self, name: str) -> int:
        return self._work.run(_SEQUENCE, name_is=name).scalar() or 0

    def signed_lists(self) -> Mapping[int, SignedList]:
        return {row.number: SignedList(**row._asdict()) for row in self._work.run(_SIGNED)}

    def keep_list(self, signed: SignedList) -> None:
        self._work.run(_SIGN, asdict(signed))

    def keep_bundle(self, bundle: PublishedBundle, *, since: int) -> None:
        self._work.run(_KEEP, asdict(bundle))
        self._work.run(_STRIP, newest=bundle.sequence)
        self._work.run(_FORGET, since=since, newest=bundle.sequence)

    def newest_bundle(self) -> PublishedBundle | None:
        row = self._work.run(_NEWEST).first()
        return None if row is None else PublishedBundle(**row._asdict())

    def manifest(self, sequence: int) -> bytes | None:
        return self._work.run(_MANIFEST, sequence_is=sequence).scalar()
