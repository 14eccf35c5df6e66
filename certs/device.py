"""What a wallet's device signs for the provider: its enrolment, a look at who asks, and the decision about a log-in.

Spec: RFC 7515 (compact JWS), RFC 7519 (claims), RFC 8725 §3.11 (one explicit type for each), RFC 7638 (the key's name);
RFC 10027 §6.1 (what is signed names one request of one provider)

    type                         header               claims
    vneid-device+jwt             alg, typ, jwk        aud, iat, nonce
    vneid-approval-view+jwt      alg, kid, typ        aud, iat, jti, request
    vneid-approval+jwt           alg, kid, typ        aud, iat, jti, request, decision [, number]

`alg` is ES256 on P-256, `jwk` has the four members that make such a key and no other, `kid` is the key's thumbprint, `aud`
the provider's issuer. `jti` and `request` are 128 bits in base64url. `number` stands only where `decision` is "approve", and
there unless the log-in is on the same device. Header and claims are closed sets: what is not in the table is refused.
Members stand in the order of the table, so that the published vectors (`python -m certs vectors device`) hold byte for byte.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certs import jose
from certs.encoding import b64url_decode, b64url_encode, json_decode
from certs.errors import Malformed, NotValidNow, Unsupported, Untrusted
from certs.keys import PublicKey, Signer

ENROLMENT_TYP = "vneid-device+jwt"
VIEW_TYP = "vneid-approval-view+jwt"
DECISION_TYP = "vneid-approval+jwt"
SKEW = 60  # seconds that `iat` may be away from now, either way: a phone's clock, and the way to us
PROOF_LIMIT = 2048  # characters; the longest of the three has some 600
NONCE_LIMIT = 128  # characters; ours have 43
ID_BYTES = 16  # 128 bits: nobody finds another's by trying
APPROVE, DENY = "approve", "deny"

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]", re.ASCII)
_JWK = {"kty", "crv", "x", "y"}


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The key that proved itself. The caller still has to use up the nonce."""

    key: PublicKey
    nonce: str


