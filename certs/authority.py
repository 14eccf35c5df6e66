"""A small certification authority: makes a root, issues signers from it, and lints each certificate before it signs.

Spec: RFC 5280 §4 (profile). What it issues is exactly what `certs/x509.py` admits, no more.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from certs.encoding import safe_text
from certs.errors import Unsupported
from certs.keys import MemorySigner, PublicKey
from certs.x509 import Usage

DAY = 86_400
ROOT_DAYS = 3650
SIGNER_DAYS = 730  # longer than any credential lives, short enough that rotation is a habit


@dataclass(frozen=True, slots=True)
class Authority:
    """A certification authority: its certificate and the key under it."""

    certificate: x509.Certificate
    key: MemorySigner

    @classmethod
    def create(
        cls,
        name: str,
        *,
        now: int,
        days: int = ROOT_DAYS,
        key: MemorySigner | None = None,
        serial: int | None = None,
    ) -> "Authority":
        """A self-signed root that may sign signers directly (path length 0). `serial` is random if not given."""
        key = key or MemorySigner.generate()
        _lint(name, key.public, now, now + days * DAY)
        subject = _name(name)
        builder = (
            _builder(subject, subject, key.public, now, now + days * DAY, serial)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(certificates=True), critical=True)
        )
        return cls(_sign(builder, key), key)

    def issue(
        self,
        name: str,
        public: PublicKey,
        usage: Usage,
        *,
        now: int,
        days: int = SIGNER_DAYS,
        starts: int | None = None,
        serial: int | None = None,
    ) -> x509.Certificate:
        """A signer's certificate, never outliving the root. Raises ValueError or CertsError for what the profile does not
        admit, and then nothing is signed."""
        starts = now if starts is None else starts
        ends = min(starts + days * DAY, int(self.certificate.not_valid_after_utc.timestamp()))
        _lint(name, public, starts, ends)
        authority_key = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            _builder(_name(name), self.certificate.subject, public, starts, ends, serial)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage.value]), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_key), critical=False
            )
        )
        return _sign(builder, self.key)


def _lint(name: str, public: PublicKey, starts: int, ends: int) -> None:
    """Looked at before anything is signed: a wrong certificate cannot be taken back."""
    if public.alg != "ES256":
        raise Unsupported("alg_not_allowed", "signer keys are on P-256")
    if not safe_text(name) or len(name) > 64:  # RFC 5280 appendix A: ub-common-name
        raise ValueError("common name of 1 to 64 characters")
    if ends <= starts:
        raise ValueError("certificate would end before it starts")


def _builder(
    subject: x509.Name, issuer: x509.Name, public: PublicKey, starts: int, ends: int, serial: int | None
) -> x509.CertificateBuilder:
    key = public.crypto()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number() if serial is None else serial)
        .not_valid_before(datetime.fromtimestamp(starts, UTC))
        .not_valid_after(datetime.fromtimestamp(ends, UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _sign(builder: x509.CertificateBuilder, key: MemorySigner) -> x509.Certificate:
    private = key.crypto()
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise Unsupported("alg_not_allowed", "the authority's key is on P-256")
    return builder.sign(private, hashes.SHA256(), ecdsa_deterministic=True)  # RFC 6979


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "VNeID reference (simulation)"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
