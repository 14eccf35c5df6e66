"""Keys bound to one algorithm each: JWK, COSE_Key, thumbprints, signers in memory and in files.

Source: RFC 7638 §3.1, RFC 8037 Appendix A, RFC 7517 Appendix A; joserfc as the second implementation of JWK.
"""

import multiprocessing
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey, RSAKey

from certs import cbor
from certs.encoding import b64url_encode
from certs.keys import ALGORITHMS, COSE_ALGORITHMS, FileSigner, MemorySigner, PublicKey
from tests.certs.refusals import refused

SIGNERS = {alg: MemorySigner.generate(alg) for alg in ALGORITHMS}

RFC7638 = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs"
    "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n9"
    "1CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}
RFC8037 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
P256 = SIGNERS["ES256"].public.bare_jwk()


def test_thumbprints_of_the_rfcs() -> None:
    assert PublicKey.from_jwk(RFC7638).thumbprint() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert PublicKey.from_jwk(RFC8037).thumbprint() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # RFC 8037 A.3


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_survives_its_jwk(alg: str) -> None:
    public = SIGNERS[alg].public
    again = PublicKey.from_jwk(public.jwk())
    assert again == public
    assert hash(again) == hash(public)
    assert (again.alg, again.kid) == (alg, public.thumbprint())
    assert PublicKey.from_jwk(public.bare_jwk(), alg) == public


@pytest.mark.parametrize(("alg", "kind"), [("ES256", ECKey), ("ES384", ECKey), ("RS256", RSAKey), ("EdDSA", OKPKey)])
def test_joserfc_reads_our_jwk_and_names_it_alike(alg: str, kind: Any) -> None:
    public = SIGNERS[alg].public
    assert kind.import_key(public.bare_jwk()).thumbprint() == public.thumbprint()


@pytest.mark.parametrize(
    "make",
    [
        lambda: ECKey.generate_key("P-256"),
        lambda: ECKey.generate_key("P-384"),
        lambda: OKPKey.generate_key("Ed25519"),
        lambda: RSAKey.generate_key(2048),
    ],
)
def test_we_read_the_jwk_of_joserfc(make: Any) -> None:
    theirs = make()
    assert PublicKey.from_jwk(theirs.as_dict(private=False)).thumbprint() == theirs.thumbprint()


@given(st.integers(1, 2**255))
def test_a_p256_key_survives_its_cose_key(number: int) -> None:
    public = MemorySigner(ec.derive_private_key(number, ec.SECP256R1()), "ES256").public
    encoded = cbor.encode(public.cose())
    assert len(encoded) == 42
    assert PublicKey.from_cose(cbor.decode(encoded)) == public
    x, y = public.crypto().public_numbers().x, public.crypto().public_numbers().y  # type: ignore[union-attr]
    whole = {1: 2, -1: 1, -2: x.to_bytes(32, "big"), -3: y.to_bytes(32, "big")}
    assert PublicKey.from_cose(whole) == public


@pytest.mark.parametrize(("alg", "number"), COSE_ALGORITHMS.items())
def test_cose_algorithm_numbers_are_the_registered_ones(alg: str, number: int) -> None:
    assert {"ES256": -7, "ES384": -35, "EdDSA": -8, "PS256": -37, "RS256": -257}[alg] == number  # IANA COSE Algorithms


@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if alg != "ES256"])
def test_only_p256_has_a_cose_key(alg: str) -> None:
    with refused("alg_not_allowed"):
        SIGNERS[alg].public.cose()


@pytest.mark.parametrize(
    "change",
    [
        *(
            {1: 1},
            {1: True},
            {-1: 2},
            {-1: True},
            {-1: 8},
            {-2: b"\0" * 31},
            {-2: b"\0" * 33},
            {-2: "x" * 32},
            {-2: None},
        ),
        *(
            {-3: 1},
            {-3: None},
            {-3: b"\0" * 31},
            {-2: b"\xff" * 32},
            {-4: b"\1" * 32},
            {3: -7},
            {3: -35},
            {2: b"id"},
            {4: [1]},
        ),
        {-2: b"\0" * 32, -3: b"\0" * 32},
    ],
)
def test_a_cose_key_is_four_members_and_a_point_on_the_curve(change: dict[int, Any]) -> None:
    with refused("malformed"):
        PublicKey.from_cose({**SIGNERS["ES256"].public.cose(), **change})


