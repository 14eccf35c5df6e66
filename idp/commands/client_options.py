"""The options that describe a client, for `client add` and `client update`, and what they say as its metadata."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from idp.commands.terminal import REFUSED, Failed
from idp.oidc.clients import sector, token_metadata
from idp.oidc.clients.logout_metadata import KEPT as LOGOUT_MEMBERS
from idp.oidc.profiles import BASIC, PRIVATE_KEY_JWT, PROFILES, PUBLIC
from idp.oidc.scopes import OPENID, SCOPES

INITIATE = "initiate_login_uri"
KEPT = (*LOGOUT_MEMBERS, *token_metadata.KEPT, INITIATE, sector.URI)  # options that have the name of a member
TEXTS = {"name_en": "client_name#en", "purpose": "purpose", "purpose_en": "purpose#en"}


def describe(to: argparse.ArgumentParser) -> None:
    """What is not named keeps its default at `add`, and its value at `update`."""
    to.add_argument("--name-en", metavar="TEXT", help="its name in English")
    to.add_argument(
        "--redirect-uri",
        dest="redirect_uris",
        action="append",
        metavar="URI",
        help="where answers go, exactly; repeatable",
    )
    to.add_argument(
        "--post-logout-redirect-uri",
        dest="post_logout_redirect_uris",
        action="append",
        metavar="URI",
        help="where people may go after logging out; repeatable",
    )
    to.add_argument("--backchannel-logout-uri", metavar="URI", help="where we tell it that a session is over")
    to.add_argument("--frontchannel-logout-uri", metavar="URI", help="the same, by a page in the citizen's browser")
    to.add_argument("--initiate-login-uri", metavar="URI", help="where people can begin a sign-in from our own page")
    to.add_argument(
        "--sector-identifier-uri",
        metavar="URI",
        help="a file that lists all its redirect URIs, where these are of several hosts; it is fetched now",
    )
    to.add_argument("--purpose", metavar="TEXT", help="why it asks, in Vietnamese")
    to.add_argument("--purpose-en", metavar="TEXT", help="the same in English")
    to.add_argument("--scope", action="append", metavar="SCOPE", help=f"repeatable, of: {' '.join(SCOPES)}")
    to.add_argument("--public", action="store_true", help="it cannot keep a secret: PKCE alone protects its codes")
    to.add_argument(
        "--jwks", type=Path, metavar="FILE", help="its public keys (a JWK set): it signs instead of keeping a secret"
    )
    _about_tokens(to)
    to.add_argument("--profile", choices=sorted(PROFILES), help="what it must do (default: agency)")
    to.add_argument("--native", action="store_true", help="an application on the citizen's own device; it is public")
    to.add_argument(
        "--pid",
        action=argparse.BooleanOptionalAction,
        help="entitled to the personal identification number as `sub`",
    )


def _about_tokens(to: argparse.ArgumentParser) -> None:
    to.add_argument(
        "--grant-type",
        dest="grant_types",
        action="append",
        metavar="GRANT",
        help=f"how it gets tokens; repeatable, of: {' '.join(sorted(token_metadata.GRANT_TYPES))}",
    )
    to.add_argument(
        "--own-scope", dest="client_credentials_scope", metavar="SCOPES", help="what it may do in its own name"
    )
    to.add_argument(
        "--resource", dest="resources", action="append", metavar="URI", help="what its tokens may be for; repeatable"
    )
    to.add_argument(
        "--guards",
        dest="protected_resources",
        action="append",
        metavar="URI",
        help="a resource of its own, for which tokens it may introspect; repeatable",
    )
    to.add_argument(
        "--access-token-format", choices=token_metadata.FORMATS, help="opaque (the default), or a JWT (RFC 9068)"
    )


def named(options: argparse.Namespace) -> dict[str, Any]:
    """The options that were given, as members; the registration alone decides whether they hold."""
    members = _given(options, ("redirect_uris", *KEPT))
    members |= {member: value for name, member in TEXTS.items() if (value := getattr(options, name)) is not None}
    if options.scope is not None:
        members["scope"] = " ".join(dict.fromkeys([OPENID, *" ".join(options.scope).split()]))
    if options.jwks is not None:
        members["jwks"] = _keys(options.jwks)
        members["token_endpoint_auth_method"] = PRIVATE_KEY_JWT
    if options.public or options.native:
        members["token_endpoint_auth_method"] = PUBLIC
    if options.native:
        members["application_type"] = "native"
    return members


def complete(members: dict[str, Any], *, purpose: str) -> dict[str, Any]:
    """With what a new client has where nothing is said."""
    return {
        "purpose": purpose,
        "redirect_uris": [],
        "scope": OPENID,
        "application_type": "web",
        "token_endpoint_auth_method": BASIC,
        **members,
    }


def _given(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(options, name, None)) is not None}


def _keys(file: Path) -> Any:
    try:
        return json_decode(file.read_bytes())
    except (OSError, CertsError) as error:
        raise Failed(f"{file} is no JWK set that can be read", REFUSED) from error
