"""Attacks on issuance: group IS of the catalogue, as far as its rooms exist.

Spec: OpenID for Verifiable Credential Issuance 1.0 §6.3, §8.3.1, §13, Appendix F.4
"""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from certs import jose
from certs.encoding import b64url_decode, b64url_encode
from certs.errors import Malformed
from certs.formats import cwt
from certs.keys import MemorySigner, PublicKey
from certs.proof import KEY_PROOF_TYP, key_proof
from idp.issuance import documents, holds, offer
from idp.issuance.configurations import SCOPE_PREFIX
from idp.issuance.metadata import BATCH_SIZE
from idp.issuance.nonce import LIFETIME
from idp.issuance.pre_authorized import ATTEMPTS
from idp.issuance.signers import CertifiedSigner, Signers
from idp.model import AccountState, Grant, Token
from idp.oidc.secrets import token_hash
from tests.idp.issuance.office import ISSUER, NOW, Office, body, build, placed


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return build(tmp_path)


def _wrong(tx_code: str) -> str:
    return f"{(int(tx_code) + 1) % 10**6:06d}"


# --- IS-01: pre-authorised code reused, raced, wrong transaction code --------------------------------------------------


def test_is_01_a_code_used_again_is_refused_and_ends_what_it_opened(office: Office) -> None:
    made = office.offer()
    code = offer.code_of(made.offer_id)
    token = body(office.redeem(code, made.tx_code))["access_token"]
    again = office.redeem(code, made.tx_code)
    assert (again.status, body(again)["error"]) == (400, "invalid_grant")
    assert office.ask(token, office.request(office.proof())).status == 401
    assert office.kinds().count("token_refused") == 1


def test_is_01_a_used_code_without_the_transaction_code_harms_nobody(office: Office) -> None:
    """Who photographed the screen holds the code and not the six digits: they cannot end the citizen's token."""
    made = office.offer()
    code = offer.code_of(made.offer_id)
    token = body(office.redeem(code, made.tx_code))["access_token"]
    for guess in (None, "", _wrong(made.tx_code)):
        assert office.redeem(code, guess).status == 400
    assert office.ask(token, office.request(office.proof())).status == 200


def test_is_01_raced(office: Office) -> None:
    made = office.offer()
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(office.redeem(offer.code_of(made.offer_id), made.tx_code).status)
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [400] * 7


def test_is_01_five_wrong_transaction_codes_void_the_code(office: Office) -> None:
    made = office.offer()
    code = offer.code_of(made.offer_id)
    for _ in range(ATTEMPTS):
        answer = office.redeem(code, _wrong(made.tx_code))
        assert body(answer)["error"] == "invalid_grant"
    assert body(office.redeem(code, made.tx_code))["error"] == "invalid_grant"
    with office.storage.reading() as ports:
        assert offer.published(ports, issuer=ISSUER, offer_id=made.offer_id, language="vi", now=NOW) is None


def test_is_01_four_wrong_transaction_codes_leave_one_try(office: Office) -> None:
    made = office.offer()
    code = offer.code_of(made.offer_id)
    for _ in range(ATTEMPTS - 1):
        office.redeem(code, _wrong(made.tx_code))
    assert office.redeem(code, made.tx_code).status == 200


