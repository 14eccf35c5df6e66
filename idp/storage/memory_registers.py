"""The registers in memory: the population, the sectors' documents and what was issued from them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from idp.model import PRINTED, SPOUSE, CancelledPid, Document, DocumentState, IssuedCredential, Person
from idp.storage.errors import Conflict
from idp.storage.memory_rows import Rows, Undo, as_stored, require


class MemoryPopulation:
    def __init__(self, undo: Undo) -> None:
        self._people: Rows[str, Person] = Rows(undo)
        # Every number ever given, in force (its person's id) or cancelled.
        self._numbers: Rows[str, str | CancelledPid] = Rows(undo)

    def add(self, people: Iterable[Person]) -> int:
        added = 0
        for person in people:
            require(person.sex in ("male", "female"), "a sex that the register does not know")
            self._people.add(person.person_id, person)
            self._numbers.add(person.pid, person.person_id)
            added += 1
        return added

    def get(self, person_id: str) -> Person | None:
        return self._people.get(person_id)

    def hold(self, person_id: str, *, to_change: bool = False) -> Person | None:
        return self._people.get(person_id)  # transactions exclude one another

    def by_pid(self, pid: str) -> Person | None:
        found = self._numbers.get(pid)
        return self._people.get(found) if isinstance(found, str) else None

    def known(self, pids: Collection[str], *, hold: bool = False, to_change: bool = False) -> Mapping[str, Person]:
        rows = {pid: row for pid in pids if (row := self._numbers.get(pid)) is not None}
        whose = {pid: row.person_id if isinstance(row, CancelledPid) else row for pid, row in rows.items()}
        found = {pid: self._people.get(person_id) for pid, person_id in whose.items()}
        return {pid: person for pid, person in found.items() if person is not None}

    def cancelled(self, person_id: str) -> tuple[CancelledPid, ...]:
        theirs = [row for row in self._numbers.values() if isinstance(row, CancelledPid) and row.person_id == person_id]
        return tuple(sorted(theirs, key=lambda row: (row.cancelled_on, row.pid)))

    def reset_pid(self, person_id: str, pid: str, *, on: str, reason: str) -> None:
        person = self._people.get(person_id)
        if person is None:
            raise Conflict("no such person")
        self._numbers.add(pid, person_id)
        self._numbers.put(person.pid, CancelledPid(person.pid, person_id, on, reason))
        self._people.put(person_id, replace(person, pid=pid))

    def update(self, person: Person) -> bool:
        known = self._people.get(person.person_id)
        if known is None:
            return False
        require(known.pid == person.pid, "a personal identification number changes by reset_pid only")
        self._people.put(person.person_id, person)
        return True

    def count(self) -> int:
        return len(self._people)

    def each(self) -> Iterator[Person]:
        return iter(sorted(self._people.values(), key=lambda person: person.person_id))


class MemoryDocuments:
    def __init__(self, undo: Undo) -> None:
        self._rows: Rows[str, Document] = Rows(undo)
        self._of_person: Rows[str, tuple[str, ...]] = Rows(undo)
        self._issued: Rows[str, IssuedCredential] = Rows(undo)
        self._keys: Rows[str, str] = Rows(undo)  # whose each holder key is

    def add(self, documents: Iterable[Document]) -> int:
        added = 0
        for document in documents:
            self._rows.add(document.document_id, replace(document, record=as_stored(document.record)))
            theirs = self._of_person.get(document.person_id) or ()
            self._of_person.put(document.person_id, tuple(sorted((*theirs, document.document_id))))
            added += 1
        return added

    def get(self, document_id: str) -> Document | None:
        row = self._rows.get(document_id)
        return None if row is None else replace(row, record=as_stored(row.record))

    hold = get

    def of_person(self, person_id: str) -> tuple[Document, ...]:
        found = (self.get(document_id) for document_id in self._of_person.get(person_id) or ())
        return tuple(document for document in found if document is not None)

    def of_people(self, person_ids: Collection[str], type_: str) -> Mapping[str, tuple[Document, ...]]:
        theirs = {one: tuple(each for each in self.of_person(one) if each.type == type_) for one in person_ids}
        return {person_id: documents for person_id, documents in theirs.items() if documents}

    def naming_spouse(self, pid: str) -> tuple[Document, ...]:
        found = (self.get(one.document_id) for one in self._rows.values() if one.record.get(SPOUSE) == pid)
        return tuple(sorted((one for one in found if one is not None), key=lambda one: one.document_id))

    def set_state(self, document_id: str, state: DocumentState) -> bool:
        row = self._rows.get(document_id)
        # What was revoked stays revoked, whoever races to reinstate it.
        if row is None or (row.state is DocumentState.REVOKED and state is not DocumentState.REVOKED):
            return False
        self._rows.put(document_id, replace(row, state=state))
        return True

    def set_record(self, document_id: str, record: Mapping[str, Any], *, valid_until: str | None) -> bool:
        row = self._rows.get(document_id)
        if row is None or row.state is DocumentState.REVOKED:
            return False
        self._rows.put(document_id, replace(row, record=as_stored(record), valid_until=valid_until))
        return True

    def claim_key(self, thumbprint: str, person_id: str) -> bool:
        if thumbprint not in self._keys:
            self._keys.add(thumbprint, person_id)
        return self._keys.get(thumbprint) == person_id

    def record_issue(self, credential: IssuedCredential) -> None:
        require(credential.document_id in self._rows, "a credential of no document")
        place = (credential.status_list, credential.status_index)
        require(
            all((other.status_list, other.status_index) != place for other in self._issued.values()),
            "a status index used before",
        )
        self._issued.add(credential.credential_id, credential)

    def issued(self, document_id: str) -> tuple[IssuedCredential, ...]:
        theirs = [credential for credential in self._issued.values() if credential.document_id == document_id]
        return tuple(sorted(theirs, key=lambda credential: (credential.issued_at, credential.credential_id)))

    def lock_issued(self, person_id: str, wallet: str) -> tuple[IssuedCredential, ...]:
        held = [one for document_id in self._of_person.get(person_id) or () for one in self.issued(document_id)]
        mine = [one for one in held if one.wallet == wallet and one.holder_thumbprint != PRINTED and not one.locked]
        locked = [replace(one, locked=True) for one in mine]
        for one in locked:
            self._issued.put(one.credential_id, one)
        return tuple(sorted(locked, key=lambda one: (one.issued_at, one.credential_id)))
