"""Signed-in browsers, in SQL. What ends a session leaves the messages to those that it reached, in the same transaction.

Who notes that a session reached a client holds its row meanwhile, and who ends it deletes the row first: of the two, either
the note is found, or it is refused.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Integer, Row, String, bindparam, delete, insert, select, update

from idp.model import Ended, Reached, Session
from idp.ports import SWEPT_AT_ONCE
from idp.storage.statements import Among, Upsert, Work, remove_chosen, texts
from idp.storage.tables import logouts, session_clients
from idp.storage.tables import sessions as s

_HASH = bindparam("h", type_=String)
_ACCOUNT = bindparam("account_is", type_=String)
_SID = bindparam("sid_is", type_=String)
_NOW = bindparam("now", type_=BigInteger)
_MOST = bindparam("most", type_=Integer)
_ADD = insert(s)
_LIVING = (s.c.expires > _NOW) & (s.c.idle_until > _NOW)
_FIND = select(s).where(s.c.session_hash == _HASH, _LIVING)
_THEIRS = select(s).where(s.c.account_id == _ACCOUNT, _LIVING).order_by(s.c.seen_at.desc())
_TOUCH = update(s).where(s.c.session_hash == _HASH).values(seen_at=bindparam("seen"), idle_until=bindparam("idle"))
_REMOVE = delete(s).where(s.c.session_hash == _HASH)
_END = delete(s).returning(s.c.sid, s.c.account_id)
_END_ONE = _END.where(s.c.session_hash == _HASH)
_END_SID = _END.where(s.c.account_id == _ACCOUNT, s.c.sid == _SID)
_END_ACCOUNT = _END.where(s.c.account_id == _ACCOUNT, s.c.session_hash != _HASH)
_SOME = select(s.c.session_hash).limit(_MOST)
_END_SOME = _END.where(s.c.session_hash.in_(_SOME))
_SWEEP = remove_chosen(s.c.sid, select(s.c.sid).where(~_LIVING).limit(_MOST))

_HELD = (
    select(s.c.sid, bindparam("client_is", type_=String), bindparam("subject_is", type_=String))
    .where(s.c.sid == _SID)
    .with_for_update(read=True, key_share=True)
)


def _reach(insert: Any) -> Any:
    adding = insert(session_clients).from_select(["sid", "client_id", "subject"], _HELD)
    changed = adding.on_conflict_do_update(
        index_elements=["sid", "client_id"], set_={"subject": adding.excluded.subject}
    )
    return changed.returning(session_clients.c.sid)


_REACH = Upsert(_reach)
_SIDS = Among(session_clients.c.sid, texts("sids"))
_REACHED = (
    delete(session_clients)
    .where(_SIDS)
    .returning(session_clients.c.sid, session_clients.c.client_id, session_clients.c.subject)
)
_TO_TELL = insert(logouts)


def _session(row: Any) -> Session:
    return Session(
        session_hash=row.session_hash,
        account_id=row.account_id,
        sid=row.sid,
        authenticated_at=row.authenticated_at,
        acr=row.acr,
        amr=tuple(row.amr),
        expires=row.expires,
        idle_until=row.idle_until,
        seen_at=row.seen_at,
        device=row.device,
        place=row.place,
    )


class SqlSessions:
    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, session: Session) -> None:
        self._work.run(
            _ADD,
            session_hash=session.session_hash,
            account_id=session.account_id,
            sid=session.sid,
            authenticated_at=session.authenticated_at,
            acr=session.acr,
            amr=list(session.amr),
            expires=session.expires,
            idle_until=session.idle_until,
            seen_at=session.seen_at,
            device=session.device,
            place=session.place,
        )

    def find(self, session_hash: str, *, now: int) -> Session | None:
        row = self._work.run(_FIND, h=session_hash, now=now).first()
        return None if row is None else _session(row)

    def of_account(self, account_id: str, *, now: int) -> tuple[Session, ...]:
        return tuple(_session(row) for row in self._work.run(_THEIRS, account_is=account_id, now=now))

    def touch(self, session_hash: str, *, seen_at: int, idle_until: int) -> bool:
        return self._work.run(_TOUCH, h=session_hash, seen=seen_at, idle=idle_until).rowcount == 1

    def replace(self, session_hash: str, session: Session) -> bool:
        if self._work.run(_REMOVE, h=session_hash).rowcount != 1:
            return False
        self.add(session)
        return True

    def reach(self, sid: str, client_id: str, *, subject: str) -> bool:
        noted = self._work.run(_REACH, sid_is=sid, client_is=client_id, subject_is=subject)
        return noted.first() is not None

    def end(self, session_hash: str) -> Ended | None:
        ended = self._ended(self._work.run(_END_ONE, h=session_hash).all())
        return ended[0] if ended else None

    def end_sid(self, account_id: str, sid: str) -> bool:
        return bool(self._ended(self._work.run(_END_SID, account_is=account_id, sid_is=sid).all()))

    def end_account(self, account_id: str, *, but: str | None = None) -> int:
        return len(self._ended(self._work.run(_END_ACCOUNT, account_is=account_id, h=but or "").all()))

    def end_some(self, *, limit: int = SWEPT_AT_ONCE) -> int:
        return len(self._ended(self._work.run(_END_SOME, most=limit).all()))

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        """What ran out by itself was known to end: nobody is told."""
        sids = [row.sid for row in self._work.run(_SWEEP, now=now, most=limit)]
        if sids:
            self._work.run(_REACHED, sids=sids)
        return len(sids)

    def _ended(self, rows: Sequence[Row[Any]]) -> list[Ended]:
        """A statement of its own, after the one that deleted: it sees what was noted until then."""
        if not rows:
            return []
        reached = self._work.run(_REACHED, sids=[row.sid for row in rows]).all()
        accounts = {row.sid: row.account_id for row in rows}
        to_tell = [
            {
                "sid": one.sid,
                "client_id": one.client_id,
                "account_id": accounts[one.sid],
                "subject": one.subject,
                "tries": 0,
                "since": None,
                "due": 0,
            }
            for one in sorted(reached, key=lambda one: (one.sid, one.client_id))
        ]
        if to_tell:
            self._work.run(_TO_TELL, to_tell)
        return [
            Ended(sid, account_id, tuple(Reached(one.client_id, one.subject) for one in reached if one.sid == sid))
            for sid, account_id in accounts.items()
        ]
