"""What lives briefly, in SQL: single-use values, grants with their tokens.

Each verb that must have one winner is one UPDATE whose WHERE names the state it leaves: of two that race, the second waits
for the first and then finds nothing to change.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, String, bindparam, exists, insert, select, update

from idp.model import Grant, Taken, Token
from idp.ports import SWEPT_AT_ONCE
from idp.storage.errors import Conflict
from idp.storage.statements import Upsert, Work, remove_chosen
from idp.storage.tables import ephemerals as e
from idp.storage.tables import grants as g
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
_VOID = remove_chosen(e.c.key, select(e.c.key).where(e.c.taken.is_(False)).limit(_MOST))


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

    def void(self, *, limit: int = SWEPT_AT_ONCE) -> int:
        return len(self._work.run(_VOID, most=limit).all())


_HASH = bindparam("h", type_=String)
_KIND = bindparam("kind_is", type_=String)
_GRANT = bindparam("grant_is", type_=String)
_ACCOUNT = bindparam("account_is", type_=String)
_CLIENT = bindparam("client_is", type_=String)
_OPEN_GRANT = insert(g)
_ADD_TOKENS = insert(t)
_LIVE = (
    select(
        g,
        t.c.expires.label("token_expires"),
        t.c.generation,
        t.c.scopes.label("token_scopes"),
        t.c.audience,
        t.c.jkt,
        t.c.rotated_at,
    )
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
_OPEN_OF = (
    select(g)
    .where(g.c.account_id == _ACCOUNT, g.c.purpose == bindparam("purpose_is", type_=String))
    .where(g.c.expires > _NOW, g.c.closed_at.is_(None))
    .order_by(g.c.opened_at, g.c.grant_id)
)
_CLOSE = update(g).where(g.c.closed_at.is_(None)).values(closed_at=_NOW)
_CLOSE_FAMILY = _CLOSE.where(g.c.grant_id == _GRANT)
_CLOSE_ACCOUNT = _CLOSE.where(g.c.account_id == _ACCOUNT)
_CLOSE_CLIENT = _CLOSE_ACCOUNT.where(g.c.client_id == _CLIENT)
_CLOSE_SOME = _CLOSE.where(g.c.grant_id.in_(select(g.c.grant_id).where(g.c.closed_at.is_(None)).limit(_MOST)))

# A refresh token ends with its family, however early it was replaced: until then it must be known when it comes back.
_OVER = exists().where(g.c.grant_id == t.c.grant_id, g.c.expires <= _NOW)
_OLD_TOKENS = select(t.c.token_hash).where(t.c.expires <= _NOW, (t.c.kind == "access") | _OVER).limit(_MOST)
_SWEEP_TOKENS = remove_chosen(t.c.token_hash, _OLD_TOKENS)
_OLD_GRANTS = (
    select(g.c.grant_id).where(g.c.expires <= _NOW, ~exists().where(t.c.grant_id == g.c.grant_id)).limit(_MOST)
)
_SWEEP_GRANTS = remove_chosen(g.c.grant_id, _OLD_GRANTS)


def _grant(row: Any) -> Grant:
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
        self.add(grant.grant_id, tokens)

    def add(self, grant_id: str, tokens: Iterable[Token]) -> None:
        rows = [
            {
                "token_hash": token.token_hash,
                "grant_id": token.grant_id,
                "kind": token.kind,
                "expires": token.expires,
                "generation": token.generation,
                "rotated_at": None,
                "scopes": None if token.scopes is None else list(token.scopes),
                "audience": None if token.audience is None else list(token.audience),
                "jkt": token.jkt,
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
        audience = None if row.audience is None else tuple(row.audience)
        replaced = row.rotated_at is not None
        token = Token(
            token_hash, row.grant_id, kind, row.token_expires, row.generation, scopes, audience, replaced, row.jkt
        )
        return _grant(row), token

    def of_account(self, account_id: str, purpose: str, *, now: int) -> tuple[Grant, ...]:
        return tuple(
            _grant(row) for row in self._work.run(_OPEN_OF, account_is=account_id, purpose_is=purpose, now=now)
        )

    def rotate(self, refresh_hash: str, successors: Iterable[Token], *, now: int, spares: bool = False) -> Grant | None:
        grant_id = self._work.run(_ROTATE, h=refresh_hash, now=now).scalar()
        if grant_id is not None:
            self.add(grant_id, successors)
            return _grant(self._work.run(_GRANT_BY_ID, grant_is=grant_id).one())
        # RFC 9700 §4.14.2: a replaced token that comes back is in two hands; which is the thief's cannot be told.
        replayed = None if spares else self._work.run(_REPLAYED, h=refresh_hash).scalar()
        if replayed is not None:
            self.close_family(replayed, now=now)
        return None

    def close_family(self, grant_id: str, *, now: int) -> bool:
        return self._work.run(_CLOSE_FAMILY, grant_is=grant_id, now=now).rowcount == 1

    def close_account(self, account_id: str, *, now: int, client_id: str | None = None) -> int:
        if client_id is None:
            return self._work.run(_CLOSE_ACCOUNT, account_is=account_id, now=now).rowcount
        return self._work.run(_CLOSE_CLIENT, account_is=account_id, client_is=client_id, now=now).rowcount

    def close_some(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        return self._work.run(_CLOSE_SOME, now=now, most=limit).rowcount

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        tokens = len(self._work.run(_SWEEP_TOKENS, now=now, most=limit).all())
        return tokens + len(self._work.run(_SWEEP_GRANTS, now=now, most=limit - tokens).all())
