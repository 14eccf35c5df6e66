"""Sign and verify compact JWS and JWT. The only door to PyJWT, whose signature algorithms stand behind a strict parser.

Spec: RFC 7515 (JWS, compact serialization only), RFC 7519 (JWT), RFC 8725 (best current practices).

Verification of a compact JWS, in this order:
 1. size of each part, before anything is decoded                                    (oversize)
 2. exactly three parts, canonical base64url                        (malformed, encoding_invalid; a JWE: type_mismatch)
 3. the header is a JSON object without duplicate members                          (malformed, duplicate_key)
 4. no `crit` (we understand no extension), no `b64`                                (crit_unknown)
 5. `typ` is the one that the caller expects (RFC 8725 §3.11)                       (type_mismatch)
 6. the key comes from the caller's set by `kid`; header keys are never looked at   (key_not_found)
 7. `alg` equals the algorithm that the key is bound to (RFC 8725 §3.1)             (alg_not_allowed)
 8. the signature                                                                   (signature_invalid)
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from jwt.algorithms import Algorithm, get_default_algorithms

from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from certs.errors import BadSignature, Malformed, NotValidNow, Unsupported, Untrusted
from certs.keys import PublicKey, Signer

HEADER_LIMIT = 8 * 1024
PAYLOAD_LIMIT = 4 * 1024 * 1024  # a trust list or a status list is the longest payload
SIGNATURE_LIMIT = 1024
_PART_LIMITS = tuple((limit * 4 + 2) // 3 for limit in (HEADER_LIMIT, PAYLOAD_LIMIT, SIGNATURE_LIMIT))
KID_LIMIT = 256

_PYJWT: Mapping[str, Algorithm] = {
    alg: algorithm
    for alg, algorithm in get_default_algorithms().items()
    if alg in {"ES256", "ES384", "RS256", "PS256", "EdDSA"}
}
_ECDSA = frozenset({"ES256", "ES384"})


@dataclass(frozen=True, slots=True)
class Jws:
    """A JWS whose signature holds. `header` is the protected header; there is no other."""

    header: Mapping[str, Any]
    payload: bytes
    key: PublicKey


@dataclass(frozen=True, slots=True)
class Unverified:
    """A parsed JWS that proves nothing yet: for choosing keys by what only the caller may trust (x5c, jwk of a proof)."""

    header: Mapping[str, Any]
    payload: bytes
    signature: bytes
    signed: bytes


@dataclass(frozen=True, slots=True)
class KeySet:
    keys: tuple[PublicKey, ...]

    @classmethod
    def from_jwks(cls, jwks: object) -> "KeySet":
        """Keys that we cannot use are passed over (RFC 7517 §5); two keys of one id are refused."""
        members = jwks.get("keys") if isinstance(jwks, Mapping) else None
        if not isinstance(members, list) or len(members) > 100:
            raise Malformed("malformed", "JWK set")
        keys = []
        for member in members:
            try:
                keys.append(PublicKey.from_jwk(member))
            except (Malformed, Unsupported):
                continue
        if len({key.kid for key in keys}) != len(keys):
            raise Malformed("duplicate_key", "two keys of one kid")
        return cls(tuple(keys))

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        return {"keys": [key.jwk() for key in self.keys]}

    def find(self, header: Mapping[str, Any]) -> PublicKey:
        """By `kid`; a set of one key may be meant without naming it."""
        kid = header.get("kid")
        if kid is None and len(self.keys) == 1:
            return self.keys[0]
        if not isinstance(kid, str) or len(kid) > KID_LIMIT:
            raise Untrusted("key_not_found", "kid missing or not text")
        for key in self.keys:
            if key.kid == kid:
                return key
        raise Untrusted("key_not_found", "no key of this kid")


def sign(
    claims: Mapping[str, Any] | bytes, signer: Signer, *, typ: str, headers: Mapping[str, Any] | None = None
) -> str:
    """A compact JWS with `alg`, `kid` and `typ` in its header; `headers` may add more, or drop one by None."""
    header = {"alg": signer.public.alg, "kid": signer.public.kid, "typ": typ, **(headers or {})}
    payload = claims if isinstance(claims, bytes) else json_encode(claims)
    kept = {name: value for name, value in header.items() if value is not None}
    signed = b64url_encode(json_encode(kept)) + "." + b64url_encode(payload)
    return signed + "." + b64url_encode(signer.sign(signed.encode("ascii")))


def parse(token: str) -> Unverified:
    """Checks 1 to 4 of the module's list."""
    parts = token.split(".", 5) if isinstance(token, str) else []
    if len(parts) == 5:  # RFC 7516 §9: what anybody could encrypt to us must not pass for what somebody signed
        raise Malformed("type_mismatch", "a JWE")
    if len(parts) != 3:  # 2
        raise Malformed("malformed", "not a compact JWS")
    for part, limit in zip(parts, _PART_LIMITS, strict=True):  # 1
        if len(part) > limit:
            raise Malformed("oversize", f"JWS part of {len(part)} characters")
    header = _header(parts[0])
    payload, signature = b64url_decode(parts[1]), b64url_decode(parts[2])
    signed = token[: -1 - len(parts[2])].encode("ascii")
    return Unverified(header, payload, signature, signed)


