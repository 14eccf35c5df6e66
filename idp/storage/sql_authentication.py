"""What log-in needs beside accounts and sessions, in SQL: authenticators, counted tries, simulated messages."""

from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    String,
    bindparam,
    case,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.sql.base import Executable

from certs.catalogue import Text
from idp.model import Authenticator, AuthenticatorKind, Limit, Message
from idp.ports import SWEPT_AT_ONCE
from idp.storage.statements import Insert, Upsert, Work, remove_chosen
from idp.storage.tables import accounts
from idp.storage.tables import attempts as t
from idp.storage.tables import authenticators as a
from idp.storage.tables import messages as m

_ID = bindparam("id_is", type_=String)
_ACCOUNT = bindparam("account_is", type_=String)
_KIND = bindparam("kind_is", type_=String)
_NOW = bindparam("now", type_=BigInteger)
_ADD = insert(a)
_BY_KEY = select(a).where(a.c.kind == _KIND, a.c.key == bindparam("key_is"))
# No key of the account changes: rows that name it are inserted meanwhile.
_HOLD = select(accounts.c.account_id).where(accounts.c.account_id == _ACCOUNT).with_for_update(key_share=True)
_OF_ACCOUNT = select(a).where(a.c.account_id == _ACCOUNT).order_by(a.c.created_at, a.c.authenticator_id)
_USE = update(a).where(a.c.authenticator_id == _ID).values(last_used_at=_NOW)
_COUNTER = bindparam("counter_to", type_=BigInteger)
_USE_COUNTED = _USE.where(a.c.counter < _COUNTER).values(counter=_COUNTER)
_THEIRS = (a.c.account_id == _ACCOUNT) & (a.c.authenticator_id == _ID)
_RENAME = update(a).where(_THEIRS).values(name=bindparam("to"))
_REMOVE = delete(a).where(_THEIRS)
_REMOVE_KIND = delete(a).where(a.c.account_id == _ACCOUNT, a.c.kind == _KIND)


def _authenticator(row: Any) -> Authenticator:
    return Authenticator(
        authenticator_id=row.authenticator_id,
        account_id=row.account_id,
        kind=AuthenticatorKind(row.kind),
        name=row.name,
        created_at=row.created_at,
        key=row.key,
        data=row.data,
        counter=row.counter,
        last_used_at=row.last_used_at,
    )


class SqlAuthenticators:
    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, authenticator: Authenticator) -> None:
        self._work.run(
            _ADD,
            authenticator_id=authenticator.authenticator_id,
            account_id=authenticator.account_id,
            kind=authenticator.kind.value,
            name=authenticator.name,
            created_at=authenticator.created_at,
            key=authenticator.key,
            data=dict(authenticator.data),
            counter=authenticator.counter,
            last_used_at=authenticator.last_used_at,
        )

    def by_key(self, kind: AuthenticatorKind, key: str) -> Authenticator | None:
        row = self._work.run(_BY_KEY, kind_is=kind.value, key_is=key).first()
        return None if row is None else _authenticator(row)

    def hold(self, account_id: str) -> bool:
        return self._work.run(_HOLD, account_is=account_id).first() is not None

    def of_account(self, account_id: str) -> tuple[Authenticator, ...]:
        return tuple(_authenticator(row) for row in self._work.run(_OF_ACCOUNT, account_is=account_id))

    def use(self, authenticator_id: str, *, now: int, counter: int | None = None) -> bool:
        if counter is None:
            return self._work.run(_USE, id_is=authenticator_id, now=now).rowcount == 1
        return self._work.run(_USE_COUNTED, id_is=authenticator_id, now=now, counter_to=counter).rowcount == 1

    def rename(self, account_id: str, authenticator_id: str, name: str) -> bool:
        return self._work.run(_RENAME, account_is=account_id, id_is=authenticator_id, to=name).rowcount == 1

    def remove(self, account_id: str, authenticator_id: str) -> bool:
        return self._work.run(_REMOVE, account_is=account_id, id_is=authenticator_id).rowcount == 1

    def remove_kind(self, account_id: str, kind: AuthenticatorKind) -> int:
        return self._work.run(_REMOVE_KIND, account_is=account_id, kind_is=kind.value).rowcount


