"""Certificate profiles of the nation, and the check of a path from a signer to a pinned root at a given time.

Spec: RFC 5280 §6 (path validation, done by `cryptography`), §4.2.1.12 (extended key usage).

Each use has its own extended key usage, so that no certificate can sign what it was not made for. The object
identifiers stand under 2.25 (ITU-T X.667: identifiers made from a UUID), as the project owns no other arc.
A signer is withdrawn by the trust list, or by its authority's revocation list where there is one (`certs/crl.py`).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import SignatureAlgorithmOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from certs.crl import NO_CRLS, Crls, Watched
from certs.encoding import b64url_encode
from certs.errors import CertsError, Malformed, NotValidNow, Unavailable, Unsupported, Untrusted
from certs.keys import PublicKey

_ARC = "2.25.158716100025410038562175504534808638395"  # a version-4 UUID drawn once for this project
CHAIN_LIMIT = 4  # certificates below the root
CERTIFICATE_LIMIT = 8 * 1024  # bytes of DER
# TypeError: what `cryptography` says of a name whose text is a bit string.
_UNREADABLE = (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


class Usage(Enum):
    """What a certificate may sign, by its one extended key usage."""

    DOCUMENT_SIGNER = x509.ObjectIdentifier(f"{_ARC}.1")
    TRUST_LIST_SIGNER = x509.ObjectIdentifier(f"{_ARC}.2")
    BUNDLE_SIGNER = x509.ObjectIdentifier(f"{_ARC}.3")
    READER = x509.ObjectIdentifier("1.0.18013.5.1.6")  # who asks: ISO/IEC 18013-5 §B.1.7, OpenID4VC HAIP 1.0
    STATUS_SIGNER = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.30")  # id-kp-oauthStatusSigning, draft status list §10


@dataclass(frozen=True, slots=True)
class Path:
    """A path that holds from `valid_from` to `valid_until` (Unix seconds, both inclusive), unless its lists say otherwise."""

    leaf: x509.Certificate
    valid_from: int
    valid_until: int
    watched: tuple[Watched, ...] = ()

    def check_time(self, now: int) -> None:
        if now < self.valid_from:
            raise NotValidNow("cert_not_yet_valid")
        if now > self.valid_until:
            raise NotValidNow("cert_expired")

    def check_revoked(self, *, now: int, signed: int | None) -> None:
        """`signed` is when the leaf says it signed a document. Revoked anywhere is told before unknown anywhere."""
        unknown: Unavailable | None = None
        for each in self.watched:
            try:
                each.check(now=now, signed=signed)
            except Unavailable as error:
                unknown = unknown or error
        if unknown is not None:
            raise unknown


def load(der: bytes) -> x509.Certificate:
    if len(der) > CERTIFICATE_LIMIT:
        raise Malformed("oversize", "certificate")
    try:
        certificate = x509.load_der_x509_certificate(der)
        # Parsed lazily: what is bad in them must fail here and not later.
        _ = certificate.subject, certificate.issuer, certificate.extensions, certificate.not_valid_after_utc
        return certificate
    except _UNREADABLE as error:
        raise Malformed("malformed", "certificate") from error


def public_key(certificate: x509.Certificate) -> PublicKey:
    """The key of a certificate of ours: P-256, P-384, Ed25519 or RSA of at least 2,048 bits."""
    try:
        return PublicKey.from_crypto(certificate.public_key(), kid="")
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unsupported("alg_not_allowed", "certificate key") from error


def key_id(certificate: x509.Certificate) -> bytes:
    """The 8 bytes by which a QR names its signer: the head of the subject key identifier."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest[:8]
    except x509.ExtensionNotFound:
        raise Malformed("malformed", "signer without subject key identifier") from None


def dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The hosts for which a certificate speaks (RFC 9525 §3: alternative names alone, never the common name)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(names.get_values_for_type(x509.DNSName))


