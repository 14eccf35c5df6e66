"""One runner over the shared vectors: what they call invalid is refused with a code, what they call valid is accepted.

Source: `../shared/vectors` (Wycheproof, JOSE cookbook, COSE examples, Token Status List, mdoc); exceptions by number and reason in
`exceptions.json`. SD-JWT has its own file beside this one.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certs import cbor, cose, jose, jwe, status
from certs.catalogue import AUTHORITIES
from certs.encoding import b64url_decode, b64url_encode, json_decode
from certs.errors import CertsError, Malformed
from certs.formats import Expected, Step, Trail, device_auth, device_response, mdoc, mso, session_encryption
from certs.formats.session_transcript import SessionTranscript, proximity
from certs.jose import KeySet
from certs.jwe import DecryptionKey
from certs.keys import MemorySigner, PublicKey
from certs.status import StatusList, StatusLists
from certs.trust import Service, TrustList, TrustStore
from certs.x509 import load as x509_load
from certs.x509 import public_key
from tests.certs.refusals import refused
from tests.vectors.shared import FOLDER, Case, absent, judge, load

# --- integrity --------------------------------------------------------------------------------------------------------


def test_no_vector_was_edited() -> None:
    if not FOLDER.is_dir():
        absent("the shared vectors are not here: ../shared/vectors")
    lines = (FOLDER / "SHA256SUMS").read_text("utf-8").splitlines()
    assert len(lines) > 100
    for line in lines:
        digest, name = line.split(maxsplit=1)
        assert hashlib.sha256((FOLDER / name.strip()).read_bytes()).hexdigest() == digest, name


# --- Wycheproof -------------------------------------------------------------------------------------------------------


def signatures(source: str) -> list[Case]:
    """Raw signatures under a public key; the same key from its JWK where the file gives one."""
    cases = []
    for group in load(source)["testGroups"]:
        key = PublicKey.from_crypto(load_der_public_key(bytes.fromhex(group["publicKeyDer"])))
        jwk = group.get("publicKeyJwk") or group.get("keyJwk")
        if jwk:
            assert PublicKey.from_jwk(jwk) == key
        for test in group["tests"]:
            signature, message = bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"])
            cases.append(Case(test["tcId"], test["result"] != "invalid", _verifying(key, signature, message)))
    return cases


def _verifying(key: PublicKey, signature: bytes, message: bytes) -> Callable[[], object]:
    return lambda: key.verify(signature, message)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("ecdsa_secp256r1_sha256_p1363_test", 262),
        ("ecdsa_secp384r1_sha384_p1363_test", 280),
        ("ed25519_test", 151),
        ("rsa_signature_2048_sha256_test", 259),
    ],
)
def test_wycheproof_signatures(name: str, count: int) -> None:
    source = f"wycheproof/{name}.json"
    judge(source, signatures(source), count=count)


def test_wycheproof_ecdsa_in_der_is_refused_throughout() -> None:
    """JOSE and COSE carry r || s: the DER form is refused, also where it would hold."""
    cases = signatures("wycheproof/ecdsa_secp256r1_sha256_test.json")
    judge("-", [Case(case.id, False, case.run) for case in cases], count=484)


def tokens(source: str) -> list[Case]:
    cases = []
    for group in load(source)["testGroups"]:
        key = group.get("public") or group["private"]
        for test in group["tests"]:
            cases.append(
                Case(test["tcId"], test["result"] == "valid", _reading(test.get("jws") or test.get("jwe", ""), key))
            )
    return cases


def _reading(token: str, key: Any) -> Callable[[], object]:
    def run() -> object:
        keys = KeySet.from_jwks(key) if "keys" in key else KeySet((PublicKey.from_jwk(key),))
        return jose.verify(token, keys, typ=("", "jwt", "jose"))

    return run


@pytest.mark.parametrize(
    ("name", "count"), [("json_web_signature_test", 401), ("json_web_key_test", 26), ("json_web_crypto_test", 83)]
)
def test_wycheproof_tokens(name: str, count: int) -> None:
    source = f"wycheproof/{name}.json"
    judge(source, tokens(source), count=count)


# --- JOSE cookbook ----------------------------------------------------------------------------------------------------

PUBLIC = ("kty", "kid", "use", "alg", "crv", "x", "y", "n", "e")


def cookbook(name: str) -> Case:
    content = load(f"jose-cookbook/{name}.json")

    def run() -> object:
        key = content["input"]["key"]
        public = {part: key[part] for part in PUBLIC if part in key} if isinstance(key, dict) else key
        token = content["output"].get("compact", content["output"].get("json"))
        jws = jose.verify(token, KeySet((PublicKey.from_jwk(public, content["input"]["alg"]),)), typ="")
        assert jws.payload.decode("utf-8") == content["input"]["payload"]
        return jws

    return Case(name, True, run)


def test_jose_cookbook_signatures() -> None:
    load("jose-cookbook/jws/4_1.rsa_v15_signature.json")
    names = [
        f"{folder}/{path.stem}"
        for folder in ("jws", "rfc7797")
        for path in sorted((FOLDER / "jose-cookbook" / folder).glob("*.json"))
    ]
    judge("jose-cookbook", [*map(cookbook, names), cookbook("curve25519/jws")], count=11)


def test_jose_cookbook_nothing_encrypted_is_taken_for_signed() -> None:
    """RFC 7516 §9: anybody could have made them."""
    nested = load("jose-cookbook/6.nesting_signatures_and_encryption.json")
    names = [f"jwe/{path.stem}" for path in sorted((FOLDER / "jose-cookbook" / "jwe").glob("*.json"))]
    outputs = [load(f"jose-cookbook/{name}.json")["output"] for name in [*names, "curve25519/ecdh-es"]]
    assert len(outputs) == 14
    for token in [*(each["compact"] for each in outputs if "compact" in each), nested["encrypt"]["output"]["compact"]]:
        with pytest.raises(Malformed, match="type_mismatch"):
            jose.parse(token)
    for value in (form for each in outputs for name, form in each.items() if name != "compact"):
        with pytest.raises(Malformed):
            jose.parse(json.dumps(value))


DECRYPTED = {
    "jwe/5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2": None,
    "curve25519/ecdh-es": None,
    "jwe/5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2": "alg_not_allowed",
    "jwe/5_2.key_encryption_using_rsa-oaep_with_aes-gcm": "alg_not_allowed",  # with SHA-1
    "jwe/5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2": "alg_not_allowed",
    "jwe/5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm": "alg_not_allowed",  # 128 bits
    "jwe/5_6.direct_encryption_using_aes-gcm": "alg_not_allowed",
    "jwe/5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2": "alg_not_allowed",
    "jwe/5_8.key_wrap_using_aes-keywrap_with_aes-gcm": "alg_not_allowed",
    "jwe/5_9.compressed_content": "limit_exceeded",
}


@pytest.mark.parametrize("name", DECRYPTED)
def test_jose_cookbook_decrypted(name: str) -> None:
    """RFC 7520 §5, RFC 8037 A.6: those of our algorithms are read, to the letter; the others are refused by their names."""
    content, code = load(f"jose-cookbook/{name}.json"), DECRYPTED[name]
    keys = [] if code else [_decryption_key(content["input"]["key"])]
    if code is not None:
        with refused(code):
            jwe.decrypt(content["output"]["compact"], keys)
        return
    assert jwe.decrypt(content["output"]["compact"], keys).content.decode() == content["input"]["plaintext"]


def _decryption_key(jwk: dict[str, str]) -> DecryptionKey:
    secret = b64url_decode(jwk["d"])
    if jwk["crv"] == "X25519":
        return DecryptionKey.of(X25519PrivateKey.from_private_bytes(secret), "ECDH-ES", jwk["kid"])
    return DecryptionKey.of(ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1()), "ECDH-ES", jwk["kid"])


def test_jose_cookbook_the_signature_inside_the_nest() -> None:
    content = load("jose-cookbook/6.nesting_signatures_and_encryption.json")["sign"]
    public = {part: value for part, value in content["input"]["key"].items() if part in PUBLIC}
    keys = KeySet((PublicKey.from_jwk(public, "PS256"),))
    signed = jose.verify(content["output"]["compact"], keys, typ="JWT")
    assert signed.payload.decode("utf-8") == content["input"]["payload"]


def test_jose_cookbook_signing_the_same_bytes() -> None:
    """RFC 8037 A.4: Ed25519 is deterministic, so our signature is the printed one."""
    content = load("jose-cookbook/curve25519/jws.json")
    key = content["input"]["key"]
    signer = MemorySigner(Ed25519PrivateKey.from_private_bytes(b64url_decode(key["d"])), "EdDSA")
    payload = content["input"]["payload"].encode()
    made = jose.sign(payload, signer, typ="", headers={"typ": None, "kid": None})
    assert made == content["output"]["compact"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("3_1.ec_public_key", "malformed"),  # P-521
        ("3_2.ec_private_key", "malformed"),
        ("3_3.rsa_public_key", None),
        ("3_4.rsa_private_key", "malformed"),  # a private key is never taken for a public one
        ("3_5.symmetric_key_mac_computation", "malformed"),
        ("3_6.symmetric_key_encryption", "malformed"),
    ],
)
def test_jose_cookbook_keys(name: str, code: str | None) -> None:
    content = load(f"jose-cookbook/jwk/{name}.json")
    jwk = content.get("key", content)
    if code is None:
        assert PublicKey.from_jwk(jwk).jwk()["n"] == jwk["n"]
        return
    with refused(code):
        PublicKey.from_jwk(jwk)


# --- COSE examples ----------------------------------------------------------------------------------------------------


def cose_key(key: dict[str, str]) -> PublicKey:
    def part(name: str) -> str:
        return key[name] if name in key else b64url_encode(bytes.fromhex(key[f"{name}_hex"]))

    members = {"kty": key["kty"], "crv": key["crv"], "x": part("x")}
    return PublicKey.from_jwk(members | ({"y": part("y")} if key["kty"] == "EC" else {}))


def stripped(data: bytes) -> bytes:
    """The message without its unprotected header, which no signature covers and our profile wants empty."""
    message = cbor2.loads(data)
    if not isinstance(message, cbor2.CBORTag) or len(message.value) != 4:
        return data
    protected, _, payload, signature = message.value
    return cbor2.dumps(cbor2.CBORTag(message.tag, [protected, {}, payload, signature]))


def cose_example(name: str) -> Case:
    content = load(f"cose-examples/{name}.json")
    data = bytes.fromhex(content["output"]["cbor"])

    def run() -> object:
        message = cose.parse(stripped(data))
        cose.verify(message, cose_key(content["input"]["sign0"]["key"]))
        return message

    return Case(name, not content.get("fail", False), run)


def cose_names() -> list[str]:
    load("cose-examples/CWT/A_3.json")
    root = FOLDER / "cose-examples"
    return [str(path.relative_to(root).with_suffix("")) for path in sorted(root.rglob("*.json"))]


def test_cose_examples() -> None:
    judge("cose-examples", list(map(cose_example, cose_names())), count=48)


def test_cose_examples_as_they_are_have_unprotected_headers() -> None:
    """Unsigned header values are refused as such, before anything is verified: only RFC 8392 A.3 has none."""
    accepted = []
    for name in cose_names():
        try:
            cose.parse(bytes.fromhex(load(f"cose-examples/{name}.json")["output"]["cbor"]))
            accepted.append(name)
        except CertsError:
            continue
    assert accepted == ["CWT/A_3"]


def test_cose_examples_sign_what_we_sign() -> None:
    """The printed Sig_structure, signed by a key of ours, verifies under the printed message: both compute the same bytes."""
    own = {-7: MemorySigner.generate("ES256"), -35: MemorySigner.generate("ES384"), -8: MemorySigner.generate("EdDSA")}
    compared = []
    for name in cose_names():
        content = load(f"cose-examples/{name}.json")
        if "sign0" not in content["input"] or content.get("fail") or "external" in content["input"]["sign0"]:
            continue
        message = cbor2.loads(bytes.fromhex(content["output"]["cbor"]))
        if not isinstance(message, cbor2.CBORTag) or not message.value[0]:
            continue
        protected, _, payload, _ = message.value
        signer = own.get(cbor2.loads(protected).get(1))
        if signer is not None:
            signature = signer.sign(bytes.fromhex(content["intermediates"]["ToBeSign_hex"]))
            cose.verify(cose.parse(cbor.encode(cbor.Tag(18, [protected, {}, payload, signature]))), signer.public)
            compared.append(name)
    assert len(compared) == 5, compared


def test_the_cwt_of_rfc_8392() -> None:
    content = load("cose-examples/CWT/A_3.json")
    message = cose_example("CWT/A_3").run()
    assert isinstance(message, cose.Sign1)
    assert message.payload.hex() == content["input"]["plaintext_hex"]
    claims = cbor.decode(message.payload)
    assert (claims[1], claims[4], claims[6]) == ("coap://as.example.com", 1444064944, 1443944944)


# --- Token Status List ------------------------------------------------------------------------------------------------


def lists() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = load("token-status-list/encoding.json")["cases"]
    assert len(cases) == 6
    return cases


def test_status_list_encodings() -> None:
    for case in lists():
        # The draft's map has `bits` before `lst`, which is not the deterministic order: our own decoder is for our own lists.
        with refused("malformed"):
            cbor.decode(bytes.fromhex(case["cbor_hex"]))
        for form in (case["json"], cbor2.loads(bytes.fromhex(case["cbor_hex"]))):
            bits, data = status.unpack(form)
            held = StatusList("", bits, data, 0, 0, 0)
            assert (bits, len(held)) == (case["bits"], case["entries"])
            expected = {int(index): value for index, value in case["expected_status"].items()}
            assert {index: held.get(index) for index in expected} == expected
            nonzero = sum(1 for index in range(len(held)) if held.data[index * bits // 8] and held.get(index))
            assert nonzero == case.get("expected_nonzero_count", sum(map(bool, expected.values())))


def test_status_lists_are_packed_as_in_the_draft() -> None:
    for case in lists():
        bits, data = status.unpack(case["json"])
        expected = {int(index): value for index, value in case["expected_status"].items()}
        nonzero = case.get("expected_nonzero_count", sum(map(bool, expected.values())))
        if nonzero == sum(map(bool, expected.values())):  # of the others only a part is printed
            assert status.pack(case["entries"], expected, bits) == data


def test_status_list_tokens() -> None:
    content = load("token-status-list/tokens.json")
    key = PublicKey.from_jwk(content["public_jwk"])
    jws = jose.verify(content["tokens"]["status_list_jwt"], KeySet((key,)), typ="statuslist+jwt")
    claims = json_decode(jws.payload)
    assert (claims["sub"], claims["ttl"], claims["iat"], claims["exp"]) == (
        "https://example.com/statuslists/1",
        43200,
        1686920170,
        2291720170,
    )

    message = cose.parse(stripped(bytes.fromhex(content["tokens"]["status_list_cwt_hex"])))
    cose.verify(message, key)
    cose.expect_typ(message, status.CWT_TYP)
    numbered = cbor2.loads(message.payload)  # not in deterministic order
    assert numbered[status.SUB] == claims["sub"] and numbered[status.TTL] == claims["ttl"]
    assert status.unpack(numbered[status.STATUS_LIST]) == status.unpack(claims["status_list"])

    referenced = cose.parse(stripped(bytes.fromhex(content["tokens"]["referenced_token_cwt_hex"])))
    cose.verify(referenced, key)
    assert cbor2.loads(referenced.payload)[status.STATUS] == {"status_list": {"idx": 0, "uri": claims["sub"]}}


def test_status_list_tokens_are_not_read_without_a_certificate() -> None:
    """The draft's tokens name a bare key; ours carry the signer's certificate (`x5c`, `x5chain`), so that a root vouches."""
    content = load("token-status-list/tokens.json")
    uri = "https://example.com/statuslists/1"
    with refused("status_signature_invalid"):
        status.read_jwt(content["tokens"]["status_list_jwt"], uri=uri, anchors=(), now=1686920171)
    with refused("malformed"):  # its kid lies in the unprotected header
        status.read_cwt(bytes.fromhex(content["tokens"]["status_list_cwt_hex"]), uri=uri, anchors=(), now=1686920171)
    with refused("chain_invalid"):
        status.read_cwt(
            stripped(bytes.fromhex(content["tokens"]["status_list_cwt_hex"])), uri=uri, anchors=(), now=1686920171
        )


# --- mdoc: ISO/IEC 18013-5 Annex D --------------------------------------------------------------------------------------


@cache
def annex_d() -> dict[str, bytes]:
    return {name: bytes.fromhex(value) for name, value in load("mdoc-annex-d/annex-d.json")["vectors_hex"].items()}


def annex_d_key(name: str) -> ec.EllipticCurvePrivateKey:
    vectors = annex_d()
    key = ec.derive_private_key(int.from_bytes(vectors[f"{name}_d"], "big"), ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    assert numbers.x.to_bytes(32, "big") == vectors[f"{name}_x"]
    assert numbers.y.to_bytes(32, "big") == vectors[f"{name}_y"]
    return key


def annex_d_public(name: str) -> PublicKey:
    return PublicKey.from_crypto(annex_d_key(name).public_key())


def annex_d_transcript() -> SessionTranscript:
    """Put together from the parts, and the same as printed."""
    printed = cbor.decode(annex_d()["session_transcript_bytes"], mso.LIMITS).value
    engagement, reader_key, handover = cbor.decode(printed, mso.LIMITS)
    assert engagement.value.hex().startswith("a20063312e30")
    made = proximity(
        engagement=cbor.embedded(engagement.value),
        reader_key=cbor.embedded(reader_key.value),
        handover=cbor.encode(handover),
    )
    assert made.encoded == printed
    return made


def annex_d_response() -> device_response.Shown:
    """Everything that the README of the vectors expects of the response, but for the root, which is not part of them."""
    derived = load("mdoc-annex-d/annex-d.json")["derived"]
    shown = device_response.parse(annex_d()["device_response"], response=True)
    assert shown.issuer_signed.chain == (annex_d()["ds_cert"],)
    cose.verify(shown.issuer_signed.auth, public_key(x509_load(annex_d()["ds_cert"])))
    elements = mso.open_items(shown.issuer_signed, shown.security)
    assert set(elements) == {"org.iso.18013.5.1"}
    items = [mso.parse_item(each) for each in shown.issuer_signed.items["org.iso.18013.5.1"]]
    assert {item.name: item.digest_id for item in items} == derived["disclosed_elements_to_digest_id"]
    assert elements["org.iso.18013.5.1"]["portrait"] == annex_d()["device_response_portrait_data"]
    assert shown.doc_type == shown.security.doc_type == derived["doc_type"]
    assert shown.device is not None and shown.device.proof.hex() == derived["device_mac_tag_hex"]
    device_auth.check(
        shown.device, shown.security, annex_d_transcript(), reader_key=annex_d_key("ephemeral_reader_key")
    )
    assert shown.security.holder == annex_d_public("static_device_key")
    return shown


def annex_d_request() -> None:
    """The reader's signature over what it asks for (§9.1.4.4)."""
    request = cbor.decode(annex_d()["device_request"], mso.LIMITS)["docRequests"][0]
    assert request["itemsRequest"].value == annex_d()["items_request"]
    assert cbor.encode(request["readerAuth"]) == annex_d()["reader_auth"]
    protected, unprotected, _, signature = mso.cose_parts(request["readerAuth"])
    assert unprotected == {cose.X5CHAIN: annex_d()["reader_cert"]}
    parts = (
        cbor.encode("ReaderAuthentication"),
        annex_d_transcript().encoded,
        cbor.embedded(annex_d()["items_request"]),
    )
    payload = cbor.embedded(b"\x83" + b"".join(parts))
    message = cose.Sign1(protected, cbor.decode(protected), payload, signature)
    cose.verify(message, public_key(x509_load(annex_d()["reader_cert"])))