def test_is_01_parallel_guesses_do_not_outnumber_the_attempts(office: Office) -> None:
    """Forty guesses at once, the right one last: only five are ever compared."""
    made = office.offer()
    code = offer.code_of(made.offer_id)
    answers: list[int] = []
    guesses = [f"{(int(made.tx_code) + n) % 10**6:06d}" for n in range(1, 40)]
    threads = [
        threading.Thread(target=lambda guess=guess: answers.append(office.redeem(code, guess).status))
        for guess in guesses
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {400}
    assert office.redeem(code, made.tx_code).status == 400


def test_is_01_a_missing_transaction_code_is_said_and_not_counted(office: Office) -> None:
    made = office.offer()
    code = offer.code_of(made.offer_id)
    for _ in range(2 * ATTEMPTS):
        assert body(office.redeem(code, None))["error"] == "invalid_request"  # §6.3
    assert office.redeem(code, made.tx_code).status == 200


@pytest.mark.parametrize("code", ["x", "A" * 43, "é", "A" * 5000])
def test_is_01_unknown_codes_look_like_wrong_ones(office: Office, code: str) -> None:
    made = office.offer()
    unknown = office.redeem(code, "123456")
    wrong = office.redeem(offer.code_of(made.offer_id), _wrong(made.tx_code))
    assert (unknown.status, unknown.body, unknown.headers) == (wrong.status, wrong.body, wrong.headers)


# --- IS-02: key proofs -------------------------------------------------------------------------------------------------


# A view for the QR, and the document whole in the two formats of which a holder shows parts.
EACH_FORMAT = ("driving_licence.licence", "driving_licence.sd_jwt", "driving_licence.mdoc")


def _nothing_issued(office: Office) -> None:
    with office.storage.reading() as ports:
        assert ports.documents.issued("licence-1") == ()


def _refused(office: Office, proof: str, error: str) -> None:
    """Alone, and among good ones, in whatever format."""
    answer = office.ask(office.token(), office.request(proof))
    assert (answer.status, body(answer)["error"]) == (400, error)
    for configuration in EACH_FORMAT[1:]:
        for proofs in ((proof, office.proof()), (office.proof(), proof)):
            answer = office.ask(office.token(), office.request(*proofs, configuration=configuration))
            assert (answer.status, body(answer)["error"]) == (400, error), configuration
    _nothing_issued(office)


def test_is_02_a_batch_in_which_one_nonce_was_used(office: Office) -> None:
    token, used = office.token(), office.nonce()
    assert office.ask(token, office.request(office.proof(value=used))).status == 200
    for configuration in EACH_FORMAT:
        proofs = [office.proof(), office.proof(value=used), office.proof()]
        answer = office.ask(token, office.request(*proofs, configuration=configuration))
        assert (answer.status, body(answer)["error"]) == (400, "invalid_nonce")
    with office.storage.reading() as ports:
        assert len(ports.documents.issued("licence-1")) == 1


@pytest.mark.parametrize("configuration", EACH_FORMAT)
def test_is_02_a_key_twice_in_one_request(office: Office, configuration: str) -> None:
    key, other, value = MemorySigner.generate(), MemorySigner.generate(), office.nonce()
    proofs = [office.proof(key=each, value=value) for each in (key, other, key)]
    answer = office.ask(office.token(), office.request(*proofs, configuration=configuration))
    assert (answer.status, body(answer)["error"]) == (400, "invalid_proof")
    _nothing_issued(office)


@pytest.mark.parametrize("configuration", EACH_FORMAT)
def test_is_02_a_key_that_another_person_ever_showed(office: Office, configuration: str) -> None:
    shared = MemorySigner.generate()
    assert len(office.copies([shared], configuration, account="account-3")) == 1
    proofs = [office.proof(), office.proof(key=shared)]
    answer = office.ask(office.token(), office.request(*proofs, configuration=configuration))
    wrong = office.ask(office.token(), office.request("a.b.c", configuration=configuration))
    assert (answer.status, answer.body) == (400, wrong.body)  # whose key it is is told to nobody
    _nothing_issued(office)
    assert len(office.copies([shared], configuration, account="account-3")) == 1  # its owner may ask again


@pytest.mark.parametrize("configuration", EACH_FORMAT)
@pytest.mark.parametrize("other", [{"di_vp": [{}]}, {"attestation": ["a.b.c"]}, {"ldp_vp": []}])
def test_is_02_mixed_proof_types(office: Office, configuration: str, other: dict[str, Any]) -> None:
    content = office.request(office.proof(), configuration=configuration)
    content["proofs"].update(other)
    answer = office.ask(office.token(), content)
    assert (answer.status, body(answer)["error"]) == (400, "invalid_credential_request")
    _nothing_issued(office)


def test_is_02_old_nonce(office: Office) -> None:
    value = office.nonce()
    office.now += LIFETIME
    _refused(office, office.proof(value=value), "invalid_nonce")


def test_is_02_foreign_nonce(office: Office) -> None:
    _refused(office, office.proof(value="A" * 43), "invalid_nonce")


def test_is_02_a_value_of_another_purpose_is_no_nonce(office: Office) -> None:
    made = office.offer()
    _refused(office, office.proof(value=offer.code_of(made.offer_id)), "invalid_nonce")


def test_is_02_reused_nonce(office: Office) -> None:
    token, value = office.token(), office.nonce()
    assert office.ask(token, office.request(office.proof(value=value))).status == 200
    answer = office.ask(token, office.request(office.proof(value=value)))
    assert body(answer)["error"] == "invalid_nonce"


def test_is_02_reused_proof(office: Office) -> None:
    proof = office.proof()
    assert office.ask(office.token(), office.request(proof)).status == 200
    answer = office.ask(office.token("driving_licence", "account-3"), office.request(proof))
    assert body(answer)["error"] == "invalid_nonce"


def test_is_02_raced_nonce(office: Office) -> None:
    token, proof = office.token(), office.proof()
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(office.ask(token, office.request(proof)).status))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [400] * 7
    with office.storage.reading() as ports:
        assert len(ports.documents.issued("licence-1")) == 1


