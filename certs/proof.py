"""Proofs of possession: the key proof with which a wallet asks for a credential, and the holder proof of a shown QR.

Spec: OpenID4VCI 1.0 Appendix F.1 (jwt proof type), RFC 9052 and RFC 8392 with `kcwt` (header 13) and `cnonce` (claim 39)
for the holder proof; its bytes are specified in `certs/qr.md`.
"""

from dataclasses import dataclass
from typing import NamedTuple

from certs import cbor, cose, jose
from certs.cbor import Value
from certs.cose import Sign1
from certs.encoding import json_decode, safe_text
from certs.errors import BadSignature, Malformed, NotValidNow, Unsupported
from certs.keys import PublicKey, Signer

KEY_PROOF_TYP = "openid4vci-proof+jwt"
KEY_PROOF_AGE = 300  # seconds; the nonce is what makes it fresh, the time only bounds what must be remembered
KEY_PROOF_SKEW = 60
HOLDER_PROOF_TYP = "vn1-kb+cwt"
HOLDER_PROOF_AGE = 60  # seconds a shown QR lives
HOLDER_PROOF_SKEW = 30  # seconds a phone's clock may be wrong, either way
CHALLENGE_LIMIT = 64
AUDIENCE_LIMIT = 256

IAT, AUD, CNONCE = 6, 3, 39  # CWT claims: RFC 8392 §3.1; 39 by the IANA registry


@dataclass(frozen=True, slots=True)
class KeyProof:
    """A key proof whose signature holds. The caller still has to use up the nonce."""

    key: PublicKey
    nonce: str


class Presentation(NamedTuple):
    """A parsed holder proof that proves nothing yet."""

    message: Sign1
    credential: Sign1
    issued: int
    audience: str | None
    challenge: bytes | None


def key_proof(signer: Signer, *, audience: str, nonce: str, now: int) -> str:
    claims = {"aud": audience, "iat": now, "nonce": nonce}
    return jose.sign(claims, signer, typ=KEY_PROOF_TYP, headers={"kid": None, "jwk": signer.public.bare_jwk()})


def verify_key_proof(proof: str, *, audience: str, now: int) -> KeyProof:
    """The key in the header is what the proof is about; it is trusted for nothing else.

    1. explicit type, `alg` of a P-256 key, the key public and in `jwk` only      (Appendix F.1, F.4)
    2. signature by that key
    3. `aud` is the credential issuer, `nonce` present, `iat` recent
    """
    parsed = jose.parse(proof)
    jwk = parsed.header.get("jwk")
    if not isinstance(jwk, dict) or "kid" in parsed.header or "x5c" in parsed.header:
        raise Malformed("malformed", "the key must be in jwk, and only there")
    key = PublicKey.from_jwk(jwk)
    if key.alg != "ES256":
        raise Unsupported("alg_not_allowed", "holder keys are P-256")
    claims = json_decode(jose.verify_parsed(parsed, lambda _: key, typ=KEY_PROOF_TYP).payload)
    if not isinstance(claims, dict):
        raise Malformed("malformed", "claims are not an object")
    jose.check_claims(
        claims, issuer=None, audience=audience, now=now, leeway=KEY_PROOF_SKEW, required=("aud", "iat", "nonce")
    )
    if claims["iat"] < now - KEY_PROOF_AGE:
        raise NotValidNow("presentation_stale", "iat")
    if not isinstance(claims["nonce"], str):
        raise Malformed("malformed", "nonce")
    return KeyProof(key, claims["nonce"])


def holder_proof(
    credential: bytes, signer: Signer, *, now: int, audience: str | None = None, challenge: bytes | None = None
) -> bytes:
    """The bytes of a QR: the credential inside the protected header of what the holder's key signs now."""
    payload: dict[int, Value] = {IAT: now}
    if audience is not None:
        payload[AUD] = audience
    if challenge is not None:
        payload[CNONCE] = challenge
    header = {cose.KCWT: cose.parse(credential).item(), cose.TYP: HOLDER_PROOF_TYP}
    return cose.sign(cbor.encode(payload), signer, header=header)


def parse_presentation(message: Sign1) -> Presentation:
    """Raises Malformed; the claims of a holder proof are a closed set."""
    cose.expect_typ(message, HOLDER_PROOF_TYP)
    if set(message.header) != {cose.ALG, cose.KCWT, cose.TYP}:
        raise Malformed("malformed", "header of the holder proof")
    claims = cbor.decode(message.payload)
    if not isinstance(claims, dict) or not set(claims) <= {IAT, AUD, CNONCE}:
        raise Malformed("malformed", "claims of the holder proof")
    issued, audience, challenge = claims.get(IAT), claims.get(AUD), claims.get(CNONCE)
    if not isinstance(issued, int) or isinstance(issued, bool) or issued < 0:
        raise Malformed("malformed", "iat of the holder proof")
    if audience is not None and not isinstance(audience, str):
        raise Malformed("malformed", "aud of the holder proof")
    if challenge is not None and (not isinstance(challenge, bytes) or len(challenge) > CHALLENGE_LIMIT):
        raise Malformed("malformed", "cnonce of the holder proof")
    if audience is not None:
        safe_text(audience, limit=AUDIENCE_LIMIT)
    credential = cose.from_item(message.header[cose.KCWT])
    return Presentation(message, credential, issued, audience, challenge)


def check_holder_proof(
    presentation: Presentation,
    holder: PublicKey,
    *,
    now: int,
    age: int = HOLDER_PROOF_AGE,
    skew: int = HOLDER_PROOF_SKEW,
) -> None:
    """1. signature by the key that the issuer bound the credential to (RFC 8747 §3.1)   2. time, both ways"""
    try:
        cose.verify(presentation.message, holder)
    except BadSignature as error:
        raise BadSignature("holder_binding_invalid", error.detail) from None
    if presentation.issued > now + skew:
        raise NotValidNow("issued_in_future", "holder proof")
    if presentation.issued + age + skew < now:
        raise NotValidNow("presentation_stale", f"shown {now - presentation.issued} s ago")
