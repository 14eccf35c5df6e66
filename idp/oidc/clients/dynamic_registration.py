"""An application registers itself, and reads, changes or removes what it registered. Each in the caller's transaction.

Spec: RFC 7591 §3; RFC 7592 §2, §3; OpenID Connect Registration 1.0 §3, §4, §5; RFC 6750 §2.1, §3

 1. registrations from one network are counted                                       (429)
 2. the token: an initial one to register, the client's own afterwards; unknown, expired and another client's are alike  (401)
 3. what was sent is understood (`registration_terms`) and judged (`registration`)   (400)
 4. the redirect URIs stand in the file at `sector_identifier_uri`, which is fetched now
 5. the initial token is used up by one statement; the client's own is replaced by each update

The profile, the most that may be asked for and the entitlement to the number come from the token, or from the state's staff
afterwards, never from what was sent. Who takes another name, or answers elsewhere, is allowed nothing until people are asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from idp.model import Client, Event, InitialToken, Limit, Registration
from idp.oidc import endpoints
from idp.oidc.clients import client_changes, client_secrets, registration, registration_terms, sector
from idp.oidc.clients.client_secrets import Secret
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.clients.registration_terms import OPEN, Terms
from idp.oidc.context import Admits, Context
from idp.oidc.errors import OAuthError
from idp.oidc.request import NO_STORE, Request, Response, json_response
from idp.oidc.secrets import token_hash
from idp.ports import Ports

FLOOD = Limit("registration", ((120, 0), (121, 600)), kept=600, window=True)  # from one network in ten minutes
MAX_TOKEN = 256
BY = {"by": "itself"}
NOT_SENT = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")


class Unauthorized(OAuthError):
    status = 401


class Missing(Unauthorized):
    """Nothing was shown at all: the challenge then names no error (RFC 6750 §3.1)."""


@dataclass(frozen=True, slots=True)
class Wait(Exception):
    seconds: int


def register(request: Request, ports: Ports, context: Context, now: int) -> Response:
    try:
        _count(request, ports, now=now)
        token = _initial_token(request, ports, context, now=now)
        terms = OPEN if token is None else _terms(token)
        asked = _asked(request, terms)
        client_id = f"client-{context.new_secret()[:22]}"
        secret = client_secrets.drawn(str(asked["token_endpoint_auth_method"]), client_id, context)
        client = _judged(asked, client_id, secret, terms, context)
        if token is not None and ports.registrations.take(token.token_hash, now=now) is None:  # 5
            raise _unknown_token(request)
    except (OAuthError, Wait) as error:
        return _refusal(error, ports, context, now=now)
    access = context.new_secret()
    ports.clients.add(client)
    ports.registrations.add(Registration(client_id, token_hash(access), terms.scopes, now))
    details = BY if token is None else {**BY, "initial_token": token.name}
    ports.journal.append(Event(now, "client_added", client_id=client_id, details=details))
    return json_response(_told(client, context, issued_at=now, secret=secret, access=access), status=201)


def manage(request: Request, ports: Ports, context: Context, now: int) -> Response:
    """At `registration_client_uri`, whose last part is the client's id."""
    client_id = request.path.removeprefix(f"{endpoints.REGISTER_CLIENT}/")
    try:
        if request.method == "PUT":
            _count(request, ports, now=now)
        used, held = _own_token(request, client_id, ports, context)
        client = ports.clients.hold(client_id)
        if client is None:
            raise _unknown_token(request)
        if request.method == "DELETE":
            client_changes.remove(ports, client_id, _desk(context, now))
            return Response(204, NO_STORE)  # RFC 7592 §2.3
        if request.method == "PUT":
            return _update(request, client, used, held, ports, context, now=now)
    except (OAuthError, Wait) as error:
        return _refusal(error, ports, context, now=now)
    return json_response(_told(client, context, issued_at=held.issued_at, access=used))


def _update(
    request: Request, client: Client, used: str, held: Registration, ports: Ports, context: Context, *, now: int
) -> Response:
    sent = registration_terms.read(request.body, request.media_type)
    _check_identity(sent, client, context)
    terms = Terms(profile=client.profile, scopes=held.scopes, entitled_to_pid=client.entitled_to_pid)
    given = {name: client.metadata[name] for name in registration_terms.STATE_DECIDES if name in client.metadata}
    asked = {**_asked(request, terms), **given}
    secret = client_secrets.kept(client, str(asked["token_endpoint_auth_method"]), context)
    after = _judged(asked, client.client_id, secret, terms, context, previous=client)
    access = context.new_secret()
    if not ports.registrations.rotate(client.client_id, token_hash(used), token_hash(access)):
        raise _unknown_token(request)
    names = client_changes.differences(client, after)
    ports.clients.replace(after)
    ended = ports.consents.withdraw_all(client.client_id) if _is_another(client, after) else 0
    details = {"members": list(names), **BY, **({"consents_ended": ended} if ended else {})}
    ports.journal.append(Event(now, "client_changed", client_id=client.client_id, details=details))
    return json_response(_told(after, context, issued_at=held.issued_at, secret=secret, access=access))


