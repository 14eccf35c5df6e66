"""Group JW on each thing that a verifier reads as a JWS: the SD-JWT VC and its key binding, the trust list, a status list as JWT, the
SMART Health Card. What each signer really signed, so that no wrong signature hides what is tested.

`test_jose.py` has the whole group on the door that all of them go through (`certs/jose.py`); encrypted tokens are the provider's.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jwe
from joserfc.jwk import ECKey

from certs import status, trust
from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from certs.errors import CertsError
from certs.formats import key_binding
from certs.keys import MemorySigner
from certs.status import StatusList
from tests.attacks.test_jose import padded, public_forms
from tests.certs.formats import sd_jwts
from tests.verifier.foreign.abroad import Clinic, at, deflated, digits_of, door
from tests.world import DAY, NOW, URI, World

WORLD = sd_jwts.STANDING
OTHER = MemorySigner.generate()
CLINIC = Clinic()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


@dataclass(frozen=True)
class Carrier:
    """A JWS: its header and payload, who signs it, how it is read, and what its reader says for *not by whom it names*."""

    header: dict[str, Any]
    payload: dict[str, Any]
    signer: MemorySigner
    read: Callable[[str], object]
    pack: Callable[[bytes], bytes] = field(default=bytes)
    any_fault: str = ""

    def of(
        self,
        header: dict[str, Any] | bytes | None = None,
        payload: dict[str, Any] | bytes | None = None,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> str:
        """Signed by the real key unless told otherwise; a dict changes (None leaves out), bytes replace."""
        raw = header if isinstance(header, bytes) else json_encode(_changed(self.header, header))
        claims = payload if isinstance(payload, bytes) else json_encode(_changed(self.payload, payload))
        signed = f"{b64url_encode(raw)}.{b64url_encode(self.pack(claims))}"
        return f"{signed}.{b64url_encode((sign or self.signer.sign)(signed.encode()))}"


def _changed(base: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in {**base, **(changes or {})}.items() if value is not None}


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload = (json_decode(b64url_decode(part), limit=1 << 20) for part in token.split(".")[:2])
    assert isinstance(header, dict) and isinstance(payload, dict)
    return header, payload


def _read_card(token: str) -> object:
    report = door(at(CLINIC)).inspect(digits_of(token), accept=("shc.immunization",))
    if report.verified is None:
        raise Refused(report.code)
    return report.verified


class Refused(Exception):
    @property
    def code(self) -> str:
        return str(self.args[0])


@cache
def carriers() -> dict[str, Carrier]:
    issued = sd_jwts.issue()
    selection = sd_jwts.present(issued, ("full_name",))
    selection = selection[: selection.rindex("~") + 1]
    jwt, _, disclosed = selection.partition("~")
    binding = {"iat": NOW, "aud": sd_jwts.AUDIENCE, "nonce": sd_jwts.NONCE, "sd_hash": key_binding.sd_hash(selection)}
    by, anchors = WORLD.status_desk, [WORLD.root.certificate]
    listed = status.sign_jwt(StatusList(URI, 2, status.pack(64, {}), NOW, NOW + DAY, DAY), by.signer, [by.certificate])
    return {
        "SD-JWT VC": Carrier(
            *_parts(jwt), sd_jwts.DESK.signer, lambda token: sd_jwts.verify(sd_jwts.bound(f"{token}~{disclosed}"))
        ),
        "key binding": Carrier(
            {"alg": "ES256", "typ": key_binding.TYP}, binding, WORLD.holder, lambda token: sd_jwts.verify(selection + token),
            any_fault="holder_binding_invalid",
        ),
        "trust list": Carrier(
            *_parts(WORLD.trust_list()), WORLD.list_desk.signer, lambda token: trust.read(token, anchors, now=NOW)
        ),
        "status list": Carrier(
            *_parts(listed), by.signer, lambda token: status.read_jwt(token, uri=URI, anchors=anchors, now=NOW),
            any_fault="status_signature_invalid",
        ),
        "health card": Carrier(
            {"alg": "ES256", "zip": "DEF", "kid": CLINIC.signer.public.thumbprint()}, CLINIC.claims(), CLINIC.signer, _read_card,
            pack=deflated,
        ),
    }  # fmt: skip


NAMES = ("SD-JWT VC", "key binding", "trust list", "status list", "health card")
EACH = pytest.mark.parametrize("name", NAMES)


def refusal(name: str, token: str) -> str:
    with pytest.raises((CertsError, Refused)) as caught:
        carriers()[name].read(token)
    return str(caught.value.code)  # type: ignore[attr-defined]


def refused(name: str, tokens: Iterator[str] | list[str], *codes: str) -> None:
    allowed = {*codes, carriers()[name].any_fault}
    found = {token[:200]: code for token in tokens if (code := refusal(name, token)) not in allowed}
    assert found == {}


@EACH
def test_the_tests_own_is_good(name: str) -> None:
    one = carriers()[name]
    one.read(one.of())


@EACH
def test_JW_01_no_algorithm(name: str) -> None:
    one = carriers()[name]
    signatures = (b"", b"x" * 64)
    algs = ("none", "None", "NONE", "nOnE", "", 5, None, ["ES256"])
    tokens = [one.of({"alg": alg}, sign=lambda _, made=made: made) for alg in algs for made in signatures]  # type: ignore[misc]
    refused(name, tokens, "alg_not_allowed")


@EACH
def test_JW_02_JW_03_the_public_key_as_a_shared_secret(name: str) -> None:
    one = carriers()[name]
    public = one.signer.public
    jwks = [json.dumps(public.jwk()).encode(), json_encode(public.bare_jwk())]
    refused(
        name,
        [
            one.of({"alg": "HS256"}, sign=lambda signed, secret=secret: hmac.digest(secret, signed, hashlib.sha256))  # type: ignore[misc]
            for secret in (*public_forms(public), *jwks)
        ],
        "alg_not_allowed",
    )


@EACH
def test_JW_04_another_algorithm_than_the_keys(name: str) -> None:
    one = carriers()[name]
    refused(name, [one.of({"alg": alg}) for alg in ("ES384", "ES512", "RS256", "PS256", "EdDSA")], "alg_not_allowed")


@EACH
def test_JW_05_JW_06_a_key_that_the_token_brings_or_points_to(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("connected"))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("resolved"))
    one = carriers()[name]
    brought: list[dict[str, Any]] = [{"jwk": OTHER.public.bare_jwk()}]
    brought += [{where: to} for where in ("jku", "x5u") for to in ("https://evil.example/k", "file:///etc/passwd")]
    refused(name, [one.of(each, sign=OTHER.sign) for each in brought], "signature_invalid")


@EACH
def test_JW_06_a_chain_of_the_attackers_own(name: str) -> None:
    one, attacker = carriers()[name], World()
    for desk in (attacker.issuers["public-security"], attacker.list_desk, attacker.status_desk):
        chain = [base64.b64encode(desk.certificate.public_bytes(Encoding.DER)).decode()]
        code = refusal(name, one.of({"x5c": chain}, sign=desk.signer.sign))
        assert code in ("issuer_untrusted", "chain_invalid", "cert_usage", "signature_invalid", one.any_fault)


@EACH
def test_JW_07_JW_19_another_serialisation(name: str) -> None:
    one = carriers()[name]
    protected, payload, signature = one.of().split(".")
    bare = b64url_encode(json_encode({key: value for key, value in one.header.items() if key != "alg"}))
    flat = {"payload": payload, "protected": bare, "header": {"alg": "ES256"}, "signature": signature}
    whole = {**flat, "protected": protected}
    general = {"payload": payload, "signatures": [{"protected": protected, "signature": signature}]}
    for form in (flat, whole, general):
        code = refusal(name, json.dumps(form))
        assert code in ("malformed", "encoding_invalid", "type_mismatch", "prefix_unknown", "oversize"), form


@EACH
def test_JW_08_JW_09_a_critical_header_and_an_unencoded_payload(name: str) -> None:
    one = carriers()[name]
    crits: tuple[Any, ...] = (["x-bind"], [], "exp", ["alg"], ["absent"], ["b64", "b64"], 5, {})
    tokens = [one.of({"crit": crit, "x-bind": 1}) for crit in crits]
    tokens += [one.of({"b64": flag, "crit": ["b64"]}) for flag in (False, True)] + [one.of({"b64": False})]
    refused(name, tokens, "crit_unknown")


@EACH
@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "/dev/null", "k\0", 1, ["k"], "k" * 6000])
def test_JW_10_a_kid_opens_nothing(name: str, kid: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a key is not found by `kid` at all, it changes nothing, and is not looked at."""
    one = carriers()[name]
    token = one.of({"kid": kid})
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("opened a file"))
    try:
        one.read(token)
    except (CertsError, Refused) as error:
        assert error.code in ("key_not_found", "malformed", "oversize")
    else:
        assert name != "health card"


