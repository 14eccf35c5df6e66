"""The credential of the QR: a CWT with integer keys, one named view of a document, bound to the holder's key; or printed,
as a kind of its own that is bound to nobody.

Spec: RFC 8392 (CWT), RFC 8747 §3 (cnf), RFC 9052, RFC 9596 (typ), draft-ietf-oauth-status-list-20 §6.3 (status);
`certs/qr.md` and `certs/qr.cddl` are the published form.

Verification, in the order of `certs.formats.Step`; each number stands again in the body and in the refusal:
 2. format: strict CBOR, explicit types, a closed set of headers and claims, texts that a person can read
 3. issuer signature by a signer on the trust list, found by the key id in the protected header
 4. certificate path from the signer to an anchor at this time
 5. trust list: this authority may issue this type of document at the date of issue
 6. validity: not from the future, not expired
 7. status: the entry in the status list is valid, and the list is fresh enough
 8. holder proof: by the bound key, fresh, for this verifier, answering its challenge; a printed code has none to give

Two types keep the kinds apart: a bound credential has a key and needs its proof, a printed one has no key and says so. Each
has another set of claims too, so that a change of the type alone makes no other kind of it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from certs import cbor, cose, proof
from certs.catalogue import DocumentType, View
from certs.cose import Sign1
from certs.encoding import TIME_LIMIT
from certs.errors import BadSignature, CertsError, Malformed, NotValidNow, Untrusted
from certs.formats import SEAL, Expected, Step, Trail, Verified
from certs.formats.compact import from_compact, to_compact
from certs.keys import PublicKey, Signer
from certs.proof import Presentation
from certs.status import STATUS, StatusLists
from certs.trust import TrustedSigner, TrustStore

NAME = "vn1_cwt"  # the format identifier of OpenID4VCI metadata
TYP, PRINTED_TYP = "vn1+cwt", "vn1-printed+cwt"
_SIGNED_AS = NAME.encode()
ISS, EXP, IAT, CNF = 1, 4, 6, 8
DOCUMENT = -65537  # the first key that RFC 8392 §9.1 leaves to private use
_CLAIMS = {ISS, EXP, IAT, CNF, STATUS, DOCUMENT}
_PRINTED_CLAIMS = _CLAIMS - {CNF}
_COSE_KEY = 1  # RFC 8747 §3.1
_ISSUED_SKEW = 60  # seconds an issuer's clock may be ahead


class Contents(NamedTuple):
    """What a credential says of itself. Proves nothing: for a holder's own display, and for `verify`'s later steps."""

    document: DocumentType
    view: View
    claims: Mapping[str, Any]
    issuer: str
    issued: int
    expires: int
    holder: PublicKey | None  # None: printed
    status_uri: str
    status_index: int

    @property
    def printed(self) -> bool:
        return self.holder is None


def issue(
    *,
    document: DocumentType,
    view: str,
    record: Mapping[str, Any],
    issuer: str,
    signer: Signer,
    kid: bytes,
    holder: PublicKey,
    status_uri: str,
    status_index: int,
    now: int,
    expires: int,
) -> bytes:
    """Sign one view for one holder key. `kid` is `certs.x509.key_id` of the signer's certificate.

    Raises ValueError when the record does not fit the catalogue, Malformed when a text of it could deceive its reader:
    nothing is signed then.
    """
    claims = _stated(document, view, record, issuer, (status_uri, status_index), now, expires)
    claims[CNF] = {_COSE_KEY: holder.cose()}
    return cose.sign(cbor.encode(claims), signer, header={cose.KID: kid, cose.TYP: TYP})


def issue_printed(
    *,
    document: DocumentType,
    view: str,
    record: Mapping[str, Any],
    issuer: str,
    signer: Signer,
    kid: bytes,
    status_uri: str,
    status_index: int,
    now: int,
    expires: int,
) -> bytes:
    """Sign one view for paper, bound to nobody: whoever holds a copy can show it. Raises as `issue` does."""
    claims = _stated(document, view, record, issuer, (status_uri, status_index), now, expires)
    return cose.sign(cbor.encode(claims), signer, header={cose.KID: kid, cose.TYP: PRINTED_TYP})


def _stated(
    document: DocumentType,
    view: str,
    record: Mapping[str, Any],
    issuer: str,
    status: tuple[str, int],
    now: int,
    expires: int,
) -> dict[int, Any]:
    uri, index = status
    return {
        ISS: issuer,
        EXP: expires,
        IAT: now,
        STATUS: {"status_list": {"idx": index, "uri": uri}},
        DOCUMENT: to_compact(document, document.view(view), record),
    }


present = proof.holder_proof


def peek(data: bytes) -> Contents:
    """The contents of a credential, alone or inside a holder proof, UNVERIFIED. Raises Malformed."""
    return _contents(*_opened(cose.parse(data)))


def verify(
    data: bytes,
    *,
    trust: TrustStore,
    statuses: StatusLists,
    now: int,
    expected: Expected,
    trail: Trail | None = None,
) -> Verified:
    """Checks 2 to 8 of the module's list on what a QR carried. Raises CertsError."""
    trail = trail or Trail()
    trail.begin(Step.FORMAT)  # 2
    credential, shown = _opened(cose.parse(data))
    contents = _contents(credential, shown)
    signer = _check_issuer(credential, contents, trust=trust, now=now, trail=trail)  # 3 to 6
    trail.begin(Step.STATUS)  # 7
    status_as_of = statuses.check(contents.status_uri, contents.status_index, now=now, max_age=expected.status_age)
    trail.begin(Step.HOLDER_PROOF)  # 8
    _check_holder(shown, contents.holder, expected=expected, now=now)
    return _verified(contents, signer, trust, shown=shown, status_as_of=status_as_of)


