"""Of the keys that a client registered the one that a header names, bound to one algorithm of its profile.

Spec: RFC 7517 §4.5, §5; RFC 8725 §3.1 (the algorithm comes from us and not from the header alone)
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from certs.errors import Unsupported, Untrusted
from certs.jose import KID_LIMIT
from certs.keys import PublicKey
from idp.model import Client
from idp.oidc.clients.remote import Needed, Remote
from idp.oidc.context import Context
from idp.oidc.profiles import PROFILES


def find(header: Mapping[str, Any], client: Client, context: Context, *, registered_alg: str) -> PublicKey:
    """`registered_alg` names the member of the client's metadata that may settle the algorithm. Raises CertsError, Needed."""
    kid, alg = header.get("kid"), _one_name(header.get("alg"))
    wanted = _one_name(client.metadata.get(registered_alg, alg))
    if alg != wanted or alg not in PROFILES[client.profile].client_algorithms:
        raise Unsupported("alg_not_allowed", "not an algorithm of this client")
    if kid is not None and (not isinstance(kid, str) or len(kid) > KID_LIMIT):
        raise Untrusted("key_not_found", "kid")
    keys = held(with_keys(client, context, kid=kid))
    found = [jwk for jwk in keys if (kid is None and _fits(jwk, alg)) or jwk.get("kid") == kid]
    if len(found) != 1:
        raise Untrusted("key_not_found", "no key of this kid, or several")
    return PublicKey.from_jwk(found[0], alg)


def held(client: Client) -> Sequence[Mapping[str, Any]]:
    """The JWKs that it registered, of every use."""
    return list(client.metadata.get("jwks", {}).get("keys", []))


def with_keys(client: Client, context: Context, *, kid: str | None = None) -> Client:
    """The client with the keys that it publishes at its `jwks_uri` in the place of a `jwks`. Raises Needed, once a request."""
    url = client.metadata.get("jwks_uri")
    if url is None:
        return client
    keys, due = context.remote.keys(url, kid=kid)
    if due and url not in context.fetched:
        raise Needed(url, keys=True)
    return replace(client, metadata={**client.metadata, "jwks": {"keys": list(keys)}})


def ready(client: Client, context: Context) -> Client:
    """As `with_keys`, where tokens are encrypted to it: for others nothing is fetched."""
    return with_keys(client, context) if _is_encrypted_to(client) else client


def refreshed(client: Client, remote: Remote) -> Client:
    """The same for who may wait: what is due is fetched at once. Outside of transactions."""
    url = client.metadata.get("jwks_uri")
    if url is None or not _is_encrypted_to(client):
        return client
    if remote.keys(url, kid=None)[1]:
        remote.refresh(url)
    return replace(client, metadata={**client.metadata, "jwks": {"keys": list(remote.keys(url, kid=None)[0])}})


def _is_encrypted_to(client: Client) -> bool:
    return any(name.endswith("_encrypted_response_alg") for name in client.metadata)


def _one_name(alg: object) -> str | None:
    """RFC 9864 §2.2: `Ed25519` is a second name of the same signature."""
    return "EdDSA" if alg == "Ed25519" else alg if isinstance(alg, str) else None


_KINDS = {"ES256": "EC", "PS256": "RSA", "RS256": "RSA", "EdDSA": "OKP"}


def _fits(jwk: Mapping[str, Any], alg: str | None) -> bool:
    """May be meant by a header that names no key."""
    return alg is not None and jwk.get("kty") == _KINDS.get(alg) and jwk.get("use", "sig") == "sig"
