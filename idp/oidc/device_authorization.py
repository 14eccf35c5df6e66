"""The endpoint at which a device without a browser begins: it gets a code to poll with, and one for its person to type.

Spec: RFC 8628 §3.1, §3.2; RFC 9700 §4 (who begins may be a stranger); RFC 8707 §2
"""

from idp.model import Client, Event, Limit
from idp.oidc import client_auth, device_flow, endpoints, resources, token
from idp.oidc.clients.token_metadata import DEVICE_CODE, may_use
from idp.oidc.context import Context
from idp.oidc.errors import TokenError
from idp.oidc.profiles import PROFILES
from idp.oidc.request import Parameters, Request, Response, json_response
from idp.oidc.scopes import DEVICE, OPENID, SCOPES, for_documents, known, split
from idp.ports import Ports

FLOOD = Limit("device_authorization", ((600, 0), (601, 60)), kept=60, window=True)  # in a minute


def respond(request: Request, ports: Ports, context: Context, now: int) -> Response:
    client: Client | None = None
    try:
        client = token.caller(request, ports, context, now=now)
        if not may_use(client, DEVICE_CODE) or not PROFILES[client.profile].device_flow:
            raise TokenError("unauthorized_client", "the client did not register this grant, or may not")
        if wait := ports.attempts.count(FLOOD, client_auth.counted_as(client, request), now=now):
            raise TokenError("temporarily_unavailable", f"too many requests, wait {wait} s", status=429)
        scopes = _scopes(request.form, client)
        wanted = resources.asked(request.form, client, context)
    except TokenError as error:
        return token.refusal(error, client, ports, context, now=now, kind="device_authorization_refused")
    device_code, asking = device_flow.ask(
        ports, client_id=client.client_id, scopes=scopes, resources=wanted, new_secret=context.new_secret, now=now
    )
    ports.journal.append(
        Event(now, "device_authorization", client_id=client.client_id, details={"scopes": list(scopes)})
    )
    address, shown = context.at(endpoints.DEVICE), device_flow.shown(asking.user_code)
    return json_response(
        {
            "device_code": device_code,
            "user_code": shown,
            "verification_uri": address,
            "verification_uri_complete": f"{address}/{shown}",
            "expires_in": device_flow.LIFETIME,
            "interval": device_flow.INTERVAL,
        }
    )


def _scopes(sent: Parameters, client: Client) -> tuple[str, ...]:
    """About the person alone: documents go to wallets, and a phone is enrolled by who holds it."""
    scopes = split(sent.get("scope"))
    if OPENID not in scopes or for_documents(scopes) or DEVICE in scopes:
        raise TokenError("invalid_scope", "scope must contain openid, and what a device may have")
    if not PROFILES[client.profile].unknown_scopes and not set(scopes) <= set(SCOPES):
        raise TokenError("invalid_scope", "scope holds an unknown value")  # RFC 6749 §3.3
    if not set(known(scopes)) <= set(client.scopes):
        raise TokenError("invalid_scope", "scope is not granted to this client")
    return known(scopes)
