"""The revocation endpoint: a client gives a token back, and its whole family ends.

Spec: RFC 7009 §2.1, §2.2 (unknown tokens are no error), §2.2.1 (503 is the room's answer when storage cannot write)
"""

from idp.model import Client, Event, Grant
from idp.oidc import client_token, token
from idp.oidc.context import Context
from idp.oidc.errors import TokenError
from idp.oidc.request import NO_STORE, Request, Response
from idp.oidc.secrets import token_hash
from idp.ports import Ports

PARAMETER = "token"
KINDS = ("refresh", "access")


def respond(request: Request, ports: Ports, context: Context, now: int) -> Response:
    client: Client | None = None
    try:
        client = token.caller(request, ports, context, now=now)
        value = request.form.get(PARAMETER)
        if value is None:
            raise TokenError("invalid_request", "token is missing")  # RFC 7009 §2.1
        family = _family(value, ports, now=now)
        if family is None:
            _end_own(value, client, ports, now=now)
        else:
            _end(family, client, ports, now=now)
    except TokenError as error:
        return token.refusal(error, client, ports, context, now=now, kind="revocation_refused")
    return Response(200, NO_STORE)


def _family(value: str, ports: Ports, *, now: int) -> Grant | None:
    """`token_type_hint` only says where to look first; we find both in one place (RFC 7009 §2.1)."""
    hashed = token_hash(value)
    found = (ports.grants.live(hashed, kind, now=now) for kind in KINDS)
    return next((grant for grant, _ in filter(None, found)), None)


def _end_own(value: str, client: Client, ports: Ports, *, now: int) -> None:
    """Of a token that stands for the client itself."""
    own = client_token.find(ports, value, now=now)
    if own is None:
        return  # RFC 7009 §2.2: what the client wanted is so
    if own.client_id != client.client_id:
        _foreign(client, ports, now=now)
    elif client_token.end(ports, value, now=now):
        ports.journal.append(Event(now, "client_token_revoked", client_id=client.client_id))


def _foreign(client: Client, ports: Ports, *, now: int) -> None:
    details = {"reason": "the token was given to another client"}
    ports.journal.append(Event(now, "revocation_refused", client_id=client.client_id, details=details))


def _end(grant: Grant, client: Client, ports: Ports, *, now: int) -> None:
    if grant.client_id != client.client_id:
        _foreign(client, ports, now=now)
        return
    if ports.grants.close_family(grant.grant_id, now=now):  # RFC 7009 §2.1: with the tokens of the same grant
        ports.journal.append(Event(now, "tokens_revoked", grant.account_id, client.client_id))
