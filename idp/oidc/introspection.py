"""The introspection endpoint: what a token is good for, told to whom it was given and to whom it is brought.

Spec: RFC 7662 §2.1, §2.2, §4; RFC 9068 §2.2 (the names); RFC 9470 §6.2 (`acr`, `auth_time`); RFC 9449 §6.2 (`cnf`); OWASP ASVS 5.0 V10.3

    a client             sees the tokens that it was given itself
    a resource server    sees access tokens that are for a resource which it registered as its own
    everybody else       learns of every token that it is not active; what is unknown, over or revoked is not told apart

No fact about the person is told but `sub`, and that as the asking client knows them.
"""

from typing import Any

from idp.login.standing import holder
from idp.model import Client, Event, Grant, Token
from idp.oidc import access_token, client_token, dpop, token
from idp.oidc.claims import subject
from idp.oidc.client_token import ClientToken
from idp.oidc.context import Context
from idp.oidc.errors import ClientError, TokenError
from idp.oidc.profiles import PUBLIC
from idp.oidc.request import Request, Response, json_response
from idp.oidc.scopes import known
from idp.oidc.secrets import token_hash
from idp.ports import Ports

PARAMETER = "token"
INACTIVE = {"active": False}


def respond(request: Request, ports: Ports, context: Context, now: int) -> Response:
    client: Client | None = None
    try:
        client = token.caller(request, ports, context, now=now)
        if client.token_endpoint_auth_method == PUBLIC:
            raise ClientError("client authentication is required")  # RFC 7662 §4
        value = request.form.get(PARAMETER)
        if value is None:
            raise TokenError("invalid_request", "token is missing")  # RFC 7662 §2.1
    except TokenError as error:
        return token.refusal(error, client, ports, context, now=now, kind="introspection_refused")
    return json_response(_told(value, client, ports, context, now=now) or INACTIVE)


def _told(value: str, client: Client, ports: Ports, context: Context, *, now: int) -> dict[str, Any] | None:
    if not access_token.counts(value, context):
        return None
    hashed = token_hash(value)
    # `token_type_hint` only says where to look first; we find all of them by one hash (RFC 7662 §2.1).
    for kind in ("access", "refresh"):
        live = ports.grants.live(hashed, kind, now=now)
        if live is not None:
            return _of_person(value, *live, client, ports, context, now=now)
    own = client_token.find(ports, value, now=now)
    return None if own is None else _of_client(value, own, client, ports, context, now=now)


def _of_person(
    value: str, grant: Grant, found: Token, client: Client, ports: Ports, context: Context, *, now: int
) -> dict[str, Any] | None:
    if not _sees(client, grant.client_id, found.audience if found.kind == "access" else None, context):
        _unseen(client, ports, now=now)
        return None
    who, given_to = holder(ports, grant.account_id, now=now), ports.clients.get(grant.client_id)
    if who is None or found.replaced:
        return None
    told = {
        **_common(value, grant.client_id, found.expires, found.audience, context),
        "sub": subject(client, who.person, key=context.subject_key),
        "scope": " ".join(known(found.scopes or grant.scopes)),
    }
    if found.kind == "refresh" or given_to is None:
        return {name: told[name] for name in ("active", "client_id", "sub", "scope", "exp", "iss")}
    event = {name: grant.details[name] for name in ("acr", "auth_time") if name in grant.details}
    return {**told, "token_type": dpop.token_type(found.jkt), **dpop.confirmation(found.jkt), **event}


def _of_client(
    value: str, own: ClientToken, client: Client, ports: Ports, context: Context, *, now: int
) -> dict[str, Any] | None:
    if not _sees(client, own.client_id, own.audience, context):
        _unseen(client, ports, now=now)
        return None
    if ports.clients.get(own.client_id) is None:
        return None
    return {
        **_common(value, own.client_id, own.expires, own.audience, context),
        "sub": own.client_id,  # RFC 9068 §2.2
        **({"scope": " ".join(own.scopes)} if own.scopes else {}),
        "token_type": dpop.token_type(own.jkt),
        **dpop.confirmation(own.jkt),
        "iat": own.issued,
    }


def _common(
    value: str, client_id: str, expires: int, audience: tuple[str, ...] | None, context: Context
) -> dict[str, Any]:
    return {
        "active": True,
        "client_id": client_id,
        "iss": context.issuer,
        "aud": access_token.aud(audience, context),
        "exp": expires,
        "jti": access_token.jti(value),
    }


def _sees(client: Client, given_to: str, audience: tuple[str, ...] | None, context: Context) -> bool:
    """We guard our own resources ourselves: nobody can register as them."""
    guarded = set(client.metadata.get("protected_resources", ())) - {context.issuer}
    return given_to == client.client_id or not guarded.isdisjoint(audience or ())


def _unseen(client: Client, ports: Ports, *, now: int) -> None:
    details = {"reason": "the token is neither its own nor for a resource of its own"}
    ports.journal.append(Event(now, "introspection_refused", client_id=client.client_id, details=details))
