"""The population register in SQL.

Spec: Law 26/2023/QH15 Art. 12; Decree 70/2024/NĐ-CP Art. 11 (a number is never given to a second person).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import String, and_, bindparam, func, insert, select, update

from idp.model import Address, CancelledPid, Person
from idp.storage.errors import Conflict
from idp.storage.statements import Among, Work, texts
from idp.storage.tables import IN_FORCE
from idp.storage.tables import people as p
from idp.storage.tables import personal_ids as n

CHUNK = 1_000  # rows sent at once: large enough for speed, small enough to stay flat in memory

Item = TypeVar("Item")


def chunks(rows: Iterable[Item]) -> Iterator[list[Item]]:
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


_ID = bindparam("id_is", type_=String)
_ADD_NUMBER = insert(n)
_PERSON = select(p, n.c.pid).join(n, and_(n.c.person_id == p.c.person_id, IN_FORCE))
_BY_ID = _PERSON.where(p.c.person_id == _ID)
# Only the person's own row: where SQLite's writers exclude one another anyway, this is a plain read.
_HOLD_PERSON = _BY_ID.with_for_update(read=True, of=p)
_HOLD_PERSON_ALONE = select(p.c.person_id).where(p.c.person_id == _ID).with_for_update()
_BY_PID = _PERSON.where(n.c.pid == _ID)
_ASKED = n.alias("asked")
_OF_THESE = Among(_ASKED.c.pid, texts("pids"))
_KNOWN = _PERSON.add_columns(_ASKED.c.pid.label("asked")).where(_ASKED.c.person_id == p.c.person_id, _OF_THESE)
_THESE = (
    select(p.c.person_id)
    .where(p.c.person_id.in_(select(_ASKED.c.person_id).where(_OF_THESE)))
    .order_by(p.c.person_id)  # two who hold many never wait for one another in a ring
)
_HOLD_KNOWN, _HOLD_KNOWN_ALONE = _THESE.with_for_update(read=True), _THESE.with_for_update()
_EACH = _PERSON.order_by(p.c.person_id)
_COUNT = select(func.count()).select_from(p)
_CANCELLED = select(n).where(n.c.person_id == _ID, n.c.cancelled_on.is_not(None)).order_by(n.c.cancelled_on, n.c.pid)
_CANCEL = (
    update(n).where(n.c.person_id == _ID, IN_FORCE).values(cancelled_on=bindparam("on_day"), reason=bindparam("why"))
)
_UPDATE = update(p).where(p.c.person_id == _ID)


def _columns(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "birth_date": person.birth_date,
        "sex": person.sex,
        "nationality": person.nationality,
        "residence_detail": person.residence.detail,
        "residence_commune": person.residence.commune,
        "residence_province": person.residence.province,
        "place_of_birth": person.place_of_birth,
        "phone": person.phone,
        "email": person.email,
        "deceased_on": person.deceased_on,
        "locked": person.locked,
    }


def _person(row: Any | None) -> Person | None:
    return None if row is None else person_of(row)


def person_of(row: Any) -> Person:
    """`row` has the columns of the table, by name, and the number in force."""
    return Person(
        person_id=row.person_id,
        pid=row.pid,
        name=row.name,
        birth_date=row.birth_date,
        sex=row.sex,
        nationality=row.nationality,
        residence=Address(row.residence_detail, row.residence_commune, row.residence_province),
        place_of_birth=row.place_of_birth,
        phone=row.phone,
        email=row.email,
        deceased_on=row.deceased_on,
        locked=row.locked,
    )


def _number(person_id: str, pid: str) -> dict[str, Any]:
    return {"pid": pid, "person_id": person_id, "cancelled_on": None, "reason": None}


class SqlPopulation:
    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, people: Iterable[Person]) -> int:
        added = 0
        for chunk in chunks(people):
            self._work.load(p, [{"person_id": person.person_id, **_columns(person)} for person in chunk])
            self._work.load(n, [_number(person.person_id, person.pid) for person in chunk])
            added += len(chunk)
        return added

    def get(self, person_id: str) -> Person | None:
        return _person(self._work.run(_BY_ID, id_is=person_id).first())

    def hold(self, person_id: str, *, to_change: bool = False) -> Person | None:
        if not to_change:
            return _person(self._work.run(_HOLD_PERSON, id_is=person_id).first())
        self._work.run(_HOLD_PERSON_ALONE, id_is=person_id)
        return self.get(person_id)  # after the wait: a number that was reset meanwhile is in another table's row

    def by_pid(self, pid: str) -> Person | None:
        return _person(self._work.run(_BY_PID, id_is=pid).first())

    def known(self, pids: Collection[str], *, hold: bool = False, to_change: bool = False) -> Mapping[str, Person]:
        if not pids:
            return {}
        if hold or to_change:  # before the look: a number that was reset while we waited is in another table's row
            self._work.run(_HOLD_KNOWN_ALONE if to_change else _HOLD_KNOWN, pids=list(pids))
        return {row.asked: person_of(row) for row in self._work.run(_KNOWN, pids=list(pids))}

    def cancelled(self, person_id: str) -> tuple[CancelledPid, ...]:
        rows = self._work.run(_CANCELLED, id_is=person_id)
        return tuple(CancelledPid(row.pid, row.person_id, row.cancelled_on, row.reason) for row in rows)

    def reset_pid(self, person_id: str, pid: str, *, on: str, reason: str) -> None:
        if self._work.run(_CANCEL, id_is=person_id, on_day=on, why=reason).rowcount != 1:
            raise Conflict("no such person")
        self._work.run(_ADD_NUMBER, _number(person_id, pid))

    def update(self, person: Person) -> bool:
        known = self.get(person.person_id)
        if known is None:
            return False
        if known.pid != person.pid:
            raise Conflict("a personal identification number changes by reset_pid only")
        return self._work.run(_UPDATE, {"id_is": person.person_id, **_columns(person)}).rowcount == 1

    def count(self) -> int:
        return int(self._work.run(_COUNT).scalar_one())

    def each(self) -> Iterator[Person]:
        for row in self._work.stream(_EACH, rows=CHUNK):
            yield person_of(row)
