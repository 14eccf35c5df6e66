"""The members of a JWK and the key objects they stand for; which keys are admitted, and for which algorithm.

Spec: RFC 7517, RFC 7518 §6, RFC 8037 §2 (Ed25519), RFC 7638 §3.2 (the members that make a key).
"""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from certs.encoding import b64url_decode, b64url_encode
from certs.errors import Malformed, Unsupported

Public = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

CURVES: Mapping[str, tuple[ec.EllipticCurve, str]] = {
    "P-256": (ec.SECP256R1(), "ES256"),
    "P-384": (ec.SECP384R1(), "ES384"),
}
_OF_CURVE: Mapping[str, str] = {curve.name: alg for curve, alg in CURVES.values()}
RSA_MINIMUM = 2048  # bits; NIST SP 800-131A rev. 2
RSA_MAXIMUM = 8192  # a larger modulus only costs us time


def from_members(jwk: Mapping[str, Any]) -> tuple[Public, str]:
    """The key and the algorithm that is natural to it."""
    try:
        match jwk.get("kty"):
            case "EC":
                curve, alg = CURVES[jwk["crv"]]
                size = (curve.key_size + 7) // 8
                x, y = b64url_decode(jwk["x"]), b64url_decode(jwk["y"])
                if len(x) != size or len(y) != size:  # RFC 7518 §6.2.1.2
                    raise Malformed("malformed", "coordinate of the wrong length")
                return ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + x + y), alg
            case "RSA":
                n, e = (int.from_bytes(b64url_decode(jwk[name]), "big") for name in ("n", "e"))
                return rsa.RSAPublicNumbers(e, n).public_key(), "RS256"
            case "OKP" if jwk.get("crv") == "Ed25519":
                return ed25519.Ed25519PublicKey.from_public_bytes(b64url_decode(jwk["x"])), "EdDSA"
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        raise Malformed("malformed", "JWK") from None
    raise Unsupported("alg_not_allowed", "kind of JWK")


def natural_algorithm(key: Public) -> str:
    """The algorithm of a key that names none."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _OF_CURVE.get(key.curve.name, "")
    return "RS256" if isinstance(key, rsa.RSAPublicKey) else "EdDSA"


def check_fit(key: Public, alg: str) -> None:
    """Raises Unsupported when the algorithm does not fit the key, or the key is too weak."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        fits = _OF_CURVE.get(key.curve.name) == alg
    elif isinstance(key, rsa.RSAPublicKey):
        fits = alg in ("RS256", "PS256") and RSA_MINIMUM <= key.key_size <= RSA_MAXIMUM and not _is_roca(key)
    else:
        fits = alg == "EdDSA"
    if not fits:
        raise Unsupported("alg_not_allowed", f"{alg} for this key")


def _is_roca(key: rsa.RSAPublicKey) -> bool:
    """CVE-2017-15361: some cards made primes from powers of 65537, which shows modulo every small prime (4 in 10^9 by chance)."""
    n = key.public_numbers().n
    return all(n % prime in powers for prime, powers in _ROCA_POWERS.items())


_ROCA_POWERS: Mapping[int, frozenset[int]] = {
    prime: frozenset(pow(65537, exponent, prime) for exponent in range(prime))
    for prime in (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
}


def _number(value: int, size: int | None = None) -> str:
    return b64url_encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def members(key: Public) -> dict[str, str]:
    """The members that make the key, and no others (RFC 7638 §3.2)."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        numbers, size = key.public_numbers(), (key.key_size + 7) // 8
        curve = next(name for name, (curve, _) in CURVES.items() if curve.name == key.curve.name)
        return {"kty": "EC", "crv": curve, "x": _number(numbers.x, size), "y": _number(numbers.y, size)}
    if isinstance(key, rsa.RSAPublicKey):
        rsa_numbers = key.public_numbers()
        return {"kty": "RSA", "n": _number(rsa_numbers.n), "e": _number(rsa_numbers.e)}
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(raw)}
