"""The small CA: what it issues is what the profile admits, and it looks before it signs."""

import ipaddress
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certs.authority import DAY, Authority, TlsAuthority
from certs.errors import CertsError
from certs.keys import MemorySigner
from certs.x509 import Usage, check_path
from tests.certs.refusals import refused
from tests.certs.test_profiles import hosts_of

NOW = 1_790_000_000
ROOT = Authority.create("Root", now=NOW, days=1000)
SIGNER = MemorySigner.generate()


def test_a_root_signs_itself_and_certificates_only() -> None:
    certificate = ROOT.certificate
    certificate.verify_directly_issued_by(certificate)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value) == (True, x509.BasicConstraints(True, 0))
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.key_cert_sign and usage.value.crl_sign and not usage.value.digital_signature
    assert "simulation" in certificate.subject.rfc4514_string()


def test_a_signer_signs_one_kind_of_thing_and_no_certificates() -> None:
    issued = ROOT.issue("health", SIGNER.public, Usage.DOCUMENT_SIGNER, now=NOW)
    issued.verify_directly_issued_by(ROOT.certificate)
    assert issued.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(False, None)
    usage = issued.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and not usage.key_cert_sign and not usage.crl_sign
    purposes = issued.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert purposes.critical and list(purposes.value) == [Usage.DOCUMENT_SIGNER.value]
    own = issued.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert own == ROOT.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_serial_numbers_are_random_and_long_unless_given() -> None:
    serials = {ROOT.issue("x", SIGNER.public, Usage.STATUS_SIGNER, now=NOW).serial_number for _ in range(20)}
    assert len(serials) == 20
    assert min(serials) > 1 << 64
    assert ROOT.issue("x", SIGNER.public, Usage.STATUS_SIGNER, now=NOW, serial=7).serial_number == 7


def test_the_same_request_gives_the_same_certificate() -> None:
    """RFC 6979: a signature of the CA hangs on no random number."""
    key = MemorySigner(ec.derive_private_key(7, ec.SECP256R1()), "ES256")
    roots = [Authority.create("Root", now=NOW, key=key, serial=1) for _ in range(2)]
    assert roots[0].certificate == roots[1].certificate
    signers = [root.issue("x", SIGNER.public, Usage.STATUS_SIGNER, now=NOW, serial=2) for root in roots]
    assert signers[0] == signers[1]


def test_no_signer_outlives_its_root() -> None:
    issued = ROOT.issue("x", SIGNER.public, Usage.STATUS_SIGNER, now=NOW + 990 * DAY, days=30)
    assert issued.not_valid_after_utc == ROOT.certificate.not_valid_after_utc
    later = ROOT.issue("x", SIGNER.public, Usage.STATUS_SIGNER, now=NOW, starts=NOW + 5 * DAY, days=1)
    assert later.not_valid_before_utc == datetime.fromtimestamp(NOW + 5 * DAY, UTC)
    with pytest.raises(ValueError, match="end before"):
        ROOT.issue("x", SIGNER.public, Usage.STATUS_SIGNER, now=NOW + 1000 * DAY)


@pytest.mark.parametrize("name", ["", "x" * 65, "sig\0ner", "bank\u202e", "trаnsport", "a\nb"])
def test_a_name_that_is_none_or_deceives_is_not_certified(name: str) -> None:
    with pytest.raises((ValueError, CertsError)):
        ROOT.issue(name, SIGNER.public, Usage.DOCUMENT_SIGNER, now=NOW)
    with pytest.raises((ValueError, CertsError)):
        Authority.create(name, now=NOW)


@pytest.mark.parametrize("alg", ["RS256", "ES384", "EdDSA", "PS256"])
def test_only_keys_on_p256_are_certified(alg: str) -> None:
    other = MemorySigner.generate(alg)
    with refused("alg_not_allowed"):
        ROOT.issue("x", other.public, Usage.DOCUMENT_SIGNER, now=NOW)
    with refused("alg_not_allowed"):
        Authority.create("Root", now=NOW, key=other)


