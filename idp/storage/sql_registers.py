"""The registers in SQL: the population, the sectors' documents and what was issued from them.

Spec: Law 26/2023/QH15 Art. 12; Decree 70/2024/NĐ-CP Art. 11 (a number is never given to a second person).
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import String, and_, bindparam, func, insert, select, update

from idp.model import SPOUSE, Address, CancelledPid, Document, DocumentState, IssuedCredential, Person
from idp.storage.errors import Conflict
from idp.storage.statements import Among, Insert, Upsert, Work, texts
from idp.storage.tables import IN_FORCE
from idp.storage.tables import documents as d
from idp.storage.tables import holder_keys as k
from idp.storage.tables import issued_credentials as i
from idp.storage.tables import people as p
from idp.storage.tables import personal_ids as n

CHUNK = 1_000  # rows sent at once: large enough for speed, small enough to stay flat in memory

Item = TypeVar("Item")


def _chunks(rows: Iterable[Item]) -> Iterator[list[Item]]:
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
        for chunk in _chunks(people):
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


_DOCUMENT = select(d).where(d.c.document_id == _ID)
_HOLD_DOCUMENT = _DOCUMENT.with_for_update(read=True)
_OF_PERSON = select(d).where(d.c.person_id == _ID).order_by(d.c.document_id)
_OF_PEOPLE = (
    select(d)
    .where(Among(d.c.person_id, texts("ids")), d.c.type == bindparam("kind", type_=String))
    .order_by(d.c.document_id)
)
_NAMING_SPOUSE = select(d).where(d.c.spouse_pid == _ID).order_by(d.c.document_id)
_TO = bindparam("to", type_=String)
_REVOKE = update(d).where(d.c.document_id == _ID).values(state=DocumentState.REVOKED.value)
# What was revoked stays revoked, whoever races to reinstate it.
_SET_STATE = update(d).where(d.c.document_id == _ID, d.c.state != DocumentState.REVOKED.value).values(state=_TO)
_SET_RECORD = (
    update(d)
    .where(d.c.document_id == _ID, d.c.state != DocumentState.REVOKED.value)
    .values(
        record=bindparam("says", type_=d.c.record.type),
        valid_until=bindparam("until", type_=String),
        spouse_pid=bindparam("spouse", type_=String),
    )
)
_RECORD_ISSUE = insert(i)


def _claim(insert: Insert) -> Any:
    """A row comes back for whom the key is: who was there first waits for nobody, and everybody else for who was."""
    row = insert(k)
    return row.on_conflict_do_update(
        index_elements=[k.c.thumbprint],
        set_={"person_id": row.excluded.person_id},
        where=k.c.person_id == row.excluded.person_id,
    ).returning(k.c.person_id)


_CLAIM_KEY = Upsert(_claim)
_ISSUED = select(i).where(i.c.document_id == _ID).order_by(i.c.issued_at, i.c.credential_id)


def document_of(row: Any) -> Document:
    """`row` has the columns of the table, by name."""
    return Document(
        document_id=row.document_id,
        person_id=row.person_id,
        type=row.type,
        record=row.record,
        state=DocumentState(row.state),
        valid_until=row.valid_until,
    )


def _document_row(document: Document) -> dict[str, Any]:
    return {
        "document_id": document.document_id,
        "person_id": document.person_id,
        "type": document.type,
        "record": json.dumps(dict(document.record)),  # `load` sends it as it is
        "state": document.state.value,
        "valid_until": document.valid_until,
        "spouse_pid": document.record.get(SPOUSE),
    }


class SqlDocuments:
    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, documents: Iterable[Document]) -> int:
        added = 0
        for chunk in _chunks(documents):
            self._work.load(d, [_document_row(document) for document in chunk])
            added += len(chunk)
        return added

    def get(self, document_id: str) -> Document | None:
        row = self._work.run(_DOCUMENT, id_is=document_id).first()
        return None if row is None else document_of(row)

    def hold(self, document_id: str) -> Document | None:
        row = self._work.run(_HOLD_DOCUMENT, id_is=document_id).first()
        return None if row is None else document_of(row)

    def of_person(self, person_id: str) -> tuple[Document, ...]:
        return tuple(document_of(row) for row in self._work.run(_OF_PERSON, id_is=person_id))

    def of_people(self, person_ids: Collection[str], type_: str) -> Mapping[str, tuple[Document, ...]]:
        if not person_ids:
            return {}
        theirs: dict[str, list[Document]] = {}
        for row in self._work.run(_OF_PEOPLE, ids=list(person_ids), kind=type_):
            theirs.setdefault(row.person_id, []).append(document_of(row))
        return {person_id: tuple(documents) for person_id, documents in theirs.items()}

    def naming_spouse(self, pid: str) -> tuple[Document, ...]:
        return tuple(document_of(row) for row in self._work.run(_NAMING_SPOUSE, id_is=pid))

    def set_state(self, document_id: str, state: DocumentState) -> bool:
        if state is DocumentState.REVOKED:
            return self._work.run(_REVOKE, id_is=document_id).rowcount == 1
        return self._work.run(_SET_STATE, id_is=document_id, to=state.value).rowcount == 1

    def set_record(self, document_id: str, record: Mapping[str, Any], *, valid_until: str | None) -> bool:
        done = self._work.run(
            _SET_RECORD, id_is=document_id, says=dict(record), until=valid_until, spouse=record.get(SPOUSE)
        )
        return done.rowcount == 1

    def claim_key(self, thumbprint: str, person_id: str) -> bool:
        return self._work.run(_CLAIM_KEY, thumbprint=thumbprint, person_id=person_id).first() is not None

    def record_issue(self, credential: IssuedCredential) -> None:
        self._work.run(
            _RECORD_ISSUE,
            credential_id=credential.credential_id,
            document_id=credential.document_id,
            view=credential.view,
            holder_thumbprint=credential.holder_thumbprint,
            status_list=credential.status_list,
            status_index=credential.status_index,
            issued_at=credential.issued_at,
            expires=credential.expires,
        )

    def issued(self, document_id: str) -> tuple[IssuedCredential, ...]:
        return tuple(
            IssuedCredential(
                credential_id=row.credential_id,
                document_id=row.document_id,
                view=row.view,
                holder_thumbprint=row.holder_thumbprint,
                status_list=row.status_list,
                status_index=row.status_index,
                issued_at=row.issued_at,
                expires=row.expires,
            )
            for row in self._work.run(_ISSUED, id_is=document_id)
        )
