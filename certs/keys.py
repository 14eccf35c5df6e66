"""Keys: public ones as JWK and COSE_Key, each bound to one algorithm; private ones behind the Signer port.

Spec: RFC 7517, RFC 7518 §6, RFC 8037 (JWK), RFC 7638 (thumbprint), RFC 9053 §7 (COSE_Key), RFC 9679 not used.

A key is never without its algorithm: nothing that arrives in a header can choose how a key is used (RFC 8725 §3.1).
Signatures are raw, as JOSE and COSE carry them: r || s for ECDSA (RFC 7518 §3.4).
"""

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from certs.encoding import b64url_encode, json_encode
from certs.errors import BadSignature, Malformed, Unsupported
from certs.jwk import CURVES, RSA_MINIMUM, Public, check_fit, from_members, members, natural_algorithm

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

_ECDSA: Mapping[str, tuple[ec.ECDSA, int]] = {
    "ES256": (ec.ECDSA(hashes.SHA256()), 32),
    "ES384": (ec.ECDSA(hashes.SHA384()), 48),
}
_RSA_PADDING: Mapping[str, padding.AsymmetricPadding] = {
    "RS256": padding.PKCS1v15(),
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
}
ALGORITHMS = (*_ECDSA, *_RSA_PADDING, "EdDSA")
COSE_ALGORITHMS: Mapping[str, int] = {"ES256": -7, "ES384": -35, "EdDSA": -8, "PS256": -37, "RS256": -257}
_SHA256 = hashes.SHA256()
_P256 = ec.SECP256R1()


class PublicKey:
    """A public key, its algorithm and its key id. Equal when algorithm and key are equal; the id does not count."""

    __slots__ = ("_key", "_thumbprint", "alg", "kid")

    def __init__(self, key: Public, alg: str, kid: str | None = None) -> None:
        """Raises Unsupported when the algorithm does not fit the key, or the key is too weak."""
        check_fit(key, alg)
        self._key = key
        self._thumbprint: str | None = None
        self.alg = alg
        self.kid = kid if kid is not None else self.thumbprint()

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any], alg: str | None = None) -> Self:
        """`alg` wins over nothing: where the JWK names one too, both must be equal. Private members are refused."""
        if not isinstance(jwk, Mapping) or any(name in jwk for name in ("d", "k", "p", "q")):
            raise Malformed("malformed", "not a public JWK")
        kid, named, operations = jwk.get("kid"), jwk.get("alg"), jwk.get("key_ops", ["verify"])
        if not isinstance(kid, str | None) or not isinstance(named, str | None) or not isinstance(operations, list):
            raise Malformed("malformed", "kid, alg or key_ops of a JWK")
        if jwk.get("use", "sig") != "sig" or "verify" not in operations:  # RFC 7517 §4.2, §4.3
            raise Unsupported("alg_not_allowed", "the JWK is not for signatures")
        key, natural = from_members(jwk)
        named = "EdDSA" if named == "Ed25519" else named  # RFC 9864 §2.2: a second name of the same signature
        chosen = alg or named or natural
        if named not in (None, chosen):
            raise Unsupported("alg_not_allowed", "the JWK names another algorithm")
        return cls(key, chosen, kid)

    @classmethod
    def from_cose(cls, cose: Mapping[int, Any]) -> Self:
        """A COSE_Key of type EC2 on P-256 (RFC 9053 §7.1.1) of these four members; y may be compressed to its sign."""
        x, y = cose.get(-2), cose.get(-3)
        if set(cose) != {1, -1, -2, -3} or cose[1] != 2 or cose[-1] != 1 or cose[-1] is True:
            raise Malformed("malformed", "COSE_Key")
        if not isinstance(x, bytes) or len(x) != 32:
            raise Malformed("malformed", "COSE_Key")
        if isinstance(y, bool):
            point = (b"\x03" if y else b"\x02") + x
        elif isinstance(y, bytes) and len(y) == 32:
            point = b"\x04" + x + y
        else:
            raise Malformed("malformed", "COSE_Key")
        try:
            return cls(ec.EllipticCurvePublicKey.from_encoded_point(_P256, point), "ES256", kid="")
        except ValueError:
            raise Malformed("malformed", "point is not on the curve") from None

    @classmethod
    def from_crypto(cls, key: object, alg: str | None = None, kid: str | None = None) -> Self:
        """From a key object of `cryptography`, for instance a certificate's."""
        if not isinstance(key, Public):
            raise Unsupported("alg_not_allowed", "kind of key")
        return cls(key, alg or natural_algorithm(key), kid)

    def jwk(self) -> dict[str, str]:
        """The public JWK with `kid`, `alg` and `use`."""
        return {**members(self._key), "kid": self.kid, "alg": self.alg, "use": "sig"}

    def bare_jwk(self) -> dict[str, str]:
        """Only the members that make the key, as a proof's `jwk` header carries it."""
        return members(self._key)

    def cose(self) -> dict[int, Any]:
        """The COSE_Key of a P-256 key with y compressed, 42 bytes in all: it has to fit a QR."""
        if not isinstance(self._key, ec.EllipticCurvePublicKey) or self.alg != "ES256":
            raise Unsupported("alg_not_allowed", "only P-256 keys have a COSE_Key here")
        numbers = self._key.public_numbers()
        return {1: 2, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: bool(numbers.y & 1)}

    def thumbprint(self) -> str:
        """RFC 7638, SHA-256, base64url."""
        if self._thumbprint is None:
            text = json_encode(dict(sorted(members(self._key).items())))
            self._thumbprint = b64url_encode(hashlib.sha256(text).digest())
        return self._thumbprint

    def crypto(self) -> Public:
        return self._key

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raises BadSignature; returns nothing, so that no result can be ignored."""
        key: Any = self._key  # of the kind that fits `alg`: the constructor saw to it
        try:
            if ecdsa := _ECDSA.get(self.alg):
                scheme, size = ecdsa
                if len(signature) != 2 * size:
                    raise BadSignature("signature_invalid", f"{len(signature)} bytes")
                r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
                key.verify(encode_dss_signature(r, s), message, scheme)
            elif self.alg in _RSA_PADDING:
                key.verify(signature, message, _RSA_PADDING[self.alg], _SHA256)
            else:
                key.verify(signature, message)
        except (InvalidSignature, ValueError):
            raise BadSignature("signature_invalid") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.alg == other.alg and members(self._key) == members(other._key)

    def __hash__(self) -> int:
        return hash((self.alg, self.thumbprint()))

    def __repr__(self) -> str:
        return f"PublicKey({self.alg}, kid={self.kid!r})"


class Signer(Protocol):
    """Something that signs with one private key that it may never show: memory, file, or a token behind PKCS#11."""

    @property
    def public(self) -> PublicKey: ...

    def sign(self, message: bytes) -> bytes:
        """The raw signature (r || s for ECDSA)."""


