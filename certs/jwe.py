"""Encrypt and decrypt compact JWE. The only door to joserfc, whose algorithms stand behind a strict parser.

Spec: RFC 7516 (JWE, compact serialization only), RFC 7518 §4.3, §4.6, §5 (algorithms), RFC 8037 §3.2 (X25519), RFC 8725 §3

Alone of the floor it needs an extra (`web`): what runs on the base install decrypts nothing.

Decryption, in this order:
 1. size of each part, before anything is decoded                                          (oversize)
 2. exactly five parts, canonical base64url                        (malformed, encoding_invalid; a JWS: type_mismatch)
 3. the header is a JSON object without duplicate members                                  (malformed, duplicate_key)
 4. no `crit` (we understand no extension), nothing compressed                             (crit_unknown, limit_exceeded)
 5. `alg` and `enc` are of ours; so no password, no shared secret, no RSA1_5 is ever tried (alg_not_allowed)
 6. the key is one of the caller's, by `kid`, and bound to this `alg`                      (key_not_found, alg_not_allowed)
 7. everything that a key has to do with has one result, whatever was wrong                (decryption_failed)

Who encrypted is not known: anybody can who has the public key. What must be believed is signed first, and then encrypted.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

from cryptography.exceptions import InvalidKey, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry, decrypt_compact, encrypt_compact
from joserfc.jwk import ECKey, OKPKey, RSAKey

from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from certs.errors import BadSignature, CertsError, Malformed, Unsupported, Untrusted
from certs.jwk import check_fit, from_members, members

RSA_OAEP = "RSA-OAEP-256"
AGREEMENTS = ("ECDH-ES", "ECDH-ES+A256KW")
ALGORITHMS = (*AGREEMENTS, RSA_OAEP)
CONTENT = ("A256GCM", "A128GCM", "A128CBC-HS256")

HEADER_LIMIT = 2 * 1024
ENCRYPTED_KEY_LIMIT = 1024  # bytes: that of the longest modulus
CONTENT_LIMIT = 64 * 1024
KID_LIMIT = 256
PARTY_LIMIT = 256  # characters of `apu`, `apv`
_PART_LIMITS = tuple((limit * 4 + 2) // 3 for limit in (HEADER_LIMIT, ENCRYPTED_KEY_LIMIT, 16, CONTENT_LIMIT, 16))

_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
_PRIVATE_MEMBERS = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth"})
_OPERATIONS = frozenset({"deriveKey", "deriveBits", "wrapKey", "encrypt"})
_CURVES: Mapping[str, tuple[str, tuple[str, ...]]] = {"P-256": ("EC", ("x", "y")), "X25519": ("OKP", ("x",))}
_FAILURES = (JoseError, InvalidTag, InvalidKey, ValueError, TypeError, KeyError, AssertionError)

_Private = ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey | rsa.RSAPrivateKey
_Key = ECKey | OKPKey | RSAKey


class _Registry(JWERegistry):
    """Its own bounds are too short for a key of 8192 bits, and for who takes more content: ours were looked at before."""

    max_protected_header_length = _PART_LIMITS[0]
    max_encrypted_key_length = _PART_LIMITS[1]
    max_ciphertext_length = 1024 * 1024


_REGISTRY = _Registry(algorithms=[*ALGORITHMS, *CONTENT], strict_check_header=False)


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """Somebody's public key, bound to one algorithm of key management."""

    alg: str
    kid: str | None
    public: Mapping[str, str]  # the members that make the key, and no others

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any], alg: str | None = None) -> Self:
        """`alg` wins over nothing: where the JWK names one too, both must be equal. Raises CertsError."""
        if not isinstance(jwk, Mapping) or not _PRIVATE_MEMBERS.isdisjoint(jwk):
            raise Malformed("malformed", "not a public JWK")
        kid, named, operations = jwk.get("kid"), jwk.get("alg"), jwk.get("key_ops", [])
        if not isinstance(kid, str | None) or not isinstance(named, str | None) or len(kid or "") > KID_LIMIT:
            raise Malformed("malformed", "kid or alg of a JWK")
        if not isinstance(operations, list) or any(not isinstance(each, str) for each in operations):
            raise Malformed("malformed", "key_ops of a JWK")
        if jwk.get("use", "enc") != "enc" or not _OPERATIONS.issuperset(operations):  # RFC 7517 §4.2, §4.3
            raise Unsupported("alg_not_allowed", "the JWK is not for encryption")
        chosen = alg or named
        if chosen not in ALGORITHMS or named not in (None, chosen):
            raise Unsupported("alg_not_allowed", "the JWK names another algorithm, or none")
        return cls(chosen, kid, _public_members(jwk, chosen))

    def jwk(self) -> dict[str, str]:
        """The public JWK with `kid`, `alg` and `use`."""
        named = {} if self.kid is None else {"kid": self.kid}
        return {**self.public, **named, "alg": self.alg, "use": "enc"}

    def thumbprint(self) -> bytes:
        """RFC 7638, SHA-256: what a session transcript names (OpenID4VP 1.0 Annex B.2.6.1)."""
        return hashlib.sha256(json_encode(dict(sorted(self.public.items())))).digest()


