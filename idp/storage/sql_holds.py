"""What is waited for before copies are signed, in SQL."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, delete, select

from idp.model import Ground, Hold
from idp.storage.statements import Among, Upsert, Work, texts
from idp.storage.tables import issuance_holds as h

_PUT = Upsert(lambda insert: insert(h).on_conflict_do_nothing().returning(h.c.subject))
_LIFT = delete(h).where(h.c.subject == bindparam("subject_is")).returning(h)
_OF = select(h).where(Among(h.c.subject, texts("subjects")))
_ALL = select(h).order_by(h.c.since, h.c.subject)


class SqlHolds:
    def __init__(self, work: Work) -> None:
        self._work = work

    def put(self, hold: Hold) -> bool:
        row = {"subject": hold.subject, "ground": hold.ground.value, "since": hold.since, "held_by": hold.by}
        return self._work.run(_PUT, row).first() is not None

    def lift(self, subject: str) -> Hold | None:
        row = self._work.run(_LIFT, subject_is=subject).first()
        return None if row is None else _hold(row)

    def of(self, subjects: Collection[str]) -> tuple[Hold, ...]:
        return tuple(map(_hold, self._work.run(_OF, subjects=subjects)))

    def all(self) -> tuple[Hold, ...]:
        return tuple(map(_hold, self._work.run(_ALL)))


def _hold(row: Any) -> Hold:
    return Hold(row.subject, Ground(row.ground), row.since, row.held_by)