@pytest.mark.parametrize("audience", ["http://localhost:5001", ISSUER + "/", ISSUER.upper(), ""])
def test_is_02_wrong_audience(office: Office, audience: str) -> None:
    _refused(office, office.proof(audience=audience), "invalid_proof")


@pytest.mark.parametrize("typ", ["JWT", "dpop+jwt", "openid4vci-proof", ""])
def test_is_02_wrong_typ(office: Office, typ: str) -> None:
    key = MemorySigner.generate()
    claims = {"aud": ISSUER, "iat": NOW, "nonce": office.nonce()}
    headers = {"kid": None, "jwk": key.public.bare_jwk()}
    _refused(office, jose.sign(claims, key, typ=typ, headers=headers), "invalid_proof")


@pytest.mark.parametrize("age", [-120, 301])
def test_is_02_wrong_time(office: Office, age: int) -> None:
    proof = key_proof(MemorySigner.generate(), audience=ISSUER, nonce=office.nonce(), now=NOW - age)
    _refused(office, proof, "invalid_proof")


def test_is_02_without_nonce(office: Office) -> None:
    key = MemorySigner.generate()
    headers = {"kid": None, "jwk": key.public.bare_jwk()}
    proof = jose.sign({"aud": ISSUER, "iat": NOW}, key, typ=KEY_PROOF_TYP, headers=headers)
    _refused(office, proof, "invalid_proof")


def _with_header(proof: str, change: Callable[[dict[str, Any]], None]) -> str:
    head, claims, signature = proof.split(".")
    header = json.loads(b64url_decode(head))
    change(header)
    return ".".join([b64url_encode(json.dumps(header).encode()), claims, signature])


def test_is_02_alg_none(office: Office) -> None:
    unsigned = _with_header(office.proof(), lambda header: header.update(alg="none"))
    _refused(office, unsigned.rpartition(".")[0] + ".", "invalid_proof")
    _refused(office, unsigned, "invalid_proof")


def test_is_02_symmetric_alg(office: Office) -> None:
    _refused(office, _with_header(office.proof(), lambda header: header.update(alg="HS256")), "invalid_proof")


def test_is_02_private_key_inside(office: Office) -> None:
    key = MemorySigner.generate()
    private = {**key.public.bare_jwk(), "d": b64url_encode(b"\x01" * 32)}
    claims = {"aud": ISSUER, "iat": NOW, "nonce": office.nonce()}
    headers = {"kid": None, "jwk": private}
    _refused(office, jose.sign(claims, key, typ=KEY_PROOF_TYP, headers=headers), "invalid_proof")


@pytest.mark.parametrize("extra", [{"kid": "1"}, {"x5c": ["AA=="]}])
def test_is_02_two_ways_to_the_key(office: Office, extra: dict[str, object]) -> None:
    key = MemorySigner.generate()
    claims = {"aud": ISSUER, "iat": NOW, "nonce": office.nonce()}
    headers = {"kid": None, "jwk": key.public.bare_jwk(), **extra}
    _refused(office, jose.sign(claims, key, typ=KEY_PROOF_TYP, headers=headers), "invalid_proof")


def test_is_02_key_of_another_proof(office: Office) -> None:
    other = MemorySigner.generate().public.bare_jwk()
    _refused(office, _with_header(office.proof(), lambda header: header.update(jwk=other)), "invalid_proof")


def test_is_02_a_refused_proof_leaves_its_nonce_alive(office: Office) -> None:
    value = office.nonce()
    _refused(office, office.proof(value=value, audience="http://evil.example"), "invalid_proof")
    assert office.ask(office.token(), office.request(office.proof(value=value))).status == 200


def test_is_02_nonces_do_not_pile_up(office: Office) -> None:
    for _ in range(5):
        office.nonce()
    office.now += LIFETIME + 1
    office.nonce()
    with office.storage.transaction() as ports:
        assert ports.ephemeral.sweep(now=office.now) == 0


# --- IS-03: keys that others hold too ----------------------------------------------------------------------------------

PRINTED = b"""-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff
H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp
7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt
-----END PRIVATE KEY-----
"""  # RFC 7515 Appendix A.3