def annex_d_session() -> None:
    """Both sides' messages, opened with either side's keys; and sealed again, the same bytes."""
    transcript = annex_d_transcript()
    reader, device = annex_d_key("ephemeral_reader_key"), annex_d_key("ephemeral_device_key")
    to_device, to_reader = annex_d_public("ephemeral_device_key"), annex_d_public("ephemeral_reader_key")
    for name, of_side, plain in (
        ("session_establishment", session_encryption.of_reader, "device_request"),
        ("session_data", session_encryption.of_device, "device_response"),
    ):
        data = cbor.decode(annex_d()[name], mso.LIMITS)["data"]
        for direction in (of_side(reader, to_device, transcript), of_side(device, to_reader, transcript)):
            message, following = session_encryption.opened(direction, data)
            assert message == annex_d()[plain]
            assert following.counter == 2
            assert session_encryption.sealed(direction, message) == (data, following)


def annex_d_engagement() -> None:
    engagement = cbor.decode(annex_d()["device_engagement"], mso.LIMITS)
    key = engagement[1][1].value
    assert cbor.embedded(key) == annex_d()["e_device_key_bytes"]
    assert PublicKey.from_cose(cbor.decode(key, mso.LIMITS)) == annex_d_public("ephemeral_device_key")


def test_mdoc_annex_d() -> None:
    runs: dict[str, Callable[[], object]] = {
        **dict.fromkeys(("device_engagement", "e_device_key_bytes"), annex_d_engagement),
        **dict.fromkeys(("device_response", "device_response_portrait_data", "ds_cert"), annex_d_response),
        **dict.fromkeys(("device_request", "items_request", "reader_cert", "reader_auth"), annex_d_request),
        **dict.fromkeys(("session_establishment", "session_data"), annex_d_session),
        "session_transcript_bytes": annex_d_transcript,
        "session_termination": lambda: cbor.decode(annex_d()["session_termination"])["status"],
    }
    for name in ("ephemeral_reader_key", "ephemeral_device_key", "static_device_key"):
        runs |= {f"{name}_{part}": partial(annex_d_key, name) for part in "xyd"}
    judge("mdoc-annex-d", [Case(name, True, runs[name]) for name in annex_d()], count=22)
    assert annex_d()["session_termination"] == session_encryption.ended(session_encryption.TERMINATION)
    derived = load("mdoc-annex-d/annex-d.json")["derived"]
    key = device_auth.mac_key(
        annex_d_key("static_device_key"), annex_d_public("ephemeral_reader_key"), annex_d_transcript()
    )
    assert key.hex() == derived["emac_key_hex"]


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2020-09-30T00:00:00Z", "cert_not_yet_valid"),
        ("2020-11-01T00:00:00Z", "cert_usage"),  # made for ISO's purpose of signing licences, not for ours
        ("2021-10-01T13:30:03Z", "cert_expired"),
        ("2026-03-02T08:00:00Z", "cert_expired"),
    ],
)
def test_mdoc_annex_d_is_nobody_of_ours(at: str, code: str) -> None:
    """Its signer pinned as an anchor and listed: never an invalid signature, whatever the time; and nothing is changed unseen."""
    certificate, transport = x509_load(annex_d()["ds_cert"]), AUTHORITIES["transport"]
    service = Service(transport.id, transport.name, "driving_licence", (certificate,), 0)
    trust = TrustStore((certificate,), TrustList(1, 0, 1 << 40, (service,)))
    how: dict[str, Any] = {
        "transcript": annex_d_transcript(),
        "trust": trust,
        "statuses": StatusLists(),
        "now": int(datetime.fromisoformat(at).timestamp()),
        "expected": Expected(),
        "reader_key": annex_d_key("ephemeral_reader_key"),
    }
    data, trail = annex_d()["device_response"], Trail()
    with refused(code):
        mdoc.verify(data, **how, trail=trail)
    assert trail.steps[-1] is Step.CERTIFICATE_PATH  # signature and digests held
    with refused("digest_mismatch"):
        mdoc.verify(data.replace(b"\x63Doe", b"\x63Eve"), **how)
