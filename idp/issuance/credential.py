"""The credential endpoint: an access token and a proof of key possession against one signed view of a document.

Checks and effects of `respond`, in this order; the request's effects commit together or not at all:

 1 the bearer token is of a live grant for issuance             401 invalid_token, 403 insufficient_scope
 2 the body is a credential request                                             400 invalid_credential_request
 3 the configuration is known                                                   400 unknown_credential_configuration
 4 the grant names this configuration                                           403 insufficient_scope
 5 one key proof, for us, fresh, of a key that nobody else is known to hold     400 invalid_proof
 6 its nonce is ours, alive and taken for the first time                        400 invalid_nonce
 7 person, account and document still admit it, by the registers of this moment 400 credential_request_denied
 8 the intent is journaled, then a status index allocated, the view signed and the issue recorded
                                                              503 when the key is away, and then nothing of 6 and 8 stays

Spec: OpenID for Verifiable Credential Issuance 1.0 §8, Appendix F.1, F.4; RFC 6750 §3.
"""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from certs.catalogue import DocumentType, View
from certs.encoding import b64url_encode, json_decode
from certs.errors import CertsError
from certs.formats import cwt
from certs.keys import PublicKey
from certs.proof import KeyProof, verify_key_proof
from certs.x509 import key_id
from idp.issuance import nonce, status
from idp.issuance.entitlement import as_of, end_of_day, refusal
from idp.issuance.known_keys import KNOWN_THUMBPRINTS
from idp.issuance.metadata import configuration_id, find
from idp.issuance.offer import choose
from idp.issuance.requested import configurations
from idp.issuance.signers import Signers, SigningUnavailable
from idp.login.standing import Holder, holder, today
from idp.model import Document, Event, Grant, IssuedCredential, Token
from idp.oidc import bearer
from idp.oidc.context import Context
from idp.oidc.errors import BearerError
from idp.oidc.family import ISSUANCE_PURPOSE
from idp.oidc.request import Request, Response, json_response
from idp.ports import Ports, Storage

BODY_LIMIT = 16 * 1024  # one proof is under 2 KiB
COPIES = 5  # a lost answer may be asked for again; a token may not mint without end


@dataclass(frozen=True, slots=True)
class Wanted:
    """A well-formed request."""

    document: DocumentType
    view: View
    proof: str = field(repr=False)

    @property
    def configuration_id(self) -> str:
        return configuration_id(self.document, self.view)


class _Refused(Exception):
    """Leaves the checks at any depth; becomes an answer inside the transaction, so that what was taken stays taken."""

    def __init__(self, error: str, description: str, reason: str) -> None:
        super().__init__(reason)
        self.response = _error(400, error, description)
        self.error, self.reason = error, reason


def respond(storage: Storage, request: Request, *, context: Context, signers: Signers, now: int) -> Response:
    try:
        with storage.transaction() as ports:
            grant: Grant | None = None
            try:
                grant, token = bearer.access(request, ports, purpose=ISSUANCE_PURPOSE, now=now)  # 1
                return _issue(ports, request, grant, token, context, signers, now)
            except BearerError as error:
                return bearer.refusal(error, ports, context, now=now, resource="credential")
            except _Refused as refused:
                _journal_refusal(ports, grant, refused.error, refused.reason, now)
                return refused.response
    except SigningUnavailable as unavailable:  # the transaction is rolled back: nonce unspent, no index, no record
        with storage.transaction() as ports:
            _journal_refusal(ports, None, "temporarily_unavailable", f"signing_unavailable {unavailable}", now)
        description = "The signing key is not available; try again later."
        return _error(503, "temporarily_unavailable", description, (("Retry-After", "30"),))


def _issue(
    ports: Ports, request: Request, grant: Grant, token: Token, context: Context, signers: Signers, now: int
) -> Response:
    wanted = _wanted(request)
    allowed = grant.details.get("configuration_ids") or configurations(
        grant.scopes
    )  # by offer, or by what was asked for
    if wanted.configuration_id not in allowed:  # 4
        raise BearerError("insufficient_scope", "the token does not allow this credential", status=403)
    proof = _proof(wanted.proof, context.issuer, signers, now)  # 5
    if not nonce.spend(ports.ephemeral, proof.nonce, now=now):  # 6
        raise _Refused("invalid_nonce", "Fetch a new nonce and sign a new proof.", "nonce_unknown_or_used")
    document = _entitled(ports, grant, token, wanted, now)  # 7
    try:
        credential = _sign(ports, grant, wanted, document, proof.key, context.issuer, signers, now)  # 8
    except OSError as error:  # the key's module or its host is away
        raise SigningUnavailable(type(error).__name__) from error
    except ValueError:  # the register's record does not fit the catalogue; the index stays unused for good
        raise _Refused("credential_request_denied", "The credential cannot be issued.", "record_unfit") from None
    return json_response({"credentials": [{"credential": b64url_encode(credential)}]})


