"""Proofs of possession: of a wallet that asks for a credential, and of a holder who shows one."""

from typing import Any

import pytest

from certs import cbor, cose, jose, proof
from certs.keys import MemorySigner
from tests.certs.refusals import refused

NOW = 1_790_000_000
AUDIENCE = "https://idp.example"
HOLDER = MemorySigner.generate()
BARE = HOLDER.public.bare_jwk()


def key_proof(
    claims: dict[str, Any] | None = None, signer: MemorySigner = HOLDER, typ: str = proof.KEY_PROOF_TYP, **headers: Any
) -> str:
    base = {"aud": AUDIENCE, "iat": NOW, "nonce": "n-1"}
    kept = {name: value for name, value in {**base, **(claims or {})}.items() if value is not None}
    return jose.sign(kept, signer, typ=typ, headers={"kid": None, "jwk": signer.public.bare_jwk(), **headers})


def test_a_key_proof_yields_the_key_and_the_nonce() -> None:
    made = proof.key_proof(HOLDER, audience=AUDIENCE, nonce="n-1", now=NOW)
    assert proof.verify_key_proof(made, audience=AUDIENCE, now=NOW) == proof.KeyProof(HOLDER.public, "n-1")
    assert proof.verify_key_proof(key_proof(), audience=AUDIENCE, now=NOW).nonce == "n-1"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "https://other.example"}, "audience_mismatch"),
        ({"aud": [AUDIENCE]}, "audience_mismatch"),
        ({"aud": None}, "claims_missing"),
        ({"nonce": None}, "claims_missing"),
        ({"iat": None}, "claims_missing"),
        ({"nonce": 5}, "malformed"),
        ({"iat": "now"}, "malformed"),
        ({"iat": NOW + 61}, "issued_in_future"),
        ({"iat": NOW - 301}, "presentation_stale"),
        ({"exp": NOW - 60}, "expired"),
    ],
)
def test_a_key_proof_with_other_claims_is_refused(claims: dict[str, Any], code: str) -> None:
    with refused(code):
        proof.verify_key_proof(key_proof(claims), audience=AUDIENCE, now=NOW)


def test_a_key_proof_at_its_limits_of_time_holds() -> None:
    for iat in (NOW + 60, NOW - 300):
        proof.verify_key_proof(key_proof({"iat": iat}), audience=AUDIENCE, now=NOW)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"jwk": None}, "malformed"),
        ({"jwk": "x"}, "malformed"),
        ({"kid": "did:example:1"}, "malformed"),
        ({"x5c": ["MIIB"]}, "malformed"),
        ({"jwk": {**BARE, "d": "AQ"}}, "malformed"),
        ({"jwk": MemorySigner.generate().public.bare_jwk()}, "signature_invalid"),
        ({"jwk": MemorySigner.generate("RS256").public.bare_jwk()}, "alg_not_allowed"),
        ({"alg": "none"}, "alg_not_allowed"),
        ({"alg": "HS256"}, "alg_not_allowed"),
        ({"crit": ["exp"]}, "crit_unknown"),
    ],
)
def test_a_key_proof_with_another_header_is_refused(headers: dict[str, Any], code: str) -> None:
    with refused(code):
        proof.verify_key_proof(key_proof(**headers), audience=AUDIENCE, now=NOW)


def test_a_key_proof_of_another_type_or_another_kind_of_key_is_refused() -> None:
    with refused("type_mismatch"):
        proof.verify_key_proof(key_proof(typ="jwt"), audience=AUDIENCE, now=NOW)
    for alg in ("EdDSA", "ES384", "RS256"):
        with refused("alg_not_allowed"):
            proof.verify_key_proof(key_proof(signer=MemorySigner.generate(alg)), audience=AUDIENCE, now=NOW)
    with refused("malformed"):
        proof.verify_key_proof(
            jose.sign(b"[]", HOLDER, typ=proof.KEY_PROOF_TYP, headers={"kid": None, "jwk": BARE}),
            audience=AUDIENCE,
            now=NOW,
        )


# --- holder proof -----------------------------------------------------------------------------------------------------

CREDENTIAL = cose.sign(b"\xa0", MemorySigner.generate(), header={cose.KID: b"12345678", cose.TYP: "vn1+cwt"})


