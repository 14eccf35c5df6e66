"""A small certification authority: makes a root, issues signers from it, takes them back, and lints before it signs.

Spec: RFC 5280 §4 (profile of certificates), §5 (of revocation lists). What it issues is exactly what `certs/x509.py` admits, no more. Servers have a root of their
own (`TlsAuthority`), bound to names: who trusts it for pages trusts it for nothing else, and no document rests on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.crl import ENTRIES_LIMIT, REASONS, Reason, Revocation
from certs.errors import Unsupported
from certs.keys import MemorySigner, PublicKey
from certs.profiles import DAY, ROOT, ROOT_DAYS, SERVER_DAYS, SIGNER_DAYS, host_name, lint, lint_signer
from certs.x509 import Usage

__all__ = ["CRL_DAYS", "DAY", "ROOT_DAYS", "SERVER_DAYS", "SIGNER_DAYS", "Authority", "TlsAuthority"]
CRL_DAYS = 90  # three times a bundle's: a list signed anew each month never ends inside one


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
        lint(name, key.public, now, now + days * DAY, serial)
        if days > ROOT.longest:
            raise ValueError(f"a root lives at most {ROOT.longest} days")
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
        crl_uri: str | None = None,
        hosts: Sequence[str] = (),
    ) -> x509.Certificate:
        """A signer's certificate, never outliving the root. Raises ValueError or CertsError for what `certs/profiles.py` does
        not admit, and then nothing is signed. With `crl_uri` it is good only for whoever holds the root's revocation list.
        `hosts` are the names of a reader, and of a reader alone (OpenID4VP 1.0 §5.9.3, x509_san_dns)."""
        starts = now if starts is None else starts
        ends = min(starts + days * DAY, int(self.certificate.not_valid_after_utc.timestamp()))
        lint(name, public, starts, ends, serial)
        lint_signer(usage, issuer=self.key.public, public=public, hosts=hosts, now=max(now, starts), ends=ends)
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
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([host_name(one) for one in hosts]), critical=False
            )
        if crl_uri is not None:
            builder = builder.add_extension(_distribution_point(crl_uri), critical=False)
        return _sign(builder, self.key)

    def introduce(self, successor: x509.Certificate, *, now: int) -> x509.Certificate:
        """The next root's key and name, certified by this one: whoever believes this root may then believe that one
        (RFC 4210 §4.4, "new with old"; `certs.x509.introduced`). Raises ValueError for anything but our own next root."""
        successor.verify_directly_issued_by(successor)
        key = PublicKey.from_crypto(successor.public_key())
        if successor.subject != self.certificate.subject or key == self.key.public:
            raise ValueError("a root introduces only its own next key, under its own name")
        ends = min(int(each.not_valid_after_utc.timestamp()) for each in (successor, self.certificate))
        lint("next root", key, now, ends)
        authority_key = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            _builder(successor.subject, self.certificate.subject, key, now, ends, None)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(certificates=True), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_key), critical=False
            )
        )
        return _sign(builder, self.key)

    def revoke(
        self, certificate: x509.Certificate, *, reason: Reason, now: int, invalid_since: int | None = None
    ) -> Revocation:
        """The entry that takes a certificate of ours back from `now` on. `invalid_since` is when the harm is thought to have
        begun; what each reason spares, `certs/crl.py` tells. Raises ValueError; nothing is published before `sign_crl`."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise ValueError("only who issued a certificate can revoke it") from error
        if certificate == self.certificate:
            raise ValueError("a root is withdrawn by a bundle without it")
        entry = Revocation(serial=certificate.serial_number, revoked=now, reason=reason, invalid_since=invalid_since)
        _lint_revocation(entry, now)
        return entry

    def sign_crl(self, revocations: Iterable[Revocation], *, number: int, now: int, days: int = CRL_DAYS) -> bytes:
        """The list (DER) of all that was ever revoked; `number` is higher than that of every list before (§5.2.3)."""
        entries = sorted(revocations, key=lambda entry: entry.serial)
        ends = min(now + days * DAY, int(self.certificate.not_valid_after_utc.timestamp()))
        if ends <= now:
            raise ValueError("CRL would end before it starts")
        if len(entries) > ENTRIES_LIMIT or len({entry.serial for entry in entries}) != len(entries):
            raise ValueError("too many revocations, or a certificate revoked twice")
        if not 0 < number < 1 << 159:
            raise ValueError("number of a CRL")
        authority_key = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(datetime.fromtimestamp(now, UTC))
            .next_update(datetime.fromtimestamp(ends, UTC))
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_key), critical=False
            )
            .add_extension(x509.CRLNumber(number), critical=False)
        )
        for entry in entries:
            _lint_revocation(entry, now)
            builder = builder.add_revoked_certificate(_revoked(entry))
        private = _private(self.key)
        return builder.sign(private, hashes.SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True)
