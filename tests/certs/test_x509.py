"""The certificate profiles, and the path from a signer to a pinned root at a given time.

What must be refused stands in `tests/attacks/test_certificates.py`.
"""

import base64
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import DAY, Authority
from certs.crl import Crls, Reason
from certs.crl import read as read_crl
from certs.errors import CertsError
from certs.keys import MemorySigner
from certs.x509 import CERTIFICATE_LIMIT, Usage, check_path, client_ids, dns_names, introduced, key_id, load, public_key
from tests.certs.refusals import refused
from tests.certs.test_profiles import hosts_of

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
    leaf = ROOT.issue("signer", SIGNER.public, usage, now=NOW, hosts=hosts_of(usage))
    check_path(leaf, (), (ROOT.certificate,), usage=usage, now=NOW)
    for other in set(Usage) - {usage}:
        with refused("cert_usage"):
            check_path(leaf, (), (ROOT.certificate,), usage=other, now=NOW)


def test_usages_are_object_identifiers_of_ours_or_registered() -> None:
    ours = {usage.value.dotted_string for usage in Usage}
    assert len(ours) == len(Usage)
    registered = {"1.3.6.1.5.5.7.3.30", "1.0.18013.5.1.6"}  # status signing; a reader of mobile documents
    assert {oid for oid in ours if not oid.startswith("2.25.")} == registered


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


# --- who asks ---------------------------------------------------------------------------------------------------------


def test_a_reader_is_called_by_its_hosts_and_by_its_hash() -> None:
    reader = ROOT.issue("bank", SIGNER.public, Usage.READER, now=NOW, hosts=("bank.example", "api.bank.example"))
    assert dns_names(reader) == ("bank.example", "api.bank.example")
    digest = base64.urlsafe_b64encode(hashlib.sha256(reader.public_bytes(Encoding.DER)).digest()).decode().rstrip("=")
    assert client_ids(reader) == (
        f"x509_hash:{digest}",
        "x509_san_dns:bank.example",
        "x509_san_dns:api.bank.example",
    )
    assert dns_names(LEAF) == ()


def test_a_reader_without_a_host_asks_nobody() -> None:
    key = ROOT.key.crypto()
    reader = ROOT.issue("bank", SIGNER.public, Usage.READER, now=NOW, hosts=("bank.example",))
    builder = x509.CertificateBuilder(
        reader.issuer, reader.subject, reader.public_key(), 5, reader.not_valid_before_utc, reader.not_valid_after_utc
    )
    for extension in reader.extensions:
        if not isinstance(extension.value, x509.SubjectAlternativeName):
            builder = builder.add_extension(extension.value, extension.critical)
    nameless = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]
    check_path(reader, (), (ROOT.certificate,), usage=Usage.READER, now=NOW)
    with refused("cert_usage"):
        check_path(nameless, (), (ROOT.certificate,), usage=Usage.READER, now=NOW)


# --- one root hands over to the next ----------------------------------------------------------------------------------


def test_a_root_hands_over_to_its_next_key() -> None:
    following, last = (Authority.create("Root", now=NOW - 50 * DAY) for _ in range(2))
    hands = (ROOT.introduce(following.certificate, now=NOW), following.introduce(last.certificate, now=NOW))
    signer = last.issue("signer", SIGNER.public, Usage.DOCUMENT_SIGNER, now=NOW)
    for offered in (hands, tuple(reversed(hands))):
        anchors = introduced((ROOT.certificate,), (*offered, following.certificate, last.certificate), now=NOW)
        assert set(anchors) == {ROOT.certificate, *hands, following.certificate, last.certificate}
        check_path(signer, (), anchors, usage=Usage.DOCUMENT_SIGNER, now=NOW)
    assert introduced((ROOT.certificate,), hands[1:], now=NOW) == (ROOT.certificate,)


def test_nobody_else_is_introduced() -> None:
    twin, other = Authority.create("Root", now=NOW - 50 * DAY), Authority.create("Other", now=NOW - 50 * DAY)
    following = Authority.create("Root", now=NOW - 50 * DAY)
    hand = ROOT.introduce(following.certificate, now=NOW)
    short = Authority.create("Root", now=NOW - 50 * DAY, days=51)
    for offered in (
        twin.introduce(following.certificate, now=NOW),  # by a root of the same name that nobody believes
        twin.certificate,
        other.certificate,
        LEAF,
    ):
        assert introduced((ROOT.certificate,), (offered,), now=NOW) == (ROOT.certificate,)
    crl = ROOT.sign_crl([ROOT.revoke(hand, reason=Reason.key_compromise, now=NOW)], number=1, now=NOW)
    held = Crls([read_crl(crl, (ROOT.certificate,), now=NOW)])
    assert introduced((ROOT.certificate,), (hand,), now=NOW, crls=held) == (ROOT.certificate,)
    assert len(introduced((ROOT.certificate,), (hand,), now=NOW)) == 2
    assert len(introduced((ROOT.certificate,), (hand,), now=NOW - 1)) == 1  # before it begins
    late = short.introduce(following.certificate, now=NOW)
    assert len(introduced((short.certificate,), (late,), now=NOW + 2 * DAY)) == 1  # the one that introduces has ended
    for stranger in (other.certificate, ROOT.certificate):
        with pytest.raises(ValueError, match="only its own next key"):
            ROOT.introduce(stranger, now=NOW)


# --- bytes that are no certificate ------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@pytest.mark.parametrize("usage", Usage)
def test_a_damaged_certificate_is_a_reason_and_never_a_crash(usage: Usage) -> None:
    """Every byte changed once, in each profile: a refusal of the tree, and nothing else that is signed."""
    good = ROOT.issue("signer", SIGNER.public, usage, now=NOW, hosts=hosts_of(usage)).public_bytes(Encoding.DER)
    codes = set()
    for place in range(len(good)):
        for bits in (0x01, 0x80, 0xFF):
            damaged = good[:place] + bytes([good[place] ^ bits]) + good[place + 1 :]
            try:
                leaf = load(damaged)
                client_ids(leaf), introduced((ROOT.certificate,), (leaf,), now=NOW)
                check_path(leaf, (), (ROOT.certificate,), usage=usage, now=NOW)
                assert leaf.tbs_certificate_bytes == load(good).tbs_certificate_bytes  # bits behind the signature's end
            except CertsError as error:
                codes.add(error.code)
    assert {"malformed", "chain_invalid", "cert_usage"} <= codes
    for length in range(0, len(good), 7):
        with refused("malformed"):
            load(good[:length])
