"""The messages that a session is over, in SQL: each is claimed by one statement, for a time, under a number that rises."""

from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, delete, exists, func, select, update

from idp.model import Logout
from idp.ports import SWEPT_AT_ONCE
from idp.storage.statements import Work
from idp.storage.tables import logouts as o

_NOW = bindparam("now", type_=BigInteger)
_UNTIL = bindparam("until", type_=BigInteger)
_MOST = bindparam("most", type_=Integer)
_other = o.alias("other")
_BUSY = exists().where(_other.c.client_id == o.c.client_id, _other.c.due > _NOW)
_DUE = select(o.c.logout_id).where(o.c.due <= _NOW, ~_BUSY)
_WAITING = _DUE.limit(1)
# Not those that somebody else has claimed at this moment: who does notes it too, and two who wait for one another do not end.
_UNSEEN = select(o.c.logout_id).where(o.c.since.is_(None)).with_for_update(skip_locked=True).cte("unseen")
_SEEN = update(o).where(o.c.logout_id.in_(select(_UNSEEN))).values(since=_NOW)
_PICKED = _DUE.order_by(o.c.logout_id).limit(_MOST).with_for_update(skip_locked=True).cte("picked")
_CLAIM = (
    update(o)
    .where(o.c.logout_id.in_(select(_PICKED)), o.c.due <= _NOW)
    .values(due=_UNTIL, tries=o.c.tries + 1, since=func.coalesce(o.c.since, _NOW))
    .returning(o)
)
_MINE = (o.c.logout_id == bindparam("id_is", type_=BigInteger)) & (o.c.tries == bindparam("tries_is", type_=Integer))
_TOLD = delete(o).where(_MINE)
_PUT_OFF = update(o).where(_MINE).values(due=_UNTIL)
_GIVE_BACK = update(o).where(_MINE).values(due=0, tries=o.c.tries - 1)
_OLD = select(o.c.logout_id).where(o.c.since < bindparam("before", type_=BigInteger)).limit(_MOST)
_GIVE_UP = delete(o).where(o.c.logout_id.in_(select(_OLD.with_for_update(skip_locked=True).cte("old")))).returning(o)


def _logout(row: Any) -> Logout:
    return Logout(row.logout_id, row.sid, row.client_id, row.account_id, row.subject, row.tries)


def _in_order(rows: Any) -> tuple[Logout, ...]:
    return tuple(sorted(map(_logout, rows), key=lambda one: one.logout_id))


class SqlLogouts:
    def __init__(self, work: Work) -> None:
        self._work = work

    def waiting(self, *, now: int) -> bool:
        return self._work.run(_WAITING, now=now).first() is not None

    def claim(self, *, now: int, until: int, limit: int) -> tuple[Logout, ...]:
        claimed = _in_order(self._work.run(_CLAIM, now=now, until=until, most=limit))
        if claimed:
            self._work.run(_SEEN, now=now)  # also those that wait behind one that is put off
        return claimed

    def told(self, logout: Logout) -> bool:
        return self._changed(_TOLD, logout)

    def put_off(self, logout: Logout, *, until: int) -> bool:
        return self._changed(_PUT_OFF, logout, until=until)

    def give_back(self, logout: Logout) -> bool:
        return self._changed(_GIVE_BACK, logout)

    def give_up(self, *, before: int, limit: int = SWEPT_AT_ONCE) -> tuple[Logout, ...]:
        return _in_order(self._work.run(_GIVE_UP, before=before, most=limit))

    def _changed(self, statement: Any, logout: Logout, **more: int) -> bool:
        named = {"id_is": logout.logout_id, "tries_is": logout.tries, **more}
        return self._work.run(statement, named).rowcount == 1
