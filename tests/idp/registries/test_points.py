"""Points of a driving licence: each change a new record, none left a suspension; walked to the verdict.

Spec: Law on Road Traffic Order and Safety 36/2024/QH15 Art. 58
"""

from typing import Any

import pytest

from idp.issuance import documents, offer
from idp.issuance.entitlement import Refusal
from idp.model import Document, DocumentState
from idp.registries import points
from idp.registries.points import Points
from tests.idp.issuance.office import Office
from tests.idp.registries.civil import BY, fetch, verdict

VIEW = "driving_licence.licence"


def _do(office: Office, verb: str, document_id: str = "licence-1", **what: Any) -> Points | Refusal:
    with office.storage.transaction() as ports:
        answer: Points | Refusal = getattr(points, verb)(ports, document_id=document_id, by=BY, **what)
        return answer


def _licence(office: Office) -> Document:
    with office.storage.reading() as ports:
        found = ports.documents.get("licence-1")
    assert found is not None
    return found


def _code(answer: Points | Refusal) -> str:
    assert isinstance(answer, Refusal)
    return answer.code


def test_a_deduction_is_a_new_record_and_old_copies_are_refused(office: Office) -> None:
    old = fetch(office, VIEW, "account-1")
    answer = _do(office, "deduct", points=4)
    assert answer == Points("licence-1", 8, DocumentState.VALID, 1)
    assert _licence(office).record["points"] == 8
    fresh = fetch(office, VIEW, "account-1")
    assert (verdict(office, old), verdict(office, fresh)) == ("revoked", "accepted")


def test_the_last_point_suspends_and_a_test_restores(office: Office) -> None:
    old = fetch(office, VIEW, "account-1")
    assert _do(office, "deduct", points=10) == Points("licence-1", 2, DocumentState.VALID, 1)
    held = fetch(office, VIEW, "account-1")
    assert _do(office, "deduct", points=6) == Points(
        "licence-1", 0, DocumentState.SUSPENDED, 2
    )  # those that there were
    assert [verdict(office, one) for one in (old, held)] == ["revoked", "revoked"]
    with office.storage.transaction() as ports:
        refused = offer.create(ports, account_id="account-1", kind="driving_licence", now=office.now)
    assert isinstance(refused, Refusal) and refused.code == "document_suspended"
    assert _code(_do(office, "deduct", points=1)) == "no_points"
    assert _do(office, "restore") == Points("licence-1", 12, DocumentState.VALID, 2)
    assert verdict(office, fetch(office, VIEW, "account-1")) == "accepted"
    assert _code(_do(office, "restore")) == "unchanged"
    with office.storage.reading() as ports:
        deducted = [event.details["deducted"] for event in ports.journal.read(kind="licence_points_deducted")]
        assert deducted == [2, 10]
        assert [event.account_id for event in ports.journal.read(kind="documents_suspended")] == ["account-1"]
        told = [message.text.en for message in ports.messages.recent(now=office.now, phone="+84900000001")]
    assert len(told) == 3 and any("may not drive" in text for text in told)


def test_who_is_suspended_with_points_stays_so(office: Office) -> None:
    _do(office, "deduct", points=3)
    with office.storage.transaction() as ports:
        documents.suspend(ports, document_id="licence-1", by="court", now=office.now)
    assert _do(office, "restore") == Points("licence-1", 12, DocumentState.SUSPENDED, 0)


def test_what_is_no_licence(office: Office) -> None:
    assert _code(_do(office, "deduct", "health-1", points=1)) == "no_licence"
    assert _code(_do(office, "restore", "nothing")) == "no_licence"
    with office.storage.transaction() as ports:
        documents.revoke(ports, document_id="licence-1", by="court", now=office.now)
    assert _code(_do(office, "deduct", points=1)) == "document_revoked"
    assert office.kinds()[-1] == "register_change_refused"


@pytest.mark.parametrize("number", [0, -1, 13])
def test_what_no_offence_costs(office: Office, number: int) -> None:
    with pytest.raises(ValueError, match="one to twelve"):
        _do(office, "deduct", points=number)
    assert _licence(office).record["points"] == 12
