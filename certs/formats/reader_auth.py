"""Face to face, a reader asks a holder for elements of its document, and signs that it is the one who asks.

Spec: ISO/IEC 18013-5:2021 §8.3.2.1.2.1 (DeviceRequest), §9.1.4 (mdoc reader authentication); RFC 9360 (x5chain).

What the holder's side does with a request, in this order; whatever fails, the request stays readable and its reader unverified:
 1. form: strict CBOR, closed maps, at least one element, every name printable
 2. signature of the reader, over this conversation and exactly these items, by the certificate that came along
 3. path from that certificate to an anchor at this time, made for readers
 4. trust list: this reader may ask for all of that, to one purpose
An unverified reader is not refused, since anybody may ask; but it gets nothing sensitive, and the person is told why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor, cose
from certs.catalogue import DocumentType
from certs.cbor import Tag, Value
from certs.cose import Sign1
from certs.errors import CertsError, Malformed, Unsupported, Untrusted
from certs.formats.elements import BY_DOC_TYPE, ISO_NAMESPACE, namespace
from certs.formats.mso import EMBEDDED, LIMITS, LIMITS_SIGNED, cose_parts, embedded, filled, mapping, name_of
from certs.formats.session_transcript import SessionTranscript
from certs.keys import Signer
from certs.trust import Reader, TrustStore
from certs.x509 import load, public_key

_VERSION = "1.0"
# Elements of ISO's that tell of the authority and not of the person.
_OF_NOBODY = frozenset({"issuing_country", "issuing_authority", "un_distinguishing_sign"})

Wanted = Mapping[str, Mapping[str, bool]]  # namespace → element → whether the reader will keep it


@dataclass(frozen=True, slots=True)
class Asked:
    """What one reader asks of one document. `purposes` are those for which it may; without any it is unverified, by `code`."""

    doc_type: str
    document: DocumentType | None  # None: no kind of ours
    elements: Wanted
    purposes: tuple[Reader, ...]
    code: str | None

    @property
    def verified(self) -> bool:
        return bool(self.purposes)


@dataclass(frozen=True, slots=True)
class _Request:
    """One request that proves nothing yet; `auth` is None where the reader does not say who it is."""

    doc_type: str
    elements: Wanted
    items: bytes
    auth: Value | None


# --- the reader's half ------------------------------------------------------------------------------------------------


def request(
    doc_type: str,
    elements: Wanted,
    *,
    transcript: SessionTranscript,
    signer: Signer | None = None,
    chain: Sequence[x509.Certificate] = (),
) -> bytes:
    """A DeviceRequest for one document, signed by this reader; unsigned without `signer`."""
    items = cbor.encode({"docType": doc_type, "nameSpaces": {space: dict(named) for space, named in elements.items()}})
    asked: dict[str, Value] = {"itemsRequest": Tag(EMBEDDED, items)}
    if signer is not None:
        message = cose.parse(cose.sign(_authentication(transcript, items), signer, header={}), LIMITS_SIGNED)
        ders = [certificate.public_bytes(Encoding.DER) for certificate in chain]
        x5chain: Value = ders[0] if len(ders) == 1 else list(ders)
        asked["readerAuth"] = [message.protected, {cose.X5CHAIN: x5chain}, None, message.signature]
    return cbor.encode({"version": _VERSION, "docRequests": [asked]})


# --- the holder's half ------------------------------------------------------------------------------------------------


def read(data: bytes, *, transcript: SessionTranscript, trust: TrustStore, now: int) -> tuple[Asked, ...]:
    """Every request of a DeviceRequest, each with who asks. Raises CertsError for what is no request at all (1)."""
    parts = mapping(cbor.decode(data, LIMITS), {"version", "docRequests"}, set(), "DeviceRequest")  # 1
    if parts["version"] != _VERSION:
        raise Malformed("malformed", "version of the request")
    return tuple(_asked(_parsed(each), transcript, trust, now) for each in filled(parts["docRequests"]))


def allowed(asked: Asked) -> dict[str, tuple[str, ...]]:
    """What may be shown at all if its holder agrees: all of it to a verified reader, to others nothing that is sensitive."""
    return {
        space: kept
        for space, named in asked.elements.items()
        if (kept := tuple(name for name in named if asked.verified or not _sensitive(asked.document, space, name)))
    }


def _asked(request: _Request, transcript: SessionTranscript, trust: TrustStore, now: int) -> Asked:
    document, purposes, code = BY_DOC_TYPE.get(request.doc_type), tuple[Reader, ...](), None
    try:
        certificate = _authenticated(request, transcript)  # 2
        if document is None:
            raise Malformed("type_mismatch", "unknown kind of document")
        purposes = trust.check_reader(certificate, document.name, _claims(document, request.elements), at=now)  # 3, 4
    except CertsError as error:
        code = error.code
    return Asked(request.doc_type, document, request.elements, purposes, code)


def _parsed(value: Value) -> _Request:
    parts = mapping(value, {"itemsRequest"}, {"readerAuth"}, "document request")
    items = embedded(parts["itemsRequest"])
    wanted = mapping(cbor.decode(items, LIMITS), {"docType", "nameSpaces"}, {"requestInfo"}, "items request")
    spaces = mapping(wanted["nameSpaces"], None, set(), "nameSpaces")
    elements = {name_of(space): _elements(named) for space, named in spaces.items()}
    if not elements:
        raise Malformed("claims_missing", "no element is asked for")
    return _Request(name_of(wanted["docType"]), MappingProxyType(elements), items, parts.get("readerAuth"))


def _elements(value: Value) -> Mapping[str, bool]:
    named: dict[str, bool] = {}
    for name, keeps in mapping(value, None, set(), "elements").items():
        if not isinstance(keeps, bool):
            raise Malformed("malformed", "intent to retain")
        named[name_of(name)] = keeps
    if not named:
        raise Malformed("claims_missing", "no element is asked for")
    return MappingProxyType(named)


def _authenticated(request: _Request, transcript: SessionTranscript) -> x509.Certificate:
    """§9.1.4.5, §9.1.4.6: the payload is not sent, and each side computes it."""
    if request.auth is None:
        raise Untrusted("key_not_found", "the reader does not say who it is")
    protected, unprotected, payload, signature = cose_parts(request.auth)
    header = cose.protected_header(protected, LIMITS)
    if payload is not None or set(header) != {cose.ALG} or not unprotected.keys() <= {cose.X5CHAIN, cose.KID}:
        raise Malformed("malformed", "readerAuth")
    if cose.X5CHAIN not in unprotected:
        raise Untrusted("chain_invalid", "x5chain")
    chain = cose.chain(Sign1(b"", unprotected, b"", b""))
    if len(chain) != 1:  # a reader's certificate hangs on the root (`certs/profiles.py`)
        raise Unsupported("policy_refused", "intermediates of a reader")
    certificate = load(chain[0])
    cose.verify(
        Sign1(protected, header, _authentication(transcript, request.items), signature), public_key(certificate)
    )
    return certificate


def _authentication(transcript: SessionTranscript, items: bytes) -> bytes:
    """ReaderAuthenticationBytes (§9.1.4.5), by concatenation: the transcript goes in as the bytes it is."""
    parts = cbor.encode("ReaderAuthentication"), transcript.encoded, cbor.embedded(items)
    return cbor.embedded(b"\x83" + b"".join(parts))


# --- what elements say ------------------------------------------------------------------------------------------------


def _claims(document: DocumentType, elements: Wanted) -> Iterable[str]:
    """The catalogue's fields that are asked for. An element that is none of them nobody may ask for."""
    return {field for space, named in elements.items() for name in named for field in fields_of(document, space, name)}


def fields_of(document: DocumentType, space: str, name: str) -> tuple[str, ...]:
    """The catalogue's fields that an element tells of; of one that is none of ours a name that nobody may ask for."""
    if space == namespace(document):
        return (name,)
    if space == ISO_NAMESPACE and document.iso:
        if name in _OF_NOBODY:
            return ()
        return tuple(field.name for field in document.fields if name in field.iso) or (f"{space} {name}",)
    return (f"{space} {name}",)


def _sensitive(document: DocumentType | None, space: str, name: str) -> bool:
    """What we do not know is taken to be."""
    if document is None or document.sensitive:
        return True
    known = {field.name: field for field in document.fields}
    return any(each not in known or known[each].sensitive for each in fields_of(document, space, name))
