"""Revocation lists: what an authority signs is what is read, nothing else is read, and what a revocation spares.

What must be refused of lists that somebody else made stands in `tests/attacks/test_revocation_lists.py`.
"""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import crl
from certs.authority import CRL_DAYS, DAY, Authority
from certs.crl import ENTRIES_LIMIT, LIST_LIMIT, ORDERLY, REASONS, Crl, Crls, Reason, Revocation, Watched
from certs.errors import CertsError
from certs.keys import MemorySigner
from certs.x509 import Path, Usage, check_path
from tests.certs.refusals import refused

NOW = 1_790_000_000
ROOT = Authority.create("Root", now=NOW - 100 * DAY)
KEY = MemorySigner.generate().public
SIGNER = ROOT.issue("signer", KEY, Usage.DOCUMENT_SIGNER, now=NOW - 50 * DAY)
OTHER = ROOT.issue("other", KEY, Usage.DOCUMENT_SIGNER, now=NOW - 50 * DAY)
NAMING = ROOT.issue("naming", KEY, Usage.DOCUMENT_SIGNER, now=NOW, crl_uri="http://ca.example/root.crl")


def listed(*entries: Revocation, number: int = 7, now: int = NOW, days: int = CRL_DAYS) -> Crl:
    return crl.read(ROOT.sign_crl(entries, number=number, now=now, days=days), (ROOT.certificate,), now=now)


def entry(certificate: x509.Certificate = SIGNER, reason: Reason = Reason.key_compromise, at: int = NOW) -> Revocation:
    return ROOT.revoke(certificate, reason=reason, now=at)


def check(certificate: x509.Certificate, *lists: Crl, now: int = NOW, signed: int | None = None) -> None:
    usage = Usage.DOCUMENT_SIGNER
    check_path(certificate, (), (ROOT.certificate,), usage=usage, now=now, crls=Crls(lists), signed=signed)


def revocations() -> st.SearchStrategy[list[Revocation]]:
    each = st.builds(
        lambda serial, revoked, reason, before: Revocation(
            serial=serial, revoked=revoked, reason=reason, invalid_since=None if before is None else revoked - before
        ),
        st.integers(1, (1 << 159) - 1),
        st.integers(NOW - 1000 * DAY, NOW),
        st.sampled_from(sorted(REASONS, key=str)),
        st.none() | st.integers(0, 1000 * DAY),
    )
    return st.lists(each, max_size=8, unique_by=lambda entry: entry.serial)


@settings(max_examples=60, deadline=None)
@given(revocations(), st.integers(1, (1 << 159) - 1))
def test_what_is_signed_is_what_is_read(entries: list[Revocation], number: int) -> None:
    told = listed(*entries, number=number)
    assert dict(told.revocations) == {entry.serial: entry for entry in entries}
    assert (told.number, told.issued, told.next_update) == (number, NOW, NOW + CRL_DAYS * DAY)
    assert told.issuer == crl.authority_id(ROOT.certificate)


def test_it_is_a_list_of_version_2_as_others_read_it() -> None:
    told = x509.load_der_x509_crl(listed(entry()).der)
    assert told.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    own = told.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert own == ROOT.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    found = told.get_revoked_certificate_by_serial_number(SIGNER.serial_number)
    assert found is not None and found.revocation_date_utc == datetime.fromtimestamp(NOW, UTC)
    assert found.extensions.get_extension_for_class(x509.CRLReason).value.reason is Reason.key_compromise
    unsaid = x509.load_der_x509_crl(listed(entry(reason=Reason.unspecified)).der)
    assert not list(next(iter(unsaid)).extensions)  # RFC 5280 §5.3.1


def test_the_same_list_is_the_same_bytes() -> None:
    assert listed(entry(), entry(OTHER)).der == listed(entry(OTHER), entry()).der


# --- what an authority does not sign ----------------------------------------------------------------------------------


