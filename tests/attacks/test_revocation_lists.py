"""X5-11: a signer whose authority took its certificate back, and lists that are old, forged, somebody else's or not there.

OCSP is not spoken: a responder that says *try later* and one that is never asked know equally much.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle, crl, qr, trust
from certs.authority import Authority
from certs.crl import Crl, Reason
from certs.errors import CertsError
from certs.formats import Expected, cwt, mdoc, sd_jwt
from certs.keys import MemorySigner
from certs.x509 import Usage
from tests.attacks import der
from tests.certs.formats import mdocs, sd_jwts
from tests.certs.refusals import refused
from tests.world import DAY, NOW, Desk, World
from verifier import DEFAULT, Outcome, Policy, Unknown, Verifier

LICENCES = "public-security"
PLACE = "http://ca.example/root.crl"


@pytest.fixture
def world() -> World:
    return World()


def key_of(authority: Authority) -> ec.EllipticCurvePrivateKey:
    key = authority.key.crypto()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def naming(world: World, usage: Usage = Usage.DOCUMENT_SIGNER) -> Desk:
    """A desk whose certificate says where the root's list is."""
    signer = MemorySigner.generate()
    certificate = world.root.issue(LICENCES, signer.public, usage, now=NOW - DAY, crl_uri=PLACE)
    return Desk(signer, certificate)


def listed(
    world: World,
    *desks: Desk,
    reason: Reason = Reason.key_compromise,
    at: int = NOW - DAY,
    number: int = 1,
    days: int = 90,
) -> bytes:
    entries = [world.root.revoke(desk.certificate, reason=reason, now=at) for desk in desks]
    return world.root.sign_crl(entries, number=number, now=at, days=days)


def read(world: World, data: bytes) -> Crl:
    return crl.read(data, (world.root.certificate,), now=NOW)


# --- revoked: on each format ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Format:
    """Issue a licence in one format at a time, show it now, and verify it with a bundle."""

    name: str
    check: Callable[[World, bundle.Bundle, int], Any]


def _cwt(world: World, held: bundle.Bundle, issued: int) -> Any:
    data = qr.from_text(world.present(world.issue(issued=issued)))
    return cwt.verify(data, trust=held.trust, statuses=held.statuses, now=NOW, expected=Expected())


def _sd_jwt(world: World, held: bundle.Bundle, issued: int) -> Any:
    shown = sd_jwts.present(sd_jwts.issue(world=world, issued=issued), signer=world.holder)
    return sd_jwt.verify(shown, trust=held.trust, statuses=held.statuses, now=NOW, expected=sd_jwts.ASKED)


def _mdoc(world: World, held: bundle.Bundle, issued: int) -> Any:
    shown = mdocs.presented(world, mdocs.issued(world, at=issued))
    return mdoc.verify(
        shown,
        transcript=mdocs.TRANSCRIPT,
        trust=held.trust,
        statuses=held.statuses,
        now=NOW,
        expected=Expected(),
        reader_key=None,
        only=None,
    )


FORMATS = [Format("cwt", _cwt), Format("sd_jwt", _sd_jwt), Format("mdoc", _mdoc)]


@pytest.fixture(params=FORMATS, ids=lambda each: each.name)
def each(request: pytest.FixtureRequest) -> Format:
    found: Format = request.param
    return found


def test_x5_11_a_revoked_signer(world: World, each: Format) -> None:
    good = world.open_bundle(crls=(listed(world, world.issuers["health"]),))
    each.check(world, good, NOW - 60)
    bad = world.open_bundle(crls=(listed(world, world.issuers[LICENCES]),))
    for issued in (NOW - 60, NOW - 9 * DAY):  # a stolen key writes any date
        with refused("cert_revoked"):
            each.check(world, bad, issued)


def test_x5_11_an_orderly_end_keeps_what_was_signed_before(world: World, each: Format) -> None:
    held = world.open_bundle(crls=(listed(world, world.issuers[LICENCES], reason=Reason.superseded),))
    each.check(world, held, NOW - 9 * DAY)
    with refused("cert_revoked"):
        each.check(world, held, NOW - 60)


def test_x5_11_no_list_where_one_is_named(world: World, each: Format) -> None:
    each.check(world, world.open_bundle(), NOW - 60)  # which names none
    world.issuers[LICENCES] = naming(world)
    with refused("status_unavailable"):
        each.check(world, world.open_bundle(), NOW - 60)
    each.check(world, world.open_bundle(crls=(listed(world),)), NOW - 60)


