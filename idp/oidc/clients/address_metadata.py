"""What a client registers by address: what we fetch from it, where we send people, and what it says of itself.

Spec: OpenID Connect Registration 1.0 §2, §5; RFC 7591 §2, §5; OpenID Connect Core 1.0 §4 (`initiate_login_uri`), §6.2 (`request_uris`);
attacks SS-01, SS-05, SS-09, XS-01, XS-04

    jwks_uri, sector_identifier_uri, request_uris   fetched, by the guarded client alone: https at the usual port; in a
                                                    simulation also http to this machine, and any port
    initiate_login_uri                              people are sent there: as strict as a redirect URI of a web client
    client_uri, logo_uri, policy_uri, tos_uri       kept for people to follow, in two languages; never fetched by us
    contacts, software_id, software_version         kept for the state's staff
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from idp.oidc.errors import OAuthError
from idp.oidc.profiles import PROFILES

JWKS_URI, SECTOR, REQUEST_URIS = "jwks_uri", "sector_identifier_uri", "request_uris"
INITIATE = "initiate_login_uri"
ABOUT = ("client_uri", "logo_uri", "policy_uri", "tos_uri")
TAGGED = tuple(f"{name}#{tag}" for name in ABOUT for tag in ("vi", "en"))
SOFTWARE = ("software_id", "software_version")

SCHEMA: Mapping[str, tuple[type, bool]] = {
    JWKS_URI: (str, False),
    SECTOR: (str, False),
    REQUEST_URIS: (list, False),
    INITIATE: (str, False),
    **dict.fromkeys((*ABOUT, *TAGGED, *SOFTWARE), (str, False)),
    "contacts": (list, False),
}
KEPT = tuple(SCHEMA)

MAX_URIS = 20
MAX_REQUEST_URI = 512  # characters, OpenID Connect Core 1.0 §6.2
MAX_CONTACTS = 10
MAX_WORD = 255
_CONTACT = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")

Check = Callable[..., None]


def problem(metadata: Mapping[str, Any], *, profile: str, check: Check, simulation: bool) -> str | None:
    """What is wrong with these members, whose types are right already. `check` raises for an address that has no one meaning."""
    if JWKS_URI in metadata and "jwks" in metadata:
        return "jwks and jwks_uri exclude one another"  # RFC 7591 §2
    references = metadata.get(REQUEST_URIS, [])
    if len(references) > MAX_URIS or any(type(uri) is not str or not _is_visible(uri) for uri in references):
        return f"{REQUEST_URIS} holds at most 20 addresses"
    if references and not PROFILES[profile].request_uri:
        return f"{REQUEST_URIS} are not for this client: it pushes its requests, or sends them signed"
    for name in (JWKS_URI, SECTOR):
        if name in metadata and not _may_fetch(metadata[name], check, simulation):
            return f"{name} is no address that we would fetch"
    if not all(_may_fetch(uri.partition("#")[0], check, simulation) for uri in references):
        return f"{REQUEST_URIS} holds an address that we would not fetch"
    for name in (INITIATE, *ABOUT, *TAGGED):
        if name in metadata and not _is_web(metadata[name], check, simulation):
            return f"{name} is not an https address"
    return _words(metadata)


def _words(metadata: Mapping[str, Any]) -> str | None:
    contacts = metadata.get("contacts", [])
    if len(contacts) > MAX_CONTACTS or not all(type(one) is str and _is_contact(one) for one in contacts):
        return "contacts holds at most 10 e-mail addresses"
    if not all(
        0 < len(word) <= MAX_WORD and word.isprintable()
        for name in SOFTWARE
        if (word := metadata.get(name)) is not None
    ):
        return "software_id and software_version are short texts"
    return None


def _is_visible(uri: str) -> bool:
    """The fragment too, which is never sent to anybody but compared."""
    return len(uri) <= MAX_REQUEST_URI and uri.isascii() and uri.isprintable() and " " not in uri


def _is_contact(text: str) -> bool:
    return text.isprintable() and _CONTACT.fullmatch(text) is not None


def _is_web(uri: str, check: Check, simulation: bool) -> bool:
    try:
        check(uri, application_type="web", simulation=simulation)
    except OAuthError:
        return False
    return True


def _may_fetch(uri: str, check: Check, simulation: bool) -> bool:
    return _is_web(uri, check, simulation) and (simulation or urlsplit(uri).port in (None, 443))
