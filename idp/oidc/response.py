"""Where an authorization response may go, and what it says: code or error, state, issuer.

Spec: RFC 6749 §4.1.2; RFC 9207 §2 (`iss`); OAuth 2.0 Form Post Response Mode; RFC 9700 §2.1, §4.1.3 (exact string match), §4.12 (303);
RFC 8252 §7.3, §8.3 (any port on the loopback address, for native applications alone)
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from idp.model import Client
from idp.oidc.errors import OAuthError
from idp.oidc.request import NO_STORE, Response

QUERY, FORM_POST = "query", "form_post"
MODES = (QUERY, FORM_POST)

MAX_REDIRECT_URI = 2048  # Longer ones are cut by browsers and proxies on the way.

# Addresses only: `localhost` may be made to mean another host (RFC 8252 §8.3).
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::(\d{1,5}))?(/.*)?", re.ASCII)


def may_redirect(client: Client, uri: str) -> bool:
    """True when the URI is, character for character, one that the client registered (RFC 9700 §2.1)."""
    if len(uri) > MAX_REDIRECT_URI:
        return False
    if uri in client.redirect_uris:
        return True
    return client.application_type == "native" and _same_but_port(client.redirect_uris, uri)  # RFC 8252 §7.3


def _same_but_port(registered: tuple[str, ...], uri: str) -> bool:
    asked = _LOOPBACK.fullmatch(uri)
    if asked is None or not 0 < int(asked[2] or 80) < 65536:
        return False
    return any(
        known is not None and (known[1], known[3]) == (asked[1], asked[3])
        for known in (_LOOPBACK.fullmatch(candidate) for candidate in registered)
    )


@dataclass(frozen=True, slots=True)
class FormPost(Response):
    """A page whose form posts these fields to the client at once (Form Post Response Mode §2)."""

    action: str = ""
    fields: tuple[tuple[str, str], ...] = ()


def _send(redirect_uri: str, parameters: dict[str, str | None], *, mode: str) -> Response:
    if mode != FORM_POST:
        return redirect(redirect_uri, parameters)
    fields = tuple((name, value) for name, value in parameters.items() if value is not None)
    return FormPost(200, NO_STORE, action=redirect_uri, fields=fields)


def redirect(redirect_uri: str, parameters: dict[str, str | None]) -> Response:
    """303: the browser must not repeat a POST, which may carry a password, to the client (RFC 9700 §4.12)."""
    query = urlencode({name: value for name, value in parameters.items() if value is not None}, quote_via=quote)
    location = f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"
    return Response(303, (("Location", location), *NO_STORE))


def with_code(redirect_uri: str, *, code: str, state: str | None, issuer: str, mode: str) -> Response:
    return _send(redirect_uri, {"code": code, "state": state, "iss": issuer}, mode=mode)  # RFC 9207 §2


def with_error(redirect_uri: str, error: OAuthError, *, state: str | None, issuer: str, mode: str) -> Response:
    told = {"error": error.code, "error_description": error.text, "state": state, "iss": issuer}
    return _send(redirect_uri, told, mode=mode)