@pytest.mark.parametrize(
    ("audience", "challenge"), [(None, None), ("Quầy số 3", None), (None, b"\0" * 64), ("https://bank.example", b"c")]
)
def test_a_holder_proof_carries_the_credential_unchanged(audience: str | None, challenge: bytes | None) -> None:
    shown = proof.holder_proof(CREDENTIAL, HOLDER, now=NOW, audience=audience, challenge=challenge)
    assert CREDENTIAL in shown
    parsed = proof.parse_presentation(cose.parse(shown))
    assert cbor.encode(parsed.credential.item()) == CREDENTIAL
    assert (parsed.issued, parsed.audience, parsed.challenge) == (NOW, audience, challenge)
    proof.check_holder_proof(parsed, HOLDER.public, now=NOW)


def test_a_holder_proof_lives_a_minute_and_half_a_minute_of_wrong_clock() -> None:
    parsed = proof.parse_presentation(cose.parse(proof.holder_proof(CREDENTIAL, HOLDER, now=NOW)))
    for now in (NOW - 30, NOW + 60 + 30):
        proof.check_holder_proof(parsed, HOLDER.public, now=now)
    with refused("issued_in_future"):
        proof.check_holder_proof(parsed, HOLDER.public, now=NOW - 31)
    with refused("presentation_stale"):
        proof.check_holder_proof(parsed, HOLDER.public, now=NOW + 91)
    proof.check_holder_proof(parsed, HOLDER.public, now=NOW + 15, age=10, skew=5)
    with refused("presentation_stale"):
        proof.check_holder_proof(parsed, HOLDER.public, now=NOW + 16, age=10, skew=5)


def test_only_the_bound_key_proves() -> None:
    parsed = proof.parse_presentation(cose.parse(proof.holder_proof(CREDENTIAL, MemorySigner.generate(), now=NOW)))
    with refused("holder_binding_invalid"):
        proof.check_holder_proof(parsed, HOLDER.public, now=NOW)


def shown(payload: Any = None, header: dict[int, Any] | None = None) -> proof.Presentation:
    whole = {cose.KCWT: cose.parse(CREDENTIAL).item(), cose.TYP: proof.HOLDER_PROOF_TYP, **(header or {})}
    kept = {key: value for key, value in whole.items() if value is not None}
    data = cose.sign(cbor.encode({6: NOW} if payload is None else payload), HOLDER, header=kept)
    return proof.parse_presentation(cose.parse(data))


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ([], "malformed"),
        ({}, "malformed"),
        ({6: "now"}, "malformed"),
        ({6: -1}, "malformed"),
        ({6: True}, "malformed"),
        ({6: NOW, 3: 5}, "malformed"),
        ({6: NOW, 3: ["a"]}, "malformed"),
        ({6: NOW, 3: "a" * 257}, "oversize"),
        ({6: NOW, 3: "bank\u202e"}, "text_unsafe"),
        ({6: NOW, 39: "text"}, "malformed"),
        ({6: NOW, 39: b"x" * 65}, "malformed"),
        ({6: NOW, 4: NOW + 5}, "malformed"),
        ({6: NOW, "x": 1}, "malformed"),
    ],
)
def test_the_claims_of_a_holder_proof_are_a_closed_set(payload: Any, code: str) -> None:
    with refused(code):
        shown(payload)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({cose.TYP: "vn1+cwt"}, "type_mismatch"),
        ({cose.TYP: None}, "type_mismatch"),
        ({cose.KID: b"k"}, "malformed"),
        ({cose.KCWT: None}, "malformed"),
        ({cose.KCWT: CREDENTIAL}, "type_mismatch"),  # as a byte string, not as the item itself
        ({cose.KCWT: {}}, "type_mismatch"),
    ],
)
def test_the_header_of_a_holder_proof_is_a_closed_set(header: dict[int, Any], code: str) -> None:
    with refused(code):
        shown(header=header)


def test_only_a_credential_in_our_spelling_can_be_shown() -> None:
    with refused("trailing_data"):
        proof.holder_proof(CREDENTIAL + b"\0", HOLDER, now=NOW)
    with refused("malformed"):
        proof.holder_proof(b"", HOLDER, now=NOW)