class TlsAuthority:
    """A root for https servers of a few names, and for nothing else. It is trusted by browsers, never by a verifier."""

    certificate: x509.Certificate
    key: MemorySigner

    @classmethod
    def create(cls, name: str, hosts: Sequence[str], *, now: int, days: int = ROOT_DAYS) -> "TlsAuthority":
        """Only `hosts` (names and addresses) can ever be certified by it (RFC 5280 §4.2.1.10)."""
        key = MemorySigner.generate()
        lint(name, key.public, now, now + days * DAY)
        allowed = [host_name(host, network=True) for host in hosts]
        subject = _name(name)
        builder = (
            _builder(subject, subject, key.public, now, now + days * DAY, None)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(certificates=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.NameConstraints(permitted_subtrees=allowed, excluded_subtrees=None), critical=True)
        )
        return cls(_sign(builder, key), key)

    def issue(
        self, name: str, public: PublicKey, hosts: Sequence[str], *, now: int, days: int = SERVER_DAYS
    ) -> x509.Certificate:
        """A server's certificate for `hosts` (RFC 9525 §3: the names are in the alternative names alone)."""
        if not 0 < days <= SERVER_DAYS:
            raise ValueError(f"a server's certificate lives at most {SERVER_DAYS} days")
        ends = min(now + days * DAY, int(self.certificate.not_valid_after_utc.timestamp()))
        lint(name, public, now, ends)
        constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        if not {host_name(host, network=True) for host in hosts} <= set(constraints.permitted_subtrees or ()):
            raise ValueError("a host outside of the root's names")
        authority_key = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            _builder(_name(name), self.certificate.subject, public, now, ends - 1, None)  # the last second counts too
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([host_name(host) for host in hosts]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_key), critical=False
            )
        )
        return _sign(builder, self.key)


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
    return builder.sign(_private(key), hashes.SHA256(), ecdsa_deterministic=True)  # RFC 6979


def _private(key: MemorySigner) -> ec.EllipticCurvePrivateKey:
    private = key.crypto()
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise Unsupported("alg_not_allowed", "the authority's key is on P-256")
    return private


def _lint_revocation(entry: Revocation, now: int) -> None:
    if entry.reason not in REASONS:
        raise ValueError(f"signers are not revoked for {entry.reason.value}")
    if entry.revoked > now or (entry.invalid_since is not None and entry.invalid_since > entry.revoked):
        raise ValueError("revoked in the future, or invalid since later than that")


def _revoked(entry: Revocation) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(entry.serial)
        .revocation_date(datetime.fromtimestamp(entry.revoked, UTC))
    )
    if entry.reason is not Reason.unspecified:  # RFC 5280 §5.3.1: left out rather than written
        builder = builder.add_extension(x509.CRLReason(entry.reason), critical=False)
    if entry.invalid_since is not None:
        since = x509.InvalidityDate(datetime.fromtimestamp(entry.invalid_since, UTC).replace(tzinfo=None))
        builder = builder.add_extension(since, critical=False)
    return builder.build()


def _distribution_point(uri: str) -> x509.CRLDistributionPoints:
    """RFC 5280 §4.2.1.13."""
    return x509.CRLDistributionPoints([x509.DistributionPoint([x509.UniformResourceIdentifier(uri)], None, None, None)])


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
