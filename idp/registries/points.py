"""The points of a driving licence: deducted by an officer, restored after a year without deduction or a test that was passed.

Spec: Law on Road Traffic Order and Safety 36/2024/QH15 Art. 58 (twelve points; at none one may not drive; a test after six
months at the earliest)

What the officer saw (the offence, the year that passed, the result of the test) comes before the command. The points stand in
the signed record, so with each change the copies that were signed before are invalid; without a point the licence is suspended.
"""

from dataclasses import dataclass

from certs.catalogue import Text
from certs.status import Status
from idp.issuance.documents import publish
from idp.issuance.entitlement import Refusal
from idp.model import Document, DocumentState, Event
from idp.ports import Ports
from idp.registries import transport
from idp.registries.changes import REISSUED, By, announce
from idp.registries.transport import FULL_POINTS


@dataclass(frozen=True, slots=True)
class Points:
    document_id: str
    left: int
    state: DocumentState
    credentials: int


SUSPENDED = Text(
    "Giấy tờ sau của bạn đã bị tạm đình chỉ vì hết điểm: {}. Bạn không được lái xe cho đến khi được phục hồi điểm.",
    "For want of points this document of yours is suspended: {}. You may not drive until the points are restored.",
)
NO_LICENCE = Refusal("no_licence", Text("Không có giấy phép lái xe này.", "There is no such driving licence."))
REVOKED = Refusal("document_revoked", Text("Giấy phép đã bị thu hồi.", "The licence was revoked, which is final."))
NONE_LEFT = Refusal("no_points", Text("Giấy phép không còn điểm.", "The licence has no points left."))
ALL_THERE = Refusal("unchanged", Text("Giấy phép có đủ điểm.", "The licence has all its points. Nothing was changed."))


def deduct(ports: Ports, *, document_id: str, points: int, by: By) -> Points | Refusal:
    """Of more than there are, those that there are (Art. 58(2)). The last one suspends the licence."""
    if not 1 <= points <= FULL_POINTS:
        raise ValueError("an offence costs one to twelve points")
    licence = _held(ports, document_id)
    if isinstance(licence, Refusal):
        return _refused(ports, licence, document_id, "licence_points_deducted", by)
    held = int(licence.record["points"])
    if held == 0:
        return _refused(ports, NONE_LEFT, document_id, "licence_points_deducted", by)
    left = max(0, held - points)
    state = DocumentState.SUSPENDED if left == 0 else licence.state
    return _write(ports, licence, left, state, "licence_points_deducted", {"deducted": held - left}, by)


def restore(ports: Ports, *, document_id: str, by: By) -> Points | Refusal:
    """All twelve. A licence that had none is in force again; one with points that is suspended stays so."""
    licence = _held(ports, document_id)
    if isinstance(licence, Refusal):
        return _refused(ports, licence, document_id, "licence_points_restored", by)
    held = int(licence.record["points"])
    if held >= FULL_POINTS:
        return _refused(ports, ALL_THERE, document_id, "licence_points_restored", by)
    state = DocumentState.VALID if held == 0 else licence.state
    return _write(ports, licence, FULL_POINTS, state, "licence_points_restored", {}, by)


def _held(ports: Ports, document_id: str) -> Document | Refusal:
    found = ports.documents.get(document_id)
    if found is None or found.type != transport.TYPE:
        return NO_LICENCE
    ports.population.hold(found.person_id, to_change=True)
    licence = ports.documents.get(document_id)  # as it is now that nobody else changes it
    if licence is None:
        return NO_LICENCE
    return REVOKED if licence.state is DocumentState.REVOKED else licence


def _write(
    ports: Ports, licence: Document, left: int, state: DocumentState, kind: str, told: dict[str, int], by: By
) -> Points:
    document_id = licence.document_id
    ports.documents.set_record(document_id, {**licence.record, "points": left}, valid_until=licence.valid_until)
    if state is not licence.state:
        ports.documents.set_state(document_id, state)
    reached = publish(ports, [(document_id, Status.INVALID)])
    account = ports.accounts.by_person(licence.person_id)
    details = {"document_id": document_id, "state": state.value, "credentials": reached, "by": by.name, **told}
    ports.journal.append(Event(by.now, kind, account.account_id if account else None, details=details))
    if state is DocumentState.SUSPENDED:
        announce(ports, [licence], "documents_suspended", SUSPENDED, by)
    else:
        announce(ports, [licence], "documents_reissued", REISSUED, by)
    return Points(document_id, left, state, reached)


def _refused(ports: Ports, refusal: Refusal, document_id: str, asked: str, by: By) -> Refusal:
    details = {"document_id": document_id, "asked": asked, "code": refusal.code, "by": by.name}
    ports.journal.append(Event(by.now, "register_change_refused", details=details))
    return refusal