def test_x5_11_an_expired_list(world: World, each: Format) -> None:
    old = (listed(world, world.issuers["health"], at=NOW - 2 * DAY, days=2),)
    held = bundle.read(_at(world, NOW - DAY, crls=old), now=NOW)
    with refused("status_stale"):
        each.check(world, held, NOW - 60)


def _at(world: World, when: int, **changes: Any) -> bytes:
    now, world.now = world.now, when
    data = world.bundle(**changes)
    world.now = now
    return data


def test_x5_11_at_the_counter_what_is_not_known_stays_open(world: World) -> None:
    """Undetermined unless the policy says reject, as with status lists; and a later no is still a no."""
    world.issuers[LICENCES] = naming(world)
    verifier = Verifier(world.open_bundle(), clock=lambda: NOW)
    text = world.present()
    for policy, outcome in (
        (DEFAULT, Outcome.UNDETERMINED),
        (Policy(status_unavailable=Unknown.REJECT), Outcome.REJECTED),
    ):
        report = verifier.inspect(text, policy=policy)
        assert (report.outcome, report.code, report.verified) == (outcome, "status_unavailable", None)
    assert verifier.inspect(world.printed()).code == "holder_binding_missing"
    revoked = Verifier(world.open_bundle(crls=(listed(world, world.issuers[LICENCES]),)), clock=lambda: NOW)
    report = revoked.inspect(world.present())
    assert (report.outcome, report.code) == (Outcome.REJECTED, "cert_revoked")


# --- lists that are none ----------------------------------------------------------------------------------------------


def test_x5_11_a_list_that_nobody_of_ours_signed(world: World) -> None:
    good = listed(world, world.issuers[LICENCES])
    read(world, good)
    tbs, algorithm, _ = der.children(good)
    twin = Authority.create("Test root", now=NOW - 400 * DAY)
    for bad in (
        twin.sign_crl((), number=9, now=NOW),  # of the same name
        Authority.create("Other", now=NOW - DAY).sign_crl((), number=9, now=NOW),
        der.wrap(der.SEQUENCE, tbs + algorithm + der.wrap(der.BIT_STRING, b"\0")),
        der.wrap(der.SEQUENCE, tbs + algorithm + der.wrap(der.BIT_STRING, bytes(65))),
    ):
        with refused("status_signature_invalid"):
            read(world, bad)
        with refused("status_signature_invalid"):
            world.open_bundle(crls=(bad,))
    with refused("malformed"):
        read(world, der.wrap(der.SEQUENCE, tbs))


def test_x5_11_a_signer_signs_no_list(world: World) -> None:
    """Its certificate is trusted for documents; given as an authority, it still may not sign lists."""
    desk = world.issuers[LICENCES]
    forged = Authority(desk.certificate, desk.signer).sign_crl((), number=9, now=NOW)
    with refused("status_signature_invalid"):
        crl.read(forged, (world.root.certificate, desk.certificate), now=NOW)


@pytest.mark.parametrize(("ca", "signs"), [(True, False), (False, True)])
def test_x5_11_an_authority_that_may_not_sign_lists(world: World, ca: bool, signs: bool) -> None:
    root = world.root.certificate
    usage = x509.KeyUsage(not ca, False, False, False, False, ca, signs, False, False)
    builder = x509.CertificateBuilder(
        root.subject, root.subject, root.public_key(), 5, root.not_valid_before_utc, root.not_valid_after_utc
    )
    builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
    other = builder.add_extension(usage, critical=True).sign(key_of(world.root), hashes.SHA256())
    with refused("status_signature_invalid"):
        crl.read(listed(world), (other,), now=NOW)


def test_x5_11_a_list_under_another_name_of_the_same_key(world: World) -> None:
    renamed = Authority.create("Other", now=NOW - DAY, key=world.root.key)
    with refused("status_signature_invalid"):
        read(world, renamed.sign_crl((), number=1, now=NOW))


def test_x5_11_bits_that_no_signature_covers(world: World) -> None:
    """The last bit of a signature declared unused, where it happens to be zero: other bytes for the same list."""
    lists = (listed(world, number=number) for number in range(1, 200))
    good = next(each for each in lists if each[-1] % 2 == 0)
    tbs, algorithm, signature = der.children(good)
    bits = signature[signature.index(b"\0", 2) :]
    changed = der.wrap(der.SEQUENCE, tbs + algorithm + der.wrap(der.BIT_STRING, b"\1" + bits[1:]))
    assert sum(one != other for one, other in zip(good, changed, strict=True)) == 1
    read(world, good)
    with refused("status_signature_invalid"):
        read(world, changed)


