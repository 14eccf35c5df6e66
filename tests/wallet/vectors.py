"""Vectors for the holder's half: made by `certs` from fixed keys and times, answered by the page's modules under Node.

Source: generated here; the independent reader is `wallet/web/static/js`, the independent verifier `certs`.
"""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from certs import cbor, cose, proof
from certs.cbor import Tag
from certs.encoding import b64url_encode, base45_encode
from certs.keys import MemorySigner
from tests.peers import NODE

RUNNER = Path(__file__).parent / "js" / "vectors.mjs"
NOW = 1_793_000_000

HOLDER = MemorySigner(ec.derive_private_key(0x5EED_0001, ec.SECP256R1()), "ES256")
ISSUER = MemorySigner(ec.derive_private_key(0x5EED_0002, ec.SECP256R1()), "ES256")

BYTES = ["", "00", "ff", "0000", "ffff", "4142", "48656c6c6f2121", "00ff10203040", "d28443a1012640a04040"]
BASE45_BAD = [
    "A",
    "ABCD",
    "GGW",
    ":::",
    "ZZ",
    "ab",
    "AÀ",
    "A_",
]  # length 3n+1 (2), above 65535 (2), above 255, foreign (3)
BASE64URL_BAD = ["A", "AB", "AA==", "A+/A", "AA\n", "ÀAA"]  # lengths and trailing bits, padding, other alphabets

CBOR: list[Any] = [
    *(0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**53 - 1, -1, -7, -24, -25, -256, -257, -65537),
    *("", "a", "vn1-kb+cwt", "Nguyễn Thị Hồng Đào", "x" * 23, "x" * 24, "x" * 300),
    *(b"", b"\x00" * 23, b"\x01" * 24, b"\x02" * 255, b"\x03" * 256, b"\x04" * 65536),
    [],
    [1, [2, ["ba"]]],
    {39: b"challenge", 6: NOW, 3: "https://bank.example"},
    {"b": 1, "aa": 2, "a": 3, 24: 4, -1: 5, 1: 6, 256: 7, -257: 8},
    Tag(18, [b"", {}, b"payload", b"s" * 64]),
    Tag(61, {1: "x"}),
]

# An item cut off, two items, indefinite lengths, a reserved length, a nesting of 40, an announced size of 2^63.
ITEM_BAD = [
    "",
    "18",
    "5803aabb",
    "0000",
    "9fff",
    "5f40ff",
    "1c",
    "81" * 40 + "00",
    "5b8000000000000000",
    "9b8000000000000000",
]


@cache  # ECDSA signatures differ each time; one run speaks of one credential
def credential() -> bytes:
    """Something that an issuer signed; the holder's half never looks inside."""
    payload = cbor.encode({1: "public-security", 4: NOW + 86400, 8: {1: HOLDER.public.cose()}})
    return cose.sign(payload, ISSUER, header={cose.TYP: "vn1+cwt"})


PRESENTATIONS: list[dict[str, Any]] = [
    {"audience": None, "challenge": None},
    {"audience": "https://bank.example", "challenge": None},
    {"audience": None, "challenge": "00112233445566778899aabbccddeeff"},
    {"audience": "Quầy số 3", "challenge": "ff" * 64},
]


def presented(audience: str | None, challenge: str | None) -> bytes:
    raw = None if challenge is None else bytes.fromhex(challenge)
    return proof.holder_proof(credential(), HOLDER, now=NOW, audience=audience, challenge=raw)


def described(value: Any) -> list[Any]:
    """JSON that names the kind of each value."""
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if isinstance(value, list):
        return ["array", [described(each) for each in value]]
    if isinstance(value, dict):
        return ["map", [[described(key), described(each)] for key, each in value.items()]]
    if isinstance(value, Tag):
        return ["tag", [value.number, described(value.value)]]
    return ["plain", value]


def private_jwk(signer: MemorySigner) -> dict[str, str]:
    key = signer.crypto()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    d = key.private_numbers().private_value.to_bytes(32)
    return {**signer.public.bare_jwk(), "d": b64url_encode(d)}


def questions() -> dict[str, Any]:
    given = credential()
    return {
        "key": private_jwk(HOLDER),
        "base45": BYTES,
        "base45_text": [base45_encode(bytes.fromhex(each)) for each in BYTES],
        "base45_bad": BASE45_BAD,
        "base64url_text": [b64url_encode(bytes.fromhex(each)) for each in BYTES],
        "base64url_bad": BASE64URL_BAD,
        "cbor": [described(each) for each in CBOR],
        "item_bad": ITEM_BAD,
        "protected": "a10126",
        "payload": "a1061a6ade0000",
        "presentations": [{"credential": given.hex(), "now": NOW, **each} for each in PRESENTATIONS],
        "presentations_bad": ["", given[1:].hex(), given[:-1].hex(), given.hex() + "00", "00", "d1" + given[1:].hex()],
        "key_proof": {"audience": "https://idp.example", "nonce": "n-0S6_WzA2Mj", "now": NOW},
    }


@cache
def answers() -> dict[str, Any]:
    """What the page's modules answer, in one run of Node."""
    run = subprocess.run(
        [NODE, "--no-warnings", RUNNER],
        check=False,
        input=json.dumps(questions()),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    answered: dict[str, Any] = json.loads(run.stdout)
    return answered
