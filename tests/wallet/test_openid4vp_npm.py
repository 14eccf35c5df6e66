"""A verifier that is not ours: npm `@openid4vc/openid4vp`, unmodified, asks our wallet and reads what it answers.

Spec: OpenID4VP 1.0 §5, §8.2 (direct_post), §8.3.1 (direct_post.jwt); RFC 9101. It makes the signed request object and the link,
decrypts, and checks `state` and the form of the VP token; the presentations themselves are verified here, by our floor.
"""

import base64
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from certs.encoding import b64url_encode
from certs.fetch import Response
from certs.formats.elements import ISO_NAMESPACE
from tests.peers import ask
from tests.wallet.issuer import IssuerDesk
from tests.wallet.reader import MDOC, REQUEST, SD_JWT, ReaderDesk, at_the_wallet, query
from tests.wallet.test_asked import LICENCE, OURS, prepared, receive, sent, verified_mdoc, verified_sd_jwt
from tests.world import World
from wallet.requests import TYP


@pytest.fixture
def reader() -> ReaderDesk:
    world = World(now=int(time.time()))  # the library has a clock of its own
    return ReaderDesk(world, IssuerDesk(world, configurations=LICENCE))


def library(reader: ReaderDesk, step: str, payload: dict[str, Any], **more: Any) -> Any:
    certificate = reader.desk.certificate.public_bytes(serialization.Encoding.DER)
    told = {
        "step": step,
        "payload": payload,
        "request_uri": REQUEST,
        "x5c": [base64.b64encode(certificate).decode()],
        "signer": private_jwk(reader.desk.signer.pem()),
        "signer_public": reader.desk.signer.public.bare_jwk(),
        "decryption": {**private_jwk(reader.key.pem()), "kid": "enc-1", "alg": "ECDH-ES"},
        **more,
    }
    return ask("openid4vp.mjs", told)


def private_jwk(pem: bytes) -> dict[str, str]:
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    numbers = key.private_numbers()
    parts = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
    return {"kty": "EC", "crv": "P-256", **{name: b64url_encode(value.to_bytes(32)) for name, value in parts.items()}}


@pytest.mark.parametrize("encrypted", [False, True])
def test_it_asks_and_reads_what_the_wallet_answers(reader: ReaderDesk, tmp_path: Path, encrypted: bool) -> None:
    reader.encrypted, reader.asks, reader.prefix = encrypted, query(SD_JWT, MDOC), int(encrypted)
    claims = reader.claims()
    payload = {name: value for name, value in claims.items() if name not in ("iss", "aud", "iat", "exp")}
    asked = library(reader, "ask", payload)
    assert asked["link"].startswith("openid4vp://?"), asked
    reader.page = Response(200, {"content-type": f"application/{TYP}"}, asked["request"].encode())
    citizen = at_the_wallet(reader, tmp_path / "wallet")
    receive(citizen, reader.issuer, *LICENCE)
    opened = citizen.get("/present?" + asked["link"].partition("?")[2])
    assert opened.status_code == 303, opened.text
    path = opened.headers["Location"]
    assert sent(citizen, path, prepared(citizen, path)).status_code == 200
    (form,) = reader.answers
    assert set(form) == ({"response"} if encrypted else {"vp_token", "state"})
    read = library(reader, "read", payload, form=form)
    assert "refused" not in read, read
    assert (read["type"], read["state"], read["nonce"]) == ("dcql", payload["state"], payload["nonce"]), read
    assert read["encrypted"] == ("Encrypted" if encrypted else None)
    assert set(read["presentations"]) == {"licence", "mdl"}
    told = verified_sd_jwt(reader, read["presentations"]["licence"][0])
    assert told.claims == {"full_name": "Nguyễn Thị Thuỳ Dương", "classes": [{"class": "A1"}]}
    shown = verified_mdoc(reader, read["presentations"]["mdl"][0])
    assert set(shown.elements) == {ISO_NAMESPACE, OURS}
    refused = library(reader, "read", {**payload, "state": "another"}, form=form)
    assert "state" in refused["refused"]
