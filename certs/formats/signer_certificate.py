"""The certificate that came with an mdoc: does it lead to an anchor, is it on the trust list, may it sign this document?

Spec: ISO/IEC 18013-5:2021 §9.3.1 (path, time of signing, issuing country), RFC 9360 (x5chain).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from certs.errors import CertsError, Malformed, NotValidNow, Untrusted
from certs.keys import PublicKey
from certs.trust import TrustedSigner, TrustStore
from certs.x509 import Usage, check_path, key_id, public_key
from certs.x509 import load as x509_load


@dataclass(frozen=True, slots=True)
class Loaded:
    """A certificate and what is asked of it each time, read once. Times are Unix seconds, both inclusive."""

    certificate: x509.Certificate
    key: PublicKey
    key_id: bytes | None
    countries: tuple[object, ...]
    valid_from: int
    valid_until: int


@lru_cache(maxsize=64)  # a verifier sees the same few signers all day; of a stranger's 8 KiB at most this many are kept
def load(der: bytes) -> Loaded:
    """Raises Malformed or Unsupported; trusts nothing."""
    certificate = x509_load(der)
    try:
        identifier = key_id(certificate)
    except CertsError:
        identifier = None
    return Loaded(
        certificate,
        public_key(certificate),
        identifier,
        tuple(each.value for each in certificate.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)),
        int(certificate.not_valid_before_utc.timestamp()),
        int(certificate.not_valid_after_utc.timestamp()),
    )


def trusted_path(chain: Sequence[Loaded], trust: TrustStore, *, signed: int, now: int) -> tuple[TrustedSigner, ...]:
    """The path at `now`, and the entries of the trust list for exactly this certificate: none, it may be, for a stranger of
    ours. It was valid when it signed, too. Raises CertsError."""
    leaf, *rest = chain
    listed = _listed(leaf, trust)
    if listed and not rest:
        trust.check_path(listed[0], now=now, signed=signed)
    else:
        between = [each.certificate for each in rest]
        check_path(
            leaf.certificate,
            between,
            trust.anchors,
            usage=Usage.DOCUMENT_SIGNER,
            now=now,
            crls=trust.crls,
            signed=signed,
        )
    if signed < leaf.valid_from:
        raise NotValidNow("cert_not_yet_valid", "when the document was signed")
    if signed > leaf.valid_until:
        raise NotValidNow("cert_expired", "when the document was signed")
    return listed


def entitled(listed: Sequence[TrustedSigner], trust: TrustStore, *, document: str, at: int) -> TrustedSigner:
    """One certificate may stand under several authorities; an mdoc names its authority by the certificate alone."""
    refusal: CertsError = Untrusted("issuer_untrusted", "certificate is not on the trust list")
    for signer in listed:
        try:
            trust.check_issuer(signer, authority=signer.authority, document=document, at=at)
            return signer
        except CertsError as error:
            refusal = error
    raise refusal


def check_country(leaf: Loaded, named: object) -> None:
    """The country that a document names is the one of its signer's certificate; None where it names none."""
    if named is not None and leaf.countries != (named,):
        raise Malformed("claim_conflict", "issuing country")


def _listed(leaf: Loaded, trust: TrustStore) -> tuple[TrustedSigner, ...]:
    try:
        found = trust.signers(leaf.key_id) if leaf.key_id else ()
    except Untrusted:
        return ()
    return tuple(signer for signer in found if signer.certificate == leaf.certificate)
