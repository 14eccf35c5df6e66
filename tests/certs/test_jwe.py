"""Compact JWE, against npm `jose` in both directions, and against bytes that nobody would send in good faith.

Source: RFC 7516 §5, RFC 7518 §4.6, RFC 8037 §3.2. The published examples are in tests/vectors.
"""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe as joserfc_jwe

from certs import jwe
from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from certs.errors import CertsError
from certs.jwe import ALGORITHMS, CONTENT, DecryptionKey, EncryptionKey
from certs.keys import MemorySigner
from tests.certs.refusals import refused
from tests.peers import ask

KEYS = {
    f"{alg} {curve}".strip(): DecryptionKey.generate(alg, f"{alg}-{curve}", curve=curve)
    for alg in ALGORITHMS
    for curve in (("",) if alg == jwe.RSA_OAEP else ("P-256", "X25519"))
}
KEY = KEYS["ECDH-ES+A256KW P-256"]
RSA = KEYS["RSA-OAEP-256"]


def private(key: DecryptionKey) -> dict[str, Any]:
    return dict(key._key.as_dict(private=True))


@pytest.mark.parametrize("enc", CONTENT)
@pytest.mark.parametrize("name", KEYS)
def test_what_we_encrypt_we_can_read(name: str, enc: str) -> None:
    key = KEYS[name]
    token = jwe.encrypt("a.b.c", EncryptionKey.from_jwk(key.public.jwk()), enc=enc, cty="JWT")
    assert jwe.decrypt_signed(token, [*KEYS.values()]) == "a.b.c"
    header = json_decode(b64url_decode(token.split(".")[0]))
    assert {part: header[part] for part in ("alg", "enc", "kid", "cty")} == {
        "alg": key.public.alg,
        "enc": enc,
        "kid": key.public.kid,
        "cty": "JWT",
    }
    assert jwe.is_encrypted(token) and not jwe.is_encrypted("a.b.c")


def test_npm_jose_reads_ours_and_we_read_its() -> None:
    """All algorithms and curves at once: a process of node takes longer than all of them."""
    content = "Đỗ Hà"
    asked = [
        {
            "private": private(key),
            "public": key.public.jwk(),
            "enc": enc,
            "token": jwe.encrypt(content.encode(), key.public, enc=enc),
        }
        for key in KEYS.values()
        for enc in CONTENT
    ]
    answers = ask("jwe.mjs", asked)
    assert len(answers) == len(asked) == 15
    for each, answer in zip(asked, answers, strict=True):
        assert answer["read"] == content
        found = jwe.decrypt(answer["made"], [*KEYS.values()])
        assert (found.content.decode(), found.header["enc"]) == (content, each["enc"])


@pytest.mark.parametrize("name", KEYS)
def test_a_key_survives_its_file(name: str) -> None:
    key = KEYS[name]
    again = DecryptionKey.from_pem(key.pem(), key.public.alg, key.public.kid or "")
    assert again.public == key.public
    assert jwe.decrypt(jwe.encrypt(b"x", key.public, enc="A256GCM"), [again]).content == b"x"
    assert "PRIVATE" not in repr(key) and str(private(key)["d"]) not in repr(key)


PUBLIC = KEY.public.jwk()
# Points with which every key agrees on nothing (RFC 7748 §6.1): 0, 1, and one of order 8.
SMALL_ORDER = tuple(
    b64url_encode(bytes.fromhex(point))
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    )
)
# An even modulus, and an exponent that is longer than 64 bits beside a modulus longer than 3072 (OpenSSL's bound).
NO_RSA = tuple(
    (b64url_encode(n.to_bytes(1024)), b64url_encode(e.to_bytes(1024)))
    for n, e in ((2**8192 - 2, 65537), (2**8192 - 1, 2**8190 + 1))
)
PLAIN = {name: PUBLIC[name] for name in PUBLIC if name != "alg"}