def _wanted(request: Request) -> Wanted:
    """Checks 2 and 3."""
    body = _body(request)
    identifier = body.get("credential_configuration_id")
    if "credential_identifier" in body:  # §8.2: we never return credential identifiers
        raise _Refused("unknown_credential_identifier", "Use credential_configuration_id.", "identifier")
    if "credential_response_encryption" in body:  # asked for, and not offered: an answer in clear would betray the wish
        raise _Refused("invalid_encryption_parameters", "Encrypted responses are not supported.", "encryption")
    if not isinstance(identifier, str):
        raise _malformed("credential_configuration_id is missing.")
    shape = find(identifier)
    if shape is None:
        raise _Refused("unknown_credential_configuration", "No such configuration.", "configuration_unknown")
    proofs = body.get("proofs")
    if proofs is None:
        raise _invalid_proof("proofs is missing")
    if not isinstance(proofs, dict) or len(proofs) != 1:  # §8.2: exactly one proof type
        raise _malformed("proofs must hold exactly one proof type.")
    jwts = proofs.get("jwt")
    if not isinstance(jwts, list) or not all(isinstance(jwt, str) for jwt in jwts) or not jwts:
        raise _invalid_proof("no proof of type jwt")
    if len(jwts) > 1:  # the metadata has no batch_credential_issuance
        raise _malformed("Only one proof in a request.")
    return Wanted(*shape, jwts[0])


def _body(request: Request) -> dict[str, Any]:
    if request.media_type != "application/json" or len(request.body) > BODY_LIMIT:
        raise _malformed("Send application/json of a moderate size.")
    try:
        body = json_decode(request.body)
    except CertsError:
        raise _malformed("Not a JSON object.") from None
    if not isinstance(body, dict):
        raise _malformed("Not a JSON object.")
    return body


def _proof(proof: str, issuer: str, signers: Signers, now: int) -> KeyProof:
    try:
        verified = verify_key_proof(proof, audience=issuer, now=now)
    except CertsError as error:
        raise _invalid_proof(error.code) from None
    thumbprint = verified.key.thumbprint()
    if thumbprint in KNOWN_THUMBPRINTS or thumbprint in signers.thumbprints():
        raise _invalid_proof("key_known_to_others")
    return verified


def _entitled(ports: Ports, grant: Grant, token: Token, wanted: Wanted, now: int) -> Document:
    """By the registers as they are now, not as they were when it was asked for, and as they stay until we are done."""
    who = holder(ports, grant.account_id, now=now, hold=True)
    document = _document(ports, grant, who, wanted)
    refused = refusal(who=who, document=document, kind=wanted.document, now=now)
    if refused is not None or document is None or who is None:
        reason = refused.code if refused else "no_document"
        raise _Refused("credential_request_denied", "The credential cannot be issued.", reason)
    copy = f"{token.token_hash}:{wanted.configuration_id}"
    if not any(ports.ephemeral.once("credential_copy", f"{copy}:{n}", expires=token.expires) for n in range(COPIES)):
        raise _Refused("credential_request_denied", "Too many copies.", "copies")
    return replace(document, record=as_of(document, wanted.document, who.person, day=today(now)))


def _document(ports: Ports, grant: Grant, who: Holder | None, wanted: Wanted) -> Document | None:
    """The one that was offered; where the wallet asked by itself, the person's document of that type that is valid now."""
    if "document_id" in grant.details:
        return ports.documents.hold(str(grant.details["document_id"]))
    held = ports.documents.of_person(who.person.person_id) if who else ()
    chosen = choose(held, wanted.document.name)
    return ports.documents.hold(chosen.document_id) if chosen else None


def _sign(
    ports: Ports,
    grant: Grant,
    wanted: Wanted,
    document: Document,
    key: PublicKey,
    issuer: str,
    signers: Signers,
    now: int,
) -> bytes:
    kind, credential_id = wanted.document, secrets.token_hex(16)
    authority = kind.issuer_on(today(now))
    if authority is None:
        raise _Refused("credential_request_denied", "Nobody issues this today.", "no_authority")
    expires = _expiry(kind, document, now)
    what = {"credential_id": credential_id, "document_id": document.document_id, "view": wanted.configuration_id}
    ports.journal.append(Event(now, "credential_intended", grant.account_id, grant.client_id, what))
    index = ports.statuses.allocate(kind.code)
    held = signers.of(authority)
    credential = cwt.issue(
        document=kind,
        view=wanted.view.name,
        record=document.record,
        issuer=authority,
        signer=held.signer,
        kid=key_id(held.certificate),
        holder=key,
        status_uri=status.uri(issuer, kind.code),
        status_index=index,
        now=now,
        expires=expires,
    )
    held_by = (document.document_id, wanted.view.name, key.thumbprint())
    ports.documents.record_issue(IssuedCredential(credential_id, *held_by, kind.code, index, now, expires))
    basis = "offer" if "document_id" in grant.details else "consent"
    told = {**what, "issuer": authority, "claims": sorted(wanted.view.fields), "basis": basis}
    ports.journal.append(Event(now, "credential_issued", grant.account_id, grant.client_id, told))
    return credential


def _expiry(kind: DocumentType, document: Document, now: int) -> int:
    """A credential never outlives its document."""
    expires = now + kind.credential_days * 86400
    return expires if document.valid_until is None else min(expires, end_of_day(document.valid_until))


def _journal_refusal(ports: Ports, grant: Grant | None, error: str, reason: str, now: int) -> None:
    account_id = grant.account_id if grant else None
    client_id = grant.client_id if grant else None
    ports.journal.append(Event(now, "credential_refused", account_id, client_id, {"error": error, "code": reason}))


def _malformed(description: str) -> _Refused:
    return _Refused("invalid_credential_request", description, "malformed")


def _invalid_proof(reason: str) -> _Refused:
    return _Refused("invalid_proof", "The key proof is missing or does not hold.", f"proof {reason}")


def _error(status: int, error: str, description: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return json_response({"error": error, "error_description": description}, status=status, headers=headers)
