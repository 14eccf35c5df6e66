"""The key binding of an SD-JWT: the holder's key signs what is shown, to whom, for which question, and when.

Spec: RFC 9901 §4.3 (KB-JWT), §7.3 (verification).
"""

import hashlib
from dataclasses import dataclass

from certs import jose
from certs.encoding import b64url_encode, json_decode
from certs.errors import BadSignature, Malformed, NotValidNow
from certs.formats import Expected
from certs.jose import Unverified
from certs.keys import PublicKey, Signer

TYP = "kb+jwt"
# For `Expected` of a verifier that asks online: a person reads a consent page between question and answer.
KEY_BINDING_AGE, KEY_BINDING_SKEW = 240, 60  # seconds; together an answer is good for 300


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """A key binding that holds."""

    audience: str
    nonce: str
    issued: int
    signed: bytes  # what the signature covers


def sd_hash(presented: str) -> str:
    """§4.3.1: over the SD-JWT with its last tilde."""
    return b64url_encode(hashlib.sha256(presented.encode("ascii")).digest())


def bind(presented: str, signer: Signer, *, audience: str, nonce: str, now: int) -> str:
    claims = {"iat": now, "aud": audience, "nonce": nonce, "sd_hash": sd_hash(presented)}
    return jose.sign(claims, signer, typ=TYP, headers={"kid": None})


def check(token: Unverified, presented: str, holder: PublicKey, *, expected: Expected, now: int) -> KeyBinding:
    """§7.3:
    1. explicit type, and the signature of the key that the issuer bound the credential to  (holder_binding_invalid)
    2. `sd_hash`: signed over exactly what is shown                                         (holder_binding_invalid)
    3. `iat` recent, both ways
    4. `aud` is this verifier, and one that it was asked as                                 (audience_mismatch)
    5. `nonce` answers its question; `expected.challenge` is its UTF-8                      (nonce_mismatch)
    """
    try:
        payload = jose.verify_parsed(token, lambda _: holder, typ=TYP).payload  # 1
    except BadSignature as error:
        raise BadSignature("holder_binding_invalid", error.detail) from None
    claims = json_decode(payload)
    if not isinstance(claims, dict) or type(claims.get("iat")) is not int:
        raise Malformed("malformed", "claims of the key binding")
    if claims.get("sd_hash") != sd_hash(presented):  # 2
        raise BadSignature("holder_binding_invalid", "sd_hash")
    jose.check_claims(claims, issuer=None, audience=None, now=now, leeway=expected.clock_skew, required=())  # 3
    if claims["iat"] + expected.proof_age + expected.clock_skew < now:
        raise NotValidNow("presentation_stale", f"shown {now - claims['iat']} s ago")
    audience, nonce = claims.get("aud"), claims.get("nonce")
    if not isinstance(audience, str) or audience != expected.audience:  # 4
        raise BadSignature("audience_mismatch", "key binding")
    if not isinstance(nonce, str) or nonce.encode() != expected.challenge:  # 5
        raise BadSignature("nonce_mismatch", "key binding")
    return KeyBinding(audience, nonce, claims["iat"], token.signed)