def test_JW_11_a_key_of_another_issuer() -> None:
    one, health = carriers()["SD-JWT VC"], WORLD.issuers["health"]
    chain = [base64.b64encode(health.certificate.public_bytes(Encoding.DER)).decode()]
    refused("SD-JWT VC", [one.of({"x5c": chain}, sign=health.signer.sign)], "issuer_untrusted")
    refused("health card", [carriers()["health card"].of(sign=Clinic().signer.sign)], "signature_invalid")


@pytest.mark.parametrize("name", ["SD-JWT VC", "health card"])
def test_JW_12_an_issuer_that_is_nearly_the_one(name: str) -> None:
    one = carriers()[name]
    issuer = one.payload["iss"]
    near = (
        issuer + "/",
        issuer[:-1],
        issuer.upper(),
        [issuer],
        {"a": issuer},
        "",
        5,
        issuer + "\0",
        issuer + ".evil.example",
    )
    refused(name, [one.of(payload={"iss": each}) for each in near], "issuer_untrusted", "malformed", "text_unsafe")


@EACH
def test_JW_13_a_member_given_twice(name: str) -> None:
    one = carriers()[name]
    header, payload = json_encode(one.header)[:-1], json_encode(one.payload)[:-1]
    member = next(iter(one.payload))
    tokens = [one.of(header + b',"alg":"%s"}' % alg) for alg in (b"ES256", b"none")]
    tokens += [one.of(header + b',"\\u0061lg":"none"}')]
    tokens += [one.of(payload=payload + f',"{member}":{json.dumps(one.payload[member])}}}'.encode())]
    tokens += [one.of(payload=b'{"a":{"x":1,"x":1},' + (payload + b"}")[1:])]
    refused(name, tokens, "duplicate_key")


