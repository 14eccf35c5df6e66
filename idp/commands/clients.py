"""`client add` and `client list`: an application that the state's staff registers; its secret is told once.

Spec: RFC 7591 §2, §3.2.1 (the secret is told once); RFC 8252 §8.4 (native applications are public)
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from idp.commands.opening import reading, settings, writing
from idp.commands.terminal import REFUSED, USAGE, Failed, Words, command, group, show, show_one
from idp.model import Client, Event
from idp.oidc import registration, token_metadata
from idp.oidc.errors import OAuthError
from idp.oidc.logout_metadata import KEPT as LOGOUT_MEMBERS
from idp.oidc.profiles import BASIC, POST, PRIVATE_KEY_JWT, PROFILES, PUBLIC
from idp.oidc.registration import RegistrationError
from idp.oidc.scopes import OPENID, SCOPES
from idp.oidc.secrets import new_secret, token_hash

PURPOSE = "Đăng nhập"
_KINDS = {BASIC: "with a secret", POST: "with a secret", PRIVATE_KEY_JWT: "with a key", PUBLIC: "public"}
_ADDRESSES = (
    "This redirect URI cannot be registered: https with a host and no fragment; in a simulation also "
    "http://localhost:PORT/… ; with --native also http://127.0.0.1/… or com.example.app:/… ."
)


def add(words: Words) -> None:
    actions = group(words, "client", "register the applications that may ask citizens to sign in")
    _arguments(command(actions, "add", _add, "register an application; its secret is shown this once"))
    command(actions, "list", _list, "list the registered applications")


def _arguments(add: argparse.ArgumentParser) -> None:
    add.add_argument("name", metavar="NAME", help="as citizens read it when they are asked for their consent")
    add.add_argument(
        "--redirect-uri", action="append", default=[], metavar="URI", help="where answers go, exactly; repeatable"
    )
    add.add_argument(
        "--post-logout-redirect-uri",
        dest="post_logout_redirect_uris",
        action="append",
        metavar="URI",
        help="where people may go after logging out; repeatable",
    )
    add.add_argument("--backchannel-logout-uri", metavar="URI", help="where we tell it that a session is over")
    add.add_argument("--frontchannel-logout-uri", metavar="URI", help="the same, by a page in the citizen's browser")
    add.add_argument("--purpose", default=PURPOSE, metavar="TEXT", help=f"why it asks (default: {PURPOSE})")
    add.add_argument(
        "--scope", action="append", default=[], metavar="SCOPE", help=f"repeatable, of: {' '.join(SCOPES)}"
    )
    add.add_argument("--public", action="store_true", help="it cannot keep a secret: PKCE alone protects its codes")
    add.add_argument(
        "--jwks", type=Path, metavar="FILE", help="its public keys (a JWK set): it signs instead of keeping a secret"
    )
    _about_tokens(add)
    add.add_argument("--profile", choices=sorted(PROFILES), default="agency", help="what it must do (default: agency)")
    add.add_argument("--native", action="store_true", help="an application on the citizen's own device; it is public")
    add.add_argument("--pid", action="store_true", help="entitled to the personal identification number as `sub`")


def _about_tokens(add: argparse.ArgumentParser) -> None:
    add.add_argument(
        "--grant-type",
        dest="grant_types",
        action="append",
        metavar="GRANT",
        help=f"how it gets tokens; repeatable, of: {' '.join(sorted(token_metadata.GRANT_TYPES))}",
    )
    add.add_argument(
        "--own-scope", dest="client_credentials_scope", metavar="SCOPES", help="what it may do in its own name"
    )
    add.add_argument(
        "--resource", dest="resources", action="append", metavar="URI", help="what its tokens may be for; repeatable"
    )
    add.add_argument(
        "--guards",
        dest="protected_resources",
        action="append",
        metavar="URI",
        help="a resource of its own, for which tokens it may introspect; repeatable",
    )
    add.add_argument(
        "--access-token-format", choices=token_metadata.FORMATS, help="opaque (the default), or a JWT (RFC 9068)"
    )


def _add(options: argparse.Namespace) -> int:
    if not options.redirect_uri and token_metadata.has_browsers(_named(options, token_metadata.KEPT)):
        raise Failed("A --redirect-uri is needed. See: python -m idp client add --help", USAGE)
    simulation, asked = settings(options).simulation, _metadata(options)
    try:
        added, secret = _new(
            asked, secret=new_secret, profile=options.profile, entitled_to_pid=options.pid, simulation=simulation
        )
    except RegistrationError as error:
        raise Failed(f"{_reason(error)} See: python -m idp client add --help", REFUSED) from error
    with writing(options) as ports:
        ports.clients.add(added)
        ports.journal.append(Event(int(time.time()), "client_added", client_id=added.client_id))
    if not options.json and secret:
        print("This secret is shown once and never again: only its hash is kept.", file=sys.stderr)
    return show_one(_row(added) | {"client_secret": secret or "–"}, options)


def _list(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        rows = [_row(client) for client in ports.clients.all()]
    return show(rows, options, "No application is registered. Add one: python -m idp client add --help")


def _metadata(options: argparse.Namespace) -> dict[str, Any]:
    """The options as client metadata; the registration alone decides whether they hold."""
    asked = " ".join(options.scope).split()
    public = options.public or options.native
    method = PUBLIC if public else PRIVATE_KEY_JWT if options.jwks else BASIC
    return {
        **({"jwks": _keys(options.jwks)} if options.jwks else {}),
        **_named(options, (*LOGOUT_MEMBERS, *token_metadata.KEPT)),
        "client_name": options.name,
        "purpose": options.purpose,
        "redirect_uris": options.redirect_uri,
        "scope": " ".join(dict.fromkeys([OPENID, *asked])),
        "application_type": "native" if options.native else "web",
        "token_endpoint_auth_method": method,
    }


def _named(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """The options that have the name of a member of metadata, where they were given."""
    return {name: value for name in names if (value := getattr(options, name, None)) is not None}


def _keys(file: Path) -> Any:
    try:
        return json_decode(file.read_bytes())
    except (OSError, CertsError) as error:
        raise Failed(f"{file} is no JWK set that can be read", REFUSED) from error


def _new(
    asked: dict[str, Any], *, secret: Callable[[], str], profile: str, entitled_to_pid: bool, simulation: bool
) -> tuple[Client, str | None]:
    """The client to store, which holds a hash alone, and its secret, if it has one. Raises RegistrationError."""
    own = secret() if asked["token_endpoint_auth_method"] == BASIC else None
    client = registration.client(
        asked,
        client_id=f"client-{secret()[:16]}",
        secret_hash=None if own is None else token_hash(own),
        profile=profile,
        entitled_to_pid=entitled_to_pid,
        simulation=simulation,
    )
    return client, own


def _reason(error: OAuthError) -> str:
    if error.code == "invalid_redirect_uri":
        return _ADDRESSES
    return f"This application cannot be registered: {error.text}."


def _row(client: Client) -> dict[str, object]:
    return {
        "client_id": client.client_id,
        "name": client.name.vi,
        "kind": f"{client.application_type}, {_KINDS[client.token_endpoint_auth_method]}",
        "scope": " ".join(client.scopes),
        "redirect_uris": " ".join(client.redirect_uris),
    }
