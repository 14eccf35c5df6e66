"""The userinfo endpoint: the facts that the person agreed to give, read fresh from the registers.

Spec: OpenID Connect Core 1.0 §5.3; RFC 6750 §2.1, §2.2, §3.1
"""

from idp.login.standing import holder
from idp.model import Event
from idp.oidc import bearer, claims
from idp.oidc.context import Context
from idp.oidc.errors import BearerError
from idp.oidc.request import Request, Response, json_response
from idp.oidc.scopes import OPENID
from idp.ports import Ports


def respond(request: Request, ports: Ports, context: Context, now: int) -> Response:
    try:
        grant, _ = bearer.access(request, ports, context, purpose="openid", now=now, in_body=True)
        if OPENID not in grant.scopes:
            raise BearerError("insufficient_scope", "the access token lacks openid", status=403)
        who, client = holder(ports, grant.account_id, now=now), ports.clients.get(grant.client_id)
        if who is None or client is None:
            raise BearerError(
                "invalid_token", "the access token is unknown, expired or revoked", detail="gone or locked"
            )
    except BearerError as error:
        return bearer.refusal(error, ports, context, now=now, resource="userinfo")
    sub = claims.subject(client, who.person, key=context.subject_key)
    released = claims.of_scopes(grant.scopes, client=client, holder=who, acr=grant.details["acr"], sub=sub)
    details = {"claims": claims.names(released), "scopes": list(grant.scopes), "basis": "consent"}
    ports.journal.append(Event(now, "claims_released", grant.account_id, grant.client_id, details))
    return json_response(released)
