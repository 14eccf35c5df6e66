"""The device endpoint: an access token and a proof of a key make a phone that may approve its account's log-ins.

Checks and effects of `respond`, in this order:

 1 the bearer token is of a live grant with scope `device`, and not a refreshed one: its person was there a moment ago
                                                                       401 invalid_token, 403 insufficient_scope
 2 the log-in behind it was at LoA2 at least                           401 insufficient_user_authentication
 3 the body has the proof, a name that can be shown, a passcode        400 invalid_request
 4 the proof holds, of a key that nobody else is known to hold         400 invalid_proof
 5 the passcode is the account's, or fit to become it                  400 passcode_refused, 403 passcode_wrong, 429
 6 in one transaction: the nonce is ours and taken for the first time, the phone is one more of few, its person is told
                                                       400 invalid_nonce, 409 too_many_devices, 409 device_known

Spec: RFC 6750 §3, RFC 9470 §3, `certs/device.py`, OpenID4VCI 1.0 §7 (nonce); NIST SP 800-63B-4 §4.1.2.1 (a new
authenticator is bound by one of the level that it brings)
"""

from dataclasses import dataclass, field
from typing import Any

from certs import device
from certs.device import Enrolment
from certs.encoding import json_decode, safe_text
from certs.errors import CertsError
from idp.issuance import nonce
from idp.issuance.known_keys import KNOWN_THUMBPRINTS
from idp.login import devices
from idp.login.attempts import Secret, Try
from idp.login.devices import NAME_LIMIT, DeviceRefused
from idp.login.standing import Holder, holder
from idp.model import Event, Grant
from idp.oidc import bearer
from idp.oidc.context import Context
from idp.oidc.errors import BearerError
from idp.oidc.family import OPENID_PURPOSE, access_lifetime
from idp.oidc.request import Request, Response, json_response
from idp.oidc.scopes import DEVICE
from idp.ports import Ports, Storage

LEAST = 2  # what approval on the phone brings
BODY_LIMIT = 8 * 1024
JSON = "application/json"
STATUSES = {"passcode_wrong": 403, "unknown_device": 403, "too_many_devices": 409, "device_known": 409}


@dataclass(frozen=True, slots=True)
class _Wanted:
    proof: str = field(repr=False)
    name: str
    passcode: str = field(repr=False)


def respond(
    storage: Storage, request: Request, *, context: Context, address: str, simulation: bool, now: int
) -> Response:
    """`address` as `idp.login.origin.source` cuts it. Raises attempts.TooMany, hashing.HashingBusy."""
    with storage.transaction() as ports:
        try:
            grant, who = _allowed(ports, request, context, now=now)  # 1, 2
        except BearerError as error:
            return bearer.refusal(error, request, ports, context, now=now, resource="devices")
    try:
        wanted = _wanted(request)  # 3
        proof = _proof(wanted.proof, context.issuer, now=now)  # 4
        tried = Try(subject=grant.account_id, address=address, secret=Secret.PASSCODE, client_id=grant.client_id)
        hashed = devices.new_passcode(storage, who, wanted.passcode, tried, now=now)  # 5
        with storage.transaction() as ports:  # 6; rolled back as a whole where it is refused
            if not nonce.spend(ports.ephemeral, proof.nonce, now=now):
                raise DeviceRefused("invalid_nonce")
            added = devices.enrol(
                ports,
                who,
                proof.key,
                name=wanted.name,
                passcode_hash=hashed,
                new_secret=context.new_secret,
                simulation=simulation,
                now=now,
            )
    except DeviceRefused as error:
        with storage.transaction() as ports:
            details = {"error": error.code, "reason": error.reason}
            ports.journal.append(Event(now, "device_refused", grant.account_id, grant.client_id, details))
        return refused(error)
    return json_response({"device_id": added.key, "name": added.name}, status=201)


def refused(error: DeviceRefused) -> Response:
    """JSON for the app. What the passcode lacks is told; what is wrong with a proof is for the log."""
    content = {"error": error.code, "error_description": _SAID.get(error.code, error.code)}
    if error.code == "passcode_refused":
        content["reason"] = error.reason
    return json_response(content, status=STATUSES.get(error.code, 400))


def strings(request: Request, required: frozenset[str], optional: frozenset[str] = frozenset()) -> dict[str, str]:
    """The members of a JSON body that holds these and no others, all of them text. Raises DeviceRefused."""
    if request.media_type != JSON or len(request.body) > BODY_LIMIT:
        raise DeviceRefused("invalid_request", "media type or size")
    try:
        body: Any = json_decode(request.body)
    except CertsError as error:
        raise DeviceRefused("invalid_request", error.code) from None
    if not isinstance(body, dict) or not required <= set(body) <= required | optional:
        raise DeviceRefused("invalid_request", "members")
    if not all(isinstance(value, str) for value in body.values()):
        raise DeviceRefused("invalid_request", "not text")
    return body


def _allowed(ports: Ports, request: Request, context: Context, *, now: int) -> tuple[Grant, Holder]:
    grant, _ = bearer.access(request, ports, context, purpose=OPENID_PURPOSE, now=now)
    if DEVICE not in grant.scopes:
        raise BearerError("insufficient_scope", "the access token lacks device", status=403)
    client = ports.clients.get(grant.client_id)
    if client is None or now - grant.opened_at > access_lifetime(client, OPENID_PURPOSE):
        text = "the access token is unknown, expired or revoked"
        raise BearerError("invalid_token", text, detail="refreshed: nobody is there who adds a phone")
    bearer.require_level(grant, LEAST)  # RFC 9470 §3
    who = holder(ports, grant.account_id, now=now)
    if who is None:
        raise BearerError("invalid_token", "the access token is unknown, expired or revoked", detail="gone or locked")
    return grant, who


def _wanted(request: Request) -> _Wanted:
    sent = strings(request, frozenset({"proof", "name", "passcode"}))
    name = " ".join(sent["name"].split())
    try:
        safe_text(name, limit=NAME_LIMIT)
    except CertsError as error:
        raise DeviceRefused("invalid_request", error.code) from None
    if not name:
        raise DeviceRefused("invalid_request", "name")
    return _Wanted(sent["proof"], name, sent["passcode"])


def _proof(proof: str, issuer: str, *, now: int) -> Enrolment:
    try:
        verified = device.verify_enrolment(proof, audience=issuer, now=now)
    except CertsError as error:
        raise DeviceRefused("invalid_proof", error.code) from None
    if verified.key.thumbprint() in KNOWN_THUMBPRINTS:
        raise DeviceRefused("invalid_proof", "key_known_to_others")
    return verified


_SAID = {
    "invalid_request": "The request is malformed.",
    "invalid_proof": "The proof does not hold.",
    "invalid_nonce": "Fetch a new nonce and sign a new proof.",
    "unknown_device": "No device of this key may act.",
    "device_known": "This key is another account's.",
    "too_many_devices": "The account has as many devices as it may have.",
    "passcode_wrong": "The account has another passcode.",
    "passcode_refused": "This passcode is too easy to guess.",
}
