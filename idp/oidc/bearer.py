"""A protected resource reads an access token: from the header or, in a form, from the body; never from the address.

Spec: RFC 6750 §2 (one place only), §3 (the challenge), §3.1 (errors); RFC 9449 §7, §9 (tokens that are bound to a key);
RFC 9470 §3 (the level of the log-in)
"""

from dataclasses import replace

from certs.dpop import ALGORITHMS
from idp.login.acr import ACRS, level_of
from idp.model import Event, Grant, Token
from idp.oidc import access_token, dpop
from idp.oidc.context import Context
from idp.oidc.errors import BearerError, TokenError
from idp.oidc.request import Request, Response, json_response
from idp.oidc.secrets import token_hash
from idp.ports import Ports

MAX_TOKEN = 8 * 1024  # a secret has 43 characters, a JWT some hundred and the names of its resources

PARAMETER = "access_token"
BEARER, DPOP = "bearer", "dpop"  # schemes, in lower case: RFC 9110 §11.1


def access(
    request: Request, ports: Ports, context: Context, *, purpose: str, now: int, in_body: bool = False
) -> tuple[Grant, Token]:
    """The live grant behind the request's token, with the scopes of that token. `in_body`: a form parameter will do too (RFC 6750 §2.2)."""
    value = _token(request, in_body=in_body)
    if value is None:
        raise BearerError("invalid_token", "", detail="no access token")  # The challenge then names no error, §3.1.
    live = ports.grants.live(token_hash(value), "access", now=now)
    if live is None or not access_token.counts(value, context):
        raise BearerError("invalid_token", "the access token is unknown, expired or revoked")
    grant, token = live
    _check_sender(value, grant, token, request, ports, context, now=now)
    if token.audience is not None and context.issuer not in token.audience:
        text = "the access token is for other resources"
        raise BearerError("invalid_token", text)  # RFC 8707 §2, RFC 9068 §4
    if grant.purpose != purpose:
        raise BearerError("insufficient_scope", "the access token is for something else", status=403)
    return (grant if token.scopes is None else replace(grant, scopes=token.scopes)), token


def require_level(grant: Grant, least: int) -> None:
    """The log-in behind the token was at least this strong; otherwise the client is told what to ask for (RFC 9470 §3)."""
    if level_of(grant.details["acr"]) < least:
        wanted = tuple(value for value, level in ACRS.items() if level >= least)[::-1]
        raise BearerError(
            "insufficient_user_authentication", "a higher authentication level is needed", acr_values=wanted
        )


def refusal(
    error: BearerError, request: Request, ports: Ports, context: Context, *, now: int, resource: str
) -> Response:
    details = {"resource": resource, "error": error.code, "reason": error.detail}
    ports.journal.append(Event(now, "access_refused", details=details))
    told = f'realm="{context.issuer}"'
    if error.text:
        told += f', error="{error.code}", error_description="{error.text}"'
    if error.acr_values:
        told += f', acr_values="{" ".join(error.acr_values)}"'
    algs = f'algs="{" ".join(ALGORITHMS)}"'
    challenges = (f"DPoP {told}, {algs}",) if _scheme(request) == DPOP else (f"Bearer {told}", f"DPoP {algs}")
    headers = tuple(("WWW-Authenticate", challenge) for challenge in challenges)  # RFC 9449 §7.1, §7.2
    content = {"error": error.code, "error_description": error.text or error.detail}
    return json_response(content, status=error.status, headers=(*headers, *error.headers))


def _check_sender(
    value: str, grant: Grant, token: Token, request: Request, ports: Ports, context: Context, *, now: int
) -> None:
    """A token that is bound to a key comes by the scheme DPoP and with a proof of that key, and no other does (RFC 9449 §7)."""
    by_proof = _scheme(request) == DPOP
    if by_proof != (token.jkt is not None):
        text = "the access token is bound to no key" if by_proof else "the access token is bound to a key"
        raise BearerError("invalid_token", text)  # RFC 9449 §7.2
    if token.jkt is None:
        return
    client = ports.clients.get(grant.client_id)
    try:
        jkt = dpop.proven(request, client, ports, context, now=now, access_token=value)
    except TokenError as error:  # RFC 9449 §7.1, §9: at a resource these are 401
        raise BearerError(error.code, error.text, detail=error.detail, headers=error.headers) from None
    if jkt is None:
        raise BearerError("invalid_token", "the DPoP proof is missing")
    if jkt != token.jkt:
        raise BearerError("invalid_token", "the access token is bound to another key")  # RFC 9449 §4.3 (12)


def _token(request: Request, *, in_body: bool) -> str | None:
    header = request.headers.get("authorization")
    if PARAMETER in request.query:
        raise BearerError(
            "invalid_request", "the access token must not be in the address", status=400
        )  # RFC 9700 §4.3.2
    in_form = request.form.all(PARAMETER) if in_body else ()
    if len(in_form) + (header is not None) > 1:
        raise BearerError("invalid_request", "the access token was sent twice", status=400)  # RFC 6750 §2
    if header is None:
        return in_form[0] if in_form and len(in_form[0]) <= MAX_TOKEN else None
    if _scheme(request) not in (BEARER, DPOP):
        return None
    value = header.partition(" ")[2]
    if not value or len(value) > MAX_TOKEN:
        raise BearerError("invalid_token", "the access token is malformed")
    return value.strip()


def _scheme(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[0].lower()