def test_an_authority_revokes_what_it_issued() -> None:
    stranger = Authority.create("Root", now=NOW - DAY)
    with pytest.raises(ValueError, match="who issued"):
        entry(stranger.issue("signer", KEY, Usage.DOCUMENT_SIGNER, now=NOW))
    with pytest.raises(ValueError, match="root"):
        entry(ROOT.certificate)


@pytest.mark.parametrize("reason", sorted(set(Reason) - REASONS, key=str))
def test_reasons_that_are_none_for_signers(reason: Reason) -> None:
    with pytest.raises(ValueError, match="not revoked for"):
        entry(reason=reason)


def test_dates_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="future"):
        ROOT.revoke(SIGNER, reason=Reason.superseded, now=NOW, invalid_since=NOW + 1)
    with pytest.raises(ValueError, match="future"):
        listed(entry(at=NOW + 1))
    with pytest.raises(ValueError, match="end before"):
        listed(days=0)
    assert listed(now=NOW, days=99999).next_update == int(ROOT.certificate.not_valid_after_utc.timestamp())


@pytest.mark.parametrize("number", [0, -1, 1 << 159])
def test_numbers_that_are_none(number: int) -> None:
    with pytest.raises(ValueError, match="number"):
        listed(number=number)


def test_a_certificate_twice_or_too_many() -> None:
    with pytest.raises(ValueError, match="twice"):
        listed(entry(), entry(reason=Reason.superseded))
    many = [Revocation(serial=serial, revoked=NOW) for serial in range(1, ENTRIES_LIMIT + 2)]
    with pytest.raises(ValueError, match="many"):
        listed(*many)
    longest = [
        Revocation(serial=(1 << 158) + each.serial, revoked=NOW, invalid_since=NOW, reason=Reason.superseded)
        for each in many[:ENTRIES_LIMIT]
    ]
    assert len(listed(*longest).revocations) == ENTRIES_LIMIT  # what is signed can be read


# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", sorted(REASONS, key=str))
def test_who_is_revoked_is_refused_and_nobody_else(reason: Reason) -> None:
    told = listed(entry(reason=reason))
    with refused("cert_revoked"):
        check(SIGNER, told)
    check(OTHER, told)
    check(OTHER, listed())


def test_without_lists_nothing_changes() -> None:
    check(SIGNER)
    check(SIGNER, now=NOW + 400 * DAY)


def test_a_certificate_that_names_a_list_needs_it() -> None:
    with refused("status_unavailable"):
        check(NAMING)
    check(NAMING, listed())
    stranger = Authority.create("Root", now=NOW - DAY)  # of the same name
    other = crl.read(stranger.sign_crl((), number=1, now=NOW), (stranger.certificate,), now=NOW)
    with refused("status_unavailable"):
        check(NAMING, other)
    check(SIGNER, other)


def test_a_certificate_that_names_a_responder_needs_a_list_too() -> None:
    """OCSP is not spoken here: what it would say is not known."""
    place = x509.AccessDescription(
        x509.oid.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.example")
    )
    builder = x509.CertificateBuilder(
        SIGNER.issuer, SIGNER.subject, SIGNER.public_key(), 77, SIGNER.not_valid_before_utc, SIGNER.not_valid_after_utc
    )
    for extension in SIGNER.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    builder = builder.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
    leaf = builder.sign(ROOT.key.crypto(), hashes.SHA256())
    with refused("status_unavailable"):
        check(leaf)
    check(leaf, listed())


def test_an_old_list_says_of_nobody_that_he_is_good() -> None:
    told = listed(entry(), days=1)
    check(OTHER, told, now=NOW + DAY - 1)
    with refused("status_stale"):
        check(OTHER, told, now=NOW + DAY)
    with refused("cert_revoked"):  # for ever
        check(SIGNER, told, now=NOW + DAY)


def test_of_two_lists_the_later_counts() -> None:
    old, new = listed(number=1, now=NOW - 5), listed(entry(), number=2)
    for lists in ((old, new), (new, old)):
        with refused("cert_revoked"):
            check(SIGNER, *lists)


