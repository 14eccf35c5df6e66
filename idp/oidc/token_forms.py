"""The form in which a client gets what we say about people: signed by the algorithm and encrypted to the key that it registered.

Spec: OpenID Connect Core 1.0 §3.1.3.6 (hash), §5.3.2, §10, §16.14; OpenID Connect Registration 1.0 §2; RFC 7519 §5.2; RFC 9864 §2.2

What is both is signed first: who only holds the client's public key can encrypt to it, and say nothing in our name.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from certs.encoding import b64url_encode, json_encode
from certs.errors import CertsError, Untrusted
from certs.jose import sign
from certs.jwe import EncryptionKey, encrypt
from certs.keys import Signer
from idp.model import Client
from idp.oidc.clients import client_keys
from idp.oidc.errors import TokenError

ID_TOKEN, USERINFO = "id_token", "userinfo"
DEFAULT_ENC = "A128CBC-HS256"  # OpenID Connect Registration 1.0 §2
EDDSA = ("Ed25519", "EdDSA")  # one signature; a client is told the name that it asked for (RFC 9864 §2.2)
TYP = "JWT"


class NoEncryptionKey(TokenError):
    """The client wants it encrypted, and has no key for that now."""

    def __init__(self, detail: str) -> None:
        super().__init__("invalid_request", "no key of the client to encrypt to", detail=f"no encryption key: {detail}")


def check_ready(client: Client | None) -> None:
    """Can its ID token be encrypted? Asked before a code or a refresh token is used up in vain. Raises NoEncryptionKey."""
    if client is not None and (alg := client.metadata.get(f"{ID_TOKEN}_encrypted_response_alg")) is not None:
        _key(client, alg)


def signer(signers: Mapping[str, Signer], alg: str) -> Signer:
    return signers[_held_as(alg)]


def can_sign(signers: Mapping[str, Signer], alg: str) -> bool:
    return _held_as(alg) in set(signers)


def _held_as(alg: str) -> str:
    return EDDSA[0] if alg in EDDSA else alg


def signed(claims: Mapping[str, Any], signers: Mapping[str, Signer], *, alg: str, typ: str) -> str:
    """`alg` by the name that was registered."""
    return sign(claims, signer(signers, alg), typ=typ, headers={"alg": alg})


def encrypted(content: bytes | str, client: Client, form: str) -> str:
    """As the client registered it for this form; as it is where it did not. A text is a signed token. Raises NoEncryptionKey."""
    alg = client.metadata.get(f"{form}_encrypted_response_alg")
    if alg is None:
        return content if isinstance(content, str) else content.decode()
    enc = client.metadata.get(f"{form}_encrypted_response_enc", DEFAULT_ENC)
    return encrypt(content, _key(client, alg), enc=enc, cty=TYP if isinstance(content, str) else None)  # RFC 7519 §5.2


def _key(client: Client, alg: str) -> EncryptionKey:
    try:
        return encryption_key(client_keys.held(client), alg)
    except CertsError as error:
        raise NoEncryptionKey(error.code) from None


def encryption_key(held: Iterable[Mapping[str, Any]], alg: str) -> EncryptionKey:
    """Of these JWKs the one to encrypt to: one that says so, else one that does not say what it is for (Core §10.1, §10.2).

    Of several the first: so a client that rotates puts its new one in front. Raises CertsError.
    """
    fitting = []
    for jwk in held:
        try:
            fitting.append((jwk.get("use") != "enc", jwk.get("alg") != alg, EncryptionKey.from_jwk(jwk, alg)))
        except CertsError:
            continue  # for signatures, or of another kind
    if not fitting:
        raise Untrusted("key_not_found", "no key to encrypt to")
    return min(fitting, key=lambda each: each[:2])[2]


def userinfo(claims: Mapping[str, Any], client: Client, signers: Mapping[str, Signer], *, issuer: str) -> str | None:
    """The JWT of an answer; None where the client takes plain JSON. Raises NoEncryptionKey."""
    alg = client.metadata.get(f"{USERINFO}_signed_response_alg")
    told = {**claims, "iss": issuer, "aud": client.client_id}  # Core §5.3.2
    if alg is not None:
        return encrypted(signed(told, signers, alg=alg, typ=TYP), client, USERINFO)
    if f"{USERINFO}_encrypted_response_alg" in client.metadata:
        return encrypted(json_encode(told), client, USERINFO)
    return None


def half_hash(text: str, alg: str) -> str:
    """By the hash of the ID token's algorithm: Ed25519 has SHA-512 inside, all others of ours SHA-256 (Core §3.1.3.6)."""
    digest = (hashlib.sha512 if alg in EDDSA else hashlib.sha256)(text.encode("ascii")).digest()
    return b64url_encode(digest[: len(digest) // 2])
