"""The sectors' documents in SQL, and what was issued from them.

Spec: Decree 69/2024/NĐ-CP Art. 20; OpenID4VCI 1.0 §15.4.1 (copies that cannot be linked)
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import String, bindparam, insert, select, update

from idp.model import PRINTED, SPOUSE, Document, DocumentState, IssuedCredential
from idp.storage.sql_registers import chunks
from idp.storage.statements import Among, Insert, Upsert, Work, texts
from idp.storage.tables import documents as d
from idp.storage.tables import holder_keys as k
from idp.storage.tables import issued_credentials as i

_ID = bindparam("id_is", type_=String)
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
_LOCK = (
    update(i)
    .where(
        i.c.document_id.in_(select(d.c.document_id).where(d.c.person_id == _ID)),
        i.c.wallet == bindparam("wallet_is", type_=String),
        i.c.holder_thumbprint != PRINTED,
        ~i.c.locked,
    )
    .values(locked=True)
    .returning(*i.c)
)
_ISSUED = select(i).where(i.c.document_id == _ID).order_by(i.c.issued_at, i.c.credential_id)


def _credential(row: Any) -> IssuedCredential:
    return IssuedCredential(
        credential_id=row.credential_id,
        document_id=row.document_id,
        view=row.view,
        holder_thumbprint=row.holder_thumbprint,
        status_list=row.status_list,
        status_index=row.status_index,
        issued_at=row.issued_at,
        expires=row.expires,
        client_id=row.client_id,
        wallet=row.wallet,
        device=row.device,
        locked=row.locked,
    )


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
        for chunk in chunks(documents):
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
            client_id=credential.client_id,
            wallet=credential.wallet,
            device=credential.device,
            locked=credential.locked,
        )

    def issued(self, document_id: str) -> tuple[IssuedCredential, ...]:
        return tuple(_credential(row) for row in self._work.run(_ISSUED, id_is=document_id))

    def lock_issued(self, person_id: str, wallet: str) -> tuple[IssuedCredential, ...]:
        locked = map(_credential, self._work.run(_LOCK, id_is=person_id, wallet_is=wallet))
        return tuple(sorted(locked, key=lambda one: (one.issued_at, one.credential_id)))
