"""What an SD-JWT VC says: its registered claims, which stand in the payload itself, and what it reveals of a document.

Spec: SD-JWT VC (`type_metadata.DRAFT`) §2.2.2 (claims), RFC 7800 §3.2 (cnf), draft-ietf-oauth-status-list-20 §6.2 (status).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certs.catalogue import DocumentType
from certs.encoding import TIME_LIMIT, json_decode
from certs.errors import BadSignature, Malformed, Unsupported
from certs.formats import disclosures, shown
from certs.formats.disclosures import Path, Revealed, SdJwt
from certs.formats.type_metadata import NEVER_HIDDEN, document_of
from certs.keys import PublicKey


@dataclass(frozen=True, slots=True)
class Contents:
    """What a credential says of itself. Proves nothing: for a holder's own display, and for `verify`'s later steps.

    `claims` has the fields that are disclosed here; `paths` is what can be asked of `present`; `partial` names the claims
    of which a part is withheld.
    """

    document: DocumentType
    claims: Mapping[str, Any]
    partial: tuple[str, ...]
    paths: tuple[Path, ...]
    issuer: str
    issued: int
    begins: int
    expires: int
    holder: PublicKey
    status_uri: str
    status_index: int


def payload_of(raw: bytes) -> dict[str, Any]:
    payload = json_decode(raw)
    if not isinstance(payload, dict):
        raise Malformed("malformed", "payload of the credential")
    return payload


def contents_of(raw: bytes, token: SdJwt) -> Contents:
    payload = payload_of(raw)
    revealed = disclosures.reveal(payload, token.disclosures)
    for path in revealed.placed.values():  # SD-JWT VC §2.2.2.3
        if path[0] in NEVER_HIDDEN:
            raise Unsupported("policy_refused", f"{path[0]} in a disclosure")
    for name in ("vct", "iss", "iat", "exp", "status"):
        if name not in payload:
            raise Unsupported("policy_refused", f"{name} does not stand in the payload")
    document = document_of(payload["vct"])
    issued, begins, expires = payload["iat"], payload.get("nbf", 0), payload["exp"]
    if not type(issued) is type(begins) is type(expires) is int or begins < 0 or not 0 <= issued < expires < TIME_LIMIT:
        raise Malformed("malformed", "iat, nbf or exp")
    if not isinstance(payload["iss"], str):
        raise Malformed("malformed", "iss")
    uri, index = _status_reference(payload["status"])
    known = shown.read(document, revealed.claims)
    return Contents(
        document=document,
        claims=known,
        partial=_partial(revealed, known),
        paths=tuple(path for path in revealed.nodes if path[0] in known),
        issuer=payload["iss"],
        issued=issued,
        begins=begins,
        expires=expires,
        holder=_holder(payload.get("cnf")),
        status_uri=uri,
        status_index=index,
    )


def _partial(revealed: Revealed, known: Mapping[str, Any]) -> tuple[str, ...]:
    """The top level does not count: what is withheld there is seen by its absence, and decoys stand beside it."""
    cut = {path[0] for path in revealed.withheld if path}
    return tuple(name for name in known if name in cut)


def _holder(confirmation: object) -> PublicKey:
    """RFC 7800 §3.2. A key that is only named is one that the issuer did not bind."""
    jwk = confirmation.get("jwk") if isinstance(confirmation, dict) else None
    if jwk is None:
        raise BadSignature("holder_binding_missing", "no key in cnf")
    # Its name does not count, and without one its thumbprint would be computed here, for nobody.
    key = PublicKey.from_jwk({**jwk, "kid": ""} if isinstance(jwk, dict) else jwk)
    if key.alg != "ES256":
        raise Unsupported("alg_not_allowed", "holder keys are P-256")
    return key


def _status_reference(status: object) -> tuple[str, int]:
    reference = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(reference, dict):
        raise Malformed("malformed", "status")
    uri, index = reference.get("uri"), reference.get("idx")
    if not isinstance(uri, str) or type(index) is not int or index < 0:
        raise Malformed("malformed", "status")
    return uri, index