@pytest.mark.parametrize("scalar", [1, 2, 7, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550])
def test_is_03_a_tiny_key(office: Office, scalar: int) -> None:
    key = MemorySigner(ec.derive_private_key(scalar, ec.SECP256R1()), "ES256")
    _refused(office, office.proof(key=key), "invalid_proof")


def test_is_03_a_key_printed_in_a_specification(office: Office) -> None:
    _refused(office, office.proof(key=MemorySigner.from_pem(PRINTED, "ES256")), "invalid_proof")


def test_is_03_the_issuers_own_key(office: Office) -> None:
    for held in office.signers.held.values():
        _refused(office, office.proof(key=held.signer), "invalid_proof")


# --- IS-04: configurations that the token does not name ----------------------------------------------------------------


@pytest.mark.parametrize(
    "configuration",
    [
        *("health_record.summary", "health_record.sd_jwt", "health_record.mdoc"),
        *("citizen_identity.identity", "citizen_identity.sd_jwt", "citizen_identity.mdoc"),
    ],
)
def test_is_04_another_document(office: Office, configuration: str) -> None:
    answer = office.ask(office.token(), office.request(office.proof(), configuration=configuration))
    assert answer.status == 403
    assert 'error="insufficient_scope"' in (answer.header("WWW-Authenticate") or "")


@pytest.mark.parametrize("allowed", EACH_FORMAT)
@pytest.mark.parametrize("asked", EACH_FORMAT)
def test_is_04_another_format_of_the_same_document(office: Office, allowed: str, asked: str) -> None:
    """Who agreed to a view did not agree to the whole document, and the other way."""
    with office.storage.transaction() as ports:
        grant = Grant("g4", "account-1", "wallet", (SCOPE_PREFIX + allowed,), "issuance", NOW, NOW + 300)
        ports.grants.open(grant, [Token(token_hash("four"), "g4", "access", NOW + 300)])
    answer = office.ask("four", office.request(office.proof(), configuration=asked))
    assert answer.status == (200 if asked == allowed else 403)


def test_is_04_a_token_of_a_sign_in(office: Office) -> None:
    with office.storage.transaction() as ports:
        grant = Grant("g", "account-1", "bank", ("openid", "vneid"), "openid", NOW, NOW + 600)
        ports.grants.open(grant, [Token(token_hash("sign-in"), "g", "access", NOW + 600)])
    answer = office.ask("sign-in", office.request(office.proof()))
    assert answer.status == 403
    assert 'error="insufficient_scope"' in (answer.header("WWW-Authenticate") or "")


# --- IS-05 to IS-07, IS-09 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [BATCH_SIZE + 1, 1000])
@pytest.mark.parametrize("configuration", EACH_FORMAT)
def test_is_05_a_batch_above_the_limit(office: Office, configuration: str, count: int) -> None:
    value = office.nonce()
    proofs = [office.proof(value=value) for _ in range(min(count, BATCH_SIZE + 1))]
    content = office.request(*proofs, *proofs[:1] * (count - len(proofs)), configuration=configuration)
    answer = office.ask(office.token(), content)
    assert body(answer)["error"] == "invalid_credential_request"
    _nothing_issued(office)
    # Nothing was taken either.
    answer = office.ask(office.token(), office.request(*proofs[:BATCH_SIZE], configuration=configuration))
    assert answer.status == 200 and len(body(answer)["credentials"]) == BATCH_SIZE


@pytest.mark.parametrize("configuration", EACH_FORMAT)
def test_is_06_a_lost_answer_is_asked_for_again(office: Office, configuration: str) -> None:
    """The second answer is new copies with indexes of their own; all are on record, so all can be revoked."""
    token, keys = office.token(), [MemorySigner.generate() for _ in range(2)]
    copies = [copy for _ in range(2) for copy in office.copies(keys, configuration, token)]
    with office.storage.reading() as ports:
        recorded = {(each.status_list, each.status_index) for each in ports.documents.issued("licence-1")}
    assert recorded == {placed(configuration, copy) for copy in copies} and len(recorded) == 4


def test_is_06_the_very_same_request_never_issues_twice(office: Office) -> None:
    token = office.token()
    content = office.request(office.proof())
    assert [office.ask(token, content).status for _ in range(3)] == [200, 400, 400]
    with office.storage.reading() as ports:
        assert len(ports.documents.issued("licence-1")) == 1


def _suspend(office: Office) -> None:
    with office.storage.transaction() as ports:
        documents.suspend(ports, document_id="licence-1", by="test", now=NOW)


def _lock_account(office: Office) -> None:
    with office.storage.transaction() as ports:
        ports.accounts.set_state("account-1", AccountState.LOCKED)


