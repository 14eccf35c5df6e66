"""What an issuer waits for before a document goes into a wallet: an officer who looks at it first, or a register that is away.

Spec: OpenID for Verifiable Credential Issuance 1.0 §9 (deferred issuance)

    review      of one document   until an officer releases it, or suspends or revokes it: then it is denied
    register    of one kind       until the register that keeps these documents answers again
"""

from certs.catalogue import DocumentType, Text
from idp.issuance.entitlement import Refusal
from idp.model import Event, Ground, Hold
from idp.ports import Ports

INTERVALS = {Ground.REVIEW: 600, Ground.REGISTER: 120}  # seconds that a wallet shall wait before it asks again

_UNKNOWN = Refusal("document_unknown", Text(vi="Không có giấy tờ này.", en="There is no such document."))
_ALREADY = Refusal("held_already", Text(vi="Việc này đang được chờ rồi.", en="This is waited for already."))
_NOT_HELD = Refusal("not_held", Text(vi="Không có gì phải chờ.", en="There is nothing that is waited for."))


def waits_for(ports: Ports, kind: DocumentType, document_id: str) -> Ground | None:
    """Why a copy of this document cannot be signed now; of two grounds the one that takes longer."""
    found = {hold.ground for hold in ports.holds.of((_of_kind(kind.name), document_id))}
    return max(found, key=INTERVALS.__getitem__, default=None)


def review(ports: Ports, *, document_id: str, by: str, now: int) -> Hold | Refusal:
    """From now on an officer looks first. What was issued before stays as it is."""
    if ports.documents.get(document_id) is None:
        return _refused(ports, _UNKNOWN, document_id, by, now)
    return _put(ports, Hold(document_id, Ground.REVIEW, now, by))


def release(ports: Ports, *, document_id: str, by: str, now: int) -> Hold | Refusal:
    return _lift(ports, document_id, by, now)


def register_away(ports: Ports, *, kind: DocumentType, by: str, now: int) -> Hold | Refusal:
    return _put(ports, Hold(_of_kind(kind.name), Ground.REGISTER, now, by))


def register_back(ports: Ports, *, kind: DocumentType, by: str, now: int) -> Hold | Refusal:
    return _lift(ports, _of_kind(kind.name), by, now)


def _of_kind(name: str) -> str:
    return f"kind:{name}"  # no document is called so: their ids have no colon


def _put(ports: Ports, hold: Hold) -> Hold | Refusal:
    if not ports.holds.put(hold):
        return _refused(ports, _ALREADY, hold.subject, hold.by, hold.since)
    ports.journal.append(Event(hold.since, "issuance_held", details=_told(hold, hold.by)))
    return hold


def _lift(ports: Ports, subject: str, by: str, now: int) -> Hold | Refusal:
    hold = ports.holds.lift(subject)
    if hold is None:
        return _refused(ports, _NOT_HELD, subject, by, now)
    ports.journal.append(Event(now, "issuance_released", details=_told(hold, by)))
    return hold


def _told(hold: Hold, by: str) -> dict[str, str]:
    return {"subject": hold.subject, "ground": hold.ground.value, "by": by}


def _refused(ports: Ports, refusal: Refusal, subject: str, by: str, now: int) -> Refusal:
    details = {"subject": subject, "by": by, "code": refusal.code}
    ports.journal.append(Event(now, "hold_refused", None, None, details))
    return refusal