@pytest.mark.parametrize("missing", [1, -1, -2, -3])
def test_a_cose_key_lacks_nothing(missing: int) -> None:
    cose = SIGNERS["ES256"].public.cose()
    del cose[missing]
    with refused("malformed"):
        PublicKey.from_cose(cose)


# --- what is no key of ours -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jwk", "code"),
    [
        ({**P256, "d": "AQ"}, "malformed"),
        ({"kty": "oct", "k": "AAAA"}, "malformed"),
        ({"kty": "oct"}, "alg_not_allowed"),
        ({}, "alg_not_allowed"),
        ({**P256, "kty": "ec"}, "alg_not_allowed"),
        ({**P256, "kty": ["EC"]}, "alg_not_allowed"),
        ({**P256, "crv": "P-521"}, "malformed"),
        ({**P256, "crv": "secp256k1"}, "malformed"),
        ({**P256, "crv": "P-384"}, "malformed"),
        ({**P256, "crv": ["P-256"]}, "malformed"),
        ({**P256, "x": P256["x"] + "A"}, "malformed"),
        ({**P256, "x": P256["x"] + "="}, "encoding_invalid"),
        ({**P256, "x": 5}, "malformed"),
        ({**P256, "y": P256["x"]}, "malformed"),
        ({**P256, "x": b64url_encode(b"\0" * 32), "y": b64url_encode(b"\0" * 32)}, "malformed"),
        ({"kty": "EC", "crv": "P-256", "x": P256["x"]}, "malformed"),
        ({**P256, "use": "enc"}, "alg_not_allowed"),
        ({**P256, "key_ops": ["deriveKey"]}, "alg_not_allowed"),
        ({**P256, "key_ops": ["sign"]}, "alg_not_allowed"),
        ({**P256, "key_ops": "verify"}, "malformed"),
        ({**P256, "key_ops": 7}, "malformed"),
        ({**P256, "alg": "ES384"}, "alg_not_allowed"),
        ({**P256, "alg": "HS256"}, "alg_not_allowed"),
        ({**P256, "alg": "none"}, "alg_not_allowed"),
        ({**P256, "alg": 7}, "malformed"),
        ({**P256, "kid": 7}, "malformed"),
        ({**RFC8037, "crv": "X25519"}, "alg_not_allowed"),
        ({**RFC8037, "crv": "Ed448"}, "alg_not_allowed"),
        ({**RFC8037, "x": "AAAA"}, "malformed"),
        ({**RFC7638, "e": "AQ"}, "malformed"),
        ({**RFC7638, "e": "Ag"}, "malformed"),
        ({**RFC7638, "e": ""}, "malformed"),
        ({**RFC7638, "n": "AQAB"}, "malformed"),
        ({**RFC7638, "n": RFC7638["n"][:172]}, "alg_not_allowed"),  # 1,020 bits
        ({**RFC7638, "n": "_" * 1500}, "alg_not_allowed"),  # 9,000 bits
        ({**RFC7638, "alg": "RS512"}, "alg_not_allowed"),
        ({**RFC7638, "alg": "ES256"}, "alg_not_allowed"),
        (["kty"], "malformed"),
        ("kty", "malformed"),
        (None, "malformed"),
    ],
)
def test_a_jwk_that_is_no_public_key_of_ours_is_refused(jwk: Any, code: str) -> None:
    with refused(code):
        PublicKey.from_jwk(jwk)


def test_an_algorithm_that_the_caller_names_must_be_the_one_of_the_jwk() -> None:
    assert PublicKey.from_jwk({**RFC8037, "alg": "Ed25519"}).alg == "EdDSA"  # RFC 9864 §2.2
    rsa_members = {name: RFC7638[name] for name in ("kty", "n", "e")}
    assert PublicKey.from_jwk(rsa_members, "PS256").alg == "PS256"
    with refused("alg_not_allowed"):
        PublicKey.from_jwk(RFC7638, "PS256")
    with refused("alg_not_allowed"):
        PublicKey.from_jwk(P256, "EdDSA")