@dataclass(frozen=True, slots=True)
class DecryptionKey:
    """A private key and the algorithm that it is for."""

    public: EncryptionKey
    _key: _Key = field(repr=False, compare=False)  # read once: to check the primes of an RSA key takes 90 ms

    @classmethod
    def generate(cls, alg: str, kid: str, *, curve: str = "P-256") -> Self:
        if alg == RSA_OAEP:
            return cls.of(rsa.generate_private_key(65537, 2048), alg, kid)
        return cls.of(
            x25519.X25519PrivateKey.generate() if curve == "X25519" else ec.generate_private_key(ec.SECP256R1()),
            alg,
            kid,
        )

    @classmethod
    def from_pem(cls, pem: bytes, alg: str, kid: str) -> Self:
        key = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(key, _Private):
            raise Unsupported("alg_not_allowed", "kind of key")
        return cls.of(key, alg, kid)

    @classmethod
    def of(cls, key: _Private, alg: str, kid: str) -> Self:
        public = EncryptionKey.from_jwk({**_members(key.public_key()), "kid": kid}, alg)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(public, _KINDS[public.public["kty"]].import_key(pem))

    def pem(self) -> bytes:
        """PKCS#8, unencrypted: for a file of mode 0600 in a simulation."""
        return self._key.as_pem(private=True)


@dataclass(frozen=True, slots=True)
class Jwe:
    """What was encrypted to us, by whomever. `header` is the protected header; there is no other."""

    header: Mapping[str, Any]
    content: bytes


def encrypt(
    content: bytes | str,
    key: EncryptionKey,
    *,
    enc: str,
    typ: str | None = None,
    cty: str | None = None,
    limit: int = CONTENT_LIMIT,
) -> str:
    """A compact JWE. `cty` is `JWT` where the content is a token that was signed (RFC 7519 §5.2)."""
    if enc not in CONTENT:
        raise Unsupported("alg_not_allowed", "enc")
    plain = content.encode() if isinstance(content, str) else content
    if len(plain) > limit:
        raise Malformed("oversize", f"content of {len(plain)} bytes")
    named = {"alg": key.alg, "enc": enc, "kid": key.kid, "typ": typ, "cty": cty}
    header = {name: value for name, value in named.items() if value is not None}
    return encrypt_compact(header, plain, _imported(tuple(key.public.items())), registry=_REGISTRY)


def decrypt(token: str, keys: Sequence[DecryptionKey], *, limit: int = CONTENT_LIMIT) -> Jwe:
    """Checks 1 to 7. Raises CertsError, and nothing else, whatever the token is. `limit`: bytes of what is inside."""
    header, encrypted_key = _parsed(token, limit)
    key = _find(header, keys)  # 6
    try:
        _check_fit(header, encrypted_key, key)  # 7
        opened = decrypt_compact(token, key._key, registry=_REGISTRY)
    except (*_FAILURES, CertsError):
        raise BadSignature("decryption_failed") from None
    return Jwe(header, opened.plaintext or b"")


def decrypt_signed(token: str, keys: Sequence[DecryptionKey]) -> str:
    """The signed token inside, for `certs.jose` to verify: an encryption alone says nothing about who spoke."""
    opened = decrypt(token, keys)
    cty = opened.header.get("cty", "JWT")  # RFC 7519 §5.2: it must be there; some leave it out of request objects
    if not isinstance(cty, str) or cty.lower().removeprefix("application/") not in ("jwt", "oauth-authz-req+jwt"):
        raise Malformed("type_mismatch", "cty")
    try:
        return opened.content.decode("ascii")
    except UnicodeDecodeError:
        raise Malformed("malformed", "no token inside") from None


def is_encrypted(token: str) -> bool:
    """RFC 7516 §9: five parts, where a JWS has three."""
    return token.count(".") == 4


