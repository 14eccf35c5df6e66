"""The credential endpoint: an access token and proofs of key possession against copies of a document, one for each key.

Checks and effects of `respond`, in this order; the request's effects commit together or not at all:

 1 the bearer token is of a live grant for issuance             401 invalid_token, 403 insufficient_scope
 2 the body, in clear or encrypted, is a credential request     400 invalid_credential_request, invalid_encryption_parameters
 3 the configuration is known                                                   400 unknown_credential_configuration
 4 the grant names this configuration                                           403 insufficient_scope
 5 key proofs, for us, fresh, each of another key that nobody else is known to hold     400 invalid_proof
 6 their nonces are ours, alive and taken for the first time                    400 invalid_nonce
 7 person, account and document still admit it, by the registers of this moment 400 credential_request_denied
 8 no key was ever shown by another person                                      400 invalid_proof
 9 something is waited for: a transaction in the place of copies, `idp.issuance.deferred`                   202
10 the intent is journaled, then for each key a status index allocated, a copy signed and the issue recorded
                                                              503 when the key is away, and then nothing of 6 to 10 stays

Who is killed anywhere before the commit has given nothing and taken nothing: the same request may come again. Who is killed
after it has recorded what the wallet may not have got: it asks anew, and both can be revoked.

Spec: OpenID for Verifiable Credential Issuance 1.0 §8, §10 (encryption), Appendix F.4; RFC 6750 §3.
"""

from collections.abc import Sequence

from certs.proof import KeyProof
from idp.issuance import copies, credential_request, deferred, door, encryption, nonce
from idp.issuance.configurations import allowed
from idp.issuance.credential_request import DENIED, Refused, Wanted, check_proofs, invalid_proof
from idp.issuance.holds import waits_for
from idp.issuance.signers import Signers
from idp.model import Grant, Token
from idp.oidc.context import Context
from idp.oidc.errors import BearerError
from idp.oidc.request import Request, Response
from idp.ports import Ports, Storage

REQUESTS = 5  # for one configuration: a lost answer may be asked for again; a token may not mint without end


def respond(storage: Storage, request: Request, *, context: Context, signers: Signers, now: int) -> Response:
    def give(ports: Ports, grant: Grant, token: Token) -> Response:
        return _issue(ports, request, grant, token, context, signers, now)

    return door.answered(storage, request, give, resource="credential", context=context, now=now)  # 1


def _issue(
    ports: Ports, request: Request, grant: Grant, token: Token, context: Context, signers: Signers, now: int
) -> Response:
    body, to = encryption.opened(request, context)  # 2
    wanted = credential_request.read(body)  # 2, 3
    if wanted.configuration not in allowed(grant):  # 4
        raise BearerError("insufficient_scope", "the token does not allow this credential", status=403)
    proofs = check_proofs(wanted, issuer=context.issuer, signers=signers, now=now)  # 5
    for value in sorted({proof.nonce for proof in proofs}):  # 6: the proofs of one request may share a nonce
        if not nonce.spend(ports.ephemeral, value, now=now):
            raise Refused("invalid_nonce", "Fetch a new nonce and sign a new proof.", "nonce_unknown_or_used")
    document = copies.entitled(ports, grant, wanted.configuration, now)  # 7
    copies.check_open(ports, token, now=now)
    _count(ports, token, wanted)
    _claim_keys(ports, proofs, document.person_id)  # 8
    ground = waits_for(ports, wanted.configuration.document, document.document_id)
    if ground is not None:  # 9
        promised = deferred.promise(ports, grant, wanted.configuration, document, proofs, ground, now)
        return encryption.answered(promised, to, status=202)
    keys = [proof.key for proof in proofs]
    given = copies.give(  # 10
        ports, grant, wanted.configuration, document, keys, issuer=context.issuer, signers=signers, now=now
    )
    return encryption.answered(given, to)


def _count(ports: Ports, token: Token, wanted: Wanted) -> None:
    asked = f"{token.token_hash}:{wanted.configuration.id}"
    if not any(ports.ephemeral.once("credential_copy", f"{asked}:{n}", expires=token.expires) for n in range(REQUESTS)):
        raise Refused(DENIED, "Too many copies.", "copies")


def _claim_keys(ports: Ports, proofs: Sequence[KeyProof], person_id: str) -> None:
    for thumbprint in sorted(
        proof.key.thumbprint() for proof in proofs
    ):  # in one order: two requests never wait in a ring
        if not ports.documents.claim_key(thumbprint, person_id):
            raise invalid_proof("key_of_another_person")
