"""A client gets an access token in its own name: nobody's consent is behind it, and it reads nothing about anybody.

Spec: RFC 6749 §4.4.2, §4.4.3 (no refresh token), §5.2; RFC 8707 §2.2; RFC 9068 §2.2 (`sub` is the client)

 1. the client proved who it is                                       invalid_client
 2. it registered this grant                                          unauthorized_client
 3. the scopes are of its own, which are never about a person         invalid_scope
 4. the resources are ones that it registered                         invalid_target
"""

from idp.model import Client, Event
from idp.oidc import access_token, client_token, dpop, resources
from idp.oidc.client_token import ClientToken
from idp.oidc.clients.token_metadata import CLIENT_CREDENTIALS, may_use
from idp.oidc.context import Context
from idp.oidc.errors import ClientError, TokenError
from idp.oidc.profiles import PROFILES, PUBLIC
from idp.oidc.request import Request, Response, json_response
from idp.oidc.scopes import split
from idp.ports import Ports

GRANT_TYPE = CLIENT_CREDENTIALS


def give(request: Request, client: Client | None, ports: Ports, context: Context, now: int, /) -> Response:
    if client is None or client.token_endpoint_auth_method == PUBLIC:  # 1  RFC 6749 §4.4.2
        raise ClientError("client authentication is required")
    if not may_use(client, GRANT_TYPE):  # 2  RFC 6749 §5.2
        raise TokenError("unauthorized_client", "the client did not register this grant")
    scopes = _scopes(request, client)  # 3
    audience = resources.granted(resources.asked(request.form, client, context), context)  # 4
    lifetime = PROFILES[client.profile].lifetimes.own_token
    kept = ClientToken(
        client_id=client.client_id,
        scopes=scopes,
        audience=audience,
        issued=now,
        expires=now + lifetime,
        jkt=request.jkt,
    )
    value = access_token.made(
        client,
        sub=client.client_id,
        scopes=scopes,
        audience=audience,
        more=dpop.confirmation(request.jkt),
        context=context,
        now=now,
        expires=kept.expires,
    )
    client_token.keep(ports, value, kept)
    details = {"scopes": list(scopes), "audience": list(audience or ())}
    ports.journal.append(Event(now, "client_token_given", client_id=client.client_id, details=details))
    kind = dpop.token_type(request.jkt)
    content = {"access_token": value, "token_type": kind, "expires_in": lifetime}
    return json_response({**content, **({"scope": " ".join(scopes)} if scopes else {})})


def _scopes(request: Request, client: Client) -> tuple[str, ...]:
    own, asked = split(client.metadata.get("client_credentials_scope")), split(request.form.get("scope"))
    if not set(asked) <= set(own):
        raise TokenError("invalid_scope", "scope holds what is not this client's own")  # RFC 6749 §3.3
    return asked or own
