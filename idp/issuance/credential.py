"""The credential endpoint: an access token and proofs of key possession against copies of a document, one for each key.

Checks and effects of `respond`, in this order; the request's effects commit together or not at all:

 1 the bearer token is of a live grant for issuance             401 invalid_token, 403 insufficient_scope
 2 the body is a credential request                                             400 invalid_credential_request
 3 the configuration is known                                                   400 unknown_credential_configuration
 4 the grant names this configuration                                           403 insufficient_scope
 5 key proofs, for us, fresh, each of another key that nobody else is known to hold     400 invalid_proof
 6 their nonces are ours, alive and taken for the first time                    400 invalid_nonce
 7 person, account and document still admit it, by the registers of this moment 400 credential_request_denied
 8 no key was ever shown by another person                                      400 invalid_proof
 9 the intent is journaled, then for each key a status index allocated, a copy signed and the issue recorded
                                                              503 when the key is away, and then nothing of 6 to 9 stays

Who is killed anywhere before the commit has given nothing and taken nothing: the same request may come again. Who is killed
after it has recorded what the wallet may not have got: it asks anew, and both can be revoked.

Spec: OpenID for Verifiable Credential Issuance 1.0 §8, §15.4.1 (copies that cannot be linked), Appendix F.4; RFC 6750 §3.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from certs.errors import CertsError
from certs.proof import KeyProof
from idp.issuance import credential_request, nonce, signing, status
from idp.issuance.configurations import asked_for
from idp.issuance.credential_request import DENIED, Refused, Wanted, check_proofs, denied, error_response, invalid_proof
from idp.issuance.entitlement import as_of, refusal
from idp.issuance.offer import choose
from idp.issuance.signers import Signers, SigningUnavailable
from idp.issuance.signing import Terms
from idp.login.standing import Holder, holder, today
from idp.model import Document, Event, Grant, IssuedCredential, Token
from idp.oidc import bearer
from idp.oidc.context import Context
from idp.oidc.errors import BearerError
from idp.oidc.family import ISSUANCE_PURPOSE
from idp.oidc.request import Request, Response, json_response
from idp.ports import Ports, Storage

REQUESTS = 5  # for one configuration: a lost answer may be asked for again; a token may not mint without end


def respond(storage: Storage, request: Request, *, context: Context, signers: Signers, now: int) -> Response:
    try:
        with storage.transaction() as ports:
            grant: Grant | None = None
            try:
                grant, token = bearer.access(request, ports, context, purpose=ISSUANCE_PURPOSE, now=now)  # 1
                return _issue(ports, request, grant, token, context, signers, now)
            except BearerError as error:
                return bearer.refusal(error, request, ports, context, now=now, resource="credential")
            except Refused as refused:
                _journal_refusal(ports, grant, refused.error, refused.reason, now)
                return refused.response
    except SigningUnavailable as unavailable:  # the transaction is rolled back: nonce unspent, no index, no record
        with storage.transaction() as ports:
            _journal_refusal(ports, None, "temporarily_unavailable", f"signing_unavailable {unavailable}", now)
        description = "The signing key is not available; try again later."
        return error_response(503, "temporarily_unavailable", description, (("Retry-After", "30"),))


def _issue(
    ports: Ports, request: Request, grant: Grant, token: Token, context: Context, signers: Signers, now: int
) -> Response:
    wanted = credential_request.read(request)  # 2, 3
    if wanted.configuration.id not in _allowed(grant):  # 4
        raise BearerError("insufficient_scope", "the token does not allow this credential", status=403)
    proofs = check_proofs(wanted, issuer=context.issuer, signers=signers, now=now)  # 5
    for value in sorted({proof.nonce for proof in proofs}):  # 6: the proofs of one request may share a nonce
        if not nonce.spend(ports.ephemeral, value, now=now):
            raise Refused("invalid_nonce", "Fetch a new nonce and sign a new proof.", "nonce_unknown_or_used")
    document = _entitled(ports, grant, token, wanted, now)  # 7
    _claim_keys(ports, proofs, document.person_id)  # 8
    try:
        copies = _sign(ports, grant, wanted, document, proofs, context.issuer, signers, now)  # 9
    except OSError as error:  # the key's module or its host is away
        raise SigningUnavailable(type(error).__name__) from error
    except (
        ValueError,
        CertsError,
    ):  # the register's record does not fit the catalogue; the indexes stay unused for good
        raise denied("record_unfit") from None
    return json_response({"credentials": [{"credential": copy} for copy in copies]})


def _allowed(grant: Grant) -> Sequence[str]:
    """By offer, or by what was asked for."""
    return grant.details.get("configuration_ids") or [each.id for each in asked_for(grant.scopes)]


def _entitled(ports: Ports, grant: Grant, token: Token, wanted: Wanted, now: int) -> Document:
    """By the registers as they are now, not as they were when it was asked for, and as they stay until we are done."""
    kind = wanted.configuration.document
    who = holder(ports, grant.account_id, now=now, hold=True)
    document = _document(ports, grant, who, kind.name)
    refused = refusal(who=who, document=document, kind=kind, now=now)
    if refused is not None or document is None or who is None:
        raise denied(refused.code if refused else "no_document")
    asked = f"{token.token_hash}:{wanted.configuration.id}"
    if not any(ports.ephemeral.once("credential_copy", f"{asked}:{n}", expires=token.expires) for n in range(REQUESTS)):
        raise Refused(DENIED, "Too many copies.", "copies")
    told = {field.name for field in wanted.configuration.fields}
    record = as_of(document, kind, who.person, day=today(now), fields=told)
    if not wanted.configuration.fits(record):
        raise denied("nothing_in_it")
    return replace(document, record=record)


def _document(ports: Ports, grant: Grant, who: Holder | None, kind: str) -> Document | None:
    """The one that was offered; where the wallet asked by itself, the person's document of that type that is valid now."""
    if "document_id" in grant.details:
        return ports.documents.hold(str(grant.details["document_id"]))
    held = ports.documents.of_person(who.person.person_id) if who else ()
    chosen = choose(held, kind)
    return ports.documents.hold(chosen.document_id) if chosen else None


