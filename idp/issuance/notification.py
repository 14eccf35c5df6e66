"""The notification endpoint: a wallet says what became of what it was given. It changes nothing but the journal.

Checks of `respond`, in this order:

 1 the bearer token is of a live grant for issuance                           401 invalid_token, 403 insufficient_scope
 2 the body is a notification of an event that there is                       400 invalid_notification_request
 3 the id is ours, alive, and of this very grant                              400 invalid_notification_id
 4 the first notification of an event makes a line of the journal, the same again makes none: both are answered alike

Spec: OpenID for Verifiable Credential Issuance 1.0 §11
"""

import secrets
from collections.abc import Sequence
from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from idp.model import Event, Grant
from idp.oidc import bearer
from idp.oidc.context import Context
from idp.oidc.errors import BearerError
from idp.oidc.family import ISSUANCE_PURPOSE
from idp.oidc.request import Request, Response, json_response
from idp.ports import Ports, Storage

PURPOSE, TOLD = "notification_id", "notification"
EVENTS = frozenset({"credential_accepted", "credential_failure", "credential_deleted"})
BODY_LIMIT = 4 * 1024  # an id, an event and a sentence
ID_LIMIT = 64  # ours have 32 characters


def open_for(ports: Ports, grant: Grant, document_id: str, credential_ids: Sequence[str]) -> str:
    """An id for what one answer gives. It lives as long as the grant: without a token nobody could use it."""
    value = secrets.token_urlsafe(24)
    payload = {"grant_id": grant.grant_id, "document_id": document_id, "credential_ids": list(credential_ids)}
    ports.ephemeral.put(PURPOSE, value, {**payload, "expires": grant.expires}, expires=grant.expires)
    return value


def respond(storage: Storage, request: Request, *, context: Context, now: int) -> Response:
    with storage.transaction() as ports:
        try:
            grant, _ = bearer.access(request, ports, context, purpose=ISSUANCE_PURPOSE, now=now)  # 1
        except BearerError as error:
            return bearer.refusal(error, request, ports, context, now=now, resource="notification")
        read = _read(request)  # 2
        if read is None:
            return _refused(ports, grant, "invalid_notification_request", now)
        value, event = read
        payload = ports.ephemeral.read(PURPOSE, value, now=now)  # 3
        if payload is None or payload["grant_id"] != grant.grant_id:
            return _refused(ports, grant, "invalid_notification_id", now)
        if ports.ephemeral.once(TOLD, f"{value}:{event}", expires=int(payload["expires"])):  # 4
            told = {name: payload[name] for name in ("document_id", "credential_ids")}
            ports.journal.append(
                Event(now, "credential_notified", grant.account_id, grant.client_id, {**told, "event": event})
            )
        return Response(204, (("Cache-Control", "no-store"),))


def _read(request: Request) -> tuple[str, str] | None:
    """What the wallet says in words of its own (`event_description`) is nobody's business here: it may say anything."""
    if request.media_type != "application/json" or len(request.body) > BODY_LIMIT:
        return None
    try:
        body: Any = json_decode(request.body)
    except CertsError:
        return None
    if not isinstance(body, dict):
        return None
    value, event, words = body.get("notification_id"), body.get("event"), body.get("event_description", "")
    if not isinstance(value, str) or not 1 <= len(value) <= ID_LIMIT or not isinstance(words, str):
        return None
    return (value, event) if isinstance(event, str) and event in EVENTS else None


def _refused(ports: Ports, grant: Grant, error: str, now: int) -> Response:
    details = {"error": error, "code": "notification"}
    ports.journal.append(Event(now, "notification_refused", grant.account_id, grant.client_id, details))
    return json_response({"error": error}, status=400)
