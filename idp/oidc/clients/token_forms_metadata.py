"""What a client registers about the form of what it is told: which signature, which encryption, and which name of a person.

Spec: OpenID Connect Registration 1.0 §2; OpenID Connect Core 1.0 §8 (subject types), §10.1, §10.2 (keys)

    id_token_signed_response_alg            in `Client` itself; without it the profile's first
    id_token_encrypted_response_alg, _enc   for ID tokens, and for logout tokens with them (Back-Channel Logout 1.0 §2.4)
    userinfo_signed_response_alg            without it userinfo is plain JSON
    userinfo_encrypted_response_alg, _enc
    request_object_encryption_alg, _enc     what it may encrypt its requests with; each is taken from everybody
    subject_type                            `public` is the personal identification number: for those entitled to it alone
"""

from collections.abc import Mapping
from typing import Any

from certs import jwe
from certs.errors import CertsError
from certs.jwe import EncryptionKey
from idp.oidc.keys.encryption_keys import ALGORITHMS as TO_US
from idp.oidc.profiles import PROFILES
from idp.oidc.token_forms import ID_TOKEN, USERINFO, encryption_key

SIGNED = "id_token_signed_response_alg"
SUBJECT_TYPE = "subject_type"
PUBLIC_SUBJECT, PAIRWISE = "public", "pairwise"
SUBJECT_TYPES = (PUBLIC_SUBJECT, PAIRWISE)

SCHEMA: Mapping[str, tuple[type, bool]] = {
    SIGNED: (str, False),
    "id_token_encrypted_response_alg": (str, False),
    "id_token_encrypted_response_enc": (str, False),
    "userinfo_signed_response_alg": (str, False),
    "userinfo_encrypted_response_alg": (str, False),
    "userinfo_encrypted_response_enc": (str, False),
    "request_object_encryption_alg": (str, False),
    "request_object_encryption_enc": (str, False),
    SUBJECT_TYPE: (str, False),
}
KEPT = tuple(name for name in SCHEMA if name != SIGNED)

_KINDS = {"EC": "ECDH-ES", "OKP": "ECDH-ES", "RSA": jwe.RSA_OAEP}


def problem(metadata: Mapping[str, Any], *, profile: str, entitled_to_pid: bool) -> str | None:
    """What is wrong with these members, whose types are right already."""
    row = PROFILES[profile]
    for name in (SIGNED, "userinfo_signed_response_alg"):
        if metadata.get(name, row.signing_algorithms[0]) not in row.signing_algorithms:
            return f"{name} is not supported"
    for form in (ID_TOKEN, USERINFO):
        alg, enc = (metadata.get(f"{form}_encrypted_response_{part}") for part in ("alg", "enc"))
        if alg is None and enc is not None:  # Registration §2
            return f"{form}_encrypted_response_enc needs {form}_encrypted_response_alg"
        if alg is not None and alg not in row.encryption_algorithms:
            return f"{form}_encrypted_response_alg is not supported"
        if enc is not None and enc not in row.content_encryption:
            return f"{form}_encrypted_response_enc is not supported"
        if alg is not None and not _has_key(metadata, alg):
            return f"{form}_encrypted_response_alg needs a key in jwks that we can encrypt to"
    if metadata.get("request_object_encryption_alg", TO_US[0]) not in TO_US:
        return "request_object_encryption_alg is not supported"
    if metadata.get("request_object_encryption_enc", row.content_encryption[0]) not in row.content_encryption:
        return "request_object_encryption_enc is not supported"
    subject_type = metadata.get(SUBJECT_TYPE, PAIRWISE)
    if subject_type not in SUBJECT_TYPES:
        return "subject_type is public or pairwise"
    if subject_type == PUBLIC_SUBJECT and not entitled_to_pid:
        return "subject_type is pairwise for who is not entitled to the personal identification number"
    return None


def signing_algorithm(metadata: Mapping[str, Any], profile: str) -> str:
    """RS256 where none is named, as OpenID Connect has it; a profile without RS256 has its own first one (RFC 7591 §2)."""
    return str(metadata.get(SIGNED, PROFILES[profile].signing_algorithms[0]))


def is_for_encryption(jwk: object) -> bool:
    return isinstance(jwk, Mapping) and jwk.get("use") == "enc"


def checked(jwk: Mapping[str, Any]) -> EncryptionKey:
    """A key with `use: enc`, whether or not it names its algorithm. Raises CertsError."""
    kind = jwk.get("kty")
    return EncryptionKey.from_jwk(jwk, jwk.get("alg", _KINDS.get(kind) if isinstance(kind, str) else None))


def _has_key(metadata: Mapping[str, Any], alg: str) -> bool:
    """Those of a `jwks_uri` are looked at when they are needed: they may change any day."""
    if "jwks" not in metadata:
        return "jwks_uri" in metadata
    keys = metadata["jwks"].get("keys")
    try:
        encryption_key([jwk for jwk in keys if isinstance(jwk, Mapping)] if isinstance(keys, list) else [], alg)
    except CertsError:
        return False
    return True
