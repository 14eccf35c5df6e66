"""What admits applications that register themselves, and what each of them then shows, in SQL."""

from typing import Any

from sqlalchemy import BigInteger, Integer, String, bindparam, delete, insert, or_, select, update

from idp.model import InitialToken, Registration
from idp.ports import SWEPT_AT_ONCE
from idp.storage.statements import Work, remove_chosen
from idp.storage.tables import clients as c
from idp.storage.tables import initial_tokens as i
from idp.storage.tables import registrations as r

_HASH = bindparam("hash_is", type_=String)
_CLIENT = bindparam("client_is", type_=String)
_NOW = bindparam("now", type_=BigInteger)
_OFFER = insert(i)
_OPEN = select(i).where(i.c.expires > _NOW, i.c.uses > 0)
_OFFERED = _OPEN.where(i.c.token_hash == _HASH)
_OFFERS = _OPEN.order_by(i.c.expires, i.c.token_hash)
# One statement looks and takes: of two at once the second waits for the first, and then looks again.
_TAKE = (
    update(i).where(i.c.token_hash == _HASH, i.c.expires > _NOW, i.c.uses > 0).values(uses=i.c.uses - 1).returning(*i.c)
)
_RECALL = delete(i).where(i.c.token_hash == _HASH)
_SWEEP = remove_chosen(
    i.c.token_hash, select(i.c.token_hash).where(i.c.expires <= _NOW).limit(bindparam("most", type_=Integer))
)
_ADD = insert(r)
_CLAIM = select(r).where(or_(r.c.token_hash == _HASH, r.c.previous_hash == _HASH))
_CLIENT_FIRST = select(c.c.client_id).where(c.c.client_id == _CLIENT).with_for_update()
_SETTLE = update(r).where(r.c.token_hash == _HASH, r.c.previous_hash.is_not(None)).values(previous_hash=None)
_ROTATE = (
    update(r)
    .where(r.c.client_id == _CLIENT, or_(r.c.token_hash == _HASH, r.c.previous_hash == _HASH))
    .values(token_hash=bindparam("successor", type_=String), previous_hash=_HASH)
)
_LIMIT = update(r).where(r.c.client_id == _CLIENT).values(scopes=bindparam("most", type_=r.c.scopes.type))


def _offer(row: Any) -> InitialToken:
    return InitialToken(
        row.token_hash, row.name, row.profile, tuple(row.scopes), row.entitled_to_pid, row.uses, row.expires
    )


class SqlRegistrations:
    def __init__(self, work: Work) -> None:
        self._work = work

    def offer(self, token: InitialToken) -> None:
        self._work.run(
            _OFFER,
            token_hash=token.token_hash,
            name=token.name,
            profile=token.profile,
            scopes=list(token.scopes),
            entitled_to_pid=token.entitled_to_pid,
            uses=token.uses,
            expires=token.expires,
        )

    def offered(self, token_hash: str, *, now: int) -> InitialToken | None:
        row = self._work.run(_OFFERED, hash_is=token_hash, now=now).first()
        return None if row is None else _offer(row)

    def take(self, token_hash: str, *, now: int) -> InitialToken | None:
        row = self._work.run(_TAKE, hash_is=token_hash, now=now).first()
        return None if row is None else _offer(row)

    def recall(self, token_hash: str) -> bool:
        return self._work.run(_RECALL, hash_is=token_hash).rowcount == 1

    def offers(self, *, now: int) -> tuple[InitialToken, ...]:
        return tuple(_offer(row) for row in self._work.run(_OFFERS, now=now))

    def add(self, registration: Registration) -> None:
        self._work.run(
            _ADD,
            client_id=registration.client_id,
            token_hash=registration.token_hash,
            previous_hash=None,
            scopes=list(registration.scopes),
            issued_at=registration.issued_at,
        )

    def claim(self, token_hash: str) -> Registration | None:
        row = self._work.run(_CLAIM, hash_is=token_hash).first()
        if row is None:
            return None
        if row.token_hash == token_hash and row.previous_hash is not None:
            self._work.run(_CLIENT_FIRST, client_is=row.client_id)  # as who removes it does: none waits for the other
            self._work.run(_SETTLE, hash_is=token_hash)
        return Registration(row.client_id, row.token_hash, tuple(row.scopes), row.issued_at)

    def rotate(self, client_id: str, used: str, successor: str) -> bool:
        return self._work.run(_ROTATE, client_is=client_id, hash_is=used, successor=successor).rowcount == 1

    def limit(self, client_id: str, scopes: tuple[str, ...]) -> bool:
        return self._work.run(_LIMIT, client_is=client_id, most=list(scopes)).rowcount == 1

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        return len(self._work.run(_SWEEP, now=now, most=limit).all())
