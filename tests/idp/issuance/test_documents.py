import pytest

from certs.catalogue import CATALOGUE
from certs.formats import cwt
from certs.keys import MemorySigner
from certs.status import Status, read_cwt, read_jwt
from idp.issuance import documents
from idp.issuance.documents import Changed, status_of
from idp.issuance.entitlement import Refusal
from idp.issuance.publication import STATUS_CWT, STATUS_JWT
from idp.model import DocumentState
from tests.idp.issuance.office import Office

URI = "http://localhost:5000/status-lists/2"


def _listed(office: Office, index: int) -> int:
    published = office.publisher.status_list(2, STATUS_CWT, now=office.now)
    return read_cwt(published.body, uri=URI, anchors=(office.root,), now=office.now).get(index)


def _do(office: Office, verb: str, document_id: str = "licence-1") -> Changed | Refusal:
    with office.storage.transaction() as ports:
        answer: Changed | Refusal = getattr(documents, verb)(ports, document_id=document_id, by="test", now=office.now)
        return answer


def test_suspend_reinstate_revoke_reach_every_credential_of_the_document(office: Office) -> None:
    token = office.token()
    indexes = [
        cwt.peek(office.receive(MemorySigner.generate(), f"driving_licence.{view.name}", token)).status_index
        for view in CATALOGUE["driving_licence"].views
        if not view.needs
    ]
    for verb, expected in (
        ("suspend", Status.SUSPENDED),
        ("reinstate", Status.VALID),
        ("revoke", Status.INVALID),
    ):
        changed = _do(office, verb)
        assert isinstance(changed, Changed) and changed.credentials == 3
        assert [_listed(office, index) for index in indexes] == [expected] * 3
    assert office.kinds()[-3:] == ["document_suspended", "document_reinstated", "document_revoked"]


def test_another_persons_credential_is_not_touched(office: Office) -> None:
    mine = cwt.peek(office.receive(MemorySigner.generate())).status_index
    theirs = cwt.peek(
        office.receive(MemorySigner.generate(), token=office.token("driving_licence", "account-3"))
    ).status_index
    _do(office, "revoke", "licence-3")
    assert (_listed(office, mine), _listed(office, theirs)) == (Status.VALID, Status.INVALID)


@pytest.mark.parametrize("verb", ["suspend", "reinstate"])
def test_revoked_is_final(office: Office, verb: str) -> None:
    index = cwt.peek(office.receive(MemorySigner.generate())).status_index
    _do(office, "revoke")
    refused = _do(office, verb)
    assert isinstance(refused, Refusal) and refused.code == "document_revoked"
    assert _listed(office, index) == Status.INVALID
    with office.storage.reading() as ports:
        document = ports.documents.get("licence-1")
    assert document is not None and document.state is DocumentState.REVOKED


def test_an_unknown_document(office: Office) -> None:
    refused = _do(office, "suspend", "nothing")
    assert isinstance(refused, Refusal) and refused.code == "document_unknown"
    assert office.kinds() == ["document_change_refused"]


def test_a_lock_of_the_person_reaches_the_lists_and_hides_the_ground(office: Office) -> None:
    index = cwt.peek(office.receive(MemorySigner.generate())).status_index
    _do(office, "suspend")
    office.change_person(locked=True)
    with office.storage.transaction() as ports:
        person = ports.population.get("person-1")
        assert person is not None
        assert documents.follow_lock(ports, person=person, now=office.now) == 1
    assert _listed(office, index) == Status.HOLDER_LOCKED
    _do(office, "reinstate")  # the document is well again, its holder still locked
    assert _listed(office, index) == Status.HOLDER_LOCKED
    office.change_person(locked=False)
    with office.storage.transaction() as ports:
        person = ports.population.get("person-1")
        assert person is not None
        documents.follow_lock(ports, person=person, now=office.now)
    assert _listed(office, index) == Status.VALID


def test_revocation_stands_above_a_lock() -> None:
    assert status_of(DocumentState.REVOKED, locked=True) is Status.INVALID


def test_the_jwt_form_says_the_same(office: Office) -> None:
    index = cwt.peek(office.receive(MemorySigner.generate())).status_index
    _do(office, "suspend")
    published = office.publisher.status_list(2, STATUS_JWT, now=office.now)
    listed = read_jwt(published.body.decode(), uri=URI, anchors=(office.root,), now=office.now)
    assert listed.get(index) == Status.SUSPENDED
