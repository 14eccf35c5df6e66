"""A passkey in software: makes the very bytes that an authenticator and a browser send, right ones and wrong ones.

Spec: W3C Web Authentication Level 3 §5.8.1 (client data), §6.1 (authenticator data), §6.5 (attestation); RFC 9053 §7.1

Written for the tests with `cryptography` and our strict CBOR alone: what the provider checks with, it is not checked with.
"""

import hashlib
import json
import struct
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from certs.cbor import encode
from certs.encoding import b64url_decode, b64url_encode

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
USUAL = PRESENT | VERIFIED
ORIGIN = "http://localhost:5000"

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def es256() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def eddsa() -> PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def rs256(bits: int = 2048) -> PrivateKey:
    return rsa.generate_private_key(65537, bits)


def cose(key: PrivateKey) -> dict[int, Any]:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()}
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        return {1: 3, 3: -257, -1: public.n.to_bytes((public.n.bit_length() + 7) // 8, "big"), -2: b"\x01\x00\x01"}
    point = key.public_key().public_numbers()
    return {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}


def sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


@dataclass
class Passkey:
    """One credential. `flags`, `counter` and the rest may be set to what is wrong before it answers."""

    private_key: PrivateKey = field(default_factory=es256)
    raw_id: bytes = b"credential-of-the-tests-00000001"
    flags: int = USUAL
    counter: int = 0
    origin: str = ORIGIN
    rp_id: str = "localhost"
    user_handle: bytes | None = None
    client: dict[str, Any] = field(default_factory=dict)  # members of the client data that are not the right ones
    public_key: dict[int, Any] | None = None  # another than the right one
    format: str = "none"
    statement: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None

    def but(self, **changed: Any) -> "Passkey":
        return replace(self, **changed)

    # --- what it sends ------------------------------------------------------------------------------------------------

    def create(self, options: dict[str, Any]) -> str:
        """What `navigator.credentials.create` gave, as our page sends it."""
        self.user_handle = b64url_decode(options["user"]["id"])
        client = self.client_data("webauthn.create", options["challenge"])
        data = self.data(self.flags | ATTESTED)
        statement = self.statement if self.statement is not None else self._statement(data, client)
        made = {"fmt": self.format, "attStmt": statement, "authData": data}
        return self.registration(client, encode(made))

    def get(self, options: dict[str, Any]) -> str:
        """What `navigator.credentials.get` gave, as our page sends it."""
        client, data = self.client_data("webauthn.get", options["challenge"]), self.data(self.flags)
        return self.assertion(client, data, sign(self.private_key, data + hashlib.sha256(client).digest()))

    # --- its parts ----------------------------------------------------------------------------------------------------

    def client_data(self, kind: str, challenge: str) -> bytes:
        members = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **self.client}
        return json.dumps({name: value for name, value in members.items() if value is not None}).encode()

    def data(self, flags: int) -> bytes:
        extended = EXTENDED if self.extensions is not None else 0
        head = hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags | extended, self.counter)
        credential = bytes(range(16)) + struct.pack(">H", len(self.raw_id)) + self.raw_id
        key = encode(self.public_key if self.public_key is not None else cose(self.private_key))
        return (
            head
            + (credential + key if flags & ATTESTED else b"")
            + (encode(self.extensions) if self.extensions is not None else b"")
        )

    def registration(self, client: bytes, made: bytes, **changed: Any) -> str:
        response = {
            "clientDataJSON": b64url_encode(client),
            "attestationObject": b64url_encode(made),
            "transports": ["internal", "hybrid"],
        }
        return json.dumps({"id": b64url_encode(self.raw_id), "response": response | changed})

    def assertion(self, client: bytes, data: bytes, signature: bytes, **changed: Any) -> str:
        response = {
            "clientDataJSON": b64url_encode(client),
            "authenticatorData": b64url_encode(data),
            "signature": b64url_encode(signature),
            "userHandle": b64url_encode(self.user_handle) if self.user_handle is not None else None,
        }
        return json.dumps({"id": b64url_encode(self.raw_id), "response": response | changed})

    def _statement(self, data: bytes, client: bytes) -> dict[str, Any]:
        """Of the formats, `none` and a `packed` one that the credential signs itself (§8.2)."""
        if self.format != "packed":
            return {}
        signature = sign(self.private_key, data + hashlib.sha256(client).digest())
        return {"alg": cose(self.private_key)[3], "sig": signature}