_KEY = bindparam("k", type_=LargeBinary)
# A window that ends takes its wait along.
_UNTIL = case((t.c.expires < t.c.blocked_until, t.c.expires), else_=t.c.blocked_until)
_BLOCKED_UNTIL = select(_UNTIL).where(t.c.key == _KEY, t.c.expires > _NOW)
_REFUND = update(t).where(t.c.key == _KEY, t.c.tries > 0).values(tries=t.c.tries - 1, blocked_until=_NOW)
_FORGET = delete(t).where(t.c.key == _KEY)
_MOST = bindparam("most", type_=Integer)
_SWEEP_ATTEMPTS = remove_chosen(t.c.key, select(t.c.key).where(t.c.expires <= _NOW).limit(_MOST))


@cache  # limits are constants: a handful
def _count(limit: Limit) -> Upsert:
    """One statement decides and counts, so that of tries at once each is a number of its own; none where they must wait."""
    forgotten = t.c.expires <= _NOW
    tries = case((forgotten, 1), else_=t.c.tries + 1)
    steps = [(tries <= most, wait) for most, wait in limit.steps[:-1]]
    wait = case(*steps, else_=limit.steps[-1][1]) if steps else limit.steps[-1][1]
    expires = _NOW + wait + limit.kept
    if limit.window:
        expires = case((forgotten, expires), else_=t.c.expires)

    def build(insert: Insert) -> Executable:
        first = {
            "key": _KEY,
            "tries": 1,
            "blocked_until": _NOW + limit.wait(1),
            "expires": _NOW + limit.wait(1) + limit.kept,
        }
        counted = (
            insert(t)
            .values(first)
            .on_conflict_do_update(
                index_elements=[t.c.key],
                set_={"tries": tries, "blocked_until": _NOW + wait, "expires": expires},
                where=or_(forgotten, t.c.blocked_until <= _NOW),
            )
        )
        returned: Executable = counted.returning(t.c.tries)
        return returned

    return Upsert(build)


def attempts_key(limit: Limit, value: str) -> bytes:
    return sha256(limit.name.encode() + b"\0" + value.encode()).digest()


class SqlAttempts:
    def __init__(self, work: Work) -> None:
        self._work = work

    def count(self, limit: Limit, value: str, *, now: int) -> int:
        key = attempts_key(limit, value)
        if self._work.run(_count(limit), k=key, now=now).first() is not None:
            return 0
        return self._blocked(key, now) or 1  # whoever freed it meanwhile: the next second will do

    def waiting(self, limit: Limit, value: str, *, now: int) -> int:
        return self._blocked(attempts_key(limit, value), now)

    def _blocked(self, key: bytes, now: int) -> int:
        until = self._work.run(_BLOCKED_UNTIL, k=key, now=now).scalar()
        return 0 if until is None else max(0, until - now)

    def refund(self, limit: Limit, value: str, *, now: int) -> None:
        self._work.run(_REFUND, k=attempts_key(limit, value), now=now)

    def forget(self, *counts: tuple[Limit, str]) -> None:
        if counts:  # sent together, done one after the other
            self._work.run(_FORGET, [{"k": attempts_key(limit, value)} for limit, value in counts])

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        return len(self._work.run(_SWEEP_ATTEMPTS, now=now, most=limit).all())


_SEND = insert(m).inline()
_RECENT = select(m).where(m.c.expires > _NOW).order_by(m.c.message_id.desc()).limit(_MOST)
_RECENT_OF = _RECENT.where(m.c.phone == bindparam("phone_is"))
_SWEEP_MESSAGES = remove_chosen(m.c.message_id, select(m.c.message_id).where(m.c.expires <= _NOW).limit(_MOST))


class SqlMessages:
    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, message: Message) -> None:
        self._work.run(
            _SEND,
            phone=message.phone,
            text_vi=message.text.vi,
            text_en=message.text.en,
            sent_at=message.sent_at,
            expires=message.expires,
        )

    def recent(self, *, now: int, phone: str | None = None, limit: int = 20) -> tuple[Message, ...]:
        if phone is None:
            rows = self._work.run(_RECENT, now=now, most=limit)
        else:
            rows = self._work.run(_RECENT_OF, now=now, most=limit, phone_is=phone)
        return tuple(Message(row.phone, Text(vi=row.text_vi, en=row.text_en), row.sent_at, row.expires) for row in rows)

    def sweep(self, *, now: int, limit: int = SWEPT_AT_ONCE) -> int:
        return len(self._work.run(_SWEEP_MESSAGES, now=now, most=limit).all())
