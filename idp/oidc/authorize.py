"""The authorization endpoint: the table of checks, and what a checked request is answered.

Spec: RFC 6749 §4.1.1; OpenID Connect Core 1.0 §3.1.2; RFC 7636 §4.3; RFC 9207; RFC 9700 §2.1

The two checks above the line decide whether the client's address can be trusted at all; what they refuse is shown to the
person and never sent on. What the others refuse goes back to the client.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag, auto

from certs.catalogue import Text
from idp.model import Client, Event
from idp.oidc import claims_request, id_token_hint, pkce, pushed, request_object, resources, response
from idp.oidc.authorization import PROMPTS, Authorization
from idp.oidc.clients import request_metadata
from idp.oidc.clients.request_metadata import MAX_AGE
from idp.oidc.context import Context
from idp.oidc.errors import AuthorizationError, OAuthError, PageError, TokenError
from idp.oidc.profiles import PROFILES, PUBLIC
from idp.oidc.request import Parameters, Request, Response
from idp.oidc.requested_levels import demanded
from idp.oidc.scopes import OPENID, SCOPES, for_documents, known, split
from idp.ports import Ports

MAX_OPAQUE = 512  # characters of `state` and `nonce`: FAPI clients send some hundred, and both are stored or echoed
MAX_CLIENT_ID = 255
HINTS = ("login_hint", "acr_values", "ui_locales")  # each is kept until the log-in, for whoever comes
MAX_HINT = 2048  # characters

RESPONSE_TYPES = ("code",)
RESPONSE_MODES = response.MODES
# None is refused (OpenID Connect Core 1.0 §15.1). A popup gets the page, too, but no way back to the window that opened it (COOP).
DISPLAYS = ("page", "touch")

_VISIBLE = re.compile(r"[\x20-\x7e]+", re.ASCII)  # VSCHAR, RFC 6749 App. A.1, A.5
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOBODY = Client("", Text("", ""), Text("", ""), redirect_uris=(), scopes=())  # has nowhere to be sent to


class Endpoint(Flag):
    AUTHORIZE = auto()
    PAR = auto()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request not yet checked, and the client that it names."""

    sent: Parameters
    client: Client
    context: Context


def check_client(asked: Asked) -> None:
    if asked.client is _NOBODY:
        raise PageError("invalid_request", "the client is not known here")  # RFC 6749 §4.1.2.1


def check_redirect_uri(asked: Asked) -> None:
    uri = asked.sent.get("redirect_uri")
    if uri is None:
        raise PageError("invalid_request", "redirect_uri is missing or repeated")  # OpenID Connect Core 1.0 §3.1.2.1
    if not response.may_redirect(asked.client, uri):
        raise PageError("invalid_request", "redirect_uri is not one that the client registered")  # RFC 9700 §2.1


def check_repeated(asked: Asked) -> None:
    if asked.sent.repeated(but=resources.PARAMETER):
        raise AuthorizationError("invalid_request", "a parameter was sent more than once")  # RFC 6749 §3.1


def check_text(asked: Asked) -> None:
    if any(_CONTROL.search(part) for pair in asked.sent.pairs for part in pair):
        raise AuthorizationError("invalid_request", "a parameter holds a control character")  # RFC 6749 App. A
    for name in ("state", "nonce"):
        value = asked.sent.get(name)
        if value is not None and not _is_opaque(value):
            raise AuthorizationError("invalid_request", f"{name} is too long or not ASCII")  # RFC 6749 App. A.5
    if any(len(asked.sent.get(name) or "") > MAX_HINT for name in HINTS):
        raise AuthorizationError("invalid_request", "a hint is too long")


def check_not_supported(asked: Asked) -> None:
    for name in ("request_uri", "registration"):
        if name in asked.sent:
            raise AuthorizationError(f"{name}_not_supported", f"{name} is not supported")  # OIDC Core 1.0 §3.1.2.6


def check_pushed(asked: Asked) -> None:
    registered = asked.client.metadata.get("require_pushed_authorization_requests") is True
    if registered or PROFILES[asked.client.profile].par:
        raise AuthorizationError("invalid_request", "this client pushes its requests")  # RFC 9126 §5, §6


def check_response_type(asked: Asked) -> None:
    asked_type = asked.sent.get("response_type")
    if asked_type is None:
        raise AuthorizationError("invalid_request", "response_type is missing")  # RFC 6749 §3.1.1
    if asked_type not in RESPONSE_TYPES:
        raise AuthorizationError("unsupported_response_type", "only code is supported")  # RFC 9700 §2.1.2


