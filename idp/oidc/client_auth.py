"""Which client calls, and does it prove it: one method a request, the one it registered.

Spec: RFC 6749 §2.3.1 (form-encoded Basic), §3.2.1, §5.2; OpenID Connect Core 1.0 §9; RFC 7617

 1. the method is found; two at once are an `invalid_request`           (attacks CA-14)
 2. the client is looked up; an unknown one costs the same work
 3. the method is the registered one                                    (attacks CA-15)
 4. the secret's SHA-256 equals the stored one, in constant time
 5. wrong ones are counted, known client or not                         (attacks CA-19)
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from idp.model import Client, Limit
from idp.oidc import assertion
from idp.oidc.clients import client_keys
from idp.oidc.context import Context
from idp.oidc.errors import ClientError, TokenError
from idp.oidc.profiles import PRIVATE_KEY_JWT, PUBLIC
from idp.oidc.request import Request
from idp.ports import Ports

WRONG = Limit("client_authentication", ((100, 0), (101, 60)), kept=60, window=True)  # in a minute
MAX_CREDENTIAL = 1024  # characters of the Authorization header's value
_NO_SECRET = hashlib.sha256(b"").hexdigest()  # what an unknown client is compared with; it can never match


@dataclass(frozen=True, slots=True)
class Credentials:
    method: str
    client_id: str
    secret: str | None = field(default=None, repr=False)


def authenticate(request: Request, ports: Ports, context: Context, *, now: int) -> Client | None:
    """None when the request names no client at all: the grant decides whether that will do. Raises TokenError, Needed."""
    sent = _credentials(request)
    try:
        client = _proven(sent, request, ports, context, now=now)
    except ClientError as error:
        raise _counted(error, sent, request, ports, now=now) from None
    return None if client is None else client_keys.ready(client, context)


def _counted(error: ClientError, sent: Credentials | None, request: Request, ports: Ports, *, now: int) -> TokenError:
    """5: of one client, from one network. Whoever has the right secret is never asked to wait: nobody can guess it, and so
    no stranger can lock a client out; what has a bound is the noise."""
    named = "" if sent is None else sent.client_id
    wait = ports.attempts.count(WRONG, f"{named}\n{request.source}", now=now)
    if not wait:
        return error
    text = f"too many wrong attempts, wait {wait} s"
    return TokenError("temporarily_unavailable", text, status=429, headers=(("Retry-After", str(wait)),))


def _proven(sent: Credentials | None, request: Request, ports: Ports, context: Context, *, now: int) -> Client | None:
    if sent is not None and sent.method == PRIVATE_KEY_JWT:
        client = ports.clients.get(sent.client_id)
        if client is None:
            raise ClientError("client authentication failed", detail="unknown client")
        assertion.check(request, client, ports, context, now=now)
        return client
    if sent is None:
        return None
    client = ports.clients.get(sent.client_id)
    known = client is not None and client.token_endpoint_auth_method == sent.method
    if client is None or not known:
        _same_secret(sent.secret or "", None)
        raise ClientError("client authentication failed", detail="unknown client or another method")
    if sent.method != PUBLIC and not _same_secret(sent.secret or "", client.secret_hash):
        raise ClientError("client authentication failed", detail="wrong client secret")
    return client


def counted_as(client: Client, request: Request) -> str:
    """Whose requests are bounded. Anybody may come as a public client: so that no stranger uses up what all its people have,
    each network has its own."""
    return f"{client.client_id}\n{request.source}" if client.token_endpoint_auth_method == PUBLIC else client.client_id


def challenge(context: Context) -> tuple[str, str]:
    return ("WWW-Authenticate", f'Basic realm="{context.issuer}", charset="UTF-8"')  # RFC 7617 §2


def _credentials(request: Request) -> Credentials | None:
    header, form = request.headers.get("authorization"), request.form
    found = [
        name
        for name, present in (
            ("client_secret_basic", header is not None),
            ("client_secret_post", "client_secret" in form),
            ("assertion", "client_assertion" in form or "client_assertion_type" in form),
        )
        if present
    ]
    if len(found) > 1:
        raise TokenError("invalid_request", "more than one way of client authentication")  # RFC 6749 §2.3
    if found == ["assertion"]:
        return _plain(Credentials(PRIVATE_KEY_JWT, assertion.client_named(request)))
    client_id = form.get("client_id")
    if header is not None:
        return _basic(header, client_id)
    if found == ["client_secret_post"]:
        if client_id is None:
            raise ClientError("client authentication failed", detail="client_secret without client_id")
        return _plain(Credentials("client_secret_post", client_id, form.get("client_secret")))
    return _plain(Credentials(PUBLIC, client_id)) if client_id is not None else None


def _basic(header: str, client_id: str | None) -> Credentials:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > MAX_CREDENTIAL:
        raise ClientError("client authentication failed", detail="not HTTP Basic")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        name, colon, secret = decoded.partition(":")
        # Both halves are form-encoded before they are joined, so a colon in the id is `%3A` (RFC 6749 §2.3.1).
        credentials = Credentials(
            "client_secret_basic", unquote_plus(name, errors="strict"), unquote_plus(secret, errors="strict")
        )
    except (binascii.Error, ValueError):
        raise ClientError("client authentication failed", detail="malformed Basic credentials") from None
    if not colon:
        raise ClientError("client authentication failed", detail="malformed Basic credentials")
    if client_id is not None and client_id != credentials.client_id:
        raise TokenError("invalid_request", "client_id differs from the authenticated client")  # RFC 6749 §3.2.1
    return _plain(credentials)


def _plain(credentials: Credentials) -> Credentials:
    """Only what a register can hold is looked up: storage refuses NUL in text (attacks SQ-04)."""
    if not credentials.client_id.isprintable() or len(credentials.client_id) > MAX_CREDENTIAL:
        raise ClientError("client authentication failed", detail="client_id holds control characters")
    return credentials


def _same_secret(secret: str, stored: str | None) -> bool:
    given = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
    return hmac.compare_digest(given, stored or _NO_SECRET) and stored is not None