@pytest.mark.parametrize(
    ("jwk", "alg", "code"),
    [
        ({**PUBLIC, "d": private(KEY)["d"]}, None, "malformed"),
        ({**RSA.public.jwk(), "p": "AQAB"}, None, "malformed"),
        ({"kty": "oct", "k": "c2VjcmV0"}, None, "malformed"),
        ({**PUBLIC, "use": "sig"}, None, "alg_not_allowed"),
        ({**PUBLIC, "key_ops": ["verify"]}, None, "alg_not_allowed"),
        ({**PUBLIC, "key_ops": "deriveKey"}, None, "malformed"),
        ({**PUBLIC, "kid": 7}, None, "malformed"),
        ({**PUBLIC, "alg": ["ECDH-ES"]}, None, "malformed"),
        (PLAIN, None, "alg_not_allowed"),
        (PUBLIC, "ECDH-ES", "alg_not_allowed"),
        ({**PLAIN, "alg": "RSA1_5"}, None, "alg_not_allowed"),
        ({**PLAIN, "alg": "dir"}, "dir", "alg_not_allowed"),
        (PLAIN, "RSA-OAEP-256", "alg_not_allowed"),
        ({**PLAIN, "crv": "P-521"}, "ECDH-ES", "alg_not_allowed"),
        ({**PLAIN, "crv": ["P-256"]}, "ECDH-ES", "alg_not_allowed"),
        ({**PLAIN, "kty": "OKP"}, "ECDH-ES", "alg_not_allowed"),
        ({**PLAIN, "y": PLAIN["x"]}, "ECDH-ES", "malformed"),  # not on the curve
        ({**PLAIN, "x": b64url_encode(b64url_decode(PLAIN["x"])[:-1])}, "ECDH-ES", "malformed"),
        ({"kty": "OKP", "crv": "X25519", "x": "AAAA"}, "ECDH-ES", "malformed"),
        *(({"kty": "RSA", "n": n, "e": e}, "RSA-OAEP-256", "malformed") for n, e in NO_RSA),
        *(({"kty": "OKP", "crv": "X25519", "x": x}, "ECDH-ES", "malformed") for x in SMALL_ORDER),
        ({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}, "ECDH-ES", "alg_not_allowed"),
        ({"kty": "RSA", "n": "_" * 171, "e": "AQAB"}, "RSA-OAEP-256", "encoding_invalid"),
        ({"kty": "RSA", "n": "_" * 172, "e": "AQAB"}, "RSA-OAEP-256", "alg_not_allowed"),  # 1032 bits
        (["kty"], "ECDH-ES", "malformed"),
    ],
)
def test_keys_that_are_refused(jwk: Any, alg: str | None, code: str) -> None:
    with refused(code):
        EncryptionKey.from_jwk(jwk, alg)


def test_a_public_key_as_a_browser_exports_it() -> None:
    """WebCrypto writes empty `key_ops` into the public half of an agreement."""
    assert EncryptionKey.from_jwk({**PLAIN, "key_ops": [], "ext": True}, "ECDH-ES").alg == "ECDH-ES"


def parts(key: DecryptionKey = KEY, enc: str = "A128GCM", content: bytes = b"a.b.c") -> list[str]:
    return jwe.encrypt(content, key.public, enc=enc, cty="JWT").split(".")


def with_header(changed: dict[str, Any], key: DecryptionKey = KEY) -> str:
    made = parts(key)
    header = {**json_decode(b64url_decode(made[0])), **changed}
    return ".".join([b64url_encode(json_encode({k: v for k, v in header.items() if v is not None})), *made[1:]])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"alg": "RSA1_5"}, "alg_not_allowed"),
        ({"alg": "dir"}, "alg_not_allowed"),
        ({"alg": "none"}, "alg_not_allowed"),
        ({"alg": "ECDH-ES+A128KW"}, "alg_not_allowed"),
        ({"alg": ["ECDH-ES"]}, "alg_not_allowed"),
        ({"alg": None}, "alg_not_allowed"),
        ({"alg": "ECDH-ES"}, "alg_not_allowed"),  # the key's is another
        ({"enc": "A192GCM"}, "alg_not_allowed"),
        ({"enc": None}, "alg_not_allowed"),
        ({"zip": "DEF"}, "limit_exceeded"),
        ({"zip": ""}, "limit_exceeded"),
        ({"crit": ["exp"], "exp": 1}, "crit_unknown"),
        ({"crit": []}, "crit_unknown"),
        ({"b64": False}, "crit_unknown"),
        ({"kid": "unknown"}, "key_not_found"),
        ({"kid": 7}, "key_not_found"),
        ({"kid": "k" * 300}, "key_not_found"),
        ({"epk": None}, "decryption_failed"),
        ({"epk": "x"}, "decryption_failed"),
        ({"epk": private(KEY)}, "decryption_failed"),
        ({"epk": KEYS["ECDH-ES X25519"].public.public}, "decryption_failed"),
        ({"apu": 5}, "decryption_failed"),
        ({"apu": "*"}, "decryption_failed"),
        ({"apv": "A" * 400}, "decryption_failed"),
        ({"typ": "other"}, "decryption_failed"),  # the header is protected
    ],
)
def test_headers_that_are_refused(changed: dict[str, Any], code: str) -> None:
    with refused(code):
        jwe.decrypt(with_header(changed), [KEY, RSA])


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "malformed"),
        ("a.b.c", "type_mismatch"),
        ("a.b.c.d", "malformed"),
        ("a.b.c.d.e.f", "malformed"),
        (f"{'A' * 2740}....", "oversize"),
        (f"e30.{'A' * 1400}...", "oversize"),
        (f"e30.AA.AA.{'A' * 90_000}.AA", "oversize"),
        ("e30..AA.AA.A=", "encoding_invalid"),
        ("W10..AA.AA.AA", "malformed"),
        ('{"alg":1}....', "encoding_invalid"),
        (b64url_encode(b'{"alg":"dir","alg":"dir"}') + "..AA.AA.AA", "duplicate_key"),
    ],
)
def test_tokens_that_are_none(token: str, code: str) -> None:
    with refused(code):
        jwe.decrypt(token, [KEY])