def _claim_keys(ports: Ports, proofs: Sequence[KeyProof], person_id: str) -> None:
    for thumbprint in sorted(
        proof.key.thumbprint() for proof in proofs
    ):  # in one order: two requests never wait in a ring
        if not ports.documents.claim_key(thumbprint, person_id):
            raise invalid_proof("key_of_another_person")


def _sign(
    ports: Ports,
    grant: Grant,
    wanted: Wanted,
    document: Document,
    proofs: Sequence[KeyProof],
    issuer: str,
    signers: Signers,
    now: int,
) -> list[str]:
    configuration = wanted.configuration
    authority = configuration.document.issuer_on(today(now))
    if authority is None:
        raise Refused(DENIED, "Nobody issues this today.", "no_authority")
    ids = [secrets.token_hex(16) for _ in proofs]
    what = {"credential_ids": ids, "document_id": document.document_id, "view": configuration.id, "copies": len(ids)}
    ports.journal.append(Event(now, "credential_intended", grant.account_id, grant.client_id, what))
    copies = signing.terms(configuration, document, authority=authority, by=signers.of(authority), now=now)
    signed = [
        _copy(ports, copies, credential_id, document.document_id, proof, issuer, now)
        for credential_id, proof in zip(ids, proofs, strict=True)
    ]
    basis = "offer" if "document_id" in grant.details else "consent"
    told = {**what, "issuer": authority, "claims": copies.claims, "basis": basis}
    ports.journal.append(Event(now, "credential_issued", grant.account_id, grant.client_id, told))
    return signed


def _copy(
    ports: Ports, copies: Terms, credential_id: str, document_id: str, proof: KeyProof, issuer: str, now: int
) -> str:
    configuration = copies.configuration
    number, index = status.allocate(ports.statuses, configuration.document.code)
    signed = signing.sign(copies, holder=proof.key, status=(status.uri(issuer, number), index))
    held_by = (document_id, configuration.id.partition(".")[2], proof.key.thumbprint())
    ports.documents.record_issue(IssuedCredential(credential_id, *held_by, number, index, now, copies.expires))
    return signed


def _journal_refusal(ports: Ports, grant: Grant | None, error: str, reason: str, now: int) -> None:
    account_id = grant.account_id if grant else None
    client_id = grant.client_id if grant else None
    ports.journal.append(Event(now, "credential_refused", account_id, client_id, {"error": error, "code": reason}))