def test_x5_11_an_authority_in_between_is_spared_nothing(world: World) -> None:
    told = crl.Crl(
        issuer=b"",
        number=1,
        issued=NOW,
        next_update=NOW + DAY,
        der=b"",
        revocations={5: crl.Revocation(serial=5, revoked=NOW, reason=Reason.superseded)},
    )
    crl.Watched(5, "signer", False, told).check(now=NOW, signed=NOW - DAY)
    with refused("cert_revoked"):
        crl.Watched(5, "authority", True, told).check(now=NOW, signed=NOW - DAY)


def test_x5_11_a_list_of_another_algorithm(world: World) -> None:
    for hash_ in (hashes.SHA384(), hashes.SHA512()):
        with refused("status_signature_invalid"):
            read(world, made(world, hash_=hash_))


NUMBER = (x509.CRLNumber(5), False)
POINT = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)


def made(
    world: World, *extensions: tuple[x509.ExtensionType, bool], entry: Any = None, hash_: Any = None, days: int = 9
) -> bytes:
    """Any list, rightly signed by the root."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(world.root.certificate.subject)
        .last_update(datetime.fromtimestamp(NOW, UTC))
        .next_update(datetime.fromtimestamp(NOW + days * DAY, UTC))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    if entry is not None:
        revoked = x509.RevokedCertificateBuilder().serial_number(5).revocation_date(datetime.fromtimestamp(NOW, UTC))
        builder = builder.add_revoked_certificate(revoked.add_extension(*entry).build())
    return builder.sign(key_of(world.root), hash_ or hashes.SHA256()).public_bytes(Encoding.DER)


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


@pytest.mark.parametrize(
    ("extensions", "entry", "code"),
    [
        ((), None, "malformed"),  # no number
        (((x509.CRLNumber(0), False),), None, "malformed"),
        ((NUMBER, (UNKNOWN, True)), None, "crit_unknown"),
        ((NUMBER, (POINT, True)), None, "crit_unknown"),  # a part of a list
        ((NUMBER, (POINT, False)), None, "crit_unknown"),
        ((NUMBER, (x509.DeltaCRLIndicator(4), True)), None, "crit_unknown"),
        ((NUMBER,), (UNKNOWN, True), "crit_unknown"),
        ((NUMBER,), (x509.CertificateIssuer([x509.DNSName("x")]), True), "crit_unknown"),  # an indirect list
        ((NUMBER,), (x509.CRLReason(Reason.remove_from_crl), False), "malformed"),
    ],
)
def test_x5_11_lists_that_say_what_we_cannot_follow(world: World, extensions: Any, entry: Any, code: str) -> None:
    with refused(code):
        read(world, made(world, *extensions, entry=entry))


def test_x5_11_what_is_not_critical_may_be_there(world: World) -> None:
    assert read(world, made(world, NUMBER, (UNKNOWN, False), entry=(UNKNOWN, False))).number == 5


def test_x5_11_a_held_certificate_counts_as_revoked_while_the_list_is_fresh(world: World) -> None:
    told = read(world, made(world, NUMBER, entry=(x509.CRLReason(Reason.certificate_hold), False)))
    watched = crl.Watched(5, "x", False, told)
    with refused("cert_revoked"):
        watched.check(now=NOW, signed=NOW - 5)
    with refused("status_stale"):  # it may have been released since
        watched.check(now=NOW + 9 * DAY, signed=NOW - 5)


def _parts(world: World, change: Callable[[list[bytes]], None]) -> bytes:
    """A list with parts of what is signed changed, signed again by the root."""
    tbs, algorithm, _ = der.children(listed(world, world.issuers[LICENCES]))
    parts = der.children(tbs)  # version, signature, issuer, thisUpdate, nextUpdate, revoked, extensions
    change(parts)
    changed = der.wrap(der.SEQUENCE, b"".join(parts))
    signature = key_of(world.root).sign(changed, ec.ECDSA(hashes.SHA256()))
    return der.wrap(der.SEQUENCE, changed + algorithm + der.wrap(der.BIT_STRING, b"\0" + signature))


def test_x5_11_lists_of_another_shape(world: World) -> None:
    def doubled(parts: list[bytes]) -> None:
        parts[5] = der.wrap(der.SEQUENCE, b"".join(der.children(parts[5]) * 2))

    def too_many(parts: list[bytes]) -> None:
        one = der.children(parts[5])[0]
        parts[5] = der.wrap(der.SEQUENCE, one * (crl.ENTRIES_LIMIT + 1))

    def backwards(parts: list[bytes]) -> None:
        parts[3], parts[4] = parts[4], parts[3]

    def endless(parts: list[bytes]) -> None:
        del parts[4]

    def first_version(parts: list[bytes]) -> None:
        del parts[6], parts[0]

    read(world, _parts(world, lambda parts: None))
    for change, code in (
        (doubled, "duplicate_key"),
        (too_many, "limit_exceeded"),
        (backwards, "malformed"),
        (endless, "malformed"),
        (first_version, "malformed"),
    ):
        with refused(code):
            read(world, _parts(world, change))


def test_x5_11_an_answer_of_ocsp_is_no_list(world: World) -> None:
    try_later = bytes.fromhex("30030a0103")  # RFC 6960 §4.2.1: responseStatus tryLater
    with refused("malformed"):
        read(world, try_later)


# --- the bundle and what it carries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("usage", [Usage.TRUST_LIST_SIGNER, Usage.STATUS_SIGNER, Usage.BUNDLE_SIGNER])
@pytest.mark.parametrize("reason", [Reason.key_compromise, Reason.superseded])
def test_x5_11_whoever_signs_lists_is_asked_about_too(world: World, usage: Usage, reason: Reason) -> None:
    name = {Usage.TRUST_LIST_SIGNER: "list_desk", Usage.STATUS_SIGNER: "status_desk"}.get(usage, "bundle_desk")
    desk = getattr(world, name)
    with refused("cert_revoked"):
        world.open_bundle(crls=(listed(world, desk, reason=reason),))
    setattr(world, name, naming(world, usage))
    with refused("status_unavailable"):
        world.open_bundle()
    world.open_bundle(crls=(listed(world, desk, reason=reason),))


def test_x5_11_a_revoked_bundle_signer_cannot_leave_the_list_out(world: World) -> None:
    thief, world.bundle_desk = world.bundle_desk, world.desk("bundle", Usage.BUNDLE_SIGNER)
    before = listed(world, number=1, at=NOW - 2 * DAY)
    held = world.open_bundle(sequence=1, crls=(listed(world, thief, number=2),))
    for crls in ((), (before,)):
        with refused("cert_revoked"):
            bundle.update(held, world.bundle(sequence=2, desk=thief, crls=crls), now=NOW)
    with refused("status_unavailable"):
        bundle.update(held, world.bundle(sequence=2), now=NOW)
    with refused("status_stale"):
        bundle.update(held, world.bundle(sequence=2, crls=(before,)), now=NOW)
    new = bundle.update(held, world.bundle(sequence=2, crls=(listed(world, thief, number=3),)), now=NOW)
    assert [each.number for each in new.trust.crls] == [3]


def test_x5_11_a_list_leaves_with_its_root(world: World) -> None:
    old = world.root.certificate
    new_root = Authority.create("New root", now=NOW - DAY)
    both = (old, new_root.certificate)
    held = world.open_bundle(sequence=1, anchors=both, crls=(listed(world),))
    world.root, world.list_sequence = new_root, 2
    world.issuers = {name: world.desk(name, Usage.DOCUMENT_SIGNER, starts=0) for name in world.issuers}
    world.list_desk = world.desk("trust list", Usage.TRUST_LIST_SIGNER, starts=0)
    world.status_desk = world.desk("status", Usage.STATUS_SIGNER, starts=0)
    world.bundle_desk = world.desk("bundle", Usage.BUNDLE_SIGNER, starts=0)
    new = bundle.update(held, world.bundle(sequence=2), now=NOW)
    assert list(new.trust.crls) == []


def test_x5_11_a_bundle_whose_lists_are_none(world: World) -> None:
    good = listed(world)
    with refused("malformed"):
        world.open_bundle(crls=(b"x",))
    with refused("malformed"):  # more than there are roots
        world.open_bundle(crls=(good, good))
    other = Authority.create("Other", now=NOW - DAY).certificate
    with refused("duplicate_key"):
        world.open_bundle(anchors=(world.root.certificate, other), crls=(good, listed(world, number=2)))
    with pytest.raises(CertsError):
        trust.read(world.trust_list(desk=naming(world, Usage.TRUST_LIST_SIGNER)), (world.root.certificate,), now=NOW)
