"""Harnesses of what anybody may sign with a key of their own: proofs of possession. Header and payload say whatever they like."""

from collections.abc import Callable
from random import Random
from typing import Any

from certs import dpop, jose, proof
from certs.encoding import b64url_encode, json_decode, json_encode
from certs.errors import CertsError, Malformed
from certs.keys import MemorySigner
from tests.fuzz.driver import Harness
from tests.fuzz.mutation import changed_value
from tests.world import NOW

SIGNER = MemorySigner.generate()
AUDIENCE, METHOD, ADDRESS, TOKEN = "https://idp.example", "POST", "https://idp.example/token", "token"


def key_proof() -> Harness:
    def read(token: str) -> Any:
        found = proof.verify_key_proof(token, audience=AUDIENCE, now=NOW)
        assert found.key == SIGNER.public, "the key of somebody who did not sign"
        return found

    return _signed("key-proof", proof.key_proof(SIGNER, audience=AUDIENCE, nonce="n", now=NOW), read)


def dpop_() -> Harness:
    made = dpop.make(SIGNER, htm=METHOD, htu=ADDRESS, jti="j", now=NOW, access_token=TOKEN, nonce="n")

    def read(token: str) -> Any:
        found = dpop.verify(token, htm=METHOD, htu=ADDRESS, now=NOW, access_token=TOKEN)
        assert found.key == SIGNER.public, "the key of somebody who did not sign"
        assert isinstance(found.jti, str) and isinstance(found.nonce, str | None)
        return found

    return _signed("dpop", made, read)


def _signed(name: str, token: str, read: Callable[[str], Any]) -> Harness:
    """Of the token's header and payload, changed as JSON, and signed again with the same key."""
    parsed = jose.parse(token)
    seed = json_encode({"header": dict(parsed.header), "payload": json_decode(parsed.payload)})

    def change(data: bytes, chance: Random, _others: object) -> bytes:
        parts = json_decode(data)
        for part in chance.choice((("header",), ("payload",), ("payload",), ("header", "payload"))):
            parts[part] = changed_value(parts[part], chance)
        try:
            return json_encode(parts)
        except (TypeError, ValueError, UnicodeEncodeError):
            return data

    def sign(data: bytes) -> Any:
        try:
            parts = json_decode(data)
            signed = ".".join(b64url_encode(json_encode(parts[part])) for part in ("header", "payload"))
        except (CertsError, KeyError, TypeError) as error:
            raise Malformed("malformed", "nothing that could be signed") from error
        return read(signed + "." + b64url_encode(SIGNER.sign(signed.encode())))

    return Harness(name, (seed,), sign, (change,), judge=lambda _data, _found: None)
