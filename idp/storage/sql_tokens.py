"""What lives briefly, in SQL: single-use values, grants with their tokens, sessions.

Each verb that must have one winner is one UPDATE whose WHERE names the state it leaves: of two that race, the second waits
for the first and then finds nothing to change.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, Row, String, bindparam, delete, exists, insert, select, update

from idp.model import Grant, Session, Taken, Token
from idp.ports import SWEPT_AT_ONCE
from idp.storage.errors import Conflict
from idp.storage.statements import Upsert, Work, remove_chosen
from idp.storage.tables import ephemerals as e
from idp.storage.tables import grants as g
from idp.storage.tables import sessions as s
from idp.storage.tables import tokens as t


def ephemeral_key(purpose: str, value: str) -> bytes:
    """A thief of the database gets no usable code; a value of one purpose is unknown to every other."""
    return sha256(purpose.encode() + b"\0" + value.encode()).digest()


_KEY = bindparam("k", type_=LargeBinary)
_NOW = bindparam("now", type_=BigInteger)
_PUT = insert(e)
_READ = select(e.c.payload).where(e.c.key == _KEY, e.c.expires > _NOW, e.c.taken.is_(False))
_TAKE = (
    update(e)
    .where(e.c.key == _KEY, e.c.expires > _NOW, e.c.taken.is_(False))
    .values(taken=True)
    .returning(e.c.payload, e.c.expires)
)
# A taken row stays until it expires, so that a second taker is told what it was.
_TAKEN = select(e.c.payload, e.c.expires).where(e.c.key == _KEY, e.c.expires > _NOW)
# What was inserted is returned: not every driver counts the rows of an INSERT.
_ONCE = Upsert(lambda insert: insert(e).on_conflict_do_nothing().returning(e.c.key))
# Rows that somebody else is busy with are left for the next sweep: two sweeps, or a sweep and a taker, never wait in a ring.
_MOST = bindparam("most", type_=Integer)
_SWEEP = remove_chosen(e.c.key, select(e.c.key).where(e.c.expires <= _NOW).limit(_MOST))


class SqlEphemeral:
    def __init__(self, work: Work) -> None:
        self._work = work

    def put(self, purpose: str, value: str, payload: Mapping[str, Any], *, expires: int) -> None:
        row = {"key": ephemeral_key(purpose, value), "payload": dict(payload), "expires": expires, "taken": False}
        self._work.run(_PUT, row)

    def read(self, purpose: str, value: str, *, now: int) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._work.run(_READ, k=ephemeral_key(purpose, value), now=now).scalar()
        return found

    def take(self, purpose: str, value: str, *, now: int) -> Taken | None:
        key = ephemeral_key(purpose, value)
        for statement, again in ((_TAKE, False), (_TAKEN, True)):
            row = self._work.run(statement, k=key, now=now).first()
            if row is not None:
                return Taken(row.payload, again, row.expires)
        return None

    def once(self, purpose: str, value: str, *, expires: int) -> bool:
        row = {"key": ephemeral_key(purpose, value), "payload": {}, "expires": expires, "taken": True}
        return self._work.run(_ONCE, row).first() is not None

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        return len(self._work.run(_SWEEP, now=now, most=limit).all())


_HASH = bindparam("h", type_=String)
_KIND = bindparam("kind_is", type_=String)
_GRANT = bindparam("grant_is", type_=String)
_ACCOUNT = bindparam("account_is", type_=String)
_CLIENT = bindparam("client_is", type_=String)
_OPEN_GRANT = insert(g)
_ADD_TOKENS = insert(t)
_LIVE = (
    select(g, t.c.expires.label("token_expires"), t.c.generation, t.c.scopes.label("token_scopes"))
    .join(t, t.c.grant_id == g.c.grant_id)
    .where(
        t.c.token_hash == _HASH,
        t.c.kind == _KIND,
        t.c.expires > _NOW,
        g.c.expires > _NOW,
        g.c.closed_at.is_(None),
    )
)
_ROTATE = (
    update(t)
    .where(
        t.c.token_hash == _HASH,
        t.c.kind == "refresh",
        t.c.rotated_at.is_(None),
        t.c.expires > _NOW,
        exists().where(g.c.grant_id == t.c.grant_id, g.c.closed_at.is_(None), g.c.expires > _NOW),
    )
    .values(rotated_at=_NOW)
    .returning(t.c.grant_id)
)
_REPLAYED = select(t.c.grant_id).where(t.c.token_hash == _HASH, t.c.kind == "refresh", t.c.rotated_at.is_not(None))
_GRANT_BY_ID = select(g).where(g.c.grant_id == _GRANT)
_CLOSE = update(g).where(g.c.closed_at.is_(None)).values(closed_at=_NOW)
_CLOSE_FAMILY = _CLOSE.where(g.c.grant_id == _GRANT)
_CLOSE_ACCOUNT = _CLOSE.where(g.c.account_id == _ACCOUNT)
_CLOSE_CLIENT = _CLOSE_ACCOUNT.where(g.c.client_id == _CLIENT)

# A refresh token ends with its family, however early it was replaced: until then it must be known when it comes back.
_OVER = exists().where(g.c.grant_id == t.c.grant_id, g.c.expires <= _NOW)
_OLD_TOKENS = select(t.c.token_hash).where(t.c.expires <= _NOW, (t.c.kind == "access") | _OVER).limit(_MOST)
_SWEEP_TOKENS = remove_chosen(t.c.token_hash, _OLD_TOKENS)
_OLD_GRANTS = (
    select(g.c.grant_id).where(g.c.expires <= _NOW, ~exists().where(t.c.grant_id == g.c.grant_id)).limit(_MOST)
)
_SWEEP_GRANTS = remove_chosen(g.c.grant_id, _OLD_GRANTS)


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        grant_id=row.grant_id,
        account_id=row.account_id,
        client_id=row.client_id,
        scopes=tuple(row.scopes),
        purpose=row.purpose,
        opened_at=row.opened_at,
        expires=row.expires,
        details=row.details,
    )


class SqlGrants:
    def __init__(self, work: Work) -> None:
        self._work = work

    def open(self, grant: Grant, tokens: Iterable[Token]) -> None:
        self._work.run(
            _OPEN_GRANT,
            grant_id=grant.grant_id,
            account_id=grant.account_id,
            client_id=grant.client_id,
            scopes=list(grant.scopes),
            purpose=grant.purpose,
            opened_at=grant.opened_at,
            expires=grant.expires,
            details=dict(grant.details),
            closed_at=None,
        )
        self._add(grant.grant_id, tokens)

    def _add(self, grant_id: str, tokens: Iterable[Token]) -> None:
        rows = [
            {
                "token_hash": token.token_hash,
                "grant_id": token.grant_id,
                "kind": token.kind,
                "expires": token.expires,
                "generation": token.generation,
                "rotated_at": None,
                "scopes": None if token.scopes is None else list(token.scopes),
            }
            for token in tokens
        ]
        if any(row["grant_id"] != grant_id for row in rows):
            raise Conflict("a token of another grant")
        if rows:
            self._work.run(_ADD_TOKENS, rows)

    def live(self, token_hash: str, kind: str, *, now: int) -> tuple[Grant, Token] | None:
        row = self._work.run(_LIVE, h=token_hash, kind_is=kind, now=now).first()
        if row is None:
            return None
        scopes = None if row.token_scopes is None else tuple(row.token_scopes)
        return _grant(row), Token(token_hash, row.grant_id, kind, row.token_expires, row.generation, scopes)

    def rotate(self, refresh_hash: str, successors: Iterable[Token], *, now: int) -> Grant | None:
        grant_id = self._work.run(_ROTATE, h=refresh_hash, now=now).scalar()
        if grant_id is not None:
            self._add(grant_id, successors)
            return _grant(self._work.run(_GRANT_BY_ID, grant_is=grant_id).one())
        # RFC 9700 §4.14.2: a replaced token that comes back is in two hands; which is the thief's cannot be told.
        replayed = self._work.run(_REPLAYED, h=refresh_hash).scalar()
        if replayed is not None:
            self.close_family(replayed, now=now)
        return None

    def close_family(self, grant_id: str, *, now: int) -> bool:
        return self._work.run(_CLOSE_FAMILY, grant_is=grant_id, now=now).rowcount == 1

    def close_account(self, account_id: str, *, now: int, client_id: str | None = None) -> int:
        if client_id is None:
            return self._work.run(_CLOSE_ACCOUNT, account_is=account_id, now=now).rowcount
        return self._work.run(_CLOSE_CLIENT, account_is=account_id, client_is=client_id, now=now).rowcount

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        tokens = len(self._work.run(_SWEEP_TOKENS, now=now, most=limit).all())
        return tokens + len(self._work.run(_SWEEP_GRANTS, now=now, most=limit - tokens).all())


_ADD_SESSION = insert(s)
_LIVING = (s.c.expires > _NOW) & (s.c.idle_until > _NOW)
_FIND_SESSION = select(s).where(s.c.session_hash == _HASH, _LIVING)
_THEIR_SESSIONS = select(s).where(s.c.account_id == _ACCOUNT, _LIVING).order_by(s.c.seen_at.desc())
_TOUCH = update(s).where(s.c.session_hash == _HASH).values(seen_at=bindparam("seen"), idle_until=bindparam("idle"))
_END_SESSION = delete(s).where(s.c.session_hash == _HASH)
_END_SID = delete(s).where(s.c.account_id == _ACCOUNT, s.c.sid == bindparam("sid_is"))
_END_ACCOUNT = delete(s).where(s.c.account_id == _ACCOUNT, s.c.session_hash != _HASH)
_SWEEP_SESSIONS = remove_chosen(s.c.session_hash, select(s.c.session_hash).where(~_LIVING).limit(_MOST))


def _session(row: Row[Any]) -> Session:
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
            _ADD_SESSION,
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
        row = self._work.run(_FIND_SESSION, h=session_hash, now=now).first()
        return None if row is None else _session(row)

    def of_account(self, account_id: str, *, now: int) -> tuple[Session, ...]:
        return tuple(_session(row) for row in self._work.run(_THEIR_SESSIONS, account_is=account_id, now=now))

    def touch(self, session_hash: str, *, seen_at: int, idle_until: int) -> bool:
        return self._work.run(_TOUCH, h=session_hash, seen=seen_at, idle=idle_until).rowcount == 1

    def end(self, session_hash: str) -> bool:
        return self._work.run(_END_SESSION, h=session_hash).rowcount == 1

    def end_sid(self, account_id: str, sid: str) -> bool:
        return self._work.run(_END_SID, account_is=account_id, sid_is=sid).rowcount == 1

    def end_account(self, account_id: str, *, but: str | None = None) -> int:
        return self._work.run(_END_ACCOUNT, account_is=account_id, h=but or "").rowcount

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        return len(self._work.run(_SWEEP_SESSIONS, now=now, most=limit).all())