def _parsed(token: str, most: int) -> tuple[Mapping[str, Any], bytes]:
    parts = token.split(".", 6) if isinstance(token, str) else []
    if len(parts) == 3:
        raise Malformed("type_mismatch", "a JWS")
    if len(parts) != 5:  # 2
        raise Malformed("malformed", "not a compact JWE")
    limits = (*_PART_LIMITS[:3], (most * 4 + 2) // 3, _PART_LIMITS[4])
    for part, limit in zip(parts, limits, strict=True):  # 1
        if len(part) > limit:
            raise Malformed("oversize", f"JWE part of {len(part)} characters")
    decoded = [b64url_decode(part) for part in parts]
    header = json_decode(decoded[0])  # 3
    if not isinstance(header, dict):
        raise Malformed("malformed", "JWE header is not an object")
    if "crit" in header or "b64" in header:  # 4: RFC 7516 §4.1.13
        raise Unsupported("crit_unknown", "crit")
    if "zip" in header:  # RFC 8725 §3.6: what it grows to is not known, and its length tells of what is inside
        raise Malformed("limit_exceeded", "compressed")
    if header.get("alg") not in ALGORITHMS or header.get("enc") not in CONTENT:  # 5
        raise Unsupported("alg_not_allowed", "alg or enc")
    return header, decoded[1]


def _find(header: Mapping[str, Any], keys: Sequence[DecryptionKey]) -> DecryptionKey:
    kid, alg = header.get("kid"), header["alg"]
    if kid is not None and (not isinstance(kid, str) or len(kid) > KID_LIMIT):
        raise Untrusted("key_not_found", "kid is not text")
    named = [key for key in keys if (key.public.alg == alg if kid is None else key.public.kid == kid)]
    if len(named) != 1:
        raise Untrusted("key_not_found", "no key of this kid, or several")
    if named[0].public.alg != alg:  # RFC 8725 §3.1
        raise Unsupported("alg_not_allowed", "alg differs from the key's")
    return named[0]


def _check_fit(header: Mapping[str, Any], encrypted_key: bytes, key: DecryptionKey) -> None:
    """What joserfc would take as it comes: a key of another curve, members of other types, a key where none belongs."""
    if key.public.alg == RSA_OAEP:
        return
    own, epk = key.public.public, header["epk"]
    if not isinstance(epk, dict) or set(epk) != set(own) or epk["crv"] != own["crv"] or epk["kty"] != own["kty"]:
        raise Malformed("malformed", "epk")
    _public_members(epk, key.public.alg)  # a point that is not on the curve
    for name in ("apu", "apv"):
        party = header.get(name, "")
        if not isinstance(party, str) or len(party) > PARTY_LIMIT:
            raise Malformed("malformed", name)
        b64url_decode(party)
    if bool(encrypted_key) == (key.public.alg == "ECDH-ES"):  # RFC 7516 §5.2 (10): nothing is wrapped there
        raise Malformed("malformed", "encrypted key")


def _public_members(jwk: Mapping[str, Any], alg: str) -> dict[str, str]:
    """The members that make the key, after a look at whether they make one that `alg` can use. Raises CertsError."""
    if alg == RSA_OAEP:
        if jwk.get("kty") != "RSA":
            raise Unsupported("alg_not_allowed", f"{alg} for this key")
        key, natural = from_members(jwk)
        check_fit(key, natural)  # as long as one for signatures, and no weak one
        _check_rsa(key)
        return members(key)
    curve = jwk.get("crv")
    kty, names = _CURVES.get(curve, ("", ())) if isinstance(curve, str) else ("", ())
    if not kty or jwk.get("kty") != kty:
        raise Unsupported("alg_not_allowed", f"{alg} for this key")
    if curve == "P-256":
        from_members(jwk)
    else:
        _check_x25519(jwk.get("x"))
    return {"kty": kty, "crv": str(curve), **{name: jwk[name] for name in names}}


def _check_rsa(key: object) -> None:
    """What is no modulus, or goes with an exponent that OpenSSL does not take, shows at the first use alone."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.encrypt(b"", _OAEP)
    except ValueError:
        raise Malformed("malformed", "JWK") from None


def _check_x25519(x: object) -> None:
    """Some points make the same secret with every key: nobody's, and joserfc would fail on them (RFC 7748 §6.1, RFC 8037 §6)."""
    raw = b64url_decode(x) if isinstance(x, str) else b""
    try:
        x25519.X25519PrivateKey.generate().exchange(x25519.X25519PublicKey.from_public_bytes(raw))
    except ValueError:
        raise Malformed("malformed", "JWK") from None


def _members(key: ec.EllipticCurvePublicKey | x25519.X25519PublicKey | rsa.RSAPublicKey) -> dict[str, str]:
    if isinstance(key, x25519.X25519PublicKey):
        return {"kty": "OKP", "crv": "X25519", "x": b64url_encode(key.public_bytes_raw())}
    return members(key)


_KINDS: Mapping[str, type[_Key]] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}


@lru_cache(maxsize=256)  # a client's is the same on all that it gets
def _imported(public: tuple[tuple[str, str], ...]) -> _Key:
    jwk: dict[str, Any] = dict(public)
    return _KINDS[jwk["kty"]].import_key(jwk)
