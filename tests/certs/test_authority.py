"""The small CA: what it issues is what the profile admits, and it looks before it signs."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs.authority import DAY, Authority
from certs.errors import CertsError
from certs.keys import MemorySigner
from certs.x509 import Usage
from tests.certs.refusals import refused

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
    serials = {ROOT.issue("x", SIGNER.public, Usage.READER, now=NOW).serial_number for _ in range(20)}
    assert len(serials) == 20
    assert min(serials) > 1 << 64
    assert ROOT.issue("x", SIGNER.public, Usage.READER, now=NOW, serial=7).serial_number == 7


def test_the_same_request_gives_the_same_certificate() -> None:
    """RFC 6979: a signature of the CA hangs on no random number."""
    key = MemorySigner(ec.derive_private_key(7, ec.SECP256R1()), "ES256")
    roots = [Authority.create("Root", now=NOW, key=key, serial=1) for _ in range(2)]
    assert roots[0].certificate == roots[1].certificate
    signers = [root.issue("x", SIGNER.public, Usage.READER, now=NOW, serial=2) for root in roots]
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