class MemorySigner:
    """A private key in memory."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Private, alg: str, kid: str | None = None) -> None:
        self._key = key
        self.public = PublicKey(key.public_key(), alg, kid)

    @classmethod
    def generate(cls, alg: str = "ES256", kid: str | None = None) -> Self:
        key: Private
        if alg in _ECDSA:
            key = ec.generate_private_key(next(curve for curve, name in CURVES.values() if name == alg))
        elif alg in _RSA_PADDING:
            key = rsa.generate_private_key(65537, RSA_MINIMUM)
        elif alg == "EdDSA":
            key = ed25519.Ed25519PrivateKey.generate()
        else:
            raise Unsupported("alg_not_allowed", alg)
        return cls(key, alg, kid)

    @classmethod
    def from_pem(cls, pem: bytes, alg: str, kid: str | None = None) -> Self:
        key = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(key, Private):
            raise Unsupported("alg_not_allowed", "kind of key")
        return cls(key, alg, kid)

    def pem(self) -> bytes:
        """PKCS#8, unencrypted: for a file of mode 0600 in a simulation."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def crypto(self) -> Private:
        """For the small CA, which signs certificates with `cryptography`."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        key = self._key
        if isinstance(key, ec.EllipticCurvePrivateKey):
            scheme, size = _ECDSA[self.public.alg]
            r, s = decode_dss_signature(key.sign(message, scheme))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(message, _RSA_PADDING[self.public.alg], _SHA256)
        return key.sign(message)

    def __repr__(self) -> str:
        return f"MemorySigner({self.public!r})"


class FileSigner(MemorySigner):
    """A private key kept in a PEM file that only its owner may read."""

    __slots__ = ()

    @classmethod
    def load(cls, path: Path, alg: str, kid: str | None = None) -> Self:
        """Raises PermissionError when others may read the file."""
        if path.stat().st_mode & 0o077:
            raise PermissionError(f"{path} may be read by others; chmod 600 it")
        return cls.from_pem(path.read_bytes(), alg, kid)

    @classmethod
    def load_or_create(cls, path: Path, alg: str, kid: str | None = None) -> Self:
        """Safe against two processes that start at once: the file appears whole, and the first one wins."""
        if not path.exists():
            write_once(path, cls.generate(alg).pem())
        return cls.load(path, alg, kid)


def write_once(path: Path, secret: bytes) -> None:
    """For its owner's eyes, on the disk, whole or not at all, and never over one that another process has just made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # never the name of one that was cut off
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink(missing_ok=True)