TIMES = {
    "SD-JWT VC": ("iat", "exp"),
    "key binding": ("iat",),
    "status list": ("iat", "exp", "ttl"),
    "health card": ("nbf", "exp"),
}


@pytest.mark.parametrize("name", TIMES)
def test_JW_14_a_time_that_is_none(name: str) -> None:
    one = carriers()[name]
    values = ['"1790000060"', "1e999", "-1e999", "NaN", "Infinity", "-1", "true", "[1]", "{}", "9" * 4300, '""', "null"]
    for claim in TIMES[name]:
        rest = {key: value for key, value in one.payload.items() if key != claim}
        allowed = [each for each in values if not (name == "health card" and claim == "exp" and each == "null")]
        raws = [json_encode(rest)[:-1] + f',"{claim}":{value}}}'.encode() for value in allowed]
        refused(
            name, [one.of(payload=raw) for raw in raws], "malformed", "limit_exceeded", "claims_missing", "oversize"
        )


@EACH
def test_JW_15_a_header_and_a_signature_beyond_their_limits(name: str) -> None:
    one = carriers()[name]
    refused(name, [one.of(padded(8 * 1024 + 1, one.header)), one.of(sign=lambda _: bytes(1025))], "oversize")


@EACH
def test_JW_21_a_signature_of_another_shape(name: str) -> None:
    one = carriers()[name]

    def other(make: Callable[[int, int], bytes]) -> str:
        def sign(signed: bytes) -> bytes:
            raw = one.signer.sign(signed)
            return make(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

        return one.of(sign=sign)

    def raw(r: int, s: int) -> bytes:
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    shapes: list[Callable[[int, int], bytes]] = [
        encode_dss_signature,
        lambda r, s: raw(0, s),
        lambda r, s: raw(r, 0),
        lambda r, s: raw(ORDER, s),
        lambda r, s: bytes(64),
        lambda r, s: raw(r, s)[:-1],
        lambda r, s: raw(r, s) + b"\0",
        lambda r, s: b"",
    ]
    refused(name, [other(shape) for shape in shapes], "signature_invalid")


@EACH
def test_JW_22_base64url_in_another_spelling(name: str) -> None:
    header, payload, signature = carriers()[name].of().split(".")
    spelt = [
        f"{header}=.{payload}.{signature}",
        f"{header}.{payload}=.{signature}",
        f"{header}.{payload}.{signature}==",
    ]
    spelt += [f"{header}.{payload}.{signature[:-2]}{bad}" for bad in ("+/", "\n\n", "??", "!!")]
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spelt += [f"{header}.{payload}.{signature[:-1]}{last[last.index(signature[-1]) + 1]}"]  # bits beyond the last byte
    refused(name, spelt, "encoding_invalid", "malformed", "prefix_unknown")


@EACH
def test_JW_23_another_type_or_none(name: str) -> None:
    if name == "health card":
        pytest.skip("a health card has no typ (SMART Health Cards 1.4)")
    one = carriers()[name]
    kinds = (None, "JWT", "at+jwt", "vc+sd-jwt", "jwt", 5, ["x"])
    refused(name, [one.of({"typ": kind}) for kind in kinds], "type_mismatch", "malformed")


@EACH
def test_JW_24_another_number_of_parts(name: str) -> None:
    token = carriers()[name].of()
    header, payload, signature = token.split(".")
    bad = [
        f"{header}.{payload}",
        f"{token}.{signature}",
        f".{token}",
        f"{token}.",
        f"{header}..{signature}",
        f"..{signature}",
    ]
    codes = ("malformed", "encoding_invalid", "signature_invalid", "type_mismatch")
    refused(name, bad, *codes)


@EACH
def test_JW_25_json_that_is_none(name: str) -> None:
    one = carriers()[name]
    good = json_encode(one.payload)
    bad = [b"[" * 1000 + b"]" * 1000, b"\xef\xbb\xbf" + good, good + b"x", good + good, b"[]", b"null", b"", b"\xff"]
    bad += [good[:-1] + extra for extra in (b',"n":NaN}', b',"n":"\\ud800"}', b",}", b',"n":Infinity}')]
    refused(name, [one.of(payload=raw) for raw in bad], "malformed", "limit_exceeded", "text_unsafe")
    headers = [json_encode(one.header) + b"x", b"[]", b"", b"\xff", b"[" * 1000]
    refused(name, [one.of(raw) for raw in headers], "malformed", "limit_exceeded")


@EACH
def test_JW_26_something_that_anybody_could_encrypt(name: str) -> None:
    key = ECKey.import_key(carriers()[name].signer.public.bare_jwk())
    sealed = jwe.encrypt_compact({"alg": "ECDH-ES", "enc": "A128GCM"}, json_encode(carriers()[name].payload), key)
    refused(name, [sealed], "type_mismatch", "malformed")
