"""Group X5: certificates and trust lists that claim more than they have.

X5-11 (revocation lists) in `test_revocation_lists.py`.
"""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs import bundle, jose, trust
from certs.authority import Authority
from certs.errors import CertsError, Malformed
from certs.keys import MemorySigner
from certs.trust import Service, TrustList, TrustStore
from certs.x509 import CHAIN_LIMIT, Usage, check_path, load, public_key
from tests.attacks import der
from tests.certs.refusals import refused
from tests.world import DAY, NOW, World

PURPOSE = Usage.DOCUMENT_SIGNER
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def moment(offset: int) -> datetime:
    return datetime.fromtimestamp(NOW + offset, UTC)


def certificate(
    subject: str,
    issuer: str,
    public: Any,
    key: Key,
    *,
    ca: bool = False,
    path_length: int | None = None,
    signs: bool | None = None,
    purposes: Sequence[x509.ObjectIdentifier] | None = (PURPOSE.value,),
    starts: int = -DAY,
    ends: int = DAY,
    until: datetime | None = None,
    more: Iterable[tuple[x509.ExtensionType, bool]] = (),
    hash_: Any = None,
) -> x509.Certificate:
    """Any certificate; `signs` overrides keyCertSign of a CA and digitalSignature of a leaf."""
    signs = True if signs is None else signs
    usage = x509.KeyUsage(signs and not ca, False, False, False, False, signs and ca, ca, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment(starts))
        .not_valid_after(until or moment(ends))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca, path_length), critical=True)
        .add_extension(usage, critical=True)
    )
    if purposes is not None and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=True)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hash_ or hashes.SHA256())


ROOT_KEY, MIDDLE_KEY, LEAF_KEY = new_key(), new_key(), new_key()
LEAF_PUBLIC = LEAF_KEY.public_key()
ROOT = certificate("root", "root", ROOT_KEY.public_key(), ROOT_KEY, ca=True)
MIDDLE = certificate("middle", "root", MIDDLE_KEY.public_key(), ROOT_KEY, ca=True, path_length=0)
LEAF = certificate("leaf", "middle", LEAF_PUBLIC, MIDDLE_KEY)
DIRECT = certificate("leaf", "root", LEAF_PUBLIC, ROOT_KEY)


def check(
    leaf: x509.Certificate = LEAF,
    middle: Sequence[x509.Certificate] = (MIDDLE,),
    anchors: Sequence[x509.Certificate] = (ROOT,),
) -> None:
    check_path(leaf, middle, anchors, usage=PURPOSE, now=NOW)


def test_the_tests_own_paths_are_good() -> None:
    check()
    check(DIRECT, ())


def test_x5_01_a_leaf_that_signed_itself() -> None:
    with refused("issuer_untrusted"):
        check(certificate("leaf", "leaf", LEAF_PUBLIC, LEAF_KEY), ())
    with refused("chain_invalid"):  # it calls its issuer like ours, whose key did not sign it
        check(certificate("leaf", "root", LEAF_PUBLIC, LEAF_KEY), ())


def test_x5_01_an_unknown_root() -> None:
    other_key = new_key()
    other = certificate("other", "other", other_key.public_key(), other_key, ca=True)
    leaf = certificate("leaf", "other", LEAF_PUBLIC, other_key)
    with refused("issuer_untrusted"):
        check(leaf, ())
    with refused("chain_invalid"):  # a root that the sender brings along is part of no path to ours
        check(leaf, (other,))
    with refused("issuer_untrusted"):
        check(DIRECT, (), ())
    with refused("issuer_untrusted"):  # the intermediate is missing
        check(LEAF, ())


def test_x5_02_the_order_of_a_chain() -> None:
    low_key = new_key()
    high = certificate("high", "root", MIDDLE_KEY.public_key(), ROOT_KEY, ca=True, path_length=1)
    low = certificate("low", "high", low_key.public_key(), MIDDLE_KEY, ca=True, path_length=0)
    leaf = certificate("leaf", "low", LEAF_PUBLIC, low_key)
    check(leaf, (low, high))
    with refused("chain_invalid"):
        check(leaf, (high, low))
    with refused("cert_usage"):  # the first certificate is the signer by definition, and a CA signs no documents
        check(high, (low, leaf))


