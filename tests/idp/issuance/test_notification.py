"""What a wallet says of what it was given: once in the journal, however often it is said; and who may say it."""

from typing import Any

import pytest

from certs.keys import MemorySigner
from tests.idp.issuance.office import Office, body


def given(office: Office) -> tuple[str, str]:
    token = office.token()
    answer = office.ask(token, office.request(office.proof(key=MemorySigner.generate())))
    assert answer.status == 200
    return token, str(body(answer)["notification_id"])


@pytest.mark.parametrize("event", ["credential_accepted", "credential_failure", "credential_deleted"])
def test_it_is_heard_and_written_down_once(office: Office, event: str) -> None:
    token, value = given(office)
    sent = {"notification_id": value, "event": event, "event_description": "Could not store it.", "more": 1}
    for _ in range(3):  # §11: idempotent
        answer = office.notify(token, sent)
        assert (answer.status, answer.body) == (204, b"")
    with office.storage.reading() as ports:
        (line,) = ports.journal.read(kind="credential_notified")
        (issued,) = ports.documents.issued("licence-1")
    assert line.account_id == "account-1"
    assert line.details == {"document_id": "licence-1", "credential_ids": [issued.credential_id], "event": event}


def test_one_answer_has_one_id_for_all_its_copies(office: Office) -> None:
    token, value = office.token(), office.nonce()
    answer = office.ask(token, office.request(office.proof(value=value), office.proof(value=value)))
    assert (
        office.notify(
            token, {"notification_id": body(answer)["notification_id"], "event": "credential_accepted"}
        ).status
        == 204
    )
    with office.storage.reading() as ports:
        (line,) = ports.journal.read(kind="credential_notified")
        assert {one.credential_id for one in ports.documents.issued("licence-1")} == set(line.details["credential_ids"])


def test_each_event_has_a_line_of_its_own(office: Office) -> None:
    token, value = given(office)
    for event in ("credential_accepted", "credential_deleted"):
        assert office.notify(token, {"notification_id": value, "event": event}).status == 204
    assert office.kinds().count("credential_notified") == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"event": "credential_lost"},
        {"event": None},
        {"event": ["credential_accepted"]},
        {"notification_id": 7},
        {"notification_id": ""},
        {"notification_id": "x" * 65},
        {"event_description": 7},
    ],
)
def test_what_is_no_notification(office: Office, changed: dict[str, Any]) -> None:
    token, value = given(office)
    answer = office.notify(token, {"notification_id": value, "event": "credential_accepted", **changed})
    assert (answer.status, body(answer)) == (400, {"error": "invalid_notification_request"})


@pytest.mark.parametrize("content", [b"", b"[]", b'{"event":"credential_accepted","event":"x"}', b" " * 5_000])
def test_what_is_no_object(office: Office, content: bytes) -> None:
    answer = office.notify(given(office)[0], content)
    assert (answer.status, body(answer)) == (400, {"error": "invalid_notification_request"})


def test_an_unknown_id_and_no_token(office: Office) -> None:
    token, value = given(office)
    answer = office.notify(token, {"notification_id": "unknown", "event": "credential_accepted"})
    assert (answer.status, body(answer)) == (400, {"error": "invalid_notification_id"})
    sent = {"notification_id": value, "event": "credential_accepted"}
    assert office.notify("another-token", sent).status == 401
    office.now += 301
    assert office.notify(token, sent).status == 401
    assert "credential_notified" not in office.kinds()
