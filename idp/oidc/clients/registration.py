"""Turn a client's metadata into a registered client, or refuse it: a strict schema first, Authlib's rules behind it.

Spec: RFC 7591 §2, §3.2.2; OpenID Connect Dynamic Client Registration 1.0 §2; RFC 8252 §7, §8.4; RFC 9700 §2.1

Authlib's rules raise TypeError on values of a wrong type and let foreign schemes through; so types, lengths and
redirect URIs are settled here before they see anything.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from authlib.oidc.registration import ClientMetadataClaims
from joserfc.errors import JoseError

from certs.catalogue import Text
from certs.encoding import safe_text
from certs.errors import CertsError
from certs.keys import PublicKey
from idp.model import Client
from idp.oidc.clients import (
    address_metadata,
    dpop_metadata,
    logout_metadata,
    request_metadata,
    sector,
    token_forms_metadata,
    token_metadata,
)
from idp.oidc.errors import OAuthError
from idp.oidc.profiles import BASIC, POST, PRIVATE_KEY_JWT, PROFILES, SECRET_JWT
from idp.oidc.response import MAX_REDIRECT_URI
from idp.oidc.scopes import OPENID, SCOPES, split

MAX_URIS = 20
MAX_KEYS = 10

# type, required: every member there may be. `client_name#en` is the language-tagged form (RFC 7591 §2.2).
SCHEMA: Mapping[str, tuple[type, bool]] = {
    "client_name": (str, True),
    "client_name#en": (str, False),
    "purpose": (str, True),  # ours: why the client asks, shown on the consent page
    "purpose#en": (str, False),
    "redirect_uris": (list, True),
    "scope": (str, False),
    "token_endpoint_auth_method": (str, False),
    "token_endpoint_auth_signing_alg": (str, False),
    "request_object_signing_alg": (str, False),
    "require_pushed_authorization_requests": (bool, False),
    "jwks": (dict, False),
    "application_type": (str, False),
    "response_types": (list, False),
    **token_metadata.SCHEMA,
    **token_forms_metadata.SCHEMA,
    **logout_metadata.SCHEMA,
    **dpop_metadata.SCHEMA,
    **request_metadata.SCHEMA,
    **address_metadata.SCHEMA,
}

# As they came, in `Client.metadata`.
KEPT = (
    "jwks",
    "token_endpoint_auth_signing_alg",
    "request_object_signing_alg",
    "require_pushed_authorization_requests",
    *token_metadata.KEPT,
    *token_forms_metadata.KEPT,
    *logout_metadata.KEPT,
    *dpop_metadata.KEPT,
    *request_metadata.KEPT,
    *address_metadata.KEPT,
)

_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
_ADDRESS = re.compile(r"[\x21-\x7e]+", re.ASCII)
# What browsers read as the same name: no backslash, percent sign or semicolon that ends it earlier for them than for us.
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)
_TRICKS = re.compile(r"\\|//|/\.{1,2}(?:/|;|$)|\.\.;|%2e|%2f|%5c|%23|%00|[*\"<>{}|^`]", re.IGNORECASE)
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+\-]*(?:\.[a-z0-9+\-]+)+", re.ASCII)  # a domain backwards, RFC 8252 §7.1


class RegistrationError(OAuthError):
    """`invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 §3.2.2)."""


class SectorError(RegistrationError):
    """What stands at its `sector_identifier_uri` does not name it."""


def check_sector(client: Client, fetched: Mapping[str, bytes | None]) -> None:
    """The file that was just fetched lists every redirect URI (OpenID Connect Registration 1.0 §5). Raises SectorError, Needed."""
    if not sector.is_listed(client, fetched):
        raise SectorError(
            "invalid_client_metadata", "sector_identifier_uri does not list all redirect_uris as a JSON array"
        )


def client(
    metadata: Mapping[str, Any],
    *,
    client_id: str,
    secret_hash: str | None,
    profile: str,
    entitled_to_pid: bool,
    simulation: bool,
    previous: Client | None = None,
    secret_sealed: str | None = None,
) -> Client:
    """The client, ready to be stored. What the state decides (profile, entitlement) is never read from the metadata.

    `previous`: what it was, where it changes what it registered."""
    _check_types(metadata := token_metadata.completed(metadata))
    _check_profile(profile, entitled_to_pid=entitled_to_pid)
    method = metadata.get("token_endpoint_auth_method", BASIC)
    kept = (secret_hash is not None, secret_sealed is not None)
    if method not in PROFILES[profile].methods or kept != (method in (BASIC, POST), method == SECRET_JWT):
        raise RegistrationError("invalid_client_metadata", "token_endpoint_auth_method is not one for this client")
    _check_addresses(metadata, profile=profile, simulation=simulation)
    _check_with_authlib(metadata)
    scopes = _scopes(metadata)
    _check_keys(metadata, method=method, profile=profile)
    _refuse(token_metadata.problem(metadata, method=method))
    _refuse(request_metadata.problem(metadata))
    _refuse(token_forms_metadata.problem(metadata, profile=profile, entitled_to_pid=entitled_to_pid))
    return Client(
        client_id=client_id,
        name=_text(metadata, "client_name"),
        purpose=_text(metadata, "purpose"),
        redirect_uris=tuple(metadata["redirect_uris"]),
        scopes=scopes,
        profile=profile,
        token_endpoint_auth_method=method,
        secret_hash=secret_hash,
        id_token_signed_response_alg=token_forms_metadata.signing_algorithm(metadata, profile),
        application_type=metadata.get("application_type", "web"),
        entitled_to_pid=entitled_to_pid,
        metadata=_kept(metadata, client_id, entitled_to_pid=entitled_to_pid, previous=previous),
        secret_sealed=secret_sealed,
    )


def _check_profile(profile: str, *, entitled_to_pid: bool) -> None:
    if profile not in PROFILES:
        raise RegistrationError("invalid_client_metadata", "profile is unknown")
    if entitled_to_pid and not PROFILES[profile].entitlement:
        raise RegistrationError("invalid_client_metadata", "clients of this profile are not told the personal number")


def _check_addresses(metadata: Mapping[str, Any], *, profile: str, simulation: bool) -> None:
    loopback = simulation and PROFILES[profile].loopback
    for uri in metadata["redirect_uris"]:
        _check_redirect_uri(uri, application_type=metadata.get("application_type", "web"), simulation=loopback)
    _refuse(logout_metadata.problem(metadata, check=_check_redirect_uri, simulation=loopback))
    _refuse(address_metadata.problem(metadata, profile=profile, check=_check_redirect_uri, simulation=loopback))


def _refuse(problem: str | None) -> None:
    if problem is not None:
        raise RegistrationError("invalid_client_metadata", problem)


def _kept(
    metadata: Mapping[str, Any], client_id: str, *, entitled_to_pid: bool, previous: Client | None
) -> Mapping[str, Any]:
    """What came and has no field of its own, and the sector that it means."""
    pairwise = not entitled_to_pid or metadata.get(token_forms_metadata.SUBJECT_TYPE) == token_forms_metadata.PAIRWISE
    site = sector.chosen(metadata, client_id=client_id, pairwise=pairwise, previous=previous)
    if site is None:  # OpenID Connect Core 1.0 §8.1
        raise RegistrationError(
            "invalid_client_metadata",
            "redirect_uris of several hosts need a sector_identifier_uri, and devices a client of their own",
        )
    sent = {name: metadata[name] for name in KEPT if name in metadata}
    return {**sent, **sector.kept(site, metadata["redirect_uris"], client_id)}


def _scopes(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    scopes = split(metadata.get("scope", OPENID))
    if not set(scopes) <= set(SCOPES):
        raise RegistrationError("invalid_client_metadata", "scope is unknown")
    return scopes


def _check_keys(metadata: Mapping[str, Any], *, method: str, profile: str) -> None:
    """Public keys that we can use, each with a name of its own, and at least one where the client signs (RFC 7591 §2)."""
    algorithms = PROFILES[profile].client_algorithms
    by_secret = PROFILES[profile].secret_algorithms if method == SECRET_JWT else ()
    for name, known in (
        ("token_endpoint_auth_signing_alg", by_secret or (*algorithms, "Ed25519")),
        ("request_object_signing_alg", (*algorithms, "Ed25519")),
    ):
        if metadata.get(name, known[0]) not in known:
            raise RegistrationError("invalid_client_metadata", f"{name} is not supported")
    keys = metadata["jwks"].get("keys") if "jwks" in metadata else []
    needed = "jwks" in metadata or (method == PRIVATE_KEY_JWT and "jwks_uri" not in metadata)
    if not isinstance(keys, list) or not needed <= len(keys) <= MAX_KEYS:
        raise RegistrationError("invalid_client_metadata", "jwks needs one to ten keys")
    try:
        held = [
            token_forms_metadata.checked(key)
            if token_forms_metadata.is_for_encryption(key)
            else PublicKey.from_jwk(key)
            for key in keys
        ]
    except CertsError:
        raise RegistrationError(
            "invalid_client_metadata", "jwks holds a key that is no public one of a kind that we use"
        ) from None
    if method == PRIVATE_KEY_JWT and "jwks_uri" not in metadata and not any(isinstance(key, PublicKey) for key in held):
        raise RegistrationError("invalid_client_metadata", "jwks needs a key to verify signatures by")
    if any("kid" not in key for key in keys) or len({key.kid for key in held}) != len(held):
        raise RegistrationError("invalid_client_metadata", "each key of jwks needs a kid of its own")


def _check_types(metadata: Mapping[str, Any]) -> None:
    for name, (kind, required) in SCHEMA.items():
        if (required and name not in metadata) or (name in metadata and type(metadata[name]) is not kind):
            raise RegistrationError("invalid_client_metadata", f"{name} is missing or of the wrong type")
    if not set(metadata) <= set(SCHEMA):
        raise RegistrationError("invalid_client_metadata", "a member is not known here")
    lists = [metadata.get(name, []) for name in ("redirect_uris", "response_types")]
    if any(type(member) is not str for values in lists for member in values):
        raise RegistrationError("invalid_client_metadata", "a list holds something else than strings")
    if not token_metadata.has_browsers(metadata) <= len(metadata["redirect_uris"]) <= MAX_URIS:
        raise RegistrationError("invalid_redirect_uri", "redirect_uris must have at least one entry, at most 20")
    if metadata.get("application_type", "web") not in ("web", "native"):
        raise RegistrationError("invalid_client_metadata", "application_type is web or native")
    if not set(metadata.get("response_types", [])) <= {"code"}:
        raise RegistrationError("invalid_client_metadata", "response_types is code")


def _check_redirect_uri(uri: str, *, application_type: str, simulation: bool) -> None:
    refused = RegistrationError("invalid_redirect_uri", "a redirect URI is not acceptable")
    if len(uri) > MAX_REDIRECT_URI or not _ADDRESS.fullmatch(uri) or "#" in uri:
        raise refused  # RFC 6749 §3.1.2: absolute, without a fragment
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        ported = parts.port is None or parts.port > 0
    except ValueError:
        raise refused from None
    # One spelling only, so that exact comparison is also comparison of meaning.
    if uri != parts.geturl() or "@" in parts.netloc or parts.netloc != parts.netloc.lower() or not ported:
        raise refused
    named = _HOST.fullmatch(host) is not None and not parts.netloc.endswith(":")
    if _TRICKS.search(parts.path) or (parts.scheme in ("http", "https") and not named):
        raise refused
    loopback = parts.scheme == "http" and host in _LOOPBACK_HOSTS
    if application_type == "native":
        private = _PRIVATE_SCHEME.fullmatch(parts.scheme) is not None and not parts.netloc
        if not (private or parts.scheme == "https" or (loopback and host != "localhost")):  # RFC 8252 §7, §8.3
            raise refused
    elif not (parts.scheme == "https" and host) and not (loopback and simulation):  # OIDC Registration 1.0 §2
        raise refused


def _check_with_authlib(metadata: Mapping[str, Any]) -> None:
    # It takes no native schemes, which were settled above.
    web = [uri for uri in metadata["redirect_uris"] if uri.startswith(("https:", "http:"))]
    known = {**metadata, "redirect_uris": web, "id_token_signed_response_alg": "ES256"}
    try:
        ClientMetadataClaims(known, {}).validate()
    except (JoseError, ValueError, TypeError):
        raise RegistrationError("invalid_client_metadata", "the metadata is not valid") from None


def _text(metadata: Mapping[str, Any], name: str) -> Text:
    """Names are shown to people who decide by them: no controls, no bidi, no mixed scripts (attacks CN-02)."""
    vi = metadata[name]
    if not vi.strip():
        raise RegistrationError("invalid_client_metadata", f"{name} is empty")
    try:
        return Text(vi=safe_text(vi), en=safe_text(metadata.get(f"{name}#en", vi)))
    except CertsError:
        raise RegistrationError("invalid_client_metadata", f"{name} could deceive a reader") from None