def test_x5_02_more_than_the_path() -> None:
    stranger = certificate("stranger", "root", new_key().public_key(), ROOT_KEY, ca=True)
    for chain in ((MIDDLE, MIDDLE), (MIDDLE, stranger), (stranger, MIDDLE), (MIDDLE, ROOT), (MIDDLE, LEAF)):
        with refused("chain_invalid"):
            check(LEAF, chain)
    with refused("limit_exceeded"):
        check(LEAF, (MIDDLE,) * 50)
    with refused("limit_exceeded"):
        check(LEAF, (MIDDLE,) * CHAIN_LIMIT)


@pytest.mark.parametrize(("starts", "ends", "code"), [(-2 * DAY, -1, "cert_expired"), (1, DAY, "cert_not_yet_valid")])
def test_x5_03_out_of_its_time(starts: int, ends: int, code: str) -> None:
    times = {"starts": starts, "ends": ends}
    with refused(code):
        check(certificate("leaf", "middle", LEAF_PUBLIC, MIDDLE_KEY, **times))
    with refused(code):
        check(middle=(certificate("middle", "root", MIDDLE_KEY.public_key(), ROOT_KEY, ca=True, **times),))
    with refused(code):
        check(anchors=(certificate("root", "root", ROOT_KEY.public_key(), ROOT_KEY, ca=True, **times),))


def test_x5_04_an_intermediate_that_may_not_certify() -> None:
    public = MIDDLE_KEY.public_key()
    for middle in (
        certificate("middle", "root", public, ROOT_KEY, ca=False),
        certificate("middle", "root", public, ROOT_KEY, ca=True, signs=False),
    ):
        with refused("chain_invalid"):
            check(middle=(middle,))


def test_x5_04_a_path_longer_than_allowed() -> None:
    low_key = new_key()
    low = certificate("low", "middle", low_key.public_key(), MIDDLE_KEY, ca=True)
    leaf = certificate("leaf", "low", LEAF_PUBLIC, low_key)
    with refused("chain_invalid"):
        check(leaf, (low, MIDDLE))
    ours = Authority.create("Root", now=NOW)  # our own roots sign signers directly
    middle = certificate("middle", "Root", MIDDLE_KEY.public_key(), ours.key.crypto(), ca=True)  # type: ignore[arg-type]
    with pytest.raises(CertsError):
        check(LEAF, (middle,), (ours.certificate,))


def test_x5_04_a_document_signer_certifies_nobody() -> None:
    below = certificate("below", "leaf", new_key().public_key(), LEAF_KEY)
    with refused("chain_invalid"):
        check(below, (LEAF, MIDDLE))


SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@pytest.mark.parametrize(
    "purposes",
    [
        None,
        [SERVER],
        [CLIENT],
        [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE],
        [PURPOSE.value, SERVER],
        [PURPOSE.value, PURPOSE.value],
        [Usage.STATUS_SIGNER.value],
    ],
)
def test_x5_05_another_purpose(purposes: Sequence[x509.ObjectIdentifier] | None) -> None:
    with refused("cert_usage"):
        check(certificate("leaf", "middle", LEAF_PUBLIC, MIDDLE_KEY, purposes=purposes))


def test_x5_05_the_tls_certificate_of_the_same_house() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName("idp.example")])
    with refused("cert_usage"):
        check(certificate("idp.example", "middle", LEAF_PUBLIC, MIDDLE_KEY, purposes=[SERVER], more=[(names, False)]))


def test_x5_05_a_key_that_may_not_sign_or_may_certify() -> None:
    with refused("cert_usage"):
        check(certificate("leaf", "middle", LEAF_PUBLIC, MIDDLE_KEY, signs=False))
    purpose = x509.ExtendedKeyUsage([PURPOSE.value])
    with refused("cert_usage"):
        check(certificate("leaf", "middle", LEAF_PUBLIC, MIDDLE_KEY, ca=True, more=[(purpose, True)]))


