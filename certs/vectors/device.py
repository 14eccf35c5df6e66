"""The published vectors of what a device signs, as one JSON document: `python -m certs vectors device` prints it.

Spec: `certs/device.py`. ECDSA is random, so a second implementation is proven twice: its `signed` must be this one to the
byte, and it must accept, or get from ours, exactly these answers. Our signatures are deterministic (RFC 6979).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from certs import device, jose
from certs.encoding import b64url_decode, b64url_encode
from certs.errors import CertsError
from certs.keys import MemorySigner
from certs.vectors.nation import NOW, private_jwk, signer

AUDIENCE = "https://id.example.vn"
NONCE = "bm9uY2Ugb2YgdGhlIHByb3ZpZGVyLCAyNTYgYml0cyE"
REQUEST, JTI = b64url_encode(bytes(range(16))), b64url_encode(bytes(range(16, 32)))
_BOUND: dict[str, Any] = {"audience": AUDIENCE, "request": REQUEST, "jti": JTI, "now": NOW}


def document() -> dict[str, Any]:
    """The whole published file."""
    key = signer("device")
    return {
        "specification": "certs/device.py",
        "warning": "The private key in here is published. Never trust it outside a test.",
        "key": private_jwk(key),
        "thumbprint": key.public.thumbprint(),
        "audience": AUDIENCE,
        "now": NOW,
        "made": [_made(key, name, wanted, token) for name, wanted, token in _sound(key)],
        "refused": [
            {"id": name, "kind": kind, "proof": proof, "code": _code(key, kind, proof)}
            for name, kind, proof in _bad(key)
        ],
    }


def _sound(key: MemorySigner) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Name, what the signer is given beside audience and time, and what it makes."""
    yield "enrolment", {"nonce": NONCE}, device.sign_enrolment(key, audience=AUDIENCE, nonce=NONCE, now=NOW)
    yield "view", {"request": REQUEST, "jti": JTI}, device.sign_view(key, **_BOUND)
    for name, approve, number in (("approval", True, "47"), ("approval-here", True, None), ("denial", False, None)):
        given = {"request": REQUEST, "jti": JTI, "approve": approve, "number": number}
        yield name, given, device.sign_decision(key, approve=approve, number=number, **_BOUND)


def _made(key: MemorySigner, name: str, given: Mapping[str, Any], token: str) -> dict[str, Any]:
    header, payload, signature = token.split(".")
    return {
        "id": name,
        "kind": _KINDS[name],
        "given": given,
        "header": b64url_decode(header).decode(),
        "payload": b64url_decode(payload).decode(),
        "signed": f"{header}.{payload}",
        "signature": signature,
        "proof": token,
    }


_KINDS = {
    "enrolment": "enrolment",
    "view": "view",
    "approval": "decision",
    "approval-here": "decision",
    "denial": "decision",
}


def _bad(key: MemorySigner) -> Iterator[tuple[str, str, str]]:
    """Name, what it is verified as, and the proof: one fault each."""
    first = {"aud": AUDIENCE, "iat": NOW, "nonce": NONCE}
    look = {"aud": AUDIENCE, "iat": NOW, "jti": JTI, "request": REQUEST}
    approval = {**look, "decision": "approve", "number": "47"}
    types = {"enrolment": device.ENROLMENT_TYP, "view": device.VIEW_TYP, "decision": device.DECISION_TYP}
    whole = {"enrolment": first, "view": look, "decision": approval}
    named: dict[str, Any] = {"kid": key.public.thumbprint()}
    carried: dict[str, Any] = {"kid": None, "jwk": key.public.bare_jwk()}

    def sign(kind: str, claims: Mapping[str, Any], *, by: MemorySigner = key, typ: str = "", **header: Any) -> str:
        kept = {name: value for name, value in {**whole[kind], **claims}.items() if value is not None}
        headers = {**(carried if kind == "enrolment" else named), **header}
        return jose.sign(kept, by, typ=typ or types[kind], headers=headers)

    for kind in whole:
        yield f"{kind}-audience", kind, sign(kind, {"aud": "https://other.example.vn"})
        yield f"{kind}-audience-list", kind, sign(kind, {"aud": [AUDIENCE]})
        yield f"{kind}-old", kind, sign(kind, {"iat": NOW - device.SKEW - 1})
        yield f"{kind}-early", kind, sign(kind, {"iat": NOW + device.SKEW + 1})
        yield f"{kind}-no-time", kind, sign(kind, {"iat": None})
        yield f"{kind}-more-claims", kind, sign(kind, {"exp": NOW + 60})
        yield f"{kind}-more-headers", kind, sign(kind, {}, x5u="https://attacker.example")
        yield f"{kind}-key-and-name", kind, sign(kind, {}, **named, jwk=key.public.bare_jwk())
        yield f"{kind}-of-a-stranger", kind, sign(kind, {}, by=signer("stranger"))
        yield f"{kind}-no-type", kind, sign(kind, {}, typ="JWT")
    yield "enrolment-as-view", "view", sign("enrolment", {})
    yield "view-as-decision", "decision", sign("view", {})
    yield "decision-as-view", "view", sign("decision", {})
    yield "enrolment-private-key", "enrolment", sign("enrolment", {}, jwk={**key.public.bare_jwk(), "d": "AQ"})
    yield "enrolment-named-key", "enrolment", sign("enrolment", {}, jwk=key.public.jwk())
    yield "enrolment-nonce", "enrolment", sign("enrolment", {"nonce": ""})
    yield "decision-other-key", "decision", sign("decision", {}, kid=signer("stranger").public.thumbprint())
    yield "decision-no-request", "decision", sign("decision", {"request": None})
    yield "decision-short-request", "decision", sign("decision", {"request": b64url_encode(bytes(15))})
    yield "decision-short-jti", "decision", sign("decision", {"jti": "AQ"})
    yield "decision-word", "decision", sign("decision", {"decision": "yes"})
    yield "decision-denied-with-a-number", "decision", sign("decision", {"decision": "deny"})
    for name, number in (("low", "09"), ("long", "470"), ("not-text", 47), ("foreign-digits", "４７")):
        yield f"decision-number-{name}", "decision", sign("decision", {"number": number})


def _code(key: MemorySigner, kind: str, proof: str) -> str:
    ways: Mapping[str, Callable[[], object]] = {
        "enrolment": lambda: device.verify_enrolment(proof, audience=AUDIENCE, now=NOW),
        "view": lambda: device.verify_view(proof, key.public, audience=AUDIENCE, now=NOW),
        "decision": lambda: device.verify_decision(proof, key.public, audience=AUDIENCE, now=NOW),
    }
    try:
        ways[kind]()
    except CertsError as error:
        return error.code
    raise ValueError(f"a vector that should be refused holds: {kind}")