def test_bounds_hold_when_encrypting_too() -> None:
    largest = b"x" * jwe.CONTENT_LIMIT
    assert jwe.decrypt(jwe.encrypt(largest, KEY.public, enc="A256GCM"), [KEY]).content == largest
    with refused("oversize"):
        jwe.encrypt(largest + b"x", KEY.public, enc="A256GCM")
    with refused("alg_not_allowed"):
        jwe.encrypt(b"x", KEY.public, enc="A192GCM")


def test_the_longest_rsa_key_fits() -> None:
    """4096 bits are what banks send; joserfc's own bound would refuse the encrypted key of 8192."""
    assert jwe._REGISTRY.max_encrypted_key_length >= 8192 // 8


@pytest.mark.parametrize("cty", ["text", "json", "JOSE", 5])
def test_only_a_token_is_taken_for_a_token(cty: Any) -> None:
    made = (
        joserfc_jwe.encrypt_compact(
            {"alg": "ECDH-ES+A256KW", "enc": "A128GCM", "cty": cty, "kid": KEY.public.kid},
            b"a.b.c",
            jwe._imported(tuple(KEY.public.public.items())),
            registry=jwe._REGISTRY,
        )
        if isinstance(cty, str)
        else with_header({"cty": cty})
    )
    with pytest.raises(CertsError):
        jwe.decrypt_signed(made, [KEY])


def test_bytes_inside_that_are_no_token() -> None:
    with refused("malformed"):
        jwe.decrypt_signed(jwe.encrypt(b"\xff", KEY.public, enc="A128GCM", cty="JWT"), [KEY])


def test_without_kid_the_one_key_of_the_algorithm_is_meant() -> None:
    token = jwe.encrypt(b"x", EncryptionKey.from_jwk(PLAIN | {"kid": None}, KEY.public.alg), enc="A128GCM")
    assert jwe.decrypt(token, [RSA, KEY]).content == b"x"
    with refused("key_not_found"):
        jwe.decrypt(token, [KEY, KEYS["ECDH-ES+A256KW X25519"]])
    with refused("key_not_found"):
        jwe.decrypt(token, [])


def test_what_was_meant_for_another() -> None:
    other = DecryptionKey.generate(KEY.public.alg, KEY.public.kid or "")
    with refused("decryption_failed"):
        jwe.decrypt(".".join(parts()), [other])
    weaker = ec.derive_private_key(7, ec.SECP256R1())
    with refused("decryption_failed"):
        jwe.decrypt(".".join(parts()), [DecryptionKey.of(weaker, KEY.public.alg, KEY.public.kid or "")])
    signature_key = MemorySigner.generate("EdDSA").pem()
    with refused("alg_not_allowed"):
        DecryptionKey.from_pem(signature_key, "ECDH-ES", "k")


BYTES = st.binary(max_size=80).map(b64url_encode)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kty", "crv", "x", "y"]), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["alg", "enc", "kid", "epk", "apu", "apv", "zip", "crit", "p2c", "p2s", "iv", "tag", "cty", "typ", "x"]
)
VALUES = (
    JUNK
    | st.sampled_from(
        [*ALGORITHMS, *CONTENT, "RSA1_5", "dir", "PBES2-HS256+A128KW", *(str(k.public.kid) for k in KEYS.values())]
    )
    | st.sampled_from([dict(k.public.public) for k in KEYS.values()])
)


@settings(max_examples=300, deadline=None)
@given(
    key=st.sampled_from([*KEYS.values()]),
    enc=st.sampled_from(CONTENT),
    header=st.dictionaries(NAMES, VALUES, max_size=3),
    changed=st.dictionaries(st.integers(1, 4), BYTES | st.text(alphabet="A_-=.+é\0", max_size=9), max_size=2),
)
def test_whatever_is_sent_nothing_but_the_error_tree_comes_out(
    key: DecryptionKey, enc: str, header: dict[str, Any], changed: dict[int, str]
) -> None:
    original = parts(key, enc)
    made = [changed.get(place, part) for place, part in enumerate(original)]
    if header:
        made[0] = b64url_encode(json.dumps({**json_decode(b64url_decode(made[0])), **header}).encode())
    try:
        jwe.decrypt(".".join(made), [*KEYS.values()])
    except CertsError:
        return
    assert made == original


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.lists(BYTES, min_size=5, max_size=5).map(".".join))
def test_nor_from_any_text(token: str) -> None:
    with pytest.raises(CertsError):
        jwe.decrypt(token, [*KEYS.values()])
