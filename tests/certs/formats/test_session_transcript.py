"""Session transcripts: the printed examples of OpenID4VP 1.0 Annex B.2.6, byte for byte."""

import pytest

from certs.encoding import b64url_decode
from certs.formats.session_transcript import digital_credentials, proximity, redirect
from certs.keys import PublicKey

NONCE = "exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA"
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "DxiH5Q4Yx3UrukE2lWCErq8N8bqC9CHLLrAwLz5BmE0",
    "y": "XtLM4-3h5o3HUH0MHVJV0kyq0iBlrBwlh8qEDMZ4-Pc",
}
THUMBPRINT = b64url_decode(PublicKey.from_jwk(KEY).thumbprint())


def test_redirect_as_printed() -> None:
    assert THUMBPRINT.hex() == "4283ec927ae0f208daaa2d026a814f2b22dca52cf85ffa8f3f8626c6bd669047"
    made = redirect(
        client_id="x509_san_dns:example.com",
        nonce=NONCE,
        response_uri="https://example.com/response",
        thumbprint=THUMBPRINT,
    )
    assert made.encoded.hex() == (
        "83f6f682714f70656e494434565048616e646f7665725820"
        "048bc053c00442af9b8eed494cefdd9d95240d254b046b11b68013722aad38ac"
    )
    assert (made.audience, made.nonce) == ("x509_san_dns:example.com", NONCE)


def test_digital_credentials_as_printed() -> None:
    made = digital_credentials(origin="https://example.com", nonce=NONCE, thumbprint=THUMBPRINT)
    assert made.encoded.hex() == (
        "83f6f682764f70656e4944345650444341504948616e646f7665725820"
        "fbece366f4212f9762c74cfdbf83b8c69e371d5d68cea09cb4c48ca6daab761a"
    )
    assert (made.audience, made.nonce) == ("origin:https://example.com", NONCE)


def test_each_part_counts() -> None:
    base = {"client_id": "a", "nonce": "n", "response_uri": "r", "thumbprint": None}
    others = ({"client_id": "b"}, {"nonce": "m"}, {"response_uri": "s"}, {"thumbprint": bytes(32)})
    made = [redirect(**{**base, **other}).encoded for other in ({}, *others)]  # type: ignore[arg-type]
    made += [
        digital_credentials(origin=origin, nonce=nonce, thumbprint=print_).encoded
        for origin, nonce, print_ in (("a", "n", None), ("b", "n", None), ("a", "m", None), ("a", "n", bytes(32)))
    ]
    assert len(set(made)) == len(made)


def test_what_would_never_match_is_not_made() -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        redirect(client_id="a", nonce="n", response_uri="r", thumbprint=b"short")
    with pytest.raises(ValueError, match="prefix"):
        digital_credentials(origin="origin:https://example.com", nonce="n", thumbprint=None)


def test_face_to_face_is_made_of_the_parts_as_they_came() -> None:
    made = proximity(engagement=b"\xd8\x18\x41\xa0", reader_key=b"\xd8\x18\x41\xa1", handover=b"\xf6")
    assert made.encoded.hex() == "83d81841a0d81841a1f6"
    assert (made.audience, made.nonce) == (None, None)
