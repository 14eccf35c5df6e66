"""What is published and remembered, in SQL: status lists, sequence numbers.

Spec: draft-ietf-oauth-status-list §12.5 (indexes are given at random, so that neighbours tell nothing).
"""

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Integer, bindparam, delete, exists, func, insert, select, update

from certs.status import Status
from idp.storage.errors import Conflict, ListFull
from idp.storage.statements import Insert, Upsert, Work
from idp.storage.tables import publications as u
from idp.storage.tables import status_entries as e
from idp.storage.tables import status_indexes as x
from idp.storage.tables import status_lists as s

# Draws before we look for a gap instead. With half of a list given away, 32 draws fail once in four thousand million.
DRAWS = 32

_NUMBER = bindparam("number_is", type_=Integer)
_POSITION = bindparam("position_is", type_=Integer)
_FROM = bindparam("start", type_=Integer)
_SIZE_IS = bindparam("size_is", type_=Integer)
_CREATE = insert(s)
_NUMBERS = select(s.c.number).order_by(s.c.number)
_SIZE = select(s.c.size).where(s.c.number == _NUMBER)
# What was inserted is returned: not every driver counts the rows of an INSERT.
_GIVE = Upsert(lambda insert: insert(x).on_conflict_do_nothing().returning(x.c.position))
_next = x.alias("next")
# The first index after `start` whose predecessor is given and which is not.
_GAP = (
    select(x.c.position + 1)
    .where(
        x.c.number == _NUMBER,
        x.c.position >= _FROM,
        x.c.position + 1 < _SIZE_IS,
        ~exists().where(_next.c.number == x.c.number, _next.c.position == x.c.position + 1),
    )
    .order_by(x.c.position)
    .limit(1)
)
_GIVEN = select(x.c.position).where(x.c.number == _NUMBER, x.c.position == _POSITION)
_CLEAR = delete(e).where(e.c.number == _NUMBER, e.c.position == _POSITION).returning(e.c.position)
_CHANGED = update(s).where(s.c.number == _NUMBER).values(version=s.c.version + 1)
# One statement, so that version and entries are of one moment whatever the isolation.
_LIST = (
    select(s.c.version, s.c.size, e.c.position, e.c.status)
    .outerjoin(e, e.c.number == s.c.number)
    .where(s.c.number == _NUMBER)
)
_VERSION = select(func.coalesce(func.sum(s.c.version), 0))


def _mark(insert: Insert) -> Any:
    row = insert(e)
    return row.on_conflict_do_update(
        index_elements=[e.c.number, e.c.position],
        set_={"status": row.excluded.status},
        where=e.c.status != row.excluded.status,
    ).returning(e.c.position)


_MARK = Upsert(_mark)


class SqlStatuses:
    def __init__(self, work: Work) -> None:
        self._work = work

    def create(self, number: int, size: int) -> None:
        self._work.run(_CREATE, number=number, size=size, version=1)

    def numbers(self) -> tuple[int, ...]:
        return tuple(self._work.run(_NUMBERS).scalars())

    def allocate(self, number: int) -> int:
        size = self._work.run(_SIZE, number_is=number).scalar()
        if size is None:
            raise Conflict("no such status list")
        # Drawn, and not computed from a counter: a database restored from yesterday would give a counter's indexes again.
        for _ in range(DRAWS):
            position = secrets.randbelow(size)
            if self._give(number, position):
                return position
        while True:
            gap = self._gap(number, size)
            if gap is None:
                raise ListFull(f"status list {number} of {size} entries")
            if self._give(number, gap):
                return gap

    def _give(self, number: int, position: int) -> bool:
        return self._work.run(_GIVE, number=number, position=position).first() is not None

    def _gap(self, number: int, size: int) -> int | None:
        for start in (secrets.randbelow(size), 0):
            gap: int | None = self._work.run(_GAP, number_is=number, start=start, size_is=size).scalar()
            if gap is not None:
                return gap
        return None if self._given(number, 0) else 0

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

    def read(self, number: int) -> tuple[int, int, Mapping[int, Status]]:
        rows = self._work.run(_LIST, number_is=number).all()
        if not rows:
            raise Conflict("no such status list")
        entries = {row.position: Status(row.status) for row in rows if row.position is not None}
        return rows[0].version, rows[0].size, entries

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


class SqlPublications:
    def __init__(self, work: Work) -> None:
        self._work = work

    def next_sequence(self, name: str) -> int:
        return int(self._work.run(_ADVANCE, name=name, sequence=1).scalar_one())

    def current_sequence(self, name: str) -> int:
        return self._work.run(_SEQUENCE, name_is=name).scalar() or 0