def test_a_signer_names_the_revocation_list_when_told_to() -> None:
    kind = x509.CRLDistributionPoints
    plain = ROOT.issue("x", SIGNER.public, Usage.STATUS_SIGNER, now=NOW)
    assert not any(isinstance(each.value, kind) for each in plain.extensions)
    naming = ROOT.issue("x", SIGNER.public, Usage.STATUS_SIGNER, now=NOW, crl_uri="http://ca.example/root.crl")
    (point,) = naming.extensions.get_extension_for_class(kind).value
    assert point.full_name == [x509.UniformResourceIdentifier("http://ca.example/root.crl")]


# --- servers ----------------------------------------------------------------------------------------------------------

HOSTS = ("localhost", "127.0.0.1", "::1")
TLS = TlsAuthority.create("https", HOSTS, now=NOW)


def _verify(server: x509.Certificate, host: str, root: x509.Certificate = TLS.certificate) -> None:
    """As a browser does it."""
    try:
        name: x509.verification.Subject = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        name = x509.DNSName(host)
    moment = datetime.fromtimestamp(NOW + DAY, UTC)
    builder = x509.verification.PolicyBuilder().store(x509.verification.Store([root])).time(moment)
    builder.build_server_verifier(name).verify(server, [])


@pytest.mark.parametrize("host", HOSTS)
def test_a_server_is_what_browsers_take(host: str) -> None:
    server = TLS.issue("idp", SIGNER.public, HOSTS, now=NOW)
    assert (server.not_valid_after_utc - server.not_valid_before_utc).days < 397
    usage = server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]
    _verify(server, host)
    with pytest.raises(x509.verification.VerificationError):
        _verify(server, "example.vn")


@pytest.mark.parametrize(
    "hosts", [("example.vn",), ("127.0.0.2",), ("localhost", "example.vn"), ("*.localhost",), ("",), ("LOCALHOST",)]
)
def test_no_server_outside_of_the_roots_names(hosts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="host"):
        TLS.issue("idp", SIGNER.public, hosts, now=NOW)


def test_a_browser_holds_the_root_to_its_names_too() -> None:
    """Whoever steals its key, and asks no lint of ours, still cannot make a server of another name."""

    def signed_by_the_thief(host: str) -> x509.Certificate:
        lawful = TLS.issue("x", SIGNER.public, HOSTS, now=NOW)
        builder = x509.CertificateBuilder(
            lawful.issuer,
            lawful.subject,
            lawful.public_key(),
            x509.random_serial_number(),
            lawful.not_valid_before_utc,
            lawful.not_valid_after_utc,
        )
        for extension in lawful.extensions:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            other = isinstance(extension.value, x509.SubjectAlternativeName)
            builder = builder.add_extension(names if other else extension.value, extension.critical)
        key = TLS.key.crypto()
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return builder.sign(key, hashes.SHA256())

    _verify(signed_by_the_thief("localhost"), "localhost")
    with pytest.raises(x509.verification.VerificationError):
        _verify(signed_by_the_thief("example.vn"), "example.vn")


@pytest.mark.parametrize("days", [398, 0, -1])
def test_no_server_lives_longer_than_browsers_allow(days: int) -> None:
    with pytest.raises(ValueError, match="397 days"):
        TLS.issue("idp", SIGNER.public, HOSTS, now=NOW, days=days)


@pytest.mark.parametrize("usage", list(Usage))
def test_the_trust_of_pages_and_of_documents_stay_apart(usage: Usage) -> None:
    server = TLS.issue("idp", SIGNER.public, HOSTS, now=NOW)
    with refused("cert_usage"):
        check_path(server, (), (TLS.certificate,), usage=usage, now=NOW + 1)
    signer = ROOT.issue("health", SIGNER.public, usage, now=NOW, hosts=hosts_of(usage))
    with refused("issuer_untrusted"):
        check_path(signer, (), (TLS.certificate,), usage=usage, now=NOW + 1)
    with pytest.raises(x509.verification.VerificationError):
        _verify(signer, "localhost", ROOT.certificate)