@lru_cache(maxsize=128)  # an issuer's is the same, with its certificate, on everything that it signs
def _header(part: str) -> Mapping[str, Any]:
    header = json_decode(b64url_decode(part))  # 3
    if not isinstance(header, dict):
        raise Malformed("malformed", "JWS header is not an object")
    if "crit" in header or "b64" in header:  # 4: RFC 7515 §4.1.11, RFC 7797
        raise Unsupported("crit_unknown", "crit or b64")
    return MappingProxyType(header)


def verify(token: str, keys: KeySet, *, typ: str | tuple[str, ...]) -> Jws:
    """Checks 1 to 8. `typ` may be a tuple; the empty string in it admits a token without `typ`."""
    parsed = parse(token)
    return verify_parsed(parsed, keys.find, typ=typ)


def verify_parsed(
    parsed: Unverified, find: Callable[[Mapping[str, Any]], PublicKey], *, typ: str | tuple[str, ...]
) -> Jws:
    """Checks 5 to 8, with the caller's own way of finding the key."""
    _check_typ(parsed.header.get("typ", ""), (typ,) if isinstance(typ, str) else typ)  # 5
    alg = parsed.header.get("alg")
    alg = "EdDSA" if alg == "Ed25519" else alg  # RFC 9864 §2.2
    if not isinstance(alg, str) or alg not in _PYJWT:
        raise Unsupported("alg_not_allowed", "alg")  # before 6, so that `none` never meets a key
    key = find(parsed.header)  # 6
    if alg != key.alg:  # 7
        raise Unsupported("alg_not_allowed", "alg differs from the key's")
    if alg in _ECDSA:  # 8: PyJWT makes curve, hash and scheme anew each time, a tenth of what the signature takes
        key.verify(parsed.signature, parsed.signed)
    elif not _PYJWT[alg].verify(parsed.signed, key.crypto(), parsed.signature):
        raise BadSignature("signature_invalid")
    return Jws(parsed.header, parsed.payload, key)


def verify_jwt(
    token: str,
    keys: KeySet,
    *,
    typ: str | tuple[str, ...],
    issuer: str | None,
    audience: str | None,
    now: int,
    leeway: int = 0,
    required: Iterable[str] = ("iss", "exp", "iat"),
) -> dict[str, Any]:
    """The claims of a JWT whose signature, issuer, audience and times hold (RFC 7519 §4.1)."""
    claims = json_decode(verify(token, keys, typ=typ).payload)
    if not isinstance(claims, dict):
        raise Malformed("malformed", "JWT claims are not an object")
    check_claims(claims, issuer=issuer, audience=audience, now=now, leeway=leeway, required=required)
    return claims


def check_claims(
    claims: Mapping[str, Any],
    *,
    issuer: str | None,
    audience: str | None,
    now: int,
    leeway: int,
    required: Iterable[str],
) -> None:
    for name in required:
        if name not in claims:
            raise Malformed("claims_missing", name)
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name, 0)  # null is no number either
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Malformed("malformed", f"{name} is not a whole number of seconds")
    if issuer is not None and claims.get("iss") != issuer:
        raise Untrusted("issuer_untrusted", "iss")
    if audience is not None and claims.get("aud") != audience:
        raise BadSignature("audience_mismatch", "aud")
    if "exp" in claims and claims["exp"] + leeway <= now:
        raise NotValidNow("expired", "exp")
    if claims.get("nbf", 0) > now + leeway:
        raise NotValidNow("not_yet_valid", "nbf")
    if claims.get("iat", 0) > now + leeway:
        raise NotValidNow("issued_in_future", "iat")


def _check_typ(typ: object, admitted: tuple[str, ...]) -> None:
    if not isinstance(typ, str):
        raise Malformed("malformed", "typ is not text")
    if typ in admitted:
        return
    # RFC 7515 §4.1.9: a value without a slash stands for application/<value>; media types ignore case.
    if typ.lower().removeprefix("application/") not in {name.lower() for name in admitted}:
        raise Malformed("type_mismatch", "typ")