def client_ids(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names by which a verifier with this certificate may call itself (OpenID4VP 1.0 §5.9.3)."""
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return (f"x509_hash:{b64url_encode(digest)}", *(f"x509_san_dns:{name}" for name in dns_names(certificate)))


def introduced(
    believed: Iterable[x509.Certificate], offered: Iterable[x509.Certificate], *, now: int, crls: Crls = NO_CRLS
) -> tuple[x509.Certificate, ...]:
    """`believed` roots, and those of `offered` that they hand over to: the same authority under its next key, certified by
    the one before (RFC 4210 §4.4, RFC 5280 §3.2 self-issued), valid now and not revoked by it. Never raises for strangers."""
    anchors = list(believed)
    waiting = [each for each in offered if each not in anchors]
    found = True
    while found:
        found = False
        for each in list(waiting):
            if any(_hands_over(root, each, now, crls) for root in anchors):
                anchors.append(each)
                waiting.remove(each)
                found = True
    return tuple(anchors)


def taken_back(anchor: x509.Certificate, roots: Iterable[x509.Certificate], crls: Crls) -> bool:
    """Whether one of `roots` certified this one and has revoked it since: an anchor answers to nobody, but one that another
    introduced was believed for that alone. A revocation list that is too old still refuses whom it names."""
    for root in roots:
        if root.subject != anchor.issuer or not any(
            each.crl and anchor.serial_number in each.crl.revocations for each in crls.watch((anchor, root))
        ):
            continue
        try:
            anchor.verify_directly_issued_by(root)
            return True
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            continue
    return False


def _hands_over(root: x509.Certificate, successor: x509.Certificate, now: int, crls: Crls) -> bool:
    try:
        constraints = successor.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = successor.extensions.get_extension_for_class(x509.KeyUsage).value
        if successor.subject != root.subject or not (constraints.ca and usage.key_cert_sign):
            return False
        if successor.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
            return False
        if public_key(successor).alg != "ES256":
            return False
        successor.verify_directly_issued_by(root)
        _check_time(root, now)
        _check_time(successor, now)
        for watched in crls.watch((successor, root)):
            watched.check(now=now, signed=None)
    except (CertsError, x509.ExtensionNotFound, InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def check_path(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Iterable[x509.Certificate],
    *,
    usage: Usage,
    now: int,
    crls: Crls = NO_CRLS,
    signed: int | None = None,
) -> Path:
    """Validate leaf → intermediates → anchor at `now`: `find_path`, and then

    6. no certificate of it is revoked, by the lists of `crls`, for what was signed at `signed` (RFC 5280 §6.3, `certs/crl.py`);
       one that names a list and whose issuer's is not in `crls` is not known to be good: `status_unavailable`
    """
    path = find_path(leaf, intermediates, anchors, usage=usage, now=now, crls=crls)
    path.check_revoked(now=now, signed=signed)  # 6
    return path


def find_path(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Iterable[x509.Certificate],
    *,
    usage: Usage,
    now: int,
    crls: Crls,
) -> Path:
    """All but revocation, for who asks that each time: what is found is yet to be asked `check_revoked`.

    1. not more certificates than the profile has
    2. time of the leaf first, so that an expired signer is told as such
    3. the leaf's one purpose is `usage` and it may make signatures (RFC 5280 §4.2.1.3, §4.2.1.12); its key is on P-256; a
       reader names a host
    4. RFC 5280 §6 by `cryptography`, with its own checks of algorithms, CA flags, path length and name constraints
    5. each certificate given is the one that certifies the one before, and none is left over (RFC 9360 §2, RFC 7515 §4.1.6)
    """
    trusted = list(anchors)
    if len(intermediates) >= CHAIN_LIMIT:  # 1
        raise Malformed("limit_exceeded", f"{len(intermediates) + 1} certificates")
    _check_time(leaf, now)  # 2
    _check_usage(leaf, usage)  # 3
    if not trusted:
        raise Untrusted("issuer_untrusted", "no anchor")
    if public_key(leaf).alg != "ES256":
        raise Unsupported("alg_not_allowed", "signer keys are on P-256")
    moment = datetime.fromtimestamp(now, UTC)
    verifier = (
        PolicyBuilder()
        .store(Store(trusted))
        .time(moment)
        .max_chain_depth(CHAIN_LIMIT)
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=_leaf_policy(usage))
        .build_client_verifier()
    )
    try:
        chain = verifier.verify(leaf, list(intermediates)).chain  # 4
    except VerificationError as error:
        raise _why(leaf, intermediates, trusted, now, str(error)) from None
    if chain[1:-1] != list(intermediates):  # 5
        raise Untrusted("chain_invalid", "certificates that are not the path in its order")
    return Path(
        leaf,
        max(int(certificate.not_valid_before_utc.timestamp()) for certificate in chain),
        min(int(certificate.not_valid_after_utc.timestamp()) for certificate in chain),
        crls.watch(chain),
    )


def _leaf_policy(usage: Usage) -> ExtensionPolicy:
    def only_this(_: Policy, __: x509.Certificate, value: x509.ExtendedKeyUsage) -> None:
        if list(value) != [usage.value]:
            raise ValueError("extended key usage")

    return ExtensionPolicy.permit_all().require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, only_this)


def _check_time(certificate: x509.Certificate, now: int) -> None:
    if now < certificate.not_valid_before_utc.timestamp():
        raise NotValidNow("cert_not_yet_valid", certificate.subject.rfc4514_string())
    if now > certificate.not_valid_after_utc.timestamp():
        raise NotValidNow("cert_expired", certificate.subject.rfc4514_string())


def _check_usage(leaf: x509.Certificate, usage: Usage) -> None:
    try:
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        keys = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise Untrusted("cert_usage", "no key usage, or no extended one") from None
    if not keys.digital_signature or keys.key_cert_sign or list(purposes) != [usage.value]:
        raise Untrusted("cert_usage", "other purpose")
    if any(isinstance(each.value, x509.BasicConstraints) and each.value.ca for each in leaf.extensions):
        raise Untrusted("cert_usage", "an authority")
    if usage is Usage.READER and not dns_names(leaf):
        raise Untrusted("cert_usage", "a reader that names no host")


def _why(
    leaf: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    now: int,
    detail: str,
) -> Untrusted | NotValidNow:
    """The reason that a person can act on, where `cryptography` has one text for all."""
    for certificate in (*intermediates, *anchors):
        if now > certificate.not_valid_after_utc.timestamp():
            return NotValidNow("cert_expired", certificate.subject.rfc4514_string())
        if now < certificate.not_valid_before_utc.timestamp():
            return NotValidNow("cert_not_yet_valid", certificate.subject.rfc4514_string())
    issuers = {certificate.subject for certificate in (*intermediates, *anchors)}
    code = "chain_invalid" if leaf.issuer in issuers else "issuer_untrusted"
    return Untrusted(code, detail)