def test_weak_keys_are_refused_wherever_they_come_from() -> None:
    short = rsa.generate_private_key(65537, 1024)
    with refused("alg_not_allowed"):
        PublicKey.from_crypto(short.public_key())
    with refused("alg_not_allowed"):
        MemorySigner(short, "RS256")
    for key in (
        ec.generate_private_key(ec.SECP192R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ec.generate_private_key(ec.SECP521R1()),
    ):
        with refused("alg_not_allowed"):
            PublicKey.from_crypto(key.public_key())
    for other in (ed448.Ed448PrivateKey.generate(), x25519.X25519PrivateKey.generate()):
        with refused("alg_not_allowed"):
            PublicKey.from_crypto(other.public_key())


def test_an_rsa_key_of_the_roca_kind_is_refused() -> None:
    """CVE-2017-15361: a modulus that is a power of 65537 modulo each small prime, put together by the Chinese remainder."""
    primes = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
    number, step = 0, 1
    for prime in primes:
        number += step * ((pow(65537, 3, prime) - number) * pow(step, -1, prime) % prime)
        step *= prime
    number += step * ((1 << 2047) // step + 1)
    number += 0 if number % 2 else step
    jwk = {"kty": "RSA", "e": "AQAB", "n": b64url_encode(number.to_bytes(256, "big"))}
    with refused("alg_not_allowed"):
        PublicKey.from_jwk(jwk)
    assert PublicKey.from_jwk({**jwk, "n": b64url_encode((number + 2).to_bytes(256, "big"))}).alg == "RS256"


# --- signing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_what_a_signer_signs_its_public_key_verifies(alg: str) -> None:
    signer = SIGNERS[alg]
    signature = signer.sign(b"message")
    signer.public.verify(signature, b"message")
    for bad in (
        signature[:-1],
        signature + b"\0",
        b"",
        bytes([signature[0] ^ 1]) + signature[1:],
        b"\0" * len(signature),
    ):
        with refused("signature_invalid"):
            signer.public.verify(bad, b"message")
    with refused("signature_invalid"):
        signer.public.verify(signature, b"another")
    with refused("signature_invalid"):
        MemorySigner.generate(alg).public.verify(signature, b"message")


def test_ecdsa_signatures_are_raw_and_of_fixed_length() -> None:
    assert {len(SIGNERS["ES256"].sign(b"%d" % number)) for number in range(300)} == {64}
    assert len(SIGNERS["ES384"].sign(b"x")) == 96
    signature = SIGNERS["ES256"].sign(b"x")
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    with refused("signature_invalid"):
        SIGNERS["ES256"].public.verify(der, b"x")


def test_rs256_and_ps256_of_one_key_are_not_the_same_key() -> None:
    key = rsa.generate_private_key(65537, 2048)
    one, other = MemorySigner(key, "RS256"), MemorySigner(key, "PS256")
    assert one.public != other.public
    with refused("signature_invalid"):
        other.public.verify(one.sign(b"x"), b"x")


def test_an_unknown_algorithm_makes_no_key() -> None:
    for alg in ("none", "HS256", "ES512", "ES256K", ""):
        with refused("alg_not_allowed"):
            MemorySigner.generate(alg)


def test_what_is_printed_of_a_signer_tells_no_secret() -> None:
    signer = MemorySigner.generate(kid="signer-1")
    number = signer.crypto().private_numbers().private_value  # type: ignore[union-attr]
    shown = repr(signer) + str(signer) + repr(signer.public)
    assert "signer-1" in shown
    assert str(number) not in shown and f"{number:x}" not in shown
    assert not hasattr(signer, "__dict__")


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_signer_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "ca" / "key.pem"
    first = FileSigner.load_or_create(path, "ES256", "k1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["key.pem"]  # no half-written file stays
    assert FileSigner.load_or_create(path, "ES256").public == first.public
    assert FileSigner.load(path, "ES256", "k1").public.kid == "k1"
    MemorySigner.from_pem(first.pem(), "ES256").public.verify(first.sign(b"x"), b"x")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    FileSigner.load_or_create(path, "ES256")
    path.chmod(mode)
    with pytest.raises(PermissionError, match="chmod 600"):
        FileSigner.load_or_create(path, "ES256")


def test_a_key_file_of_another_algorithm_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    FileSigner.load_or_create(path, "EdDSA")
    with refused("alg_not_allowed"):
        FileSigner.load(path, "ES256")
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(ValueError):
        FileSigner.load(path, "ES256")


def test_a_pem_of_a_kind_that_does_not_sign_is_refused() -> None:
    pem = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with refused("alg_not_allowed"):
        MemorySigner.from_pem(pem, "EdDSA")


def _start(path: Path, results: Any) -> None:
    results.put(FileSigner.load_or_create(path, "ES256").public.thumbprint())


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=_start, args=(tmp_path / "key.pem", results)) for _ in range(6)]
    for process in processes:
        process.start()
    seen = {results.get(timeout=30) for _ in processes}
    for process in processes:
        process.join()
    assert len(seen) == 1
    assert os.listdir(tmp_path) == ["key.pem"]