# --- what was signed before -------------------------------------------------------------------------------------------

BEFORE, SINCE = NOW - 9 * DAY, NOW - 5 * DAY


@pytest.mark.parametrize("reason", sorted(ORDERLY, key=str))
def test_an_orderly_end_spares_what_was_signed_before_it(reason: Reason) -> None:
    told = listed(entry(reason=reason))
    check(SIGNER, told, signed=BEFORE)
    check(SIGNER, told, signed=NOW - 1)
    for signed in (NOW, NOW + 1, None):
        with refused("cert_revoked"):
            check(SIGNER, told, signed=signed)
    early = listed(ROOT.revoke(SIGNER, reason=reason, now=NOW, invalid_since=SINCE))
    check(SIGNER, early, signed=SINCE - 1)
    with refused("cert_revoked"):
        check(SIGNER, early, signed=SINCE)


@pytest.mark.parametrize("reason", sorted(REASONS - ORDERLY, key=str))
@pytest.mark.parametrize("invalid_since", [None, SINCE])
def test_who_may_have_lost_the_key_dates_back_and_nothing_is_spared(reason: Reason, invalid_since: int | None) -> None:
    told = listed(ROOT.revoke(SIGNER, reason=reason, now=NOW, invalid_since=invalid_since))
    for signed in (BEFORE, 0, NOW):
        with refused("cert_revoked"):
            check(SIGNER, told, signed=signed)


# --- taking the place of a held list ----------------------------------------------------------------------------------


def test_a_list_never_goes_back() -> None:
    held = listed(entry(), number=5)
    crl.check_successor(held, held)
    crl.check_successor(held, listed(number=6))
    for older in (listed(entry(), number=4), listed(number=5), listed(number=6, now=NOW - 1)):
        with refused("status_stale"):
            crl.check_successor(held, older)


def test_a_list_from_the_future_is_refused() -> None:
    der = ROOT.sign_crl((), number=1, now=NOW)
    crl.read(der, (ROOT.certificate,), now=NOW - 300)
    with refused("issued_in_future"):
        crl.read(der, (ROOT.certificate,), now=NOW - 301)


def test_what_is_no_list_is_refused() -> None:
    der = listed(entry()).der
    for bad in (b"", b"x", der[:-1], der + b"\0", b"\x30\x00", SIGNER.public_bytes(Encoding.DER)):
        with pytest.raises(CertsError) as caught:
            crl.read(bad, (ROOT.certificate,), now=NOW)
        assert caught.value.code == "malformed"
    with refused("oversize"):
        crl.read(b"\x30" * (LIST_LIMIT + 1), (ROOT.certificate,), now=NOW)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")  # of odd serial numbers
def test_no_changed_bit_of_a_list_passes() -> None:
    der = ROOT.sign_crl((entry(), entry(OTHER, Reason.superseded)), number=7, now=NOW)
    for at in range(len(der)):
        for bit in (1 << shift for shift in range(8)):
            changed = bytearray(der)
            changed[at] ^= bit
            with pytest.raises(CertsError):
                crl.read(bytes(changed), (ROOT.certificate,), now=NOW)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_comes_is_refused_and_crashes_nothing(data: bytes) -> None:
    with pytest.raises(CertsError):
        crl.read(data, (ROOT.certificate,), now=NOW)


def test_revoked_anywhere_is_told_before_unknown_anywhere() -> None:
    unknown, revoked = Watched(1, "x", False, None), Watched(SIGNER.serial_number, "y", True, listed(entry()))
    for watched in ((unknown, revoked), (revoked, unknown)):
        with refused("cert_revoked"):
            Path(SIGNER, NOW, NOW, watched).check_revoked(now=NOW, signed=None)
    with refused("status_unavailable"):
        Path(SIGNER, NOW, NOW, (unknown,)).check_revoked(now=NOW, signed=None)
