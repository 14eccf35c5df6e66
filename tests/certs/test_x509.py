"""The certificate profiles, and the path from a signer to a pinned root at a given time.

What must be refused stands in `tests/attacks/test_certificates.py`.
"""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import DAY, Authority
from certs.errors import CertsError
from certs.keys import MemorySigner
from certs.x509 import CERTIFICATE_LIMIT, Usage, check_path, key_id, load, public_key
from tests.certs.refusals import refused

NOW = 1_790_000_000
ROOT = Authority.create("Root", now=NOW - 100 * DAY)
SIGNER = MemorySigner.generate()
LEAF = ROOT.issue("signer", SIGNER.public, Usage.DOCUMENT_SIGNER, now=NOW, days=30)


def test_a_path_holds_from_the_latest_beginning_to_the_earliest_end() -> None:
    path = check_path(LEAF, (), (ROOT.certificate,), usage=Usage.DOCUMENT_SIGNER, now=NOW + 5)
    assert (path.leaf, path.valid_from, path.valid_until) == (LEAF, NOW, NOW + 30 * DAY)
    for now in (NOW, NOW + 30 * DAY):
        path.check_time(now)
        check_path(LEAF, (), (ROOT.certificate,), usage=Usage.DOCUMENT_SIGNER, now=now)
    for now, code in ((NOW - 1, "cert_not_yet_valid"), (NOW + 30 * DAY + 1, "cert_expired")):
        with refused(code):
            path.check_time(now)
        with refused(code):
            check_path(LEAF, (), (ROOT.certificate,), usage=Usage.DOCUMENT_SIGNER, now=now)


@pytest.mark.parametrize("usage", Usage)
def test_each_usage_is_good_for_itself_only(usage: Usage) -> None:
    leaf = ROOT.issue("signer", SIGNER.public, usage, now=NOW)
    check_path(leaf, (), (ROOT.certificate,), usage=usage, now=NOW)
    for other in set(Usage) - {usage}:
        with refused("cert_usage"):
            check_path(leaf, (), (ROOT.certificate,), usage=other, now=NOW)


def test_usages_are_object_identifiers_of_ours_or_registered() -> None:
    ours = {usage.value.dotted_string for usage in Usage}
    assert len(ours) == len(Usage)
    assert all(oid.startswith("2.25.") or oid == "1.3.6.1.5.5.7.3.30" for oid in ours)


def test_several_anchors_may_be_trusted_and_none_is_an_answer_too() -> None:
    other = Authority.create("Other", now=NOW)
    check_path(LEAF, (), (other.certificate, ROOT.certificate), usage=Usage.DOCUMENT_SIGNER, now=NOW)
    for anchors in ((), (other.certificate,)):
        with refused("issuer_untrusted"):
            check_path(LEAF, (), anchors, usage=Usage.DOCUMENT_SIGNER, now=NOW)


def test_two_roots_of_one_name_are_told_apart_by_their_keys() -> None:
    twin = Authority.create("Root", now=NOW - 100 * DAY)
    check_path(LEAF, (), (twin.certificate, ROOT.certificate), usage=Usage.DOCUMENT_SIGNER, now=NOW)
    with refused("chain_invalid"):
        check_path(LEAF, (), (twin.certificate,), usage=Usage.DOCUMENT_SIGNER, now=NOW)


def test_a_certificate_survives_its_der() -> None:
    assert load(LEAF.public_bytes(Encoding.DER)) == LEAF
    assert public_key(LEAF) == SIGNER.public
    assert key_id(LEAF) == x509.SubjectKeyIdentifier.from_public_key(LEAF.public_key()).digest[:8]


def test_what_is_no_certificate_is_refused() -> None:
    der = LEAF.public_bytes(Encoding.DER)
    for bad in (b"", b"x", der[:-1], der + b"\0", b"\x30\x00", LEAF.public_bytes(Encoding.PEM)):
        with refused("malformed"):
            load(bad)
    with refused("oversize"):
        load(b"\x30" * (CERTIFICATE_LIMIT + 1))


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")  # of odd serial numbers
def test_one_changed_bit_of_a_certificate_changes_nothing_that_is_certified() -> None:
    der = LEAF.public_bytes(Encoding.DER)
    for at, bit in ((at, 1 << shift) for at in range(len(der)) for shift in range(8)):
        changed = bytearray(der)
        changed[at] ^= bit
        try:
            leaf = load(bytes(changed))
            check_path(leaf, (), (ROOT.certificate,), usage=Usage.DOCUMENT_SIGNER, now=NOW)
        except CertsError:
            continue
        # Only the count of unused bits of the signature may pass, where the last bit happens to be none.
        assert leaf.tbs_certificate_bytes == LEAF.tbs_certificate_bytes
        assert leaf.signature == LEAF.signature


def test_a_name_that_is_a_bit_string_is_refused() -> None:
    """`cryptography` answers it with a TypeError."""
    der = LEAF.public_bytes(Encoding.DER)
    with refused("malformed"):
        load(der.replace(b"\x13\x02VN", b"\x03\x02VN"))
