"""What a wallet asks of the credential endpoint: one configuration, and proofs of the keys that the copies are for.

Spec: OpenID for Verifiable Credential Issuance 1.0 §8.2, §8.3.1.2 (errors), §3.3.2 (batch), Appendix F.1, F.4
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from certs.proof import KeyProof, verify_key_proof
from idp.issuance.configurations import Configuration, find
from idp.issuance.known_keys import KNOWN_THUMBPRINTS
from idp.issuance.metadata import BATCH_SIZE
from idp.issuance.signers import Signers
from idp.oidc.request import Request, Response, json_response

BODY_LIMIT = 32 * 1024  # one proof is under 2 KiB
ENCRYPTED_LIMIT = 48 * 1024  # the same, encrypted and encoded
DENIED = "credential_request_denied"


class Refused(Exception):
    """Leaves the checks at any depth; becomes an answer inside the transaction, so that what was taken stays taken."""

    def __init__(self, error: str, description: str, reason: str) -> None:
        super().__init__(reason)
        self.response = error_response(400, error, description)
        self.error, self.reason = error, reason


@dataclass(frozen=True, slots=True)
class Wanted:
    """A well-formed request."""

    configuration: Configuration
    proofs: tuple[str, ...] = field(repr=False)


def read(body: Mapping[str, Any]) -> Wanted:
    """Checks 2 and 3 of the endpoint."""
    identifier = body.get("credential_configuration_id")
    if "credential_identifier" in body:  # §8.2: we never return credential identifiers
        raise Refused("unknown_credential_identifier", "Use credential_configuration_id.", "identifier")
    if not isinstance(identifier, str):
        raise malformed("credential_configuration_id is missing.")
    configuration = find(identifier)
    if configuration is None:
        raise Refused("unknown_credential_configuration", "No such configuration.", "configuration_unknown")
    return Wanted(configuration, _proofs(body.get("proofs")))


def _proofs(proofs: object) -> tuple[str, ...]:
    if proofs is None:
        raise invalid_proof("proofs is missing")
    if not isinstance(proofs, dict) or len(proofs) != 1:  # §8.2: exactly one proof type
        raise malformed("proofs must hold exactly one proof type.")
    jwts = proofs.get("jwt")
    if not isinstance(jwts, list) or not all(isinstance(jwt, str) for jwt in jwts) or not jwts:
        raise invalid_proof("no proof of type jwt")
    if len(jwts) > BATCH_SIZE:  # §12.2.4: batch_size
        raise malformed(f"At most {BATCH_SIZE} proofs in a request.")
    return tuple(jwts)


def read_body(request: Request) -> dict[str, Any]:
    """A JSON object that came in clear."""
    if request.media_type != "application/json" or len(request.body) > BODY_LIMIT:
        raise malformed("Send application/json of a moderate size.")
    try:
        body = json_decode(request.body)
    except CertsError:
        raise malformed("Not a JSON object.") from None
    if not isinstance(body, dict):
        raise malformed("Not a JSON object.")
    return body


def check_proofs(wanted: Wanted, *, issuer: str, signers: Signers, now: int) -> tuple[KeyProof, ...]:
    """Check 5: each proof holds, and each is of a key of its own that nobody else is known to have."""
    proofs = tuple(_checked(proof, issuer, signers, now) for proof in wanted.proofs)
    if len({proof.key.thumbprint() for proof in proofs}) != len(
        proofs
    ):  # §8.3: a key is bound to one credential at most
        raise invalid_proof("key_given_twice")
    return proofs


def _checked(proof: str, issuer: str, signers: Signers, now: int) -> KeyProof:
    try:
        verified = verify_key_proof(proof, audience=issuer, now=now)
    except CertsError as error:
        raise invalid_proof(error.code) from None
    thumbprint = verified.key.thumbprint()
    if thumbprint in KNOWN_THUMBPRINTS or thumbprint in signers.thumbprints():
        raise invalid_proof("key_known_to_others")
    return verified


def invalid_proof(reason: str) -> Refused:
    """One answer for all that may be wrong with a proof: whose key it is, say, is not told."""
    return Refused("invalid_proof", "A key proof is missing or does not hold.", f"proof {reason}")


def denied(reason: str) -> Refused:
    """The ground is the person's business, not the wallet's."""
    return Refused(DENIED, "The credential cannot be issued.", reason)


def error_response(status: int, error: str, description: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return json_response({"error": error, "error_description": description}, status=status, headers=headers)


def malformed(description: str) -> Refused:
    return Refused("invalid_credential_request", description, "malformed")