@pytest.mark.parametrize("algorithm", [der.ECDSA_SHA1, der.RSA_MD5], ids=["sha-1", "md5"])
def test_x5_06_a_signature_over_a_broken_digest(algorithm: bytes) -> None:
    """`cryptography` forbids the algorithm on the way up, so the answer is that of any path that does not hold."""
    data = der.remade(DIRECT, ROOT_KEY, lambda parts: None, algorithm=algorithm, hash_=hashes.SHA1())
    with refused("chain_invalid"):
        check(load(data), ())


def test_x5_06_weak_and_foreign_keys() -> None:
    for public in (
        rsa.generate_private_key(65537, 1024).public_key(),
        rsa.generate_private_key(65537, 2048).public_key(),  # strong enough, and none of ours
        ec.generate_private_key(ec.SECP192R1()).public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
    ):
        with refused("alg_not_allowed"):
            check(certificate("leaf", "middle", public, MIDDLE_KEY))
    weak = rsa.generate_private_key(65537, 1024)
    middle = certificate("middle", "root", weak.public_key(), ROOT_KEY, ca=True)
    with refused("chain_invalid"):  # higher up, the path does not hold
        check(certificate("leaf", "middle", LEAF_PUBLIC, weak), (middle,))


def test_x5_06_an_rsa_key_whose_exponent_is_one() -> None:
    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    modulus = numbers.n.to_bytes(257, "big")
    pair = der.wrap(der.SEQUENCE, der.wrap(der.INTEGER, modulus) + der.wrap(der.INTEGER, b"\1"))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    spki = der.wrap(der.SEQUENCE, algorithm + der.wrap(der.BIT_STRING, b"\0" + pair))
    leaf = load(_with_key(spki))
    with refused("alg_not_allowed"):
        public_key(leaf)
    with refused("alg_not_allowed"):
        check(leaf, ())


def _with_key(spki: bytes) -> bytes:
    def change(parts: list[bytes]) -> None:
        parts[der.KEY] = spki

    return der.remade(DIRECT, ROOT_KEY, change)


def test_x5_07_the_names_in_a_certificate_make_nobody_an_issuer() -> None:
    """We bind an issuer to its certificate by the trust list alone: neither a DNS name nor a common name counts."""
    world = World()
    names = x509.SubjectAlternativeName([x509.DNSName("health"), x509.DNSName("health.example")])
    key = world.root.key.crypto()
    signer = MemorySigner.generate()
    leaf = certificate("health", "Test root", signer.public.crypto(), key, more=[(names, False)])  # type: ignore[arg-type]
    service = Service("tax", world.services()[-1].name, "tax_registration", (leaf,), 0)
    store = TrustStore((world.root.certificate,), TrustList(1, NOW, NOW + DAY, (service,)))
    (found,) = store.signers(leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest[:8])
    for authority in ("health", "health.example", "CN=health", "TAX"):
        with refused("issuer_untrusted"):
            store.check_issuer(found, authority=authority, document="tax_registration", at=NOW)


@pytest.mark.parametrize(
    "name", ["b.example", "evil-a.example", "A.EXAMPLE.evil", "a.example.", "B.EXAMPLE.", "*.example"]
)
def test_x5_08_a_name_outside_its_constraints(name: str) -> None:
    constraint = x509.NameConstraints([x509.DNSName("a.example")], None)
    middle = certificate("middle", "root", MIDDLE_KEY.public_key(), ROOT_KEY, ca=True, more=[(constraint, True)])
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    with refused("chain_invalid"):
        check(certificate("leaf", "middle", LEAF_PUBLIC, MIDDLE_KEY, more=[(names, False)]), (middle,))