@pytest.mark.parametrize(
    "change",
    [
        _suspend,
        _lock_account,
        lambda office: office.change_person(locked=True),
        lambda office: office.change_person(deceased_on="2026-09-20"),
    ],
)
def test_is_07_what_changed_since_the_offer_counts(office: Office, change: Callable[[Office], None]) -> None:
    token = office.token()
    change(office)
    answer = office.ask(token, office.request(office.proof()))
    assert (answer.status, body(answer)["error"]) == (400, "credential_request_denied")
    description = body(answer)["error_description"].lower()
    assert not any(word in description for word in ("suspend", "lock", "decease"))  # the ground is not the wallet's
    with office.storage.reading() as ports:
        assert ports.documents.issued("licence-1") == ()


class _Away:
    """A key behind a module that was unplugged."""

    def __init__(self, public: PublicKey) -> None:
        self.public = public

    def sign(self, message: bytes) -> bytes:
        raise ConnectionError("no token in slot")


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("configuration", EACH_FORMAT)
def test_is_09_signing_key_unavailable(office: Office, configuration: str, missing: bool) -> None:
    held = dict(office.signers.held)
    if missing:
        del held["public-security"]
    else:
        whole = held["public-security"]
        held["public-security"] = CertifiedSigner(_Away(whole.signer.public), whole.certificate)
    token, value, keys = office.token(), office.nonce(), [MemorySigner.generate() for _ in range(2)]
    content = office.request(*(office.proof(key=key, value=value) for key in keys), configuration=configuration)
    answer = office.ask(token, content, signers=Signers(held))
    assert answer.status == 503
    assert "public-security" not in answer.body.decode() and "slot" not in answer.body.decode()
    with office.storage.reading() as ports:
        assert ports.documents.issued("licence-1") == ()
        assert ports.journal.read(kind="credential_intended") == ()
        (event,) = ports.journal.read(kind="credential_refused")
    assert "signing_unavailable" in event.details["code"]
    # Nothing of the request was kept: the very same request works once the key is back.
    assert office.ask(token, content).status == 200


def test_is_09_a_record_that_does_not_fit_is_not_signed(office: Office) -> None:
    token = office.token()
    with office.storage.transaction() as ports:
        document = ports.documents.get("licence-1")
        assert document is not None
        unfit = replace(document, document_id="licence-9", record={"full_name": "Nguyễn Thị Hoà"})
        ports.documents.add([unfit])
        grant = Grant(
            "g9",
            "account-1",
            "anonymous-wallet",
            (),
            "issuance",
            NOW,
            NOW + 600,
            {"document_id": "licence-9", "configuration_ids": ["driving_licence.licence"]},
        )
        ports.grants.open(grant, [Token(token_hash("nine"), "g9", "access", NOW + 600)])
    answer = office.ask("nine", office.request(office.proof()))
    assert (answer.status, body(answer)["error"]) == (400, "credential_request_denied")
    with office.storage.reading() as ports:
        assert ports.documents.issued("licence-9") == ()
    assert office.ask(token, office.request(office.proof())).status == 200


def test_a_malformed_credential_is_never_what_comes_out(office: Office) -> None:
    with pytest.raises(Malformed):
        cwt.peek(office.receive(MemorySigner.generate())[:-1])


# --- IS-08, IS-10: what one answer names, another token does not get ----------------------------------------------------


def test_is_08_a_notification_id_of_another_holder(office: Office) -> None:
    first = office.token()
    answer = office.ask(first, office.request(office.proof()))
    sent = {"notification_id": body(answer)["notification_id"], "event": "credential_deleted"}
    for account in ("account-1", "account-3"):  # another token of the same person, and of another one
        other = office.notify(office.token(account=account), sent)
        assert (other.status, body(other)["error"]) == (400, "invalid_notification_id")
    assert "credential_notified" not in office.kinds()
    assert office.notify(first, sent).status == 204


def test_is_10_a_transaction_polled_by_another_token(office: Office) -> None:
    with office.storage.transaction() as ports:
        holds.review(ports, document_id="licence-1", by="officer", now=office.now)
    first = office.token()
    transaction = body(office.ask(first, office.request(office.proof())))["transaction_id"]
    for released in (False, True):
        if released:
            with office.storage.transaction() as ports:
                holds.release(ports, document_id="licence-1", by="officer", now=office.now)
        for account in ("account-1", "account-3"):
            other = office.deferred(office.token(account=account), transaction)
            assert (other.status, body(other)["error"]) == (400, "invalid_transaction_id")
    assert office.deferred(first, transaction).status == 200