def verify_issued(credential: bytes, *, trust: TrustStore, now: int) -> Verified:
    """What a wallet checks before it keeps a credential: steps 2 to 6. Holder proof and status come when it is shown."""
    parsed = cose.parse(credential)
    contents = _contents(parsed)
    if contents.printed:
        raise Malformed("type_mismatch", "a printed code is nobody's to keep")
    signer = _check_issuer(parsed, contents, trust=trust, now=now, trail=Trail())
    return _verified(contents, signer, trust, shown=None, status_as_of=None)


def _opened(message: Sign1) -> tuple[Sign1, Presentation | None]:
    """The credential, and the holder proof around it if there is one."""
    if message.header.get(cose.TYP) != proof.HOLDER_PROOF_TYP:
        return message, None
    shown = proof.parse_presentation(message)
    return shown.credential, shown


def _check_issuer(credential: Sign1, contents: Contents, *, trust: TrustStore, now: int, trail: Trail) -> TrustedSigner:
    trail.begin(Step.ISSUER_SIGNATURE)  # 3
    signer = _signed_by(credential, trust)
    trail.begin(Step.CERTIFICATE_PATH)  # 4
    trust.check_path(signer, now=now, signed=contents.issued)
    trail.begin(Step.TRUST_LIST)  # 5
    trust.check_issuer(signer, authority=contents.issuer, document=contents.document.name, at=contents.issued)
    trail.begin(Step.VALIDITY)  # 6
    if contents.issued > now + _ISSUED_SKEW:
        raise NotValidNow("issued_in_future", "credential")
    if contents.expires <= now:
        raise NotValidNow("expired", f"{now - contents.expires} s ago")
    return signer


def _signed_by(credential: Sign1, trust: TrustStore) -> TrustedSigner:
    """The signer under whose key the signature holds: eight bytes of key id may belong to several."""
    refusal: CertsError | None = None
    for signer in trust.signers(cose.kid(credential)):
        try:
            cose.verify(credential, signer.key)
            return signer
        except CertsError as error:
            refusal = error
    raise refusal or Untrusted("key_not_found")


def _check_holder(shown: Presentation | None, holder: PublicKey | None, *, expected: Expected, now: int) -> None:
    if holder is None and expected.printed:
        return
    if shown is None or holder is None:
        if expected.holder_proof:
            raise BadSignature("holder_binding_missing", "shown without the holder's signature")
        return
    proof.check_holder_proof(shown, holder, now=now, age=expected.proof_age, skew=expected.clock_skew)
    # A proof that names an audience was made for that one; who does not expect to be named is somebody else.
    if shown.audience != expected.audience:
        raise BadSignature("audience_mismatch", "holder proof")
    if shown.challenge != expected.challenge:
        raise BadSignature("nonce_mismatch", "holder proof")


def _contents(credential: Sign1, shown: Presentation | None = None) -> Contents:
    """`shown`: the holder proof that it came in, if it did; a printed credential cannot stand in one."""
    printed = shown is None and credential.header.get(cose.TYP) == PRINTED_TYP
    cose.expect_typ(credential, PRINTED_TYP if printed else TYP)
    if set(credential.header) != {cose.ALG, cose.KID, cose.TYP}:
        raise Malformed("malformed", "header of the credential")
    claims = cbor.decode(credential.payload)
    if not isinstance(claims, dict) or set(claims) != (_PRINTED_CLAIMS if printed else _CLAIMS):
        raise Malformed("malformed", "claims of the credential")
    issuer, issued, expires = claims[ISS], claims[IAT], claims[EXP]
    if not isinstance(issuer, str) or not type(issued) is type(expires) is int:
        raise Malformed("malformed", "iss, iat or exp")
    if not 0 <= issued < expires < TIME_LIMIT:
        raise Malformed("malformed", "iat or exp")
    uri, index = _status_reference(claims[STATUS])
    document, view, record = from_compact(claims[DOCUMENT])
    holder = None if printed else _holder(claims[CNF])
    return Contents(document, view, record, issuer, issued, expires, holder, uri, index)


def _holder(confirmation: object) -> PublicKey:
    key = confirmation.get(_COSE_KEY) if isinstance(confirmation, dict) and len(confirmation) == 1 else None
    if not isinstance(key, dict):
        raise Malformed("malformed", "cnf")
    return PublicKey.from_cose(key)


def _status_reference(status: object) -> tuple[str, int]:
    reference = status.get("status_list") if isinstance(status, dict) and len(status) == 1 else None
    if not isinstance(reference, dict) or set(reference) != {"idx", "uri"}:
        raise Malformed("malformed", "status")
    uri, index = reference["uri"], reference["idx"]
    if not isinstance(uri, str) or type(index) is not int or index < 0:
        raise Malformed("malformed", "status")
    return uri, index


def _verified(
    contents: Contents,
    signer: TrustedSigner,
    trust: TrustStore,
    *,
    shown: Presentation | None,
    status_as_of: int | None,
) -> Verified:
    return Verified(
        document=contents.document.name,
        view=contents.view.name,
        claims=contents.claims,
        issuer=signer.authority,
        issuer_name=signer.name,
        issued=contents.issued,
        expires=contents.expires,
        holder_bound=shown is not None,
        holder=contents.holder,
        printed=contents.printed,
        audience=shown.audience if shown else None,
        challenge=shown.challenge if shown else None,
        presented_at=shown.issued if shown else None,
        status_as_of=status_as_of,
        trust_as_of=trust.list.issued,
        known_as_of=trust.known_as_of if status_as_of is None else {**trust.known_as_of, "status_list": status_as_of},
        signed=(_SIGNED_AS, shown.message.protected, shown.message.payload) if shown else (),
        seal=SEAL,
    )
