"""A checked authorization request on its way: to log-in, to consent, to a code.

Spec: OpenID Connect Core 1.0 §3.1.2.3 (authentication), §3.1.2.4 (consent), §3.1.2.5, §3.1.2.6
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from idp.issuance.requested import nothing_to_issue
from idp.login.acr import ACRS, level_of
from idp.login.factors import reach
from idp.login.session import SignedIn, is_too_old
from idp.model import Consent, Event
from idp.oidc import code as codes
from idp.oidc import device_flow, family, logout, response
from idp.oidc.claims import subject, uncovered
from idp.oidc.context import Context
from idp.oidc.device_flow import Decided
from idp.oidc.errors import AuthorizationError
from idp.oidc.profiles import PROFILES
from idp.oidc.request import Response
from idp.oidc.requested_levels import satisfied
from idp.ports import Ports

PUSHED = "pushed_request"
PROMPTS = frozenset({"none", "login", "consent", "select_account", "create"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    challenge: str | None
    resources: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str | None = None
    acr_values: tuple[str, ...] = ()  # a wish
    acr_demanded: tuple[str, ...] = ()  # one of these, or an error
    ui_locales: tuple[str, ...] = ()
    response_mode: str = response.QUERY
    subject: str | None = None  # who alone the answer may be about, as the client knows them
    id_token_claims: tuple[str, ...] = ()  # asked for by name
    device: str | None = None  # the user code of another device, which waits for the answer (RFC 8628)
    pushed: str | None = None  # the name that the request was pushed under (`idp.oidc.pushed`)
    dpop_jkt: str | None = None  # the key that its code is for (RFC 9449 §10)

    def payload(self) -> Mapping[str, Any]:
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Authorization":
        lists = {name: tuple(value) for name, value in payload.items() if isinstance(value, list)}
        return cls(**{**payload, **lists})


@dataclass(frozen=True, slots=True)
class LoginNeeded:
    """`creates`: by registering (Initiating User Registration via OpenID Connect 1.0 §3)."""

    creates: bool = False


@dataclass(frozen=True, slots=True)
class MoreNeeded:
    """Somebody is signed in, and the request asks for a higher authentication level. `wish`: they may go on without."""

    level: int
    wish: bool


@dataclass(frozen=True, slots=True)
class ConsentNeeded:
    """`missing` is what was not allowed before."""

    missing: tuple[str, ...]


Answer = LoginNeeded | MoreNeeded | ConsentNeeded | Response


def proceed(
    authorization: Authorization,
    signed_in: SignedIn | None,
    ports: Ports,
    context: Context,
    *,
    now: int,
    fresh: bool,
    consented: bool,
    waived: bool = False,
) -> Answer:
    """The next step. `fresh`: the person signed in for this very request; `consented`: allowed it just now; `waived`:
    goes on without the level that was wished for."""
    silent = "none" in authorization.prompt
    if signed_in is None or (not fresh and _asks_again(authorization, signed_in, now=now)):
        if silent:
            return refuse(authorization, "login_required", "nobody is signed in", ports, context, now=now)
        return LoginNeeded(creates="create" in authorization.prompt)
    if authorization.subject is not None and authorization.subject != _subject(
        authorization, signed_in, ports, context
    ):
        if silent or fresh:  # §3.1.2.1 (`id_token_hint`), §5.5.1: nothing about anybody else
            return refuse(authorization, "login_required", "somebody else is signed in", ports, context, now=now)
        return LoginNeeded()
    needed = needed_level(authorization, signed_in, ports, context, waived=waived)
    if needed is None:
        return unmet(authorization, ports, context, now=now)
    if signed_in.level < needed:
        return _rise(authorization, signed_in, needed, ports, context, now=now)
    missing = missing_consent(authorization, signed_in.session.account_id, ports)
    # Also where it was allowed before: a person learns from us, not from an error of the wallet, that a document is suspended.
    vain = nothing_to_issue(ports, signed_in.holder, authorization.scopes, now=now)
    if missing or vain or ("consent" in authorization.prompt and not consented):
        if silent:
            return refuse(authorization, "consent_required", "consent is needed", ports, context, now=now)
        return ConsentNeeded(missing)
    return _give_code(authorization, signed_in, ports, context, now=now)


def _rise(
    authorization: Authorization, signed_in: SignedIn, needed: int, ports: Ports, context: Context, *, now: int
) -> Answer:
    silent = "none" in authorization.prompt
    if is_too_old(signed_in.session, needed, now=now):  # NIST SP 800-63B-4 §2.3.3
        if silent:
            return refuse(authorization, "login_required", "the session is too old", ports, context, now=now)
        return LoginNeeded()
    if silent:
        return refuse(authorization, "interaction_required", "a higher level is needed", ports, context, now=now)
    return MoreNeeded(needed, wish=not authorization.acr_demanded)


def needed_level(
    authorization: Authorization, signed_in: SignedIn, ports: Ports, context: Context, *, waived: bool
) -> int | None:
    """The first level asked for that this person can reach. None: it was demanded, and they can reach none of them.

    `acr_values` is a wish: what cannot be had is not asked for (§3.1.2.1). An essential `acr` is a demand (§5.5.1.1).
    """
    values = authorization.acr_demanded or (() if waived else authorization.acr_values)
    levels = [level_of(value) for value in values if value in ACRS]
    if any(level <= signed_in.level for level in levels) or not values:
        return 1
    most = reach(ports, signed_in.session.account_id, offered=context.factors)
    return next((level for level in levels if level <= most), None if authorization.acr_demanded else 1)


def unmet(authorization: Authorization, ports: Ports, context: Context, *, now: int) -> Response:
    """Unmet Authentication Requirements 1.0 §2: the client demanded more than this person can or will prove."""
    code, text = "unmet_authentication_requirements", "the demanded authentication level is not reached"
    return refuse(authorization, code, text, ports, context, now=now)


def missing_consent(authorization: Authorization, account_id: str, ports: Ports) -> tuple[str, ...]:
    consent = ports.consents.get(account_id, authorization.client_id)
    return uncovered(authorization.scopes, consent.scopes if consent else ())


def allow(authorization: Authorization, account_id: str, claims: list[str], ports: Ports, *, now: int) -> None:
    """Remember the consent; what was allowed before stays allowed."""
    before = ports.consents.hold(account_id, authorization.client_id, to_change=True)
    scopes = tuple(dict.fromkeys((*(before.scopes if before else ()), *authorization.scopes)))
    ports.consents.record(Consent(account_id, authorization.client_id, scopes, now))
    details = {"scopes": list(authorization.scopes), "claims": claims}
    ports.journal.append(Event(now, "consent_given", account_id, authorization.client_id, details))


def deny(authorization: Authorization, account_id: str, ports: Ports, context: Context, *, now: int) -> Response:
    details = {"scopes": list(authorization.scopes)}
    ports.journal.append(Event(now, "consent_denied", account_id, authorization.client_id, details))
    if authorization.device is not None:
        device_flow.decide(ports, authorization.device, Decided(None), now=now)
    error = AuthorizationError("access_denied", "the person did not agree")  # RFC 6749 §4.1.2.1
    return _error(authorization, error, context)


def refuse(authorization: Authorization, code: str, text: str, ports: Ports, context: Context, *, now: int) -> Response:
    details = {"error": code, "reason": text}
    ports.journal.append(Event(now, "authorization_refused", client_id=authorization.client_id, details=details))
    return _error(authorization, AuthorizationError(code, text), context)


def _error(authorization: Authorization, error: AuthorizationError, context: Context) -> Response:
    to, state, mode = authorization.redirect_uri, authorization.state, authorization.response_mode
    return response.with_error(to, error, state=state, issuer=context.issuer, mode=mode)


def _subject(authorization: Authorization, signed_in: SignedIn, ports: Ports, context: Context) -> str | None:
    client = ports.clients.get(authorization.client_id)
    return None if client is None else subject(client, signed_in.holder.person, key=context.subject_key)


def _asks_again(authorization: Authorization, signed_in: SignedIn, *, now: int) -> bool:
    if {"login", "select_account", "create"} & set(authorization.prompt):
        return True
    age = now - signed_in.session.authenticated_at
    # `max_age=0` asks for a new log-in even within the same second (OpenID Connect Core 1.0 §3.1.2.1).
    return authorization.max_age is not None and (authorization.max_age == 0 or age > authorization.max_age)


def _give_code(
    authorization: Authorization, signed_in: SignedIn, ports: Ports, context: Context, *, now: int
) -> Response:
    """A used code stays known for as long as its tokens may live: using it again ends them (RFC 6749 §4.1.2)."""
    if authorization.pushed is not None:
        taken = ports.ephemeral.take(PUSHED, authorization.pushed, now=now)
        if taken is None or taken.again:  # RFC 9126 §4: once
            return refuse(authorization, "invalid_request", "the request was used before", ports, context, now=now)
    session, client = signed_in.session, ports.clients.get(authorization.client_id)
    if client is None:
        return refuse(authorization, "unauthorized_client", "the client was just removed", ports, context, now=now)
    if not logout.note(authorization.client_id, signed_in, ports, context):
        return refuse(authorization, "login_required", "the session has just ended", ports, context, now=now)
    value = context.new_secret()
    code = codes.Code(
        issuer=context.issuer,
        client_id=authorization.client_id,
        redirect_uri=authorization.redirect_uri,
        challenge=authorization.challenge,
        account_id=session.account_id,
        scopes=authorization.scopes,
        resources=authorization.resources,
        id_token_claims=authorization.id_token_claims,
        nonce=authorization.nonce,
        auth_time=session.authenticated_at,
        acr=satisfied(signed_in.level, authorization.acr_demanded),
        amr=session.amr,
        sid=session.sid,
        grant_id=context.new_secret(),
        expires=now + PROFILES[client.profile].lifetimes.code,
        dpop_jkt=authorization.dpop_jkt,
        browser="" if authorization.device else session.device,
    )
    if authorization.device is not None:
        return _for_device(authorization, authorization.device, code, ports, context, now=now)
    known_until = code.expires + family.lifetime(client, code.scopes)
    ports.ephemeral.put(codes.PURPOSE, value, code.payload(), expires=known_until)
    details = {"scopes": list(code.scopes), "acr": code.acr}
    ports.journal.append(Event(now, "code_given", code.account_id, code.client_id, details))
    to, state, mode = authorization.redirect_uri, authorization.state, authorization.response_mode
    return response.with_code(to, code=value, state=state, issuer=context.issuer, mode=mode)


def _for_device(
    authorization: Authorization, device: str, code: codes.Code, ports: Ports, context: Context, *, now: int
) -> Response:
    """Nothing goes through the browser: the device fetches its tokens itself."""
    if not device_flow.decide(ports, device, Decided(code.payload()), now=now):
        return refuse(authorization, "expired_token", "the device's request is over", ports, context, now=now)
    details = {"scopes": list(code.scopes), "acr": code.acr}
    ports.journal.append(Event(now, "device_approved", code.account_id, code.client_id, details))
    return response.redirect(authorization.redirect_uri, {"result": "approved"})
