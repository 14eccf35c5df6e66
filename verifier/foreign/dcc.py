"""EU Digital COVID Certificate: a compressed CWT under `HC1:`, signed by a document signer that one was given.

Spec: Electronic Health Certificate Specification 1.0.8 (eHealth Network; Commission Implementing Decision (EU) 2021/1073
Annex I), RFC 9285 (base45), RFC 1950 (zlib), RFC 9052 §4.2, RFC 8392.

The gateway's lists are for states; whoever has one gives its certificates here. Nothing is fetched, and no list of withdrawn
certificates is looked at: `status_as_of` is None.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from certs import cose
from certs.cbor import Tag, Value
from certs.cose import Sign1
from certs.encoding import base45_decode, inflate
from certs.errors import BadSignature, CertsError, Malformed, NotValidNow, Unsupported, Untrusted
from certs.formats import Step, Trail
from certs.keys import PublicKey
from verifier.foreign import loose_cbor
from verifier.foreign.model import SEAL, Framework, Verified, check_age, check_texts, seconds

PREFIX = "HC1:"
TEXT_LIMIT = 4296  # characters of alphanumeric mode in version 40-L
INFLATED_LIMIT = 16 * 1024  # a certificate of four doses has 600 bytes
CWT = 61  # RFC 8392 §6: the tag of a CWT
KID_LIMIT = 64
ISS, EXP, IAT, HCERT = 1, 4, 6, -260
_SKEW = 300  # seconds that an issuer's clock may be ahead
_KINDS = {"v": "vaccination", "t": "test", "r": "recovery"}
_ALGORITHMS = ("ES256", "PS256")  # §3.3.2: the primary and the secondary one, and no other
# Key usage policy identifiers (Appendix A); two arcs were published, and both are in use.
_ARCS = ("1.3.6.1.4.1.1847.2021.1", "1.3.6.1.4.1.0.1847.2021.1")
_USAGES = {
    ObjectIdentifier(f"{arc}.{number}"): kind
    for arc in _ARCS
    for number, kind in ((1, "test"), (2, "vaccination"), (3, "recovery"))
}
_ANY_USE = frozenset(_KINDS.values())


@dataclass(frozen=True, slots=True)
class Signer:
    """A document signer of a country, by its certificate. Raises CertsError where its key is of no admitted kind."""

    certificate: x509.Certificate
    country: str = ""  # ISO 3166-1 alpha-2; empty: the country of its subject, or else of its issuer
    key: PublicKey = field(init=False)
    kid: bytes = field(init=False)
    kinds: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        try:
            public, kinds = self.certificate.public_key(), _usages(self.certificate)
            country = (self.country or _country(self.certificate)).upper()
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise Malformed("malformed", "certificate of a document signer") from error
        key = PublicKey.from_crypto(public, "PS256" if isinstance(public, rsa.RSAPublicKey) else None, kid="")
        if key.alg not in _ALGORITHMS:
            raise Unsupported("alg_not_allowed", "key of a document signer")
        if not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise Malformed("malformed", "a document signer of no country")
        digest = hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).digest()
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "country", country)
        object.__setattr__(self, "kid", digest[:8])  # Appendix A: the first eight bytes of the fingerprint
        object.__setattr__(self, "kinds", kinds)

    def check_time(self, now: int) -> None:
        if now < self.certificate.not_valid_before_utc.timestamp():
            raise NotValidNow("cert_not_yet_valid")
        if now > self.certificate.not_valid_after_utc.timestamp():
            raise NotValidNow("cert_expired")


@dataclass(frozen=True, slots=True)
class Anchors:
    """The document signers that are believed, when the list of them was obtained and until when it is good (Unix seconds)."""

    signers: tuple[Signer, ...]
    as_of: int | None = None
    until: int | None = None

    framework = Framework.EU_DCC
    prefix = PREFIX

    def check(self, text: str, *, now: int, trail: Trail) -> Verified:
        """Steps 1 to 7 of `verifier.foreign.Foreign.verify`. Raises CertsError."""
        if len(text) > TEXT_LIMIT:  # 1
            raise Malformed("oversize", f"{len(text)} characters")
        compressed = base45_decode(text[len(PREFIX) :])
        trail.begin(Step.FORMAT)  # 2
        message, kid = _opened(inflate(compressed, limit=INFLATED_LIMIT))
        trail.begin(Step.ISSUER_SIGNATURE)  # 3
        signer = self._signer(message, kid)
        trail.begin(Step.CERTIFICATE_PATH)  # 4
        signer.check_time(now)
        trail.begin(Step.FORMAT)  # 2 again: nothing of the payload was looked at before
        claims = _claims(message.payload)
        certificate, kinds = _health_certificate(claims)
        trail.begin(Step.TRUST_LIST)  # 5
        check_age(self.until, now)
        _check_issuer(claims, signer, kinds)
        trail.begin(Step.VALIDITY)  # 6
        issued, expires = seconds(claims.get(IAT)), seconds(claims.get(EXP))
        if issued > now + _SKEW:
            raise NotValidNow("issued_in_future", "iat")
        if expires <= now:
            raise NotValidNow("expired", "exp")
        return Verified(
            framework=Framework.EU_DCC,
            kinds=tuple(f"{Framework.EU_DCC}.{kind}" for kind in kinds),
            claims=certificate,
            full_name=_name(certificate["nam"]),
            birth_date=certificate.get("dob") or None,
            issuer=signer.country,
            signer=kid.hex(),
            issued=issued,
            expires=expires,
            status_as_of=None,
            trust_as_of=self.as_of,
            seal=SEAL,
        )

    def _signer(self, message: Sign1, kid: bytes) -> Signer:
        """Eight bytes may be those of several: each is tried (§ Key Identifier)."""
        refusal: CertsError = Untrusted("key_not_found", "no document signer of this key id")
        for signer in self.signers:
            if signer.kid != kid:
                continue
            try:
                cose.verify(message, signer.key)
                return signer
            except (BadSignature, Unsupported) as error:
                refusal = refusal if isinstance(refusal, BadSignature) else error
        raise refusal


def _opened(data: bytes) -> tuple[Sign1, bytes]:
    """The COSE_Sign1, with or without its tag or that of a CWT (RFC 8392 §6), and the key id."""
    item = loose_cbor.decode(data, tags=frozenset({CWT, cose.SIGN1}))
    for number in (CWT, cose.SIGN1):
        if isinstance(item, Tag) and item.number == number:
            item = item.value
    if not isinstance(item, list) or len(item) != 4:
        raise Malformed("type_mismatch", "not a COSE_Sign1")
    protected, unprotected, payload, signature = item
    if not isinstance(protected, bytes) or not isinstance(unprotected, dict):
        raise Malformed("malformed", "COSE_Sign1 parts")
    if not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise Malformed("malformed", "COSE_Sign1 parts")
    header = loose_cbor.decode(protected) if protected else {}
    if not isinstance(header, dict):
        raise Malformed("malformed", "protected header is not a map")
    if cose.CRIT in header or cose.CRIT in unprotected:
        raise Unsupported("crit_unknown", "crit")
    if cose.ALG not in header:  # what stands beside it unsigned chooses nothing (attack CB-13)
        raise Malformed("malformed", "no alg in the protected header")
    return Sign1(protected, header, payload, signature), _kid(header, unprotected)


def _kid(header: Mapping[int | str, Value], unprotected: Mapping[int | str, Value]) -> bytes:
    """The unprotected one counts only where the protected header has none (attack CB-19, case CO22 of the test data)."""
    value = header[cose.KID] if cose.KID in header else unprotected.get(cose.KID)
    if not isinstance(value, bytes) or not 1 <= len(value) <= KID_LIMIT:
        raise Untrusted("key_not_found", "no key id")
    return value


def _claims(payload: bytes) -> dict[int | str, Value]:
    claims = loose_cbor.decode(payload)
    if not isinstance(claims, dict):
        raise Malformed("malformed", "claims are not a map")
    check_texts(claims)
    return claims


def _health_certificate(claims: Mapping[int | str, Value]) -> tuple[dict[str, Any], tuple[str, ...]]:
    container = claims.get(HCERT)
    if container is None:
        raise Malformed("type_mismatch", "no health certificate claim")
    certificate = container.get(1) if isinstance(container, dict) else None
    if not isinstance(certificate, dict) or not all(isinstance(name, str) for name in certificate):
        raise Malformed("malformed", "health certificate of version 1")
    name, born = certificate.get("nam"), certificate.get("dob", "")
    if not isinstance(name, dict) or not isinstance(born, str) or not isinstance(certificate.get("ver"), str):
        raise Malformed("malformed", "name, date of birth or version")
    kinds = tuple(kind for member, kind in _KINDS.items() if _entries(certificate, member))
    if not kinds:
        raise Malformed("claims_missing", "neither vaccination, test nor recovery")
    if len(kinds) > 1:
        raise Malformed("malformed", "more than one kind in a certificate")
    return certificate, kinds


def _entries(certificate: Mapping[str, Any], member: str) -> list[Any]:
    entries = certificate.get(member)
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Malformed("malformed", member)
    return entries


def _check_issuer(claims: Mapping[int | str, Value], signer: Signer, kinds: tuple[str, ...]) -> None:
    issuer = claims.get(ISS)
    if issuer is not None and issuer != signer.country:
        raise Untrusted("issuer_untrusted", "iss is not the country of the signer")
    if not signer.kinds.issuperset(kinds):
        raise Untrusted("cert_usage", "the signer may not sign this kind")


def _name(names: Mapping[str, Any]) -> str | None:
    """As the issuer writes it: surname, then forenames; in Latin capitals where it writes no other."""
    written = [names.get(national) or names.get(plain) for national, plain in (("fn", "fnt"), ("gn", "gnt"))]
    return " ".join(part for part in written if isinstance(part, str) and part) or None


def _country(certificate: x509.Certificate) -> str:
    for name in (certificate.subject, certificate.issuer):
        for attribute in name.get_attributes_for_oid(NameOID.COUNTRY_NAME):
            return str(attribute.value)
    return ""


def _usages(certificate: x509.Certificate) -> frozenset[str]:
    """Which kinds it may sign; one that names none of the three may sign all (Appendix A)."""
    try:
        named = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return _ANY_USE
    return frozenset(_USAGES[use] for use in named if use in _USAGES) or _ANY_USE
