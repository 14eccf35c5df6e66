"""The userinfo endpoint: the facts that the person agreed to give, read fresh from the registers.

Spec: OpenID Connect Core 1.0 §5.3, §5.3.2 (as a JWT: signed, encrypted, both); RFC 6750 §2.1, §2.2, §3.1
"""

from idp.login.standing import holder
from idp.model import Event
from idp.oidc import bearer, claims, token_forms
from idp.oidc.clients import client_keys
from idp.oidc.context import Context
from idp.oidc.errors import BearerError
from idp.oidc.request import NO_STORE, Request, Response, json_response
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
        return bearer.refusal(error, request, ports, context, now=now, resource="userinfo")
    sub = claims.subject(client, who.person, key=context.subject_key)
    released = claims.of_scopes(grant.scopes, client=client, holder=who, acr=grant.details["acr"], sub=sub)
    try:
        known = client_keys.ready(client, context)
        as_jwt = token_forms.userinfo(released, known, context.signers, issuer=context.issuer)
    except token_forms.NoEncryptionKey as error:
        refused = BearerError(error.code, error.text, detail=error.detail, status=error.status)
        return bearer.refusal(refused, request, ports, context, now=now, resource="userinfo")
    details = {"claims": claims.names(released), "scopes": list(grant.scopes), "basis": "consent"}
    ports.journal.append(Event(now, "claims_released", grant.account_id, grant.client_id, details))
    if as_jwt is None:
        return json_response(released)
    return Response(200, (("Content-Type", "application/jwt"), *NO_STORE), as_jwt.encode())  # §5.3.2
