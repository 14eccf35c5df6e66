"""The provider's signing keys, in SQL."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select

from idp.model import SigningKey
from idp.storage.statements import Insert, Upsert, Work
from idp.storage.tables import signing_keys as k

LOCK = 0x6B657973  # any number that is ours alone, beside that of the migrations; PostgreSQL's advisory locks are named by numbers

_ALL = select(k).order_by(k.c.prepared_at, k.c.kid)
# Not the rows: at a first start there are none to hold.
_HOLD = select(func.pg_advisory_xact_lock(LOCK))


def _put(insert: Insert) -> Any:
    row = insert(k)
    new = {column.name: row.excluded[column.name] for column in k.columns if not column.primary_key}
    return row.on_conflict_do_update(index_elements=[k.c.kid], set_=new)


_PUT = Upsert(_put)


class SqlSigningKeys:
    def __init__(self, work: Work) -> None:
        self._work = work

    def all(self) -> tuple[SigningKey, ...]:
        return tuple(SigningKey(**row._asdict()) for row in self._work.run(_ALL))

    def hold(self) -> tuple[SigningKey, ...]:
        if not self._work.one_writer:
            self._work.run(_HOLD)
        return self.all()  # a statement of its own: it sees what the former holder committed

    def put(self, key: SigningKey) -> None:
        self._work.run(_PUT, asdict(key))