def _is_another(before: Client, after: Client) -> bool:
    """People allowed something else: it had another name or purpose, or what it is told went to other places."""
    was, now = ({urlsplit(uri)[:2] for uri in each.redirect_uris} for each in (before, after))
    return (before.name, before.purpose) != (after.name, after.purpose) or not now <= was


def _check_identity(sent: Mapping[str, Any], client: Client, context: Context) -> None:
    """RFC 7592 §2.2: it says who it is, and brings nothing that is ours to give."""
    if sent.get("client_id") != client.client_id:
        raise RegistrationError("invalid_client_metadata", "client_id is missing or another's")
    if any(name in sent for name in NOT_SENT):
        raise RegistrationError("invalid_client_metadata", f"none of these is sent: {', '.join(NOT_SENT)}")
    secret = sent.get("client_secret")
    if secret is not None and not (isinstance(secret, str) and client_secrets.is_own(client, secret, context)):
        raise RegistrationError("invalid_client_metadata", "client_secret is not the one that it has")


def _asked(request: Request, terms: Terms) -> dict[str, Any]:
    return registration_terms.understood(registration_terms.read(request.body, request.media_type), terms)


def _judged(
    asked: Mapping[str, Any],
    client_id: str,
    secret: Secret,
    terms: Terms,
    context: Context,
    *,
    previous: Client | None = None,
) -> Client:
    client = registration.client(
        asked,
        client_id=client_id,
        secret_hash=secret.hash,
        secret_sealed=secret.sealed,
        profile=terms.profile,
        entitled_to_pid=terms.entitled_to_pid,
        simulation=context.simulation,
        previous=previous,
    )
    registration.check_sector(client, context.fetched)  # 4
    return client


def _count(request: Request, ports: Ports, *, now: int) -> None:
    if wait := ports.attempts.count(FLOOD, request.source, now=now):
        raise Wait(wait)


def _initial_token(request: Request, ports: Ports, context: Context, *, now: int) -> InitialToken | None:
    sent = _bearer(request)
    if sent is None and context.admits is Admits.EVERYBODY:
        return None
    token = None if sent is None else ports.registrations.offered(token_hash(sent), now=now)
    if token is None:
        raise _unknown_token(request)
    return token


def _terms(token: InitialToken) -> Terms:
    return Terms(profile=token.profile, scopes=token.scopes, entitled_to_pid=token.entitled_to_pid)


def _own_token(request: Request, client_id: str, ports: Ports, context: Context) -> tuple[str, Registration]:
    sent = _bearer(request)
    held = None if sent is None else ports.registrations.claim(token_hash(sent))
    if sent is None or held is None or held.client_id != client_id:
        raise _unknown_token(request)
    return sent, held


def _bearer(request: Request) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    value = value.strip()
    return value if scheme.lower() == "bearer" and value.isascii() and 0 < len(value) <= MAX_TOKEN else None


def _unknown_token(request: Request) -> Unauthorized:
    kind = Unauthorized if "authorization" in request.headers else Missing
    return kind("invalid_token", "the token is missing, unknown, used up or not for this client")


def _desk(context: Context, now: int) -> client_changes.Desk:
    return client_changes.Desk(by=BY, now=now, simulation=context.simulation)


def _told(
    client: Client, context: Context, *, issued_at: int, access: str, secret: Secret | None = None
) -> dict[str, Any]:
    """RFC 7591 §3.2.1, RFC 7592 §3: all that is registered now, with what was replaced."""
    has_secret = client.secret_hash is not None or client.secret_sealed is not None
    told = None if secret is None else secret.told
    return {
        "client_id": client.client_id,
        "client_id_issued_at": issued_at,
        **({"client_secret": told} if told is not None else {}),
        **({"client_secret_expires_at": 0} if has_secret else {}),
        "registration_access_token": access,
        "registration_client_uri": context.at(f"{endpoints.REGISTER_CLIENT}/{client.client_id}"),
        "response_types": ["code"] if client.redirect_uris else [],
        **{name: value for name, value in client_changes.metadata_of(client).items() if name != sector.KEPT_AS},
    }


def _refusal(error: OAuthError | Wait, ports: Ports, context: Context, *, now: int) -> Response:
    if isinstance(error, Wait):
        told = {"error": "temporarily_unavailable", "error_description": f"too many requests, wait {error.seconds} s"}
        return json_response(told, status=429, headers=(("Retry-After", str(error.seconds)),))
    details = {"error": error.code, "reason": error.detail}
    ports.journal.append(Event(now, "registration_refused", details=details))
    challenge = f'Bearer realm="{context.issuer}"'
    if not isinstance(error, Missing):
        challenge += f', error="{error.code}"'
    headers = (("WWW-Authenticate", challenge),) if isinstance(error, Unauthorized) else ()
    return json_response({"error": error.code, "error_description": error.text}, status=error.status, headers=headers)
