"""Revocation lists of certificates (CRL): which signers an authority took back before their end, read and looked up.

Spec: RFC 5280 §5 (profile, version 2, full lists only), §6.3.3 (use in a path); ITU-T X.509 §9.5.3.1 (reasons).

Reading a list (`read`):
 1. its size, then strict DER with nothing behind it
 2. it is signed with ECDSA over P-256 and SHA-256 by an authority of its name that may sign lists
 3. version 2, a number, thisUpdate before nextUpdate; no critical extension that we do not know, no delta, no part of a list
 4. each entry: once, with a reason and no critical extension; not more entries than the profile has
 5. not from the future. A list that is too old is read, as a status list is: what it is still good for is said below.

When a list is asked about a certificate: when its issuer's list is held, or when the certificate says that there is one (a
distribution point, or an OCSP responder, which nobody here asks). Then no list is `status_unavailable`, and a list past its
nextUpdate `status_stale`, never *good*. But a revocation is for ever (§5.3.1; but for a hold): an old list still refuses
whom it names. A certificate that names no list and whose issuer publishes none stays with the trust list alone.

What a revoked signer signed before it was revoked: the date in a document was written with the signer's own key.
 - Superseded, cessation of operation, affiliation changed: "no cause to suspect that the private key has been compromised"
   (X.509). What says that it was signed before revocationDate stays good; before invalidityDate, where that is earlier.
 - Any other reason, or none: nothing stays good, whatever its date, since whoever has the key dates back at will. Here
   invalidityDate (§5.3.2) spares nothing: it tells people since when to look for harm.
 - Trust lists, status lists, bundles, and authorities themselves: a revoked one is refused for every reason.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, SignatureAlgorithmOID

from certs.errors import BadSignature, Malformed, NotValidNow, Revoked, Unavailable, Unsupported

LIST_LIMIT = 512 * 1024  # bytes of DER
ENTRIES_LIMIT = 4096  # a nation has hundreds of signers; documents have status lists
_CLOCK_SKEW = 300  # seconds that the authority's clock may be ahead of ours

Reason = x509.ReasonFlags
ORDERLY = frozenset({Reason.superseded, Reason.cessation_of_operation, Reason.affiliation_changed})
# What we sign. A signer is not held but suspended by the trust list; removal is for delta lists only (§5.3.1).
REASONS = ORDERLY | {Reason.unspecified, Reason.key_compromise, Reason.ca_compromise, Reason.privilege_withdrawn}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """That the certificate of this number was taken back. Times are Unix seconds."""

    serial: int
    revoked: int
    reason: Reason = Reason.unspecified
    invalid_since: int | None = None

    def spares(self, signed: int | None) -> bool:
        """Does what was signed then stay good? The rule stands in the module's text; None: it is not asked."""
        if signed is None or self.reason not in ORDERLY:
            return False
        return signed < min(self.revoked, self.revoked if self.invalid_since is None else self.invalid_since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crl:
    """A list whose signature held. Times are Unix seconds; `issuer` is `authority_id` of who signed it."""

    issuer: bytes
    number: int
    issued: int
    next_update: int
    revocations: Mapping[int, Revocation]
    der: bytes


def read(der: bytes, issuers: Iterable[x509.Certificate], *, now: int) -> Crl:
    """Checks 1 to 5 of the module's list; `issuers` are authorities believed already. Raises CertsError."""
    parsed = _parse(der)  # 1
    issuer = _signed_by(parsed, der, issuers)  # 2
    number, issued, next_update = _contents(parsed)  # 3
    if len(parsed) > ENTRIES_LIMIT:  # 4
        raise Malformed("limit_exceeded", f"{len(parsed)} revocations")
    try:
        entries = [_entry(each) for each in parsed]
    except _UNREADABLE as error:
        raise Malformed("malformed", "entry of the CRL") from error
    revocations = {entry.serial: entry for entry in entries}
    if len(revocations) != len(entries):
        raise Malformed("duplicate_key", "a certificate revoked twice")
    if issued > now + _CLOCK_SKEW:  # 5
        raise NotValidNow("issued_in_future", "CRL")
    return Crl(
        issuer=authority_id(issuer),
        number=number,
        issued=issued,
        next_update=next_update,
        revocations=MappingProxyType(revocations),
        der=der,
    )


def check_successor(held: Crl, new: Crl) -> None:
    """May `new` take the place of `held`? Numbers and times never go back (§5.2.3). Raises Unavailable."""
    older = new.number < held.number or new.issued < held.issued
    if older or (new.number == held.number and new.der != held.der):
        raise Unavailable("status_stale", f"CRL {new.number} after {held.number}")


def authority_id(certificate: x509.Certificate) -> bytes:
    """By which a list finds its authority: name and key, so that a cross-signed authority is one."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(certificate.subject.public_bytes() + key).digest()


@dataclass(frozen=True, slots=True)
class Watched:
    """A certificate about which a list must be asked, and the list of its issuer, if it is held."""

    serial: int
    name: str
    authority: bool
    crl: Crl | None

    def check(self, *, now: int, signed: int | None) -> None:
        """Raises Revoked, or Unavailable where it cannot be known. `signed` is when the document says it was signed."""
        if self.crl is None:
            raise Unavailable("status_unavailable", f"no CRL for {self.name}")
        fresh = now < self.crl.next_update
        entry = self.crl.revocations.get(self.serial)
        lasting = entry is not None and (fresh or entry.reason is not Reason.certificate_hold)
        if entry is not None and lasting and not entry.spares(None if self.authority else signed):
            raise Revoked("cert_revoked", f"{self.name}: {entry.reason.value}")
        if not fresh:
            raise Unavailable("status_stale", f"CRL of {now - self.crl.issued} s ago")


class Crls:
    """The lists that are held, one an authority: of several the one with the highest number. Immutable."""

    def __init__(self, lists: Iterable[Crl] = ()) -> None:
        self._lists: dict[bytes, Crl] = {}
        for each in sorted(lists, key=lambda crl: crl.number):
            self._lists[each.issuer] = each

    def __iter__(self) -> Iterator[Crl]:
        return iter(self._lists.values())

    def watch(self, chain: Sequence[x509.Certificate]) -> tuple[Watched, ...]:
        """Which certificates of a path must be asked about; `chain` goes from the leaf to the anchor, which answers to
        nobody."""
        found = []
        for place, certificate in enumerate(chain[:-1]):
            held = self._lists.get(authority_id(chain[place + 1])) if self._lists else None
            if held is not None or _names_a_list(certificate):
                name = certificate.subject.rfc4514_string()
                found.append(Watched(certificate.serial_number, name, place > 0, held))
        return tuple(found)

    def check_successors(self, new: "Crls", anchors: Iterable[x509.Certificate]) -> None:
        """No list is older than the one held, and none is left out while its authority counts. Raises Unavailable."""
        for authority in {authority_id(anchor) for anchor in anchors}:
            held, coming = self._lists.get(authority), new._lists.get(authority)
            if held is None:
                continue
            if coming is None:
                raise Unavailable("status_unavailable", "a CRL that was held is left out")
            check_successor(held, coming)


NO_CRLS = Crls()
# TypeError: what `cryptography` says of a name whose text is a bit string.
_UNREADABLE = (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


def _parse(der: bytes) -> x509.CertificateRevocationList:
    if len(der) > LIST_LIMIT:
        raise Malformed("oversize", "CRL")
    try:
        parsed = x509.load_der_x509_crl(der)
        # Parsed lazily: what is bad in them must fail here and not later.
        _ = parsed.issuer, parsed.extensions, parsed.last_update_utc, parsed.next_update_utc
        return parsed
    except _UNREADABLE as error:
        raise Malformed("malformed", "CRL") from error


def _signed_by(
    parsed: x509.CertificateRevocationList, der: bytes, issuers: Iterable[x509.Certificate]
) -> x509.Certificate:
    """§6.3.3 (f), (g). Whatever is wrong with it has one code, as with status lists."""
    if parsed.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        raise BadSignature("status_signature_invalid", "algorithm of the CRL")
    if not der.endswith(b"\0" + parsed.signature):  # the count of unused bits is what no signature covers
        raise BadSignature("status_signature_invalid", "bits left over")
    for issuer in issuers:
        if issuer.subject == parsed.issuer and _may_sign(issuer) and _holds(parsed, issuer):
            return issuer
    raise BadSignature("status_signature_invalid", "no authority of ours signed this CRL")


def _may_sign(issuer: x509.Certificate) -> bool:
    usage = _extension(issuer.extensions, x509.KeyUsage)
    constraints = _extension(issuer.extensions, x509.BasicConstraints)
    return usage is not None and usage.crl_sign and constraints is not None and constraints.ca


def _holds(parsed: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        key = issuer.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return False
    return parsed.is_signature_valid(key)  # compares the inner with the outer algorithm, too


def _contents(parsed: x509.CertificateRevocationList) -> tuple[int, int, int]:
    extensions = parsed.extensions
    number = _extension(extensions, x509.CRLNumber)
    for each in extensions:
        partial = isinstance(each.value, x509.DeltaCRLIndicator | x509.IssuingDistributionPoint)
        known = isinstance(each.value, x509.CRLNumber | x509.AuthorityKeyIdentifier)
        if partial or (each.critical and not known):  # §5.2
            raise Unsupported("crit_unknown", f"CRL extension {each.oid.dotted_string}")
    if number is None or number.crl_number < 1 or parsed.next_update_utc is None:  # §5.2.3, §5.1.2.5
        raise Malformed("malformed", "CRL without number or next update")
    issued, next_update = int(parsed.last_update_utc.timestamp()), int(parsed.next_update_utc.timestamp())
    if next_update <= issued:
        raise Malformed("malformed", "CRL that ends before it begins")
    return number.crl_number, issued, next_update


def _entry(each: x509.RevokedCertificate) -> Revocation:
    for extension in each.extensions:
        if extension.critical and not isinstance(extension.value, x509.CRLReason | x509.InvalidityDate):  # §5.3
            raise Unsupported("crit_unknown", f"CRL entry extension {extension.oid.dotted_string}")
    reason = _extension(each.extensions, x509.CRLReason)
    invalid = _extension(each.extensions, x509.InvalidityDate)
    if reason is not None and reason.reason is Reason.remove_from_crl:
        raise Malformed("malformed", "removal from a full CRL")
    return Revocation(
        serial=each.serial_number,
        revoked=int(each.revocation_date_utc.timestamp()),
        reason=Reason.unspecified if reason is None else reason.reason,
        invalid_since=None if invalid is None else int(invalid.invalidity_date_utc.timestamp()),
    )


def _names_a_list(certificate: x509.Certificate) -> bool:
    """§4.2.1.13, §4.2.2.1."""
    access = _extension(certificate.extensions, x509.AuthorityInformationAccess)
    asks = access is not None and any(each.access_method == AuthorityInformationAccessOID.OCSP for each in access)
    return asks or _extension(certificate.extensions, x509.CRLDistributionPoints) is not None


_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


def _extension(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    return next((each.value for each in extensions if isinstance(each.value, kind)), None)