def check_response_mode(asked: Asked) -> None:
    if (asked.sent.get("response_mode") or "query") not in RESPONSE_MODES:
        raise AuthorizationError("invalid_request", "response_mode is not supported")  # Multiple Response Types §2.1


def check_scope(asked: Asked) -> None:
    scopes = split(asked.sent.get("scope"))
    if (OPENID in scopes) == for_documents(scopes):  # OpenID Connect Core 1.0 §3.1.2.1; OpenID4VCI 1.0 §5.1.2
        raise AuthorizationError("invalid_scope", "scope must contain openid or ask for credentials, and not both")
    if not PROFILES[asked.client.profile].unknown_scopes and not set(scopes) <= set(SCOPES):
        raise AuthorizationError("invalid_scope", "scope holds an unknown value")  # RFC 6749 §4.1.2.1
    if not set(known(scopes)) <= set(asked.client.scopes):
        raise AuthorizationError("invalid_scope", "scope is not granted to this client")  # RFC 6749 §3.3


def check_resource(asked: Asked) -> tuple[str, ...]:
    try:
        return resources.asked(asked.sent, asked.client, asked.context)
    except TokenError as error:  # RFC 8707 §2.1
        raise AuthorizationError(error.code, error.text) from None


def check_pkce(asked: Asked) -> None:
    challenge, method = asked.sent.get("code_challenge"), asked.sent.get("code_challenge_method")
    if challenge is None:
        public = asked.client.token_endpoint_auth_method == PUBLIC
        if public or PROFILES[asked.client.profile].pkce or method is not None:
            raise AuthorizationError("invalid_request", "code_challenge is required")  # RFC 7636 §4.4.1
        return
    if method != pkce.METHOD:  # Left out would mean `plain`, which does not exist here.
        raise AuthorizationError("invalid_request", "code_challenge_method must be S256")  # RFC 7636 §4.3, §4.4.1
    if not pkce.is_challenge(challenge):
        raise AuthorizationError("invalid_request", "code_challenge is not a SHA-256 in base64url")  # RFC 7636 §4.2


def check_dpop_jkt(asked: Asked) -> None:
    jkt = asked.sent.get("dpop_jkt")
    if jkt is not None and not pkce.is_challenge(jkt):  # the same form: a SHA-256 in base64url
        raise AuthorizationError("invalid_request", "dpop_jkt is not a SHA-256 in base64url")  # RFC 9449 §10


def check_prompt(asked: Asked) -> None:
    prompts = split(asked.sent.get("prompt"))
    if not set(prompts) <= PROMPTS:
        raise AuthorizationError("invalid_request", "prompt holds an unknown value")  # OIDC Core 1.0 §3.1.2.1
    if "none" in prompts and len(prompts) > 1:
        raise AuthorizationError("invalid_request", "prompt none stands alone")  # OpenID Connect Core 1.0 §3.1.2.1


def check_max_age(asked: Asked) -> None:
    value = asked.sent.get("max_age")
    if value is None:
        return
    if not re.fullmatch(r"\d{1,10}", value, re.ASCII) or int(value) > MAX_AGE:
        raise AuthorizationError("invalid_request", "max_age is not a number of seconds")  # OIDC Core 1.0 §3.1.2.1


def check_claims(asked: Asked) -> None:
    claims = claims_request.read(asked.sent.get("claims"))
    demanded(claims)
    claims_request.subject(claims)


def check_id_token_hint(asked: Asked) -> None:
    only, named = _subject(asked), claims_request.subject(claims_request.read(asked.sent.get("claims")))
    if named is not None and named != only:
        raise AuthorizationError("invalid_request", "claims and id_token_hint name two people")  # OIDC Core 1.0 §5.5.1


def _subject(asked: Asked) -> str | None:
    """Who alone the answer may be about."""
    hint = asked.sent.get("id_token_hint")
    if hint is not None:
        return id_token_hint.subject(hint, asked.client, asked.context)
    return claims_request.subject(claims_request.read(asked.sent.get("claims")))


AUTHORIZE, PAR = Endpoint.AUTHORIZE, Endpoint.PAR

