"""What a client registers about its tokens: how it gets them, what for, in which form, and whose it may look at.

Spec: RFC 7591 §2 (`grant_types`); RFC 6749 §3.3, §4.4; RFC 8628 §4; RFC 8707 §2; RFC 9068; RFC 7662 §2.1

    grant_types                as RFC 7591 has them; without them `authorization_code`
    client_credentials_scope   ours: what it may do in its own name. Never a scope that is about a person
    resources                  ours: the resources, by their URIs, that its tokens may be for
    protected_resources        ours: the resources that it guards itself: it may introspect tokens that are for them
    access_token_format        ours: `opaque` (the default) or `jwt`
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from idp.model import Client
from idp.oidc.profiles import PUBLIC
from idp.oidc.scopes import SCOPES, split

CODE, REFRESH, CLIENT_CREDENTIALS = "authorization_code", "refresh_token", "client_credentials"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES = frozenset({CODE, REFRESH, CLIENT_CREDENTIALS, DEVICE_CODE})
OPAQUE, JWT = "opaque", "jwt"
FORMATS = (OPAQUE, JWT)

MAX_RESOURCES = 20
MAX_RESOURCE = 256  # characters: a JWT that names as many as there may be still fits into a header
MAX_SCOPES = 50

# type, required, as in `idp.oidc.clients.registration.SCHEMA`
SCHEMA: Mapping[str, tuple[type, bool]] = {
    "grant_types": (list, False),
    "client_credentials_scope": (str, False),
    "resources": (list, False),
    "protected_resources": (list, False),
    "access_token_format": (str, False),
}
KEPT = tuple(SCHEMA)

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}", re.ASCII)  # RFC 6749 §3.3
_VISIBLE = re.compile(
    r"[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+", re.ASCII
)  # a URI's characters, RFC 3986 §2


def problem(metadata: Mapping[str, Any], *, method: str) -> str | None:
    """What is wrong with these members, whose types are right already."""
    types = metadata.get("grant_types", [CODE])
    if any(type(member) is not str for name in SCHEMA if SCHEMA[name][0] is list for member in metadata.get(name, [])):
        return "a list holds something else than strings"
    if not set(types) <= GRANT_TYPES:
        return "grant_types holds a grant that is not for clients to register"
    if CLIENT_CREDENTIALS in types and method == PUBLIC:
        return "client_credentials is for clients that prove who they are"  # RFC 6749 §4.4
    scopes = split(metadata.get("client_credentials_scope"))
    if len(scopes) > MAX_SCOPES or not all(_SCOPE.fullmatch(scope) for scope in scopes):
        return "client_credentials_scope is malformed"
    if not set(scopes).isdisjoint(SCOPES):
        return "client_credentials_scope holds a scope that is about a person"
    if (metadata.get("access_token_format") or OPAQUE) not in FORMATS:
        return "access_token_format is opaque or jwt"
    named = [*metadata.get("resources", []), *metadata.get("protected_resources", [])]
    if len(named) > 2 * MAX_RESOURCES or not all(is_resource(uri) for uri in named):
        return "a resource is no absolute URI without a fragment"
    return None


def is_resource(uri: str) -> bool:
    """RFC 8707 §2: absolute, without a fragment. One spelling alone, so that to compare characters is to compare meaning."""
    if not 0 < len(uri) <= MAX_RESOURCE or not _VISIBLE.fullmatch(uri):
        return False
    try:
        parts = urlsplit(uri)
        return bool(parts.scheme and (parts.hostname or parts.path)) and "#" not in uri and "@" not in parts.netloc
    except ValueError:
        return False


def may_use(client: Client, grant_type: str) -> bool:
    return grant_type in client.metadata.get("grant_types", ())


def completed(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    return metadata if has_browsers(metadata) else {"redirect_uris": [], **metadata}


def has_browsers(metadata: Mapping[str, Any]) -> bool:
    """Do people come back to it, so that it needs an address?"""
    types = metadata.get("grant_types", [CODE])
    return type(types) is not list or CODE in types
