"""What an authority does to a document after it was issued: suspend, reinstate, revoke; and what a locked holder means.

The register's state and the status of every credential signed from the document change in one transaction with the
journal, so that what a verifier reads and what the register says never differ. Each change holds the person, then changes
the document; issuing holds both. So whoever comes second sees what the first one did: no credential is signed past a
suspension, and none that was just signed is missed by it.

Spec: Token Status List (draft-ietf-oauth-status-list) §7; Decree 69/2024/NĐ-CP Art. 15 (locking).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from certs.catalogue import Text
from certs.status import Status
from idp.issuance.entitlement import Refusal
from idp.model import Document, DocumentState, Event, Person
from idp.ports import Ports
from idp.registries.transport import without_points


@dataclass(frozen=True, slots=True)
class Changed:
    """What was done: the state the document now has, and how many signed views it reaches."""

    document_id: str
    state: DocumentState
    credentials: int


_FINAL = Refusal(
    "document_revoked",
    Text(
        vi="Giấy tờ đã bị thu hồi; việc này không đảo ngược được. Hãy cấp giấy tờ mới.",
        en="The document was revoked, which is final. Issue a new one.",
    ),
)
_UNKNOWN = Refusal("document_unknown", Text(vi="Không có giấy tờ này.", en="There is no such document."))


_NO_POINTS = Refusal(
    "no_points",
    Text(
        vi="Giấy phép không còn điểm; phải phục hồi điểm trước.",
        en="The licence has no points left. Restore them: python -m idp documents points DOCUMENT_ID --restore",
    ),
)
_LOCKED = Refusal("locked_already", Text(vi="Danh tính này đã bị khóa.", en="This identity is locked already."))
_NOT_LOCKED = Refusal("not_locked", Text(vi="Danh tính này không bị khóa.", en="This identity is not locked."))


def suspend(ports: Ports, *, document_id: str, by: str, now: int) -> Changed | Refusal:
    return _change(ports, document_id, DocumentState.SUSPENDED, "document_suspended", by, now)


def reinstate(ports: Ports, *, document_id: str, by: str, now: int) -> Changed | Refusal:
    return _change(ports, document_id, DocumentState.VALID, "document_reinstated", by, now)


def revoke(ports: Ports, *, document_id: str, by: str, now: int) -> Changed | Refusal:
    return _change(ports, document_id, DocumentState.REVOKED, "document_revoked", by, now)


def set_lock(ports: Ports, *, person_id: str, locked: bool, by: str, now: int) -> int | Refusal:
    """Lock a person's electronic identity, or unlock it. Sessions and tokens end with a lock and do not come back after it.

    Returns how many credentials it reaches.
    """
    person = ports.population.hold(person_id, to_change=True)
    if person is None or person.locked == locked or not ports.population.update(replace(person, locked=locked)):
        return _LOCKED if locked else _NOT_LOCKED
    account = ports.accounts.by_person(person_id)
    if account is not None and locked:
        ports.sessions.end_account(account.account_id)
        ports.grants.close_account(account.account_id, now=now)
    kind = "person_locked" if locked else "person_unlocked"
    ports.journal.append(Event(now, kind, account.account_id if account else None, None, {"by": by}))
    return follow_lock(ports, person=replace(person, locked=locked), now=now)


def follow_lock(ports: Ports, *, person: Person, now: int) -> int:
    """Bring the status of all that a person holds in line with `person.locked`, which the caller wrote just before.

    Returns how many credentials it reaches.
    """
    held = ports.documents.of_person(person.person_id)
    reached = _publish(ports, [(document, document.state) for document in held], locked=person.locked)
    kind = "documents_locked" if person.locked else "documents_unlocked"
    ports.journal.append(Event(now, kind, None, None, {"person_id": person.person_id, "credentials": reached}))
    return reached


def status_of(state: DocumentState, *, locked: bool) -> Status:
    """Revoked is final; a locked holder hides whether the document is suspended too, and the ground of neither is told."""
    if state is DocumentState.REVOKED:
        return Status.INVALID
    if locked:
        return Status.HOLDER_LOCKED
    return Status.SUSPENDED if state is DocumentState.SUSPENDED else Status.VALID


def _change(ports: Ports, document_id: str, state: DocumentState, kind: str, by: str, now: int) -> Changed | Refusal:
    document = ports.documents.get(document_id)
    if document is None:
        return _refused(ports, _UNKNOWN, document_id, kind, by, now)
    person = ports.population.hold(document.person_id)
    document = ports.documents.get(document_id) or document  # as it is now: its points may have gone meanwhile
    if state is DocumentState.VALID and without_points(document.record):
        return _refused(ports, _NO_POINTS, document_id, kind, by, now)
    if not ports.documents.set_state(document_id, state):
        return _refused(ports, _FINAL, document_id, kind, by, now)
    reached = _publish(ports, [(document, state)], locked=person is not None and person.locked)
    details = {"document_id": document_id, "type": document.type, "by": by, "credentials": reached}
    ports.journal.append(Event(now, kind, None, None, details))
    return Changed(document_id, state, reached)


def _publish(ports: Ports, held: Iterable[tuple[Document, DocumentState]], *, locked: bool) -> int:
    return publish(ports, ((document.document_id, status_of(state, locked=locked)) for document, state in held))


def publish(ports: Ports, statuses: Iterable[tuple[str, Status]]) -> int:
    """Give every credential of these documents this status, but for those that are invalid for good, and those that their person
    locked with a lost phone: these stay locked, unless the document itself is over.

    All that one transaction changes goes through here at once. Returns how many credentials were signed from them.
    """
    changes = [
        (credential.status_list, credential.status_index, _kept_locked(status) if credential.locked else status)
        for document_id, status in statuses
        for credential in ports.documents.issued(document_id)
    ]
    for number, index, status in sorted(changes):  # always in one order of lists: two changes never wait in a ring
        ports.statuses.set(number, index, status)
    return len(changes)


def _kept_locked(status: Status) -> Status:
    return Status.INVALID if status is Status.INVALID else Status.HOLDER_LOCKED


def _refused(ports: Ports, refusal: Refusal, document_id: str, kind: str, by: str, now: int) -> Refusal:
    details = {"document_id": document_id, "by": by, "code": refusal.code, "asked": kind}
    ports.journal.append(Event(now, "document_change_refused", None, None, details))
    return refusal