@dataclass(frozen=True, slots=True)
class Viewing:
    """A device wants to know who asks. The caller still has to use up `jti`."""

    request: str
    jti: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a device decided about one request. The caller still has to see to it that it counts once."""

    request: str
    jti: str
    approved: bool
    number: str | None


def new_id() -> str:
    """128 random bits for a `jti` or a request."""
    return b64url_encode(secrets.token_bytes(ID_BYTES))


def sign_enrolment(signer: Signer, *, audience: str, nonce: str, now: int) -> str:
    claims = {"aud": audience, "iat": now, "nonce": nonce}
    return jose.sign(claims, signer, typ=ENROLMENT_TYP, headers={"kid": None, "jwk": signer.public.bare_jwk()})


def sign_view(signer: Signer, *, audience: str, request: str, jti: str, now: int) -> str:
    claims = {"aud": audience, "iat": now, "jti": jti, "request": request}
    return jose.sign(claims, signer, typ=VIEW_TYP, headers={"kid": signer.public.thumbprint()})


def sign_decision(
    signer: Signer, *, audience: str, request: str, jti: str, approve: bool, number: str | None, now: int
) -> str:
    """`number`: the one that the person picked; None for a denial, and where the log-in is on the same device."""
    claims = {"aud": audience, "iat": now, "jti": jti, "request": request, "decision": APPROVE if approve else DENY}
    if number is not None:
        claims["number"] = number
    return jose.sign(claims, signer, typ=DECISION_TYP, headers={"kid": signer.public.thumbprint()})


def verify_enrolment(proof: str, *, audience: str, now: int) -> Enrolment:
    """The key in the header is what the proof is about; it is trusted for nothing else.

    1. size, closed header, a bare public P-256 key                     (oversize, malformed, alg_not_allowed)
    2. type and signature by that key                                   (type_mismatch, alg_not_allowed, signature_invalid)
    3. closed claims, `aud`, `iat` within SKEW            (claims_missing, audience_mismatch, issued_in_future, presentation_stale)
    """
    parsed = _parsed(proof, {"alg", "typ", "jwk"})
    jwk = parsed.header["jwk"]
    if not isinstance(jwk, dict) or set(jwk) != _JWK:
        raise Malformed("malformed", "jwk")
    key = PublicKey.from_jwk(jwk)
    claims = _claims(parsed, key, ENROLMENT_TYP, audience=audience, now=now, required={"nonce"})
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not 0 < len(nonce) <= NONCE_LIMIT:
        raise Malformed("malformed", "nonce")
    return Enrolment(key, nonce)


def signed_by(proof: str) -> str:
    """The thumbprint that a view or a decision names: for finding the key that it is then verified with."""
    kid = _parsed(proof, {"alg", "typ", "kid"}).header["kid"]
    if not isinstance(kid, str) or not _THUMBPRINT.fullmatch(kid):
        raise Malformed("malformed", "kid")
    return kid


def verify_view(proof: str, key: PublicKey, *, audience: str, now: int) -> Viewing:
    """`key` is the enrolled one. Steps as in `verify_enrolment`; that `kid` is its thumbprint comes before 2 (key_not_found)."""
    parsed = _parsed(proof, {"alg", "typ", "kid"})
    claims = _claims(parsed, key, VIEW_TYP, audience=audience, now=now, required={"jti", "request"})
    return Viewing(_id(claims, "request"), _id(claims, "jti"))


def verify_decision(proof: str, key: PublicKey, *, audience: str, now: int) -> Decision:
    """As `verify_view`; then `decision` is one of its two words, and a denial has no number."""
    parsed = _parsed(proof, {"alg", "typ", "kid"})
    required = {"jti", "request", "decision"}
    claims = _claims(
        parsed, key, DECISION_TYP, audience=audience, now=now, required=required, optional=frozenset({"number"})
    )
    if claims["decision"] not in (APPROVE, DENY):
        raise Malformed("malformed", "decision")
    approved, number = claims["decision"] == APPROVE, claims.get("number")
    if "number" in claims and not (approved and isinstance(number, str) and _NUMBER.fullmatch(number)):
        raise Malformed("malformed", "number")
    return Decision(_id(claims, "request"), _id(claims, "jti"), approved, number)


def _parsed(proof: str, header: set[str]) -> jose.Unverified:
    if not isinstance(proof, str) or len(proof) > PROOF_LIMIT:
        raise Malformed("oversize", "proof")
    parsed = jose.parse(proof)
    if set(parsed.header) != header:
        raise Malformed("malformed", "header")
    return parsed


def _claims(
    parsed: jose.Unverified,
    key: PublicKey,
    typ: str,
    *,
    audience: str,
    now: int,
    required: set[str],
    optional: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    if key.alg != "ES256":
        raise Unsupported("alg_not_allowed", "device keys are P-256")

    def find(header: Mapping[str, Any]) -> PublicKey:
        if "kid" in header and header["kid"] != key.thumbprint():
            raise Untrusted("key_not_found", "kid")
        return key

    claims = json_decode(jose.verify_parsed(parsed, find, typ=typ).payload)
    if not isinstance(claims, dict):
        raise Malformed("malformed", "claims are not an object")
    needed = {"aud", "iat", *required}
    jose.check_claims(claims, issuer=None, audience=audience, now=now, leeway=SKEW, required=sorted(needed))
    if not set(claims) <= needed | optional:
        raise Malformed("malformed", "claims")
    if claims["iat"] < now - SKEW:
        raise NotValidNow("presentation_stale", "iat")
    return claims


def _id(claims: Mapping[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or len(value) > NONCE_LIMIT or len(b64url_decode(value)) != ID_BYTES:
        raise Malformed("malformed", name)
    return value
