"""Encrypted requests and answers: what is opened, to whom the answer goes, and what is refused in clear."""

import json
from dataclasses import replace
from typing import Any

import pytest

from certs import jwe
from certs.jwe import DecryptionKey
from certs.keys import MemorySigner
from idp.issuance import deferred, holds
from idp.issuance.metadata import BATCH_SIZE
from idp.oidc.request import Request, Response
from tests.idp.issuance.office import Office, body

OURS = DecryptionKey.generate("ECDH-ES", "enc-1")
MINE = DecryptionKey.generate("ECDH-ES", "answer-1")
WISH = {"jwk": MINE.public.jwk(), "enc": "A256GCM"}


@pytest.fixture(autouse=True)
def with_keys(office: Office) -> None:
    office.context = replace(office.context, encrypted_to=lambda: (OURS.public,), opening=lambda: (OURS,))


def sealed(content: object, *, to: DecryptionKey = OURS) -> bytes:
    return jwe.encrypt(json.dumps(content), to.public, enc="A256GCM").encode()


def asked(office: Office, *, proofs: int = 1, **more: Any) -> dict[str, Any]:
    value = office.nonce()
    return {**office.request(*(office.proof(value=value) for _ in range(proofs))), **more}


def ask(office: Office, content: bytes, token: str | None = None) -> Response:
    return office.ask(token or office.token(), content, media_type="application/jwt")


def read(answer: Response) -> dict[str, Any]:
    assert answer.header("Content-Type") == "application/jwt"
    found = json.loads(jwe.decrypt(answer.body.decode(), [MINE], limit=256 * 1024).content)
    assert isinstance(found, dict)
    return found


def test_a_request_in_clear_text_inside_is_answered_in_clear(office: Office) -> None:
    answer = ask(office, sealed(asked(office)))
    assert answer.status == 200 and answer.header("Content-Type") == "application/json"
    assert len(body(answer)["credentials"]) == 1


@pytest.mark.parametrize("enc", ["A256GCM", "A128GCM"])
def test_an_answer_to_the_key_of_the_request(office: Office, enc: str) -> None:
    wish = {"jwk": MINE.public.jwk(), "enc": enc}
    answer = ask(office, sealed(asked(office, credential_response_encryption=wish)))
    assert answer.status == 200
    assert set(read(answer)) == {"credentials", "notification_id"}
    header = jwe.decrypt(answer.body.decode(), [MINE]).header
    assert (header["alg"], header["enc"], header["kid"]) == ("ECDH-ES", enc, "answer-1")


@pytest.mark.parametrize("configuration", ["driving_licence.mdoc", "driving_licence.sd_jwt"])
def test_the_largest_batch_still_fits(office: Office, configuration: str) -> None:
    content = {**asked(office, proofs=BATCH_SIZE), "credential_configuration_id": configuration}
    answer = ask(office, sealed({**content, "credential_response_encryption": WISH}))
    assert answer.status == 200, answer.body
    assert len(read(answer)["credentials"]) == BATCH_SIZE


def test_a_promise_is_encrypted_too_and_so_is_its_keeping(office: Office) -> None:
    with office.storage.transaction() as ports:
        holds.review(ports, document_id="licence-1", by="officer", now=office.now)
    token = office.token()
    promise = ask(office, sealed(asked(office, credential_response_encryption=WISH)), token)
    assert promise.status == 202
    with office.storage.transaction() as ports:
        holds.release(ports, document_id="licence-1", by="officer", now=office.now)
    content = sealed({**read(promise), "credential_response_encryption": WISH})
    request = Request("POST", headers={"authorization": f"Bearer {token}"}, media_type="application/jwt", body=content)
    kept = deferred.respond(office.storage, request, context=office.context, signers=office.signers, now=office.now)
    assert kept.status == 200 and read(kept)["credentials"]


def test_a_refusal_is_never_encrypted(office: Office) -> None:
    content = {**asked(office, credential_response_encryption=WISH), "credential_configuration_id": "nothing"}
    answer = ask(office, sealed(content))
    assert answer.header("Content-Type") == "application/json"
    assert (answer.status, body(answer)["error"]) == (400, "unknown_credential_configuration")


def test_a_key_for_the_answer_does_not_come_in_clear(office: Office) -> None:
    answer = office.ask(office.token(), asked(office, credential_response_encryption=WISH))
    assert (answer.status, body(answer)["error"]) == (400, "invalid_encryption_parameters")


@pytest.mark.parametrize(
    "wish",
    [
        {},
        [],
        "x",
        {"enc": "A256GCM"},
        {"jwk": MINE.public.jwk()},
        {**WISH, "enc": "A256CBC"},
        {**WISH, "zip": "DEF"},
        {**WISH, "jwk": {name: value for name, value in MINE.public.jwk().items() if name != "alg"}},
        {**WISH, "jwk": {**MINE.public.jwk(), "alg": "RSA-OAEP-256"}},
        {**WISH, "jwk": {**MINE.public.jwk(), "use": "sig"}},
        {**WISH, "jwk": {**MINE.public.jwk(), "d": "AA"}},
        {**WISH, "jwk": {**MINE.public.jwk(), "x": "AA"}},
    ],
)
def test_whom_nothing_can_be_encrypted_to(office: Office, wish: object) -> None:
    answer = ask(office, sealed(asked(office, credential_response_encryption=wish)))
    assert (answer.status, body(answer)["error"]) == (400, "invalid_encryption_parameters")
    with office.storage.reading() as ports:
        assert ports.documents.issued("licence-1") == ()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "invalid_encryption_parameters"),
        (b"a.b.c", "invalid_encryption_parameters"),
        ("\u00e9".encode(), "invalid_encryption_parameters"),
        (sealed({}, to=MINE), "invalid_encryption_parameters"),
        (sealed([]), "invalid_credential_request"),
        (b"x" * 50_000, "invalid_credential_request"),
    ],
    ids=["nothing", "a JWS", "not ASCII", "to another key", "no object", "too long"],
)
def test_what_is_not_for_us(office: Office, content: bytes, error: str) -> None:
    answer = ask(office, content)
    assert (answer.status, body(answer)["error"]) == (400, error)


def test_a_nonce_of_a_refused_request_lives_on(office: Office) -> None:
    key, value = MemorySigner.generate(), office.nonce()
    content = office.request(office.proof(key=key, value=value))
    assert ask(office, sealed({**content, "credential_response_encryption": {}})).status == 400
    assert ask(office, sealed({**content, "credential_response_encryption": WISH})).status == 200
