"""The endpoint to which clients push their authorization requests: checked at once, by the same table.

Spec: RFC 9126 §2; RFC 9101 §3 (a request object may be pushed too); RFC 9449 §10.1 (with the proof of a key)
"""

from dataclasses import replace

from idp.model import Client, Event, Limit
from idp.oidc import authorize, client_auth, dpop, pushed, token
from idp.oidc.authorization import Authorization
from idp.oidc.context import Context
from idp.oidc.errors import OAuthError, TokenError
from idp.oidc.profiles import PROFILES
from idp.oidc.request import Request, Response, json_response
from idp.ports import Ports

FLOOD = Limit("pushed_request", ((600, 0), (601, 60)), kept=60, window=True)  # in a minute


def respond(request: Request, ports: Ports, context: Context, now: int) -> Response:
    client: Client | None = None
    try:
        client = token.caller(request, ports, context, now=now)
        if "request_uri" in request.form:
            raise TokenError("invalid_request", "request_uri does not belong here")  # RFC 9126 §2.1
        if wait := ports.attempts.count(FLOOD, client_auth.counted_as(client, request), now=now):
            raise TokenError("temporarily_unavailable", f"too many requests, wait {wait} s", status=429)
        jkt = dpop.proven(request, client, ports, context, now=now)
        sent = authorize.effective(request.form, client, ports, context, now=now)
        checked = authorize.check(sent, client, context, endpoint=authorize.PAR)
        checked = _bound(checked, jkt)
    except TokenError as error:
        return token.refusal(error, client, ports, context, now=now, kind="push_refused")
    except OAuthError as error:  # RFC 9126 §2.3: what the address would have been answered with
        told = TokenError(error.code, error.text, detail=error.detail)
        return token.refusal(told, client, ports, context, now=now, kind="push_refused")
    name = context.new_secret()
    lifetime = PROFILES[client.profile].lifetimes.request_uri
    pushed.keep(checked, name, ports, lifetime=lifetime, now=now)
    ports.journal.append(Event(now, "request_pushed", client_id=client.client_id))
    return json_response({"request_uri": pushed.URN + name, "expires_in": lifetime}, status=201)


def _bound(checked: Authorization, jkt: str | None) -> Authorization:
    """Its code is for the key that was named in the request, or whose proof came with it."""
    if jkt is None:
        return checked
    if checked.dpop_jkt not in (None, jkt):
        raise TokenError("invalid_request", "dpop_jkt is not the key of the proof")  # RFC 9449 §10.1
    return replace(checked, dpop_jkt=jkt)
