"""Exchange a refresh token, once, for the next generation of its family's tokens.

Spec: RFC 6749 §6; OpenID Connect Core 1.0 §12; RFC 9700 §4.14.2 (rotation, reuse); RFC 8707 §2.2; RFC 9449 §5

 1. the token is there, known, of a family that is open and not too old      invalid_grant
 2. it is this client's, and this key's where it is bound to one; the try
    of another leaves the family alone                                       invalid_grant
 3. scope and resources are no wider than what was granted                   invalid_scope, invalid_target
 4. the account still stands, the consent still holds                        invalid_grant
 5. it was not used before: order is told by what replaced what, not by
    clocks; a second use ends the family                                     invalid_grant, journal `refresh_reuse`
    unless it is the same request again, whose answer was lost               the same answer, journal `refresh_repeated`
 6. one that is bound to a key is not replaced: stolen, it is of no use
"""

from typing import Any

from idp.login.standing import Holder, holder
from idp.model import Client, Event, Grant
from idp.oidc import family, resources
from idp.oidc.claims import covered
from idp.oidc.context import Context
from idp.oidc.errors import ClientError, TokenError
from idp.oidc.grants import retry
from idp.oidc.request import Request, Response
from idp.oidc.scopes import split
from idp.oidc.secrets import token_hash
from idp.ports import Ports

GRANT_TYPE = "refresh_token"
PARAMETER = "refresh_token"


def redeem(request: Request, client: Client | None, ports: Ports, context: Context, now: int, /) -> Response:
    if client is None:
        raise ClientError("client authentication is required")  # RFC 6749 §3.2.1
    value = request.form.get(PARAMETER)
    if value is None:
        raise TokenError("invalid_request", "refresh_token is missing")  # RFC 6749 §6
    live = ports.grants.live(token_hash(value), "refresh", now=now)  # 1
    if live is None:
        raise TokenError("invalid_grant", "the refresh token is unknown, expired or revoked")
    grant, token = live
    if grant.client_id != client.client_id:  # 2  RFC 6749 §10.4
        raise TokenError("invalid_grant", "the refresh token was given to another client")
    if token.jkt not in (None, request.jkt):  # 2  RFC 9449 §5
        raise TokenError("invalid_grant", "the refresh token is bound to another key")
    scopes = _scopes(request, grant)  # 3
    audience = resources.audience(request.form, grant.details.get("resources", ()), client, context)
    who = _standing(grant, ports, now=now)  # 4
    stays = token.jkt is not None  # 6
    kept, number = (value, token.generation) if stays else (None, token.generation + 1)
    asked: dict[str, Any] = {"scopes": scopes, "audience": audience, "number": number, "jkt": request.jkt}
    fresh = family.generation(grant, client, who, **asked, context=context, now=now, refresh=kept)
    if stays:
        ports.grants.add(grant.grant_id, fresh.rows)
    elif ports.grants.rotate(token.token_hash, fresh.rows, now=now, spares=True) is None:  # 5  RFC 9700 §4.14.2
        return _again(value, grant, request, client, ports, now=now)
    details = {**family.released(grant, scopes), "generation": number}
    ports.journal.append(Event(now, "tokens_refreshed", grant.account_id, client.client_id, details))
    # No nonce: it belongs to a request that is not there (OpenID Connect Core 1.0 §12.2).
    given = family.answer(fresh, grant, client, who, nonce=None, context=context, now=now)
    if not stays:
        retry.keep(ports, given, value, request, client, now=now)
    return given


def _again(value: str, grant: Grant, request: Request, client: Client, ports: Ports, *, now: int) -> Response:
    """It was exchanged before, perhaps a moment ago by somebody who was faster: what they did is committed by now."""
    kept = retry.find(ports, value, request, client, now=now)
    if kept is not None:
        ports.journal.append(Event(now, "refresh_repeated", grant.account_id, client.client_id))
        return kept
    if ports.grants.close_family(grant.grant_id, now=now):
        ports.journal.append(Event(now, "refresh_reuse", grant.account_id, client.client_id))
    raise TokenError("invalid_grant", "the refresh token was used before")


def _scopes(request: Request, grant: Grant) -> tuple[str, ...]:
    asked = split(request.form.get("scope"))
    if not asked:
        return grant.scopes
    if not set(asked) <= set(grant.scopes):
        raise TokenError("invalid_scope", "scope is wider than what was granted")  # RFC 6749 §6
    return tuple(scope for scope in grant.scopes if scope in asked)


def _standing(grant: Grant, ports: Ports, *, now: int) -> Holder:
    who = holder(ports, grant.account_id, now=now)
    if who is None:
        raise TokenError("invalid_grant", "the refresh token is no longer good", detail="the account is locked")
    consent = ports.consents.hold(
        grant.account_id, grant.client_id
    )  # a withdrawal meanwhile finds what we give, and ends it
    if consent is None or not covered(grant.scopes, consent.scopes):
        raise TokenError("invalid_grant", "the refresh token is no longer good", detail="the consent was withdrawn")
    return who
