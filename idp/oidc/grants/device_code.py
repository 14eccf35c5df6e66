"""A device asks whether its person has decided, again and again; once they have, it exchanges its code, once, for tokens.

Spec: RFC 8628 §3.4, §3.5; RFC 6749 §5.2

 1. the code is known and this client's                                invalid_grant
 2. the client registered this grant                                   unauthorized_client
 3. it does not ask faster than it was told                            slow_down
 4. the person has decided …                                           authorization_pending, expired_token
 5. … and agreed                                                       access_denied
 6. the code was not redeemed before: one winner                       invalid_grant
 7. the resources are among those that were asked for                  invalid_target
 8. the account still stands, the consent still holds                  invalid_grant
"""

from idp.model import Client
from idp.oidc import code, device_flow, resources
from idp.oidc.clients.token_metadata import DEVICE_CODE, may_use
from idp.oidc.context import Context
from idp.oidc.errors import ClientError, TokenError
from idp.oidc.grants import authorization_code
from idp.oidc.request import Request, Response
from idp.ports import Ports

GRANT_TYPE = DEVICE_CODE
PARAMETER = "device_code"


def redeem(request: Request, client: Client | None, ports: Ports, context: Context, now: int, /) -> Response:
    if client is None:
        raise ClientError("client authentication is required")  # RFC 8628 §3.4
    value = request.form.get(PARAMETER)
    if value is None:
        raise TokenError("invalid_request", "device_code is missing")
    asking = device_flow.polled(ports, value, now=now)  # 1
    if asking is None or asking.client_id != client.client_id:
        raise TokenError("invalid_grant", "the device code is unknown, used, or another client's")
    if not may_use(client, GRANT_TYPE):  # 2
        raise TokenError("unauthorized_client", "the client did not register this grant")
    if device_flow.too_early(ports, asking, now=now):  # 3
        raise TokenError("slow_down", "leave five seconds more between two requests from now on")
    decided = device_flow.decision(ports, asking, now=now)
    if decided is None and asking.until > now:  # 4
        raise TokenError("authorization_pending", "the person has not decided yet")
    if decided is None:
        raise TokenError("expired_token", "the person did not decide in time")
    if not device_flow.redeem(ports, value, now=now):  # 6
        raise TokenError("invalid_grant", "the device code is unknown, used, or another client's")
    if decided.code is None:  # 5
        raise TokenError("access_denied", "the person did not agree")
    given = code.Code.of(decided.code)
    audience = resources.audience(request.form, given.resources, client, context)  # 7
    who = authorization_code.still_holds(given, ports, now=now)  # 8
    return authorization_code.tokens(given, client, who, ports, context, audience=audience, jkt=request.jkt, now=now)
