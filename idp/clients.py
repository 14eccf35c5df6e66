"""An application that the state's staff registers from the command line: its metadata, its secret, its row in the list.

Spec: RFC 7591 §2, §3.2.1 (the secret is told once); RFC 8252 §8.4 (native applications are public)
"""

import argparse
from collections.abc import Callable
from typing import Any

from idp.model import Client
from idp.oidc import registration
from idp.oidc.client_auth import METHODS, PUBLIC
from idp.oidc.errors import OAuthError
from idp.oidc.scopes import OPENID, SCOPES
from idp.oidc.secrets import token_hash

CONFIDENTIAL = METHODS[0]
PURPOSE = "Đăng nhập"
_ADDRESSES = (
    "This redirect URI cannot be registered: https with a host and no fragment; in a simulation also "
    "http://localhost:PORT/… ; with --native also http://127.0.0.1/… or com.example.app:/… ."
)


def arguments(add: argparse.ArgumentParser) -> None:
    add.add_argument("name", metavar="NAME", help="as citizens read it when they are asked for their consent")
    add.add_argument(
        "--redirect-uri", action="append", required=True, metavar="URI", help="where answers go, exactly; repeatable"
    )
    add.add_argument("--purpose", default=PURPOSE, metavar="TEXT", help=f"why it asks (default: {PURPOSE})")
    add.add_argument(
        "--scope", action="append", default=[], metavar="SCOPE", help=f"repeatable, of: {' '.join(SCOPES)}"
    )
    add.add_argument("--public", action="store_true", help="it cannot keep a secret: PKCE alone protects its codes")
    add.add_argument("--native", action="store_true", help="an application on the citizen's own device; it is public")
    add.add_argument("--pid", action="store_true", help="entitled to the personal identification number as `sub`")


def metadata(options: argparse.Namespace) -> dict[str, Any]:
    """The options as client metadata; the registration alone decides whether they hold."""
    asked = " ".join(options.scope).split()
    public = options.public or options.native
    return {
        "client_name": options.name,
        "purpose": options.purpose,
        "redirect_uris": options.redirect_uri,
        "scope": " ".join(dict.fromkeys([OPENID, *asked])),
        "application_type": "native" if options.native else "web",
        "token_endpoint_auth_method": PUBLIC if public else CONFIDENTIAL,
    }


def new(
    asked: dict[str, Any], *, secret: Callable[[], str], entitled_to_pid: bool, simulation: bool
) -> tuple[Client, str | None]:
    """The client to store, which holds a hash alone, and its secret, if it has one. Raises RegistrationError."""
    own = None if asked["token_endpoint_auth_method"] == PUBLIC else secret()
    client = registration.client(
        asked,
        client_id=f"client-{secret()[:16]}",
        secret_hash=None if own is None else token_hash(own),
        profile="agency",
        entitled_to_pid=entitled_to_pid,
        simulation=simulation,
    )
    return client, own


def reason(error: OAuthError) -> str:
    if error.code == "invalid_redirect_uri":
        return _ADDRESSES
    return f"This application cannot be registered: {error.text}."


def row(client: Client) -> dict[str, object]:
    return {
        "client_id": client.client_id,
        "name": client.name.vi,
        "kind": f"{client.application_type}, {'public' if client.secret_hash is None else 'with a secret'}",
        "scope": " ".join(client.scopes),
        "redirect_uris": " ".join(client.redirect_uris),
    }
