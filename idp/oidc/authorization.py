"""A checked authorization request on its way: to log-in, to consent, to a code.

Spec: OpenID Connect Core 1.0 §3.1.2.3 (authentication), §3.1.2.4 (consent), §3.1.2.5, §3.1.2.6
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from idp.issuance.requested import nothing_to_issue
from idp.login.acr import ACRS, level_of
from idp.login.factors import reach
from idp.login.session import SignedIn, is_too_old
from idp.model import Consent, Event
from idp.oidc import code as codes
from idp.oidc import response
from idp.oidc.context import Context
from idp.oidc.errors import AuthorizationError
from idp.oidc.request import Response
from idp.oidc.requested_levels import satisfied
from idp.ports import Ports

PROMPTS = frozenset({"none", "login", "consent", "select_account"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    challenge: str | None
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str | None = None
    acr_values: tuple[str, ...] = ()  # a wish
    acr_demanded: tuple[str, ...] = ()  # one of these, or an error
    ui_locales: tuple[str, ...] = ()

    def payload(self) -> Mapping[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Authorization":
        lists = {
            name: tuple(payload[name]) for name in ("scopes", "prompt", "ui_locales", "acr_values", "acr_demanded")
        }
        return cls(**{**payload, **lists})


@dataclass(frozen=True, slots=True)
class LoginNeeded:
    pass


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
        return LoginNeeded()
    needed = needed_level(authorization, signed_in, ports, context, waived=waived)
    if needed is None:
        return unmet(authorization, ports, context, now=now)
    if signed_in.level < needed:
        if is_too_old(signed_in.session, needed, now=now):  # NIST SP 800-63B-4 §2.3.3
            if silent:
                return refuse(authorization, "login_required", "the session is too old", ports, context, now=now)
            return LoginNeeded()
        if silent:
            return refuse(authorization, "interaction_required", "a higher level is needed", ports, context, now=now)
        return MoreNeeded(needed, wish=not authorization.acr_demanded)
    missing = missing_consent(authorization, signed_in.session.account_id, ports)
    # Also where it was allowed before: a person learns from us, not from an error of the wallet, that a document is suspended.
    vain = nothing_to_issue(ports, signed_in.holder, authorization.scopes, now=now)
    if missing or vain or ("consent" in authorization.prompt and not consented):
        if silent:
            return refuse(authorization, "consent_required", "consent is needed", ports, context, now=now)
        return ConsentNeeded(missing)
    return _give_code(authorization, signed_in, ports, context, now=now)


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
    return tuple(scope for scope in authorization.scopes if consent is None or scope not in consent.scopes)


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
    error = AuthorizationError("access_denied", "the person did not agree")  # RFC 6749 §4.1.2.1
    return response.with_error(authorization.redirect_uri, error, state=authorization.state, issuer=context.issuer)


def refuse(authorization: Authorization, code: str, text: str, ports: Ports, context: Context, *, now: int) -> Response:
    details = {"error": code, "reason": text}
    ports.journal.append(Event(now, "authorization_refused", client_id=authorization.client_id, details=details))
    error = AuthorizationError(code, text)
    return response.with_error(authorization.redirect_uri, error, state=authorization.state, issuer=context.issuer)


def _asks_again(authorization: Authorization, signed_in: SignedIn, *, now: int) -> bool:
    if {"login", "select_account"} & set(authorization.prompt):
        return True
    age = now - signed_in.session.authenticated_at
    # `max_age=0` asks for a new log-in even within the same second (OpenID Connect Core 1.0 §3.1.2.1).
    return authorization.max_age is not None and (authorization.max_age == 0 or age > authorization.max_age)


def _give_code(
    authorization: Authorization, signed_in: SignedIn, ports: Ports, context: Context, *, now: int
) -> Response:
    session = signed_in.session
    value = context.new_secret()
    code = codes.Code(
        issuer=context.issuer,
        client_id=authorization.client_id,
        redirect_uri=authorization.redirect_uri,
        challenge=authorization.challenge,
        account_id=session.account_id,
        scopes=authorization.scopes,
        nonce=authorization.nonce,
        auth_time=session.authenticated_at,
        acr=satisfied(signed_in.level, authorization.acr_demanded),
        amr=session.amr,
        sid=session.sid,
        grant_id=context.new_secret(),
        expires=now + codes.LIFETIME,
    )
    ports.ephemeral.put(codes.PURPOSE, value, code.payload(), expires=code.remembered_until)
    details = {"scopes": list(code.scopes), "acr": code.acr}
    ports.journal.append(Event(now, "code_given", code.account_id, code.client_id, details))
    return response.with_code(authorization.redirect_uri, code=value, state=authorization.state, issuer=context.issuer)
