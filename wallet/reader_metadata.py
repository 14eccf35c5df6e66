"""What a reader says of itself beside its question: the formats that it takes, and the key to which an answer is encrypted.

Spec: OpenID4VP 1.0 §5.1 (`client_metadata`), §8.3 (encryption), §11.1 (`vp_formats_supported`), Annex B.2.2, B.3.4.

Its name is not read here, or anywhere: people are told the one on the trust list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from certs.errors import CertsError, Malformed, Unsupported
from certs.formats import mdoc, sd_jwt
from certs.jwe import CONTENT, EncryptionKey

KEYS_LIMIT = 16
_AGREEMENT = "ECDH-ES"  # HAIP 1.0 §5
_DEFAULT_CONTENT = ("A128GCM",)  # §5.1
# By format: the members that may narrow the algorithms, and what ours are called there.
_ALGORITHMS: Mapping[str, tuple[tuple[str, ...], frozenset[object]]] = MappingProxyType(
    {
        sd_jwt.NAME: (("sd-jwt_alg_values", "kb-jwt_alg_values"), frozenset({"ES256"})),
        mdoc.NAME: (("issuerauth_alg_values", "deviceauth_alg_values"), frozenset({-7, -9})),  # -9: ESP256
    }
)
WALLET_METADATA: Mapping[str, Any] = MappingProxyType(
    {
        "vp_formats_supported": {
            sd_jwt.NAME: {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]},
            mdoc.NAME: {"issuerauth_alg_values": [-7, -9], "deviceauth_alg_values": [-7, -9]},
        },
        "client_id_prefixes_supported": ["x509_hash", "x509_san_dns"],
        "request_object_signing_alg_values_supported": ["ES256"],
        "response_types_supported": ["vp_token"],
        "response_modes_supported": ["direct_post", "direct_post.jwt"],
        "authorization_encryption_alg_values_supported": [_AGREEMENT],
        "authorization_encryption_enc_values_supported": list(CONTENT),
    }
)


@dataclass(frozen=True, slots=True)
class Encryption:
    key: EncryptionKey
    enc: str

    @property
    def thumbprint(self) -> bytes:
        return self.key.thumbprint()


def formats_of(metadata: object) -> frozenset[str]:
    """The formats in which this reader takes what we can sign. What it does not name it does not take."""
    named = metadata.get("vp_formats_supported") if isinstance(metadata, dict) else None
    if not isinstance(named, dict):
        return frozenset()
    return frozenset(name for name in _ALGORITHMS if name in named and _takes_ours(name, named[name]))


def _takes_ours(name: str, told: object) -> bool:
    members, ours = _ALGORITHMS[name]
    if not isinstance(told, dict):
        return False
    lists = [told[member] for member in members if member in told]
    return all(isinstance(each, list) and any(_same(one, ours) for one in each) for each in lists)


def _same(value: object, ours: frozenset[object]) -> bool:
    return isinstance(value, str | int) and value in ours


def encryption_of(metadata: object) -> Encryption:
    """The first key that we can use (§8.3), and our first choice of its ways to encrypt. Raises CertsError."""
    if not isinstance(metadata, dict):
        raise Malformed("claims_missing", "client_metadata")
    jwks = metadata.get("jwks")
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or len(keys) > KEYS_LIMIT:
        raise Malformed("malformed", "jwks")
    named = metadata.get("encrypted_response_enc_values_supported", list(_DEFAULT_CONTENT))
    usable = [enc for enc in CONTENT if isinstance(named, list) and enc in named]
    if not usable:
        raise Unsupported("alg_not_allowed", "encrypted_response_enc_values_supported")
    for jwk in keys:
        try:
            if isinstance(jwk, dict) and jwk.get("alg") == _AGREEMENT and isinstance(jwk.get("kid"), str):
                return Encryption(EncryptionKey.from_jwk(jwk), usable[0])
        except CertsError:
            continue
    raise Unsupported("alg_not_allowed", "no key of the reader's that we can encrypt to")