def test_x5_08_letters_of_another_case_are_the_same_name() -> None:
    constraint = x509.NameConstraints(None, [x509.DNSName("a.example")])
    middle = certificate("middle", "root", MIDDLE_KEY.public_key(), ROOT_KEY, ca=True, more=[(constraint, True)])
    for name in ("a.example", "A.Example", "x.A.EXAMPLE"):
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        with refused("chain_invalid"):
            check(certificate("leaf", "middle", LEAF_PUBLIC, MIDDLE_KEY, more=[(names, False)]), (middle,))


def test_x5_08_a_constraint_that_we_cannot_check() -> None:
    constraint = x509.NameConstraints([x509.DirectoryName(named("x"))], None)
    middle = certificate("middle", "root", MIDDLE_KEY.public_key(), ROOT_KEY, ca=True, more=[(constraint, True)])
    with refused("chain_invalid"):
        check(middle=(middle,))


def test_x5_09_a_critical_extension_that_nobody_knows() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    with refused("chain_invalid"):
        check(certificate("leaf", "middle", LEAF_PUBLIC, MIDDLE_KEY, more=[(unknown, True)]))
    with refused("chain_invalid"):
        check(
            middle=(certificate("middle", "root", MIDDLE_KEY.public_key(), ROOT_KEY, ca=True, more=[(unknown, True)]),)
        )
    check(certificate("leaf", "middle", LEAF_PUBLIC, MIDDLE_KEY, more=[(unknown, False)]))


@pytest.mark.parametrize("name", ["Y tế\0", "Y tế\u202e", "Y t\u0435\u0302\u0301", "Ｙ tế", "Y\u200btế", "Y\ntế"])
def test_x5_10_a_name_that_deceives(name: str) -> None:
    world = World()
    services = tuple(replace(service, name=replace(service.name, vi=name)) for service in world.services())
    with refused("text_unsafe"):
        trust.read(world.trust_list(services=services), (world.root.certificate,), now=NOW)
    with pytest.raises(CertsError):  # our own authority certifies no such name
        world.root.issue(name, MemorySigner.generate().public, PURPOSE, now=NOW)


def test_x5_10_a_name_is_never_what_a_certificate_is_trusted_for() -> None:
    """A certificate's own name is shown to operators only, escaped; a verdict shows the name of the trust list."""
    leaf = certificate("leaf\0\u202e", "middle", LEAF_PUBLIC, MIDDLE_KEY)
    check(leaf)
    assert "\0" not in leaf.subject.rfc4514_string()


