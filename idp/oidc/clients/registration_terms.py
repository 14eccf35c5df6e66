"""Who may register an application, as what, and how what it sent is understood: before the strict rules of `registration`.

Spec: RFC 7591 §2 (what is not understood is ignored), §2.2 (languages), §3, §3.2.1 (the server may replace, and tells);
OpenID Connect Registration 1.0 §2, §2.1

    replaced, and told in the answer   response types and grants that are not here, beside ones that are; scopes beyond what
                                       may be asked for; `subject_type` public of who is not entitled to the number
    ignored                            members that nobody here knows; other languages than ours; and what only the state
                                       decides: own scopes, resources, the tokens that one may look at
    refused                            the rest, by `registration`
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from certs.encoding import json_decode
from certs.errors import CertsError
from idp.oidc.clients import address_metadata, token_forms_metadata
from idp.oidc.clients.registration import SCHEMA, RegistrationError
from idp.oidc.clients.token_metadata import CODE, GRANT_TYPES, has_browsers
from idp.oidc.profiles import BASIC, PRIVATE_KEY_JWT, PROFILES
from idp.oidc.scopes import OFFLINE, OPENID, split

PURPOSE = {"purpose": "Đăng nhập", "purpose#en": "Sign in"}
STATE_DECIDES = frozenset({"client_credentials_scope", "resources", "protected_resources"})
MAX_METADATA = 64 * 1024  # bytes: it is held in memory, with those of a thousand other clients
_TEXTS = ("client_name", "purpose")
_LANGUAGES = ("vi", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """As what an application may register itself."""

    profile: str
    scopes: tuple[str, ...]  # the most that it may ask for
    entitled_to_pid: bool


# Without an initial access token, in a simulation that is open to tests of protocols.
OPEN = Terms(
    profile="baseline",
    scopes=(OPENID, "profile", "email", "phone", "address", OFFLINE),
    entitled_to_pid=False,
)


def read(body: bytes, media_type: str | None) -> Mapping[str, Any]:
    """What was sent, a JSON object; a member that is null counts as left out (RFC 7592 §2.2). Raises RegistrationError."""
    if media_type != "application/json":
        raise RegistrationError("invalid_client_metadata", "the body must be application/json")  # RFC 7591 §3.1
    try:
        sent = json_decode(body, limit=MAX_METADATA)
    except CertsError:
        raise RegistrationError("invalid_client_metadata", "the body is not JSON") from None
    if not isinstance(sent, dict):
        raise RegistrationError("invalid_client_metadata", "the body is not an object")
    if "software_statement" in sent:  # RFC 7591 §2.3, §3.2.2: nobody's statements are believed here
        raise RegistrationError("unapproved_software_statement", "software statements are not taken here")
    return {name: value for name, value in sent.items() if value is not None}


def understood(sent: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    """The metadata for `registration.client`."""
    known = {name: sent[name] for name in SCHEMA if name in sent and name not in STATE_DECIDES}
    known |= _in_our_languages(sent)
    if "redirect_uris" not in known and has_browsers(known):
        raise RegistrationError("invalid_redirect_uri", "redirect_uris is missing")
    known["scope"] = _scope(known.get("scope"), terms)
    for name, here in (("response_types", {"code"}), ("grant_types", GRANT_TYPES)):
        asked = known.get(name)
        if isinstance(asked, list) and all(type(value) is str for value in asked):
            known[name] = [value for value in asked if value in here] or asked
    known.setdefault("grant_types", [CODE])
    methods = PROFILES[terms.profile].methods
    known.setdefault("token_endpoint_auth_method", BASIC if BASIC in methods else PRIVATE_KEY_JWT)
    if (
        known.get(token_forms_metadata.SUBJECT_TYPE) == token_forms_metadata.PUBLIC_SUBJECT
        and not terms.entitled_to_pid
    ):
        known[token_forms_metadata.SUBJECT_TYPE] = token_forms_metadata.PAIRWISE
    if not PROFILES[terms.profile].request_uri:
        known.pop(address_metadata.REQUEST_URIS, None)
    purpose = {} if "purpose" in known else PURPOSE
    return {"client_name": _unnamed(known), **purpose, **known}


def _scope(asked: object, terms: Terms) -> object:
    """What is of another type than text is left for `registration` to refuse."""
    if asked is None:
        return " ".join(terms.scopes)
    if not isinstance(asked, str):
        return asked
    return " ".join(dict.fromkeys((OPENID, *(scope for scope in split(asked) if scope in terms.scopes))))


def _in_our_languages(sent: Mapping[str, Any]) -> dict[str, Any]:
    """`client_name#vi-VN`: a language's name is in any case, and may say more than we ask (RFC 7591 §2.2, BCP 47)."""
    found: dict[str, Any] = {}
    for member, value in sent.items():
        name, _, tag = member.partition("#")
        language = tag.partition("-")[0].lower()
        if language not in _LANGUAGES:
            continue
        if name in _TEXTS:
            found[name if language == "vi" else f"{name}#en"] = value
        elif name in address_metadata.ABOUT:
            found[f"{name}#{language}"] = value
    return _with_english(found, sent)


def _with_english(found: dict[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Of a name in Vietnamese and one in no language, the second is for everybody else."""
    for name in _TEXTS:
        if name in found and name in sent:
            found.setdefault(f"{name}#en", sent[name])
        elif f"{name}#en" in found and name not in found and name not in sent:
            found[name] = found[f"{name}#en"]
    return found


def _unnamed(known: Mapping[str, Any]) -> str:
    """The name of who gave none: where its answers go."""
    uris = known.get("redirect_uris")
    first = uris[0] if isinstance(uris, list) and uris and isinstance(uris[0], str) else ""
    try:
        return urlsplit(first).hostname or urlsplit(first).scheme or "–"
    except ValueError:
        return "–"
