"""The token endpoint: who calls, which grant, which key, then that grant's function. All within the caller's transaction.

Spec: RFC 6749 §3.2, §5.1, §5.2; RFC 9449 §5

A refusal is an answer, not an exception that leaves: what was used up stays used up, and the journal has its line.
"""

from idp.model import Client, Event
from idp.oidc import client_auth, dpop, resources, token_forms
from idp.oidc.context import Context
from idp.oidc.errors import ClientError, TokenError
from idp.oidc.request import FORM, Request, Response, json_response
from idp.ports import Ports


def respond(request: Request, ports: Ports, context: Context, now: int) -> Response:
    client: Client | None = None
    try:
        check_form(request)
        client = client_auth.authenticate(request, ports, context, now=now)
        grant_type = request.form.get("grant_type")
        if grant_type is None:
            raise TokenError("invalid_request", "grant_type is missing")  # RFC 6749 §4.1.3
        if grant_type not in context.grants:
            raise TokenError("unsupported_grant_type", "this grant_type is not supported")  # RFC 6749 §5.2
        request = dpop.read(request, client, ports, context, now=now)
        token_forms.check_ready(client)
        answer = context.grants[grant_type](request, client, ports, context, now)
        return dpop.with_nonce(answer, client, context, now=now)
    except TokenError as error:
        return refusal(error, client, ports, context, now=now, kind="token_refused")


def caller(request: Request, ports: Ports, context: Context, *, now: int) -> Client:
    """Who asks at an endpoint that answers registered clients alone, public ones among them."""
    check_form(request)
    client = client_auth.authenticate(request, ports, context, now=now)
    if client is None:
        raise ClientError("client authentication is required")  # RFC 7009 §2.1, 7662 §2.1, 8628 §3.1, 9126 §2.1
    return client


def check_form(request: Request) -> None:
    if request.query:
        raise TokenError("invalid_request", "parameters belong in the body")  # RFC 6749 §3.2, RFC 9700 §4.3
    if request.media_type != FORM:
        raise TokenError("invalid_request", "the body must be form-encoded", status=415)  # RFC 6749 §4.1.3
    if request.form.repeated(but=resources.PARAMETER):
        raise TokenError("invalid_request", "a parameter was sent more than once")  # RFC 6749 §3.2


def refusal(
    error: TokenError, client: Client | None, ports: Ports, context: Context, *, now: int, kind: str
) -> Response:
    """JSON for the client, and a line of this kind in the journal."""
    details = {"error": error.code, "reason": error.detail}
    ports.journal.append(Event(now, kind, client_id=client.client_id if client else None, details=details))
    headers = (client_auth.challenge(context),) if isinstance(error, ClientError) else error.headers
    return json_response({"error": error.code, "error_description": error.text}, status=error.status, headers=headers)
