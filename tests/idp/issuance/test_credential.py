import pytest

from certs.catalogue import CATALOGUE
from certs.errors import CertsError
from certs.formats import cwt
from certs.keys import MemorySigner
from idp.issuance.configurations import Format, of
from tests.idp.issuance.office import LICENCE, NOW, Office, body


def test_a_licence_verifies_and_is_bound_to_the_wallets_key(office: Office) -> None:
    key = MemorySigner.generate()
    received = office.receive(key)
    verified = cwt.verify_issued(received, trust=office.trust, now=NOW)
    assert (verified.document, verified.view, verified.issuer) == ("driving_licence", "licence", "public-security")
    assert verified.claims == {name: LICENCE[name] for name in CATALOGUE["driving_licence"].view("licence").fields}
    contents = cwt.peek(received)
    assert contents.holder.thumbprint() == key.public.thumbprint()
    assert contents.status_uri == "http://localhost:5000/status-lists/2"
    assert contents.expires == NOW - NOW % 86400 + 30 * 86400  # at the end of a day, as everybody's


def test_each_view_has_its_own_index_and_key(office: Office) -> None:
    token = office.token()
    seen = set()
    for configuration in (each for each in of(CATALOGUE["driving_licence"]) if each.format is Format.QR):
        contents = cwt.peek(office.receive(MemorySigner.generate(), configuration.id, token))
        assert contents.view == configuration.view
        seen.add(contents.status_index)
    assert len(seen) >= 3


def test_the_record_of_the_issue(office: Office) -> None:
    key = MemorySigner.generate()
    contents = cwt.peek(office.receive(key))
    with office.storage.reading() as ports:
        (issued,) = ports.documents.issued("licence-1")
    assert issued.holder_thumbprint == key.public.thumbprint()
    assert (issued.status_list, issued.status_index) == (2, contents.status_index)
    assert (issued.view, issued.issued_at, issued.expires) == ("licence", NOW, contents.expires)


def test_the_intent_is_journaled_before_the_issue(office: Office) -> None:
    office.receive(MemorySigner.generate())
    assert office.kinds() == ["offer_made", "offer_redeemed", "credential_intended", "credential_issued"]


def test_the_journal_holds_no_claim_values(office: Office) -> None:
    office.receive(MemorySigner.generate())
    with office.storage.reading() as ports:
        text = str(ports.journal.read())
    for value in ("Nguyễn", "999190000011", "790211234567"):
        assert value not in text


def test_a_credential_never_outlives_its_document(office: Office) -> None:
    office.now = 1_930_000_000  # 27 February 2031; the licence ends on 1 March in Vietnam
    contents = None
    with pytest.raises(CertsError):
        cwt.verify_issued(
            office.receive(MemorySigner.generate()), trust=office.trust, now=office.now
        )  # its signer ended
    contents = cwt.peek(office.receive(MemorySigner.generate()))
    assert contents.expires == 1_930_150_799  # 1 March 2031, 23:59:59 at +07:00


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "invalid_credential_request"),
        (b"[]", "invalid_credential_request"),
        (b'{"a":1,"a":2}', "invalid_credential_request"),
        (b" " * 20_000, "invalid_credential_request"),
        ({}, "invalid_credential_request"),
        ({"credential_configuration_id": 7}, "invalid_credential_request"),
        ({"credential_configuration_id": "moon.licence"}, "unknown_credential_configuration"),
        ({"credential_configuration_id": "driving_licence.moon"}, "unknown_credential_configuration"),
        ({"credential_identifier": "driving_licence.licence"}, "unknown_credential_identifier"),
        ({"credential_configuration_id": "driving_licence.licence"}, "invalid_proof"),
        (
            {"credential_configuration_id": "driving_licence.licence", "proofs": {"jwt": ["a"], "di_vp": []}},
            "invalid_credential_request",
        ),
        ({"credential_configuration_id": "driving_licence.licence", "proofs": {"jwt": []}}, "invalid_proof"),
        ({"credential_configuration_id": "driving_licence.licence", "proofs": {"jwt": [7]}}, "invalid_proof"),
        ({"credential_configuration_id": "driving_licence.licence", "proofs": {"di_vp": [{}]}}, "invalid_proof"),
        ({"credential_configuration_id": "driving_licence.licence", "proofs": {"jwt": ["a.b.c"]}}, "invalid_proof"),
        (
            {"credential_configuration_id": "driving_licence.licence", "credential_response_encryption": {}},
            "invalid_encryption_parameters",
        ),
    ],
)
def test_malformed_requests(office: Office, content: object, error: str) -> None:
    answer = office.ask(office.token(), content)
    assert answer.status == 400
    assert body(answer)["error"] == error
    assert body(answer)["error_description"].isascii()
    assert office.kinds()[-1] == "credential_refused"


def test_only_json(office: Office) -> None:
    answer = office.ask(office.token(), office.request(office.proof()), media_type="text/plain")
    assert body(answer)["error"] == "invalid_credential_request"


def test_without_a_token(office: Office) -> None:
    answer = office.ask(None, office.request(office.proof()))
    assert answer.status == 401
    challenge = answer.header("WWW-Authenticate")
    assert challenge is not None and challenge.startswith("Bearer") and "error" not in challenge  # RFC 6750 §3.1


def test_with_an_unknown_token(office: Office) -> None:
    answer = office.ask("x" * 43, office.request(office.proof()))
    assert answer.status == 401
    assert 'error="invalid_token"' in (answer.header("WWW-Authenticate") or "")


def test_a_token_ends_after_ten_minutes(office: Office) -> None:
    token = office.token()
    office.now += 600
    assert office.ask(token, office.request(office.proof())).status == 401


def test_a_token_does_not_mint_without_end(office: Office) -> None:
    token = office.token()
    for _ in range(5):
        office.receive(MemorySigner.generate(), token=token)
    answer = office.ask(token, office.request(office.proof()))
    assert body(answer)["error"] == "credential_request_denied"