# fmt: off
CHECKS: tuple[tuple[Callable[[Asked], object], Endpoint], ...] = (
    (check_client,         AUTHORIZE | PAR),
    (check_redirect_uri,   AUTHORIZE | PAR),
    # ───────────────── from here on a refusal goes back to the client
    (check_repeated,       AUTHORIZE | PAR),
    (check_text,           AUTHORIZE | PAR),
    (check_not_supported,  AUTHORIZE | PAR),
    (check_pushed,         AUTHORIZE),
    (check_response_type,  AUTHORIZE | PAR),
    (check_response_mode,  AUTHORIZE | PAR),
    (check_scope,          AUTHORIZE | PAR),
    (check_resource,       AUTHORIZE | PAR),
    (check_pkce,           AUTHORIZE | PAR),
    (check_dpop_jkt,       AUTHORIZE | PAR),
    (check_prompt,         AUTHORIZE | PAR),
    (check_max_age,        AUTHORIZE | PAR),
    (check_claims,         AUTHORIZE | PAR),
    (check_id_token_hint,  AUTHORIZE | PAR),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Refused:
    """`response` leads back to the client; without one the person sees an error page."""

    error: OAuthError
    response: Response | None = None
    client_id: str | None = None  # for the operator, where it is a registered one


def read(request: Request, ports: Ports, context: Context, *, now: int) -> Authorization | Refused:
    """Check a request that came to the authorization endpoint; a refusal is journalled here."""
    sent = request.parameters
    client = _client(sent, ports)
    try:
        if (name := sent.get("request_uri") or "").startswith(pushed.URN):
            return pushed.find(name, client.client_id, ports, now=now)  # what was sent beside it does not count
        request_object.count_reference(request, client, ports, now=now)
        sent = effective(sent, client, ports, context, now=now)
        return check(sent, client, context, endpoint=AUTHORIZE)
    except OAuthError as error:
        return refuse(error, ports, context, now=now, client=client, sent=sent)


def effective(sent: Parameters, client: Client, ports: Ports, context: Context, *, now: int) -> Parameters:
    """What counts of what was sent: where the client signed it, that. Raises OAuthError."""
    try:
        return request_object.unpacked(sent, client, ports, context, now=now)
    except AuthorizationError:
        asked = Asked(sent, client, context)
        check_client(asked)
        check_redirect_uri(asked)  # nothing of the object is believed: its refusal goes where the address itself may go
        raise


def check(sent: Parameters, client: Client, context: Context, *, endpoint: Endpoint) -> Authorization:
    """The table. Raises OAuthError."""
    asked = Asked(sent, client, context)
    for rule, endpoints in CHECKS:
        if endpoint in endpoints:
            rule(asked)
    return _checked(asked)


def _checked(asked: Asked) -> Authorization:
    sent = asked.sent
    scopes, claims = known(split(sent.get("scope"))), claims_request.read(sent.get("claims"))
    targets = check_resource(asked)
    return Authorization(
        client_id=asked.client.client_id,
        redirect_uri=sent.get("redirect_uri") or "",
        scopes=(
            *scopes,
            *claims_request.scopes(claims, asked.client, scopes),
            *resources.scopes(targets, asked.context),
        ),
        resources=targets,
        state=sent.get("state"),
        nonce=sent.get("nonce"),
        challenge=sent.get("code_challenge"),
        dpop_jkt=sent.get("dpop_jkt"),
        prompt=split(sent.get("prompt")),
        max_age=request_metadata.max_age(asked.client, sent.get("max_age")),
        login_hint=sent.get("login_hint"),
        acr_values=request_metadata.acr_values(asked.client, split(sent.get("acr_values")), claims),
        acr_demanded=demanded(claims),
        subject=_subject(asked),
        id_token_claims=claims_request.in_id_token(claims),
        response_mode=sent.get("response_mode") or response.QUERY,
        ui_locales=split(sent.get("ui_locales")),
    )


def refuse(error: OAuthError, ports: Ports, context: Context, *, now: int, client: Client, sent: Parameters) -> Refused:
    details = {"error": error.code, "reason": error.detail}
    ports.journal.append(Event(now, "authorization_refused", client_id=client.client_id or None, details=details))
    uri = sent.get("redirect_uri")
    if isinstance(error, PageError) or uri is None:
        return Refused(error, client_id=client.client_id or None)
    state = sent.get("state")
    safe = state if state is not None and _is_opaque(state) else None
    mode = sent.get("response_mode") or response.QUERY
    return Refused(error, response.with_error(uri, error, state=safe, issuer=context.issuer, mode=mode))


def _client(sent: Parameters, ports: Ports) -> Client:
    client_id = sent.get("client_id")
    if client_id is None or len(client_id) > MAX_CLIENT_ID or not _VISIBLE.fullmatch(client_id):
        return _NOBODY
    return ports.clients.get(client_id) or _NOBODY


def _is_opaque(value: str) -> bool:
    return len(value) <= MAX_OPAQUE and _VISIBLE.fullmatch(value) is not None
