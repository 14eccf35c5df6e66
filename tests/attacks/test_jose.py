"""Group JW: tokens that were not signed by whom they name.

JW-16, JW-17 and JW-20 are about encrypted tokens (JWE): there is no room for these yet, and every JWE is refused (JW-26).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe
from joserfc.jwk import ECKey

from certs import jose, trust
from certs.encoding import JSON_LIMIT, b64url_decode, b64url_encode, json_encode
from certs.errors import CertsError
from certs.jose import HEADER_LIMIT, PAYLOAD_LIMIT, SIGNATURE_LIMIT, KeySet
from certs.keys import MemorySigner, PublicKey
from tests.certs.refusals import refused
from tests.world import World

NOW = 1_790_000_000
ISSUER, AUDIENCE = "https://idp.example", "bank"
SIGNER, OTHER, RSA = (
    MemorySigner.generate(alg, kid) for alg, kid in (("ES256", "k1"), ("ES256", "k2"), ("RS256", "k3"))
)
KEYS = KeySet((SIGNER.public, RSA.public))
CLAIMS: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 60}
HEADER: dict[str, Any] = {"alg": "ES256", "kid": "k1", "typ": "at+jwt"}


def verify(token: str, keys: KeySet = KEYS) -> dict[str, Any]:
    return jose.verify_jwt(token, keys, typ="at+jwt", issuer=ISSUER, audience=AUDIENCE, now=NOW)


def token(
    header: dict[str, Any] | bytes | None = None,
    payload: dict[str, Any] | bytes | None = None,
    sign: Callable[[bytes], bytes] | None = None,
) -> str:
    """Any header and payload, signed by the real key unless told otherwise; a dict changes, bytes replace."""
    raw_header = header if isinstance(header, bytes) else json_encode({**HEADER, **(header or {})})
    raw_payload = payload if isinstance(payload, bytes) else json_encode({**CLAIMS, **(payload or {})})
    signed = f"{b64url_encode(raw_header)}.{b64url_encode(raw_payload)}"
    return f"{signed}.{b64url_encode((sign or SIGNER.sign)(signed.encode()))}"


def public_forms(public: PublicKey) -> list[bytes]:
    key = public.crypto()
    forms = [
        key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    ]
    if isinstance(key, rsa.RSAPublicKey):
        return [*forms, key.public_bytes(Encoding.DER, PublicFormat.PKCS1)]
    return [
        *forms,
        key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint),
    ]


def test_the_tests_own_token_is_good() -> None:
    assert verify(token()) == CLAIMS


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", " none", "none\0"])
@pytest.mark.parametrize("signature", [b"", b"x" * 64])
def test_jw_01_no_algorithm(alg: str, signature: bytes) -> None:
    for header in ({"alg": alg}, {"alg": alg, "kid": None}):
        with refused("alg_not_allowed"):
            verify(token(header, sign=lambda _: signature))


@pytest.mark.parametrize(
    "alg", [None, 5, True, ["ES256"], {"ES256": 1}, "ES256 ", "es256", "RS1", "ES256K", "ES512", "HS256", "dir"]
)
def test_jw_01_an_algorithm_that_is_none_of_ours(alg: Any) -> None:
    with refused("alg_not_allowed"):
        verify(token({"alg": alg}))


@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("signer", [SIGNER, RSA], ids=["ec", "rsa"])
def test_jw_02_the_public_key_as_a_shared_secret(signer: MemorySigner, hash_name: str) -> None:
    for secret in public_forms(signer.public):
        forged = token(
            {"alg": f"HS{hash_name[3:]}", "kid": signer.public.kid},
            sign=lambda signed, secret=secret: hmac.digest(secret, signed, hash_name),  # type: ignore[misc]
        )
        with refused("alg_not_allowed"):
            verify(forged)


def test_jw_03_the_public_jwk_as_a_shared_secret() -> None:
    for jwk in (SIGNER.public.jwk(), SIGNER.public.bare_jwk(), KEYS.jwks()):
        for secret in (json.dumps(jwk).encode(), json_encode(jwk), json.dumps(jwk, sort_keys=True).encode()):
            forged = token(
                {"alg": "HS256"}, sign=lambda signed, secret=secret: hmac.digest(secret, signed, hashlib.sha256)
            )  # type: ignore[misc]
            with refused("alg_not_allowed"):
                verify(forged)


@pytest.mark.parametrize(
    ("kid", "alg"),
    [("k1", "ES384"), ("k1", "EdDSA"), ("k1", "RS256"), ("k3", "PS256"), ("k3", "ES256"), ("k1", "Ed25519")],
)
def test_jw_04_another_algorithm_than_the_key_s(kid: str, alg: str) -> None:
    with refused("alg_not_allowed"):
        verify(token({"alg": alg, "kid": kid}, sign=(RSA if kid == "k3" else SIGNER).sign))


def test_jw_04_a_pss_signature_of_an_rs256_key() -> None:
    pss = MemorySigner(RSA.crypto(), "PS256")
    with refused("alg_not_allowed"):
        verify(token({"alg": "PS256", "kid": "k3"}, sign=pss.sign))
    with refused("signature_invalid"):
        verify(token({"alg": "RS256", "kid": "k3"}, sign=pss.sign))


def test_jw_05_a_key_that_the_token_brings_along() -> None:
    """The header's key is never looked at, so the forgery ends where any forgery does; no code names the attacker's key."""
    brought = {"jwk": OTHER.public.bare_jwk()}
    with refused("signature_invalid"):
        verify(token(brought, sign=OTHER.sign))
    for kid in (None, "k2", OTHER.public.thumbprint()):
        with refused("key_not_found"):
            verify(token({**brought, "kid": kid}, sign=OTHER.sign))
    with refused("signature_invalid"):  # nor where one key alone is trusted and need not be named
        verify(token({**brought, "kid": None}, sign=OTHER.sign), KeySet((SIGNER.public,)))


@pytest.mark.parametrize("name", ["jku", "x5u"])
@pytest.mark.parametrize("url", ["https://evil.example/jwks", "file:///etc/passwd", "http://127.0.0.1:1/"])
def test_jw_06_keys_from_an_address_of_the_token(monkeypatch: pytest.MonkeyPatch, name: str, url: str) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("connected"))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("resolved"))
    with refused("signature_invalid"):
        verify(token({name: url}, sign=OTHER.sign))
    assert verify(token({name: url})) == CLAIMS  # and the address changes nothing for a good one


def test_jw_06_a_chain_that_ends_in_itself() -> None:
    world, attacker = World(), World()
    forged = attacker.trust_list()
    with refused("chain_invalid"):  # its root calls itself like ours
        trust.read(forged, (world.root.certificate,), now=world.now)
    der = attacker.root.certificate.public_bytes(Encoding.DER)
    alone = jose.sign(
        {}, attacker.root.key, typ=trust.TYP, headers={"x5c": [base64.b64encode(der).decode()], "kid": None}
    )
    with refused("cert_usage"):  # a root signs no lists, whoever it belongs to
        trust.read(alone, (world.root.certificate,), now=world.now)
    with refused("key_not_found"):  # where keys come by name, x5c is not looked at
        verify(token({"kid": None, "x5c": [base64.b64encode(der).decode()]}, sign=attacker.root.key.sign))


@pytest.mark.parametrize("outside", ["alg", "kid", "typ"])
def test_jw_07_what_stands_outside_the_protected_header(outside: str) -> None:
    protected = {name: value for name, value in HEADER.items() if name != outside}
    raw = b64url_encode(json_encode(protected))
    payload = b64url_encode(json_encode(CLAIMS))
    signature = b64url_encode(SIGNER.sign(f"{raw}.{payload}".encode()))
    flat = {"payload": payload, "protected": raw, "header": {outside: HEADER[outside]}, "signature": signature}
    general = {"payload": payload, "signatures": [{key: flat[key] for key in ("protected", "header", "signature")}]}
    for form in (flat, general):
        with refused("malformed"):
            verify(json.dumps(form))


@pytest.mark.parametrize(
    "crit", [["x-bind"], [], "exp", ["alg"], ["exp"], ["absent"], ["b64", "b64"], None, 5, {}, [5]]
)
def test_jw_08_a_critical_header(crit: Any) -> None:
    with refused("crit_unknown"):
        verify(token({"crit": crit}))
    with refused("crit_unknown"):
        verify(token({"crit": crit, "x-bind": 1, "exp": NOW}))


def test_jw_08_a_critical_header_given_twice() -> None:
    raw = json_encode({**HEADER, "crit": ["exp"]})[:-1] + b',"crit":["exp"]}'
    with refused("duplicate_key"):
        verify(token(raw))


@pytest.mark.parametrize("b64", [False, True, "false", None])
def test_jw_09_an_unencoded_payload(b64: Any) -> None:
    for header in ({"b64": b64}, {"b64": b64, "crit": ["b64"]}):
        with refused("crit_unknown"):
            verify(token(header))
    raw = b64url_encode(json_encode({**HEADER, "b64": False, "crit": ["b64"]}))
    signed = f"{raw}.".encode() + json_encode(CLAIMS)
    with pytest.raises(CertsError):  # the payload as it is, with its own dots and braces
        verify(f"{raw}.{json_encode(CLAIMS).decode()}.{b64url_encode(SIGNER.sign(signed))}")


@pytest.mark.parametrize(
    "kid",
    [
        "../../etc/passwd",
        "' OR 1=1 --",
        "/dev/null",
        "k1\0",
        "\0",
        "K1",
        "k1 ",
        " k1",
        "",
        1,
        True,
        ["k1"],
        {"k1": 1},
        "k" * 257,
        "k" * 7000,
        "ｋ1",
        "https://evil.example/k1",
    ],
)
def test_jw_10_a_kid_is_compared_and_nothing_else(kid: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("opened a file"))
    with refused("key_not_found"):
        verify(token({"kid": kid}))


def test_jw_10_a_kid_of_a_mebibyte() -> None:
    with refused("oversize"):  # the header's limit comes first
        verify(token({"kid": "k" * (1 << 20)}))


def test_jw_11_a_key_of_another_issuer() -> None:
    """Keys are asked of the issuer's own set, so a stranger's key is not found there, whatever it is called."""
    theirs = KeySet((OTHER.public,))
    stranger = token({"kid": "k2"}, sign=OTHER.sign)
    assert verify(stranger, theirs) == CLAIMS
    with refused("key_not_found"):
        verify(stranger)
    with refused("signature_invalid"):
        verify(token({"kid": "k1"}, sign=OTHER.sign))


@pytest.mark.parametrize(
    "issuer",
    [
        ISSUER + "/",
        ISSUER[:-1],
        ISSUER + ".evil.example",
        ISSUER.upper(),
        [ISSUER],
        {"a": ISSUER},
        None,
        "",
        5,
        ISSUER.replace("https", "http"),
        ISSUER + "\0",
    ],
)
def test_jw_12_an_issuer_that_is_nearly_the_one(issuer: Any) -> None:
    with refused("issuer_untrusted"):
        verify(token(payload={"iss": issuer}))


@pytest.mark.parametrize("name", ["alg", "kid", "typ"])
def test_jw_13_a_header_member_given_twice(name: str) -> None:
    raw = json_encode(HEADER)[:-1]
    for value in (HEADER[name], "none"):
        with refused("duplicate_key"):
            verify(token(raw + f',"{name}":"{value}"}}'.encode()))
    with refused("duplicate_key"):
        verify(token(raw + f',"\\u{ord(name[0]):04x}{name[1:]}":"x"}}'.encode()))


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat"])
def test_jw_13_a_claim_given_twice(name: str) -> None:
    raw = json_encode(CLAIMS)[:-1]
    with refused("duplicate_key"):
        verify(token(payload=raw + f',"{name}":{json.dumps(CLAIMS[name])}}}'.encode()))
    with refused("duplicate_key"):
        verify(token(payload=b'{"a":{"x":1,"x":1},' + json_encode(CLAIMS)[1:]))


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value",
    [
        '"1790000060"',
        "1790000060.0",
        "1.79e9",
        "1e999",
        "-1e999",
        "NaN",
        "Infinity",
        "-1",
        "true",
        "[1790000060]",
        "{}",
        "9" * 4300,
        "1" + "0" * 30,
        '""',
    ],
)
def test_jw_14_a_time_that_is_none(claim: str, value: str) -> None:
    rest = {name: each for name, each in CLAIMS.items() if name != claim}
    raw = json_encode(rest)[:-1] + f',"{claim}":{value}}}'.encode()
    with refused("malformed"):
        verify(token(payload=raw))


def padded(size: int, base: dict[str, Any]) -> bytes:
    """JSON of exactly this size."""
    raw = json_encode({**base, "x": ""})
    return raw[:-2] + b"y" * (size - len(raw)) + b'"}'


def test_jw_15_each_part_at_its_limit_and_beyond() -> None:
    assert verify(token(padded(HEADER_LIMIT, HEADER))) == CLAIMS
    with refused("oversize"):
        verify(token(padded(HEADER_LIMIT + 1, HEADER)))
    assert verify(token(payload=padded(JSON_LIMIT, CLAIMS)))["x"]
    with refused("oversize"):
        verify(token(payload=padded(JSON_LIMIT + 1, CLAIMS)))
    # A signed list may be larger than a token: 4 MiB of bytes, of which no claims are read.
    keys = KeySet((SIGNER.public,))
    assert jose.verify(token(payload=bytes(PAYLOAD_LIMIT)), keys, typ="at+jwt").payload
    with refused("oversize"):
        jose.verify(token(payload=bytes(PAYLOAD_LIMIT + 1)), keys, typ="at+jwt")
    with refused("signature_invalid"):
        verify(token(sign=lambda _: bytes(SIGNATURE_LIMIT)))
    with refused("oversize"):
        verify(token(sign=lambda _: bytes(SIGNATURE_LIMIT + 1)))


def test_jw_15_what_is_too_large_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jose, "b64url_decode", lambda _: pytest.fail("decoded"))
    for large in ("a" * 20_000 + ".b.c", "a.b." + "c" * 2000, "a." + "b" * 6_000_000 + ".c"):
        with refused("oversize"):
            verify(large)


def test_jw_18_what_a_log_would_keep_of_a_huge_token_is_short() -> None:
    huge = "A" * (50 * 1024 * 1024)
    for text in (
        huge,
        f"{huge}.a.b",
        f"a.{huge}.b",
        f"a.b.{huge}",
        huge.replace("A" * 1024, "A" * 1023 + "."),
        token({"kid": "k" * 8000}),
    ):
        with pytest.raises(CertsError) as caught:
            verify(text)
        assert len(repr(caught.value)) < 1024 and len(caught.value.detail) < 200


def test_jw_19_another_serialisation() -> None:
    raw, payload, signature = token().split(".")
    flat = json.dumps({"payload": payload, "protected": raw, "signature": signature})
    general = json.dumps({"payload": payload, "signatures": [{"protected": raw, "signature": signature}]})
    for text in (flat, general, flat.replace(" ", ""), json.dumps([token()]), json.dumps(token())):
        with pytest.raises(CertsError) as caught:
            verify(text)
        assert caught.value.code in (
            "malformed",
            "encoding_invalid",
        )  # JSON text has no three parts, or foreign letters
    for text in (flat, general):
        with refused("malformed"):
            verify(text)


def test_jw_19_a_text_that_is_both() -> None:
    """Valid JSON whose value holds the three parts: some parsers took either view of it."""
    raw, payload, signature = token().split(".")
    for text in (
        f'{{"protected":"{raw}","payload":".{payload}.","signature":"{signature}"}}',
        f'{{"a":"x.{payload}.y"}}',
        f"{token()}\n{token()}",
    ):
        with pytest.raises(CertsError) as caught:
            verify(text)
        assert caught.value.code in ("malformed", "encoding_invalid", "type_mismatch")


def test_jw_21_a_signature_of_another_shape() -> None:
    good = b64url_decode(token().rsplit(".", 1)[1])
    r, s = int.from_bytes(good[:32], "big"), int.from_bytes(good[32:], "big")
    order = (0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551).to_bytes(32, "big")
    for bad in (
        encode_dss_signature(r, s),
        bytes(32) + good[32:],
        good[:32] + bytes(32),
        bytes(64),
        order + good[32:],
        good[:32] + order,
        good[:63],
        good + b"\0",
        b"\0" + good,
        b"",
        good[:32],
        good[32:] + good[:32],
    ):
        with refused("signature_invalid"):
            verify(token(sign=lambda _, bad=bad: bad))  # type: ignore[misc]


@pytest.mark.parametrize("part", [0, 1, 2])
def test_jw_22_base64url_in_another_spelling(part: int) -> None:
    parts = token().split(".")
    text = parts[part]
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(text[-1])
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = [
        text + "=",
        text + "==",
        "+" + text[1:],
        "/" + text[1:],
        text[:5] + "\n" + text[5:],
        text + "\n",
        "?" + text,
    ]
    changed += [text[:3] + "?" + text[3:], " " + text, text + "\0", text[:-1] + "é"]
    if len(text) % 4:  # the last letter has bits that no byte uses
        changed.append(text[:-1] + letters[last | 1 if not last & 1 else last ^ 1])
    for bad in changed:
        with refused("encoding_invalid"):
            verify(".".join([*parts[:part], bad, *parts[part + 1 :]]))


@pytest.mark.parametrize(
    "typ",
    [
        "JWT",
        "dpop+jwt",
        "openid4vci-proof+jwt",
        "lote+jwt",
        "statuslist+jwt",
        "at+jwt;x",
        "application/application/at+jwt",
        "",
        None,
    ],
)
def test_jw_23_another_type_or_none(typ: str | None) -> None:
    header = {name: value for name, value in HEADER.items() if name != "typ"} | (
        {"typ": typ} if typ is not None else {}
    )
    with refused("type_mismatch"):
        verify(token(json_encode(header)))


@pytest.mark.parametrize(
    "form",
    [
        "{0}.{1}",
        "{0}",
        ".{0}.{1}.{2}",
        "{0}.{1}.{2}.",
        "{0}.{1}.{2}.{2}",
        "{0}..{1}.{2}",
        "..",
        "",
        ".",
        "...",
        "{0}.{1}.{2}.x.y.z",
    ],
)
def test_jw_24_another_number_of_parts(form: str) -> None:
    with refused("malformed"):
        verify(form.format(*token().split(".")))


@pytest.mark.parametrize("form", [".{1}.{2}", "{0}..{2}", "{0}.{1}."])
def test_jw_24_an_empty_part(form: str) -> None:
    with pytest.raises(CertsError) as caught:
        verify(form.format(*token().split(".")))
    assert caught.value.code == ("malformed" if form[0] == "." else "signature_invalid")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        # Depth has its own code, as it has in CBOR; the catalogue's `malformed` is for what is no JSON at all.
        (b"[" * 1000 + b"]" * 1000, "limit_exceeded"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "limit_exceeded"),
        (b"\xef\xbb\xbf" + json_encode(CLAIMS), "malformed"),
        (b'{"a":NaN}', "malformed"),
        (b'{"a":"\\ud800"}', "malformed"),
        (b'{"a":"\xed\xa0\x80"}', "malformed"),
        (json_encode(CLAIMS) + b"x", "malformed"),
        (json_encode(CLAIMS) + b"{}", "malformed"),
        (json_encode(CLAIMS) + b"\0", "malformed"),
        (json_encode([CLAIMS]), "malformed"),
        (b'"text"', "malformed"),
        (b"null", "malformed"),
        (b"", "malformed"),
        (b"{'iss':1}", "malformed"),
        (json_encode(CLAIMS).decode().encode("utf-16"), "malformed"),
    ],
)
def test_jw_25_json_that_is_none(payload: bytes, code: str) -> None:
    with refused(code):
        verify(token(payload=payload))
    with refused(code):
        verify(token(payload))  # the same as a header


def test_jw_26_something_that_anybody_could_encrypt() -> None:
    """A JWE to our public key proves nothing about who made it, even when a signed token is what it holds."""
    key = ECKey.import_key(SIGNER.public.bare_jwk())
    header = {"alg": "ECDH-ES+A128KW", "enc": "A128GCM", "typ": "at+jwt", "kid": "k1"}
    for content in (json_encode(CLAIMS), token().encode()):
        made = jwe.encrypt_compact(header, content, key, algorithms=["ECDH-ES+A128KW", "A128GCM"])
        with refused("type_mismatch"):
            verify(made)
    with refused("type_mismatch"):
        verify("a.b.c.d.e")