PRIME_CURVE = bytes.fromhex("06072a8648ce3d0101")
P256_PARAMETERS = der.wrap(
    der.SEQUENCE,
    der.wrap(der.INTEGER, b"\1")
    + der.wrap(
        der.SEQUENCE,
        PRIME_CURVE
        + der.wrap(der.INTEGER, bytes.fromhex("00ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")),
    )
    + der.wrap(
        der.SEQUENCE,
        der.wrap(0x04, bytes.fromhex("ffffffff00000001000000000000000000000000fffffffffffffffffffffffc"))
        + der.wrap(0x04, bytes.fromhex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")),
    )
    + der.wrap(
        0x04,
        b"\4"
        + bytes.fromhex(
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
        ),
    )
    + der.wrap(der.INTEGER, bytes.fromhex("00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"))
    + der.wrap(der.INTEGER, b"\1"),
)
POINT = LEAF_PUBLIC.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
EC_KEY = bytes.fromhex("06072a8648ce3d0201")


def _spki(parameters: bytes, point: bytes = POINT) -> bytes:
    return der.wrap(der.SEQUENCE, der.wrap(der.SEQUENCE, EC_KEY + parameters) + der.wrap(der.BIT_STRING, b"\0" + point))


@pytest.mark.parametrize(
    "spki",
    [
        _spki(P256_PARAMETERS),  # the curve spelled out: where CVE-2020-0601 changed the generator
        _spki(P256_PARAMETERS[:-1] + b"\2"),
        _spki(bytes.fromhex("06052b81040001")),  # sect163k1, a binary curve
        _spki(bytes.fromhex("06052b8104001a")),  # sect233r1
        _spki(b"\x05\x00"),  # implicit curve
        _spki(b""),
        _spki(bytes.fromhex("06082a8648ce3d030107"), b"\0"),  # the point at infinity
        _spki(bytes.fromhex("06082a8648ce3d030107"), POINT[:-1] + bytes([POINT[-1] ^ 1])),  # not on the curve
        _spki(bytes.fromhex("06082a8648ce3d030107"), b""),
    ],
    ids=len,
)
def test_x5_12_curves_that_are_spelled_out_or_binary(spki: bytes) -> None:
    try:
        leaf = load(_with_key(spki))
    except Malformed as error:
        assert error.code == "malformed"  # some do not even parse
        return
    try:
        key = public_key(leaf)
    except CertsError as error:
        assert error.code == "alg_not_allowed"
        with refused("alg_not_allowed"):
            check(leaf, ())
    else:  # explicit parameters that are those of P-256 to the last bit are P-256; the library knows no others
        assert spki == _spki(P256_PARAMETERS)
        assert key.jwk()["crv"] == "P-256"


def test_x5_13_certificates_that_certify_each_other() -> None:
    one_key, other_key = new_key(), new_key()
    one = certificate("one", "other", one_key.public_key(), other_key, ca=True)
    other = certificate("other", "one", other_key.public_key(), one_key, ca=True)
    leaf = certificate("leaf", "one", LEAF_PUBLIC, one_key)
    for chain in ((one, other), (other, one), (one, other, one)):
        with refused("chain_invalid"):
            check(leaf, chain)
    crossed = certificate("one", "root", one_key.public_key(), ROOT_KEY, ca=True)  # and one that leads out of the loop
    check(leaf, (crossed,))
    check(leaf, (one, other, crossed))  # once around the loop and out is a path too
    with refused("chain_invalid"):
        check(leaf, (one, crossed))


def test_x5_13_a_root_signed_by_another_root() -> None:
    new_root_key = new_key()
    crossed = certificate("new", "root", new_root_key.public_key(), ROOT_KEY, ca=True)
    itself = certificate("new", "new", new_root_key.public_key(), new_root_key, ca=True)
    leaf = certificate("leaf", "new", LEAF_PUBLIC, new_root_key)
    check(leaf, (crossed,), (ROOT,))
    check(leaf, (), (itself,))
    check(leaf, (), (ROOT, itself))


# --- trust lists ------------------------------------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    return World()


def test_x5_14_an_older_list(world: World) -> None:
    world.list_sequence = 5
    held = world.open_bundle(sequence=1)
    world.list_sequence = 4
    with refused("presentation_replayed"):
        bundle.update(held, world.bundle(sequence=2), now=NOW)
    assert held.trust.list.sequence == 5


def test_x5_14_an_expired_list(world: World) -> None:
    held = world.open_bundle(sequence=1)
    world.now += 5
    stale = TrustList(2, world.now, world.now + 1, world.services())
    token = trust.sign(stale, world.list_desk.signer, [world.list_desk.certificate])
    with refused("expired"):
        bundle.update(held, world.bundle(sequence=2, trust_list=token), now=world.now + 1)


def test_x5_14_a_list_of_an_operator_who_is_no_longer_one(world: World) -> None:
    held = world.open_bundle(sequence=1)
    former = world.desk("former operator", Usage.TRUST_LIST_SIGNER, starts=-30, days=29)
    with refused("cert_expired"):
        bundle.update(held, world.bundle(sequence=2, trust_list=world.trust_list(desk=former)), now=NOW)


@pytest.mark.parametrize("damage", ["certificate", "no key identifier", "weak key", "unsigned"])
def test_x5_14_one_broken_entry_refuses_the_whole_list(world: World, damage: str) -> None:
    """Half a list is not a list: what was held stays, and the caller hears of it."""
    held = world.open_bundle(sequence=1)
    key = world.root.key.crypto()
    bad = certificate("x", "Test root", LEAF_PUBLIC, key)  # type: ignore[arg-type]
    if damage == "no key identifier":
        builder = x509.CertificateBuilder().subject_name(named("x")).issuer_name(named("x")).public_key(LEAF_PUBLIC)
        bad = (
            builder.serial_number(5)
            .not_valid_before(moment(-5))
            .not_valid_after(moment(5))
            .sign(LEAF_KEY, hashes.SHA256())
        )
    if damage == "weak key":
        bad = certificate("x", "Test root", rsa.generate_private_key(65537, 1024).public_key(), key)  # type: ignore[arg-type]
    services = (*world.services(), Service("health", world.services()[0].name, "health_record", (bad,), 0))
    token = world.trust_list(services=services)
    if damage == "certificate":
        inside = jose.parse(token)
        payload = inside.payload.replace(b'{"val":"MII', b'{"val":"XXX', 1)
        token = jose.sign(
            payload, world.list_desk.signer, typ=trust.TYP, headers={"x5c": inside.header["x5c"], "kid": None}
        )
    if damage == "unsigned":
        token = token.rsplit(".", 1)[0] + "."
    with pytest.raises(CertsError):
        bundle.update(held, world.bundle(sequence=2, trust_list=token), now=NOW)
    assert bundle.update(held, world.bundle(sequence=2), now=NOW).sequence == 2


def test_x5_15_a_root_is_rotated_with_an_overlap(world: World) -> None:
    """Old and new count while both are anchors; when the old one has left the bundle, it is refused."""
    new_root = Authority.create("New root", now=NOW - DAY)
    by_new = new_root.issue("health", MemorySigner.generate().public, PURPOSE, now=NOW - 5)
    by_old = world.issuers["health"].certificate
    old = world.root.certificate
    for anchors, good, bad in (((old,), by_old, by_new), ((new_root.certificate,), by_new, by_old)):
        check_path(good, (), anchors, usage=PURPOSE, now=NOW)
        with refused("issuer_untrusted"):
            check_path(bad, (), anchors, usage=PURPOSE, now=NOW)
    for leaf in (by_old, by_new):
        check_path(leaf, (), (old, new_root.certificate), usage=PURPOSE, now=NOW)


@pytest.fixture
def lenient() -> Iterator[None]:
    """`cryptography` warns of what RFC 5280 forbids; here it is the answer that counts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("serial", [b"\0", b"\xff", b"\x80", b"\x7f" * 20, b"\x7f" * 21, b"\1" * 64, b"", b"\0\1"])
def test_x5_16_odd_serial_numbers(serial: bytes) -> None:
    """RFC 5280 §4.1.2.2: positive and at most 20 bytes, and users handle others gracefully: a refusal or none, no crash."""

    def change(parts: list[bytes]) -> None:
        parts[der.SERIAL] = der.wrap(der.INTEGER, serial)

    data = der.remade(DIRECT, ROOT_KEY, change)
    if serial == b"\x7f" * 20:
        check(load(data), ())
        return
    try:
        check(load(data), ())
    except CertsError as error:
        assert error.code in ("malformed", "chain_invalid")
    else:
        assert serial in (b"\0", b"\x7f" * 21)


def test_x5_16_a_certificate_without_end() -> None:
    """RFC 5280 §4.1.2.5: 9999-12-31 says that there is none."""
    forever = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    leaf = certificate("leaf", "middle", LEAF_PUBLIC, MIDDLE_KEY, until=forever)
    path = check_path(leaf, (MIDDLE,), (ROOT,), usage=PURPOSE, now=NOW)
    assert path.valid_until == NOW + DAY  # the path is no longer than its shortest part


def test_x5_16_times_that_are_none() -> None:
    for text in (b"991332000000Z", b"490101000000+0700", b"4901010000Z", b"", b"500101000000Z"):

        def change(parts: list[bytes], text: bytes = text) -> None:
            parts[der.VALIDITY] = der.wrap(der.SEQUENCE, der.wrap(0x17, b"200101000000Z") + der.wrap(0x17, text))

        with pytest.raises(CertsError):
            check(load(der.remade(DIRECT, ROOT_KEY, change)), ())
