"""The deferred credential endpoint: a promise is opened when a copy cannot be signed yet, and kept when it can.

Checks and effects of `respond`, in this order; the request's effects commit together or not at all:

 1 the bearer token is of a live grant for issuance                     401 invalid_token, 403 insufficient_scope
 2 the body, in clear or encrypted, names a transaction                 400 invalid_credential_request, invalid_encryption_parameters
 3 the transaction is ours, alive, unused, and of this very grant       400 invalid_transaction_id
 4 person, account and document still admit it, by the registers of
   this moment; if not, the transaction is over                         400 credential_request_denied
 5 it is still waited for: the same id again, and how long to wait      202
 6 the transaction is used up: of any number at once one goes on        400 invalid_transaction_id
 7 as the credential endpoint from its step 9 on, for the keys that were proven when it was asked for

Spec: OpenID for Verifiable Credential Issuance 1.0 §8.3, §9
"""

import secrets
from collections.abc import Sequence
from typing import Any

from certs.keys import PublicKey
from certs.proof import KeyProof
from idp.issuance import copies, door, encryption
from idp.issuance.configurations import Configuration, find
from idp.issuance.credential_request import DENIED, Refused, malformed
from idp.issuance.encryption import AnswerTo
from idp.issuance.holds import INTERVALS, waits_for
from idp.issuance.signers import Signers
from idp.model import Document, Event, Grant, Ground, Token
from idp.oidc.context import Context
from idp.oidc.request import Request, Response
from idp.ports import Ports, Storage

PURPOSE = "transaction_id"
ALGORITHM = "ES256"
LIFETIME = 30 * 86_400  # at most, for an officer; and never longer than the right to fetch it
ID_LIMIT = 64  # ours have 32 characters


def promise(
    ports: Ports,
    grant: Grant,
    configuration: Configuration,
    document: Document,
    proofs: Sequence[KeyProof],
    ground: Ground,
    now: int,
) -> dict[str, Any]:
    """The body of an answer that gives a transaction in the place of copies (§8.3)."""
    value, expires = secrets.token_urlsafe(24), min(now + LIFETIME, grant.expires)
    payload = {
        "grant_id": grant.grant_id,
        "configuration": configuration.id,
        "keys": [proof.key.bare_jwk() for proof in proofs],
        "document_id": document.document_id,
    }
    ports.ephemeral.put(PURPOSE, value, payload, expires=expires)
    told = {
        "document_id": document.document_id,
        "view": configuration.id,
        "copies": len(proofs),
        "ground": ground.value,
    }
    ports.journal.append(Event(now, "credential_deferred", grant.account_id, grant.client_id, told))
    return _waiting(value, ground)


def _waiting(value: str, ground: Ground) -> dict[str, Any]:
    return {"transaction_id": value, "interval": INTERVALS[ground]}


def respond(storage: Storage, request: Request, *, context: Context, signers: Signers, now: int) -> Response:
    def give(ports: Ports, grant: Grant, token: Token) -> Response:
        return _keep(ports, request, grant, token, context, signers, now)

    return door.answered(storage, request, give, resource="deferred_credential", context=context, now=now)  # 1


def _keep(
    ports: Ports, request: Request, grant: Grant, token: Token, context: Context, signers: Signers, now: int
) -> Response:
    body, to = encryption.opened(request, context)  # 2
    value = body.get("transaction_id")
    if not isinstance(value, str) or not 1 <= len(value) <= ID_LIMIT:
        raise malformed("transaction_id is missing.")
    payload = ports.ephemeral.read(PURPOSE, value, now=now)  # 3
    configuration = find(payload["configuration"]) if payload else None
    if payload is None or payload["grant_id"] != grant.grant_id or configuration is None:
        raise _unknown("transaction")
    document = _still_entitled(ports, grant, configuration, str(payload["document_id"]), value, now)  # 4
    copies.check_open(ports, token, now=now)
    ground = waits_for(ports, configuration.document, document.document_id)
    if ground is not None:  # 5
        return encryption.answered(_waiting(value, ground), to, status=202)
    taken = ports.ephemeral.take(PURPOSE, value, now=now)  # 6
    if taken is None or taken.again:
        raise _unknown("transaction_used")
    return _give(ports, grant, configuration, document, payload["keys"], to, context, signers, now)  # 7


def _give(
    ports: Ports,
    grant: Grant,
    configuration: Configuration,
    document: Document,
    keys: Sequence[dict[str, str]],
    to: AnswerTo | None,
    context: Context,
    signers: Signers,
    now: int,
) -> Response:
    public = [PublicKey.from_jwk(each, ALGORITHM) for each in keys]
    given = copies.give(ports, grant, configuration, document, public, issuer=context.issuer, signers=signers, now=now)
    return encryption.answered(given, to)


def _still_entitled(
    ports: Ports, grant: Grant, configuration: Configuration, document_id: str, value: str, now: int
) -> Document:
    """To the very document that was promised. A refusal ends the transaction (§9.3)."""
    try:
        document = copies.entitled(ports, grant, configuration, now)
    except Refused as refused:
        if refused.error == DENIED:
            ports.ephemeral.take(PURPOSE, value, now=now)
        raise
    if document.document_id != document_id:
        ports.ephemeral.take(PURPOSE, value, now=now)
        raise Refused(DENIED, "The credential cannot be issued.", "another_document")
    return document


def _unknown(reason: str) -> Refused:
    return Refused("invalid_transaction_id", "No such transaction.", reason)
