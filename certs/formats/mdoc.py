"""The mobile document: elements shown one by one, signed by their digests, bound to the holder's key and one conversation.

Spec: ISO/IEC 18013-5:2021 §8.3.2.1.2.2 (DeviceResponse), §9.1.2 (issuer data), §9.1.3 (device), §9.3.1 (inspection);
OpenID4VP 1.0 Annex B.2; draft-ietf-oauth-status-list-20 §6.3 (status in the MSO).

What a wallet keeps is an IssuerSigned; what it shows is a DeviceResponse of one document. Verification, in the order of
`certs.formats.Step`; each number stands again in the body and in the refusal (§9.3.1 has the same checks, the path first):
 2. format: strict CBOR, closed maps, one document, a complete security object
 3. issuer signature by the certificate that came along; each element's bytes among the signed digests; the document type
 4. certificate path from that certificate to an anchor at this time, and when the document was signed
 5. trust list: this authority may issue this type of document at the date of issue; what it says fits the catalogue, and
    the country is its certificate's
 6. validity: not from the future, already and still valid
 7. status: the entry in the status list is valid, and the list is fresh enough
 8. holder proof: by the bound key, over the transcript of this verifier's own conversation
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor, cose
from certs.catalogue import DocumentType
from certs.cbor import Value
from certs.errors import BadSignature, Malformed, NotValidNow, Unsupported
from certs.formats import SEAL, Expected, Step, Trail, Verified, device_auth, device_response, mso
from certs.formats.device_response import Shown
from certs.formats.elements import (
    BY_DOC_TYPE,
    ISO_NAMESPACE,
    ISSUING_COUNTRY,
    Elements,
    doc_type,
    plain,
    to_claims,
    to_elements,
    view_of,
)
from certs.formats.mso import SecurityObject
from certs.formats.session_transcript import SessionTranscript
from certs.formats.signer_certificate import check_country, entitled, load, trusted_path
from certs.keys import PublicKey, Signer
from certs.status import StatusLists
from certs.trust import TrustedSigner, TrustStore

NAME = "mso_mdoc"  # the format identifier of OpenID4VCI and OpenID4VP
PORTRAIT_LIMIT = 64 * 1024  # bytes; half of what a whole response may have
_ISSUED_SKEW = 60  # seconds an issuer's clock may be ahead


@dataclass(frozen=True, slots=True)
class Contents:
    """What an mdoc says of itself. Proves nothing: for a holder's own display, and for `verify`'s later steps."""

    document: DocumentType
    view: str
    claims: Mapping[str, Any]
    elements: Elements
    issued: int
    expires: int
    holder: PublicKey
    status: tuple[str, int] | None


def issue(
    *,
    document: DocumentType,
    record: Mapping[str, Any],
    issuer: str,
    signer: Signer,
    chain: Sequence[x509.Certificate],
    holder: PublicKey,
    status_uri: str,
    status_index: int,
    now: int,
    expires: int,
    portrait: bytes | None = None,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """An IssuerSigned for one holder key, with all of a record. `issuer` is an authority of the catalogue; `chain` is the
    signer's certificate and any intermediate, never the root.

    Raises ValueError when the record does not fit the catalogue, Malformed when a text of it could deceive its reader:
    nothing is signed then.
    """
    if portrait is not None and not 0 < len(portrait) <= PORTRAIT_LIMIT:
        raise ValueError("portrait is empty or too large")
    signed = mso.sign(
        to_elements(document, record, authority=issuer, portrait=portrait),
        doc_type=doc_type(document),
        holder=holder,
        signer=signer,
        chain=tuple(certificate.public_bytes(Encoding.DER) for certificate in chain),
        status=(status_uri, status_index),
        now=now,
        expires=expires,
        random=random,
    )
    return cbor.encode(signed.value(signed.items))


def present(
    credential: bytes, elements: Mapping[str, Iterable[str]], *, signer: Signer, transcript: SessionTranscript
) -> bytes:
    """A DeviceResponse with these elements (namespace → names), signed for this conversation. Raises ValueError when the
    credential lacks one."""
    return device_response.build(credential, elements, lambda kind: device_auth.signed(kind, transcript, signer))


def present_by_mac(
    credential: bytes, elements: Mapping[str, Iterable[str]], *, mac_key: bytes, transcript: SessionTranscript
) -> bytes:
    """The same by MAC; `mac_key` is `device_auth.mac_key` of the holder's key and the reader's."""
    return device_response.build(credential, elements, lambda kind: device_auth.maced(kind, transcript, mac_key))


def peek(data: bytes) -> Contents:
    """The contents of an IssuerSigned or of a DeviceResponse, UNVERIFIED. Raises CertsError."""
    shown = device_response.parse(data)
    opened = {
        space: {each.name: each.value for each in map(mso.parse_item, items)}
        for space, items in shown.issuer_signed.items.items()
    }
    return _contents(shown.security, opened)


def verify(
    data: bytes,
    *,
    transcript: SessionTranscript | None,
    trust: TrustStore,
    statuses: StatusLists,
    now: int,
    expected: Expected,
    reader_key: ec.EllipticCurvePrivateKey | None = None,
    only: Mapping[str, Iterable[str]] | None = None,
    trail: Trail | None = None,
) -> Verified:
    """Checks 2 to 8 of the module's list on a DeviceResponse. Raises CertsError.

    Without `transcript` the conversation is not known: an IssuerSigned alone is taken too, the holder's proof is not looked at,
    and whoever expects one refuses. `reader_key` is the reader's ephemeral key where it admits a MAC. With `only` (what was asked for, namespace → names) an
    element beyond it is refused; without, `Verified.elements` tells all that was shown.
    """
    trail = trail or Trail()
    trail.begin(Step.FORMAT)  # 2
    shown = device_response.parse(data, response=None if transcript is None else True)
    contents, signer = _check_issuer(shown, trust=trust, now=now, trail=trail)  # 3 to 6
    trail.begin(Step.STATUS)  # 7
    if contents.status is None:
        raise Malformed("claims_missing", "status")
    status_as_of = statuses.check(*contents.status, now=now, max_age=expected.status_age)
    trail.begin(Step.HOLDER_PROOF)  # 8
    signed = _check_holder(shown, transcript, expected=expected, reader_key=reader_key)
    if only is not None and _beyond(contents.elements, only):
        trail.begin(Step.POLICY)  # 9
        raise Unsupported("policy_refused", "element that was not asked for")
    # One key may hold several documents of a type: which one it is says the payload that its authority signed.
    covered = (NAME.encode(), signed, shown.issuer_signed.auth.payload) if signed else ()
    return _verified(contents, signer, trust, transcript if signed else None, signed=covered, status_as_of=status_as_of)


def verify_issued(credential: bytes, *, trust: TrustStore, now: int) -> Verified:
    """What a wallet checks before it keeps a credential: steps 2 to 6. Holder proof and status come when it is shown."""
    contents, signer = _check_issuer(
        device_response.parse(credential, response=False), trust=trust, now=now, trail=Trail()
    )
    return _verified(contents, signer, trust, None, status_as_of=None)


def _check_issuer(shown: Shown, *, trust: TrustStore, now: int, trail: Trail) -> tuple[Contents, TrustedSigner]:
    signed, security = shown.issuer_signed, shown.security
    chain = [load(der) for der in signed.chain]
    trail.begin(Step.ISSUER_SIGNATURE)  # 3
    cose.verify(signed.auth, chain[0].key)
    opened = mso.open_items(signed, security)
    if shown.doc_type != security.doc_type:
        raise Malformed("type_mismatch", "docType")
    document = _document(security)
    trail.begin(Step.CERTIFICATE_PATH)  # 4
    listed = trusted_path(chain, trust, signed=security.signed, now=now)
    trail.begin(Step.TRUST_LIST)  # 5
    signer = entitled(listed, trust, document=document.name, at=security.signed)
    contents = _contents(security, opened)  # in our words only now: others have other rules of form for their own
    check_country(chain[0], contents.elements.get(ISO_NAMESPACE, {}).get(ISSUING_COUNTRY))
    trail.begin(Step.VALIDITY)  # 6
    if security.signed > now + _ISSUED_SKEW:
        raise NotValidNow("issued_in_future", "credential")
    if security.valid_from > now + _ISSUED_SKEW:
        raise NotValidNow("not_yet_valid", f"in {security.valid_from - now} s")
    if security.valid_until <= now:
        raise NotValidNow("expired", f"{now - security.valid_until} s ago")
    return contents, signer


def _check_holder(
    shown: Shown,
    transcript: SessionTranscript | None,
    *,
    expected: Expected,
    reader_key: ec.EllipticCurvePrivateKey | None,
) -> bytes | None:
    """What the holder's proof covers; None where none is looked at. Whom and what the transcript names was put there by the
    verifier; where it expects something else, it is mistaken."""
    if shown.device is None or transcript is None:
        if expected.holder_proof:
            raise BadSignature("holder_binding_missing", "shown without the holder's proof")
        return None
    signed = device_auth.check(shown.device, shown.security, transcript, reader_key=reader_key)
    if expected.audience not in (None, transcript.audience):
        raise BadSignature("audience_mismatch", "session transcript")
    if expected.challenge not in (None, _challenge(transcript)):
        raise BadSignature("nonce_mismatch", "session transcript")
    return signed


def _beyond(shown: Elements, asked: Mapping[str, Iterable[str]]) -> bool:
    return any(not named.keys() <= set(asked.get(space, ())) for space, named in shown.items())


def _challenge(transcript: SessionTranscript) -> bytes | None:
    return None if transcript.nonce is None else transcript.nonce.encode("utf-8")


def _document(security: SecurityObject) -> DocumentType:
    document = BY_DOC_TYPE.get(security.doc_type)
    if document is None:
        raise Malformed("type_mismatch", "unknown kind of document")
    return document


def _contents(security: SecurityObject, opened: Mapping[str, Mapping[str, Value]]) -> Contents:
    document = _document(security)
    elements = {space: {name: plain(value) for name, value in named.items()} for space, named in opened.items()}
    if not elements:
        raise Malformed("claims_missing", "no element is shown")
    claims = to_claims(document, opened, elements)
    return Contents(
        document=document,
        view=view_of(document, claims),
        claims=claims,
        elements=elements,
        issued=security.signed,
        expires=security.valid_until,
        holder=security.holder,
        status=security.status,
    )


def _verified(
    contents: Contents,
    signer: TrustedSigner,
    trust: TrustStore,
    bound: SessionTranscript | None,
    *,
    status_as_of: int | None,
    signed: tuple[bytes, ...] = (),
) -> Verified:
    return Verified(
        document=contents.document.name,
        view=contents.view,
        claims=contents.claims,
        elements=contents.elements,
        issuer=signer.authority,
        issuer_name=signer.name,
        issued=contents.issued,
        expires=contents.expires,
        holder_bound=bound is not None,
        holder=contents.holder,
        audience=bound.audience if bound else None,
        challenge=_challenge(bound) if bound else None,
        presented_at=None,  # an mdoc does not say; the nonce makes it fresh
        status_as_of=status_as_of,
        trust_as_of=trust.list.issued,
        known_as_of=trust.known_as_of if status_as_of is None else {**trust.known_as_of, "status_list": status_as_of},
        signed=signed,
        seal=SEAL,
    )
