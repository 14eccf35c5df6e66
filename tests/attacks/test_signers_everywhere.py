"""Group X5 on each thing that is signed under a certificate: three forms of document, trust list, status list, bundle; and on the
document signers of the European certificate, which are believed one by one and stand under no root.
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certs import bundle, qr, status, trust
from certs.authority import Authority
from certs.errors import CertsError
from certs.formats import Expected, cwt, mdoc
from certs.x509 import Usage, load
from tests.attacks import der
from tests.certs.formats import mdocs, sd_jwts
from tests.verifier.foreign.abroad import Country, code, door, of
from tests.world import DAY, NOW, RECORDS, URI, Desk, World
from verifier.foreign import dcc

ISSUER = "public-security"


def _cwt(world: World, desk: Desk) -> object:
    world.issuers[ISSUER] = desk
    held = world.open_bundle()
    data = qr.from_text(world.present())
    return cwt.verify(data, trust=held.trust, statuses=held.statuses, now=NOW, expected=Expected())


def _printed(world: World, desk: Desk) -> object:
    world.issuers[ISSUER] = desk
    held, data = world.open_bundle(), qr.from_text(world.paper())
    return cwt.verify(
        data, trust=held.trust, statuses=held.statuses, now=NOW, expected=Expected(holder_proof=False, printed=True)
    )


def _sd_jwt(world: World, desk: Desk) -> object:
    world.issuers[ISSUER] = desk
    shown = sd_jwts.present(sd_jwts.issue(world=world), signer=world.holder)
    return sd_jwts.verify(shown, world=world)


def _mdoc(world: World, desk: Desk) -> object:
    world.issuers[ISSUER] = desk
    return mdocs.verified(world, mdocs.presented(world))


def _trust_list(world: World, desk: Desk) -> object:
    return trust.read(world.trust_list(desk=desk), [world.root.certificate], now=NOW)


def _status_list(world: World, desk: Desk) -> object:
    return status.read_cwt(world.status_list(desk=desk), uri=URI, anchors=[world.root.certificate], now=NOW)


def _bundle(world: World, desk: Desk) -> object:
    return bundle.read(world.bundle(desk=desk), now=NOW, root_sha256=world.root_sha256)


SIGNED: dict[str, tuple[Usage, Callable[[World, Desk], object]]] = {
    "QR": (Usage.DOCUMENT_SIGNER, _cwt),
    "printed QR": (Usage.DOCUMENT_SIGNER, _printed),
    "SD-JWT VC": (Usage.DOCUMENT_SIGNER, _sd_jwt),
    "mdoc": (Usage.DOCUMENT_SIGNER, _mdoc),
    "trust list": (Usage.TRUST_LIST_SIGNER, _trust_list),
    "status list": (Usage.STATUS_SIGNER, _status_list),
    "bundle": (Usage.BUNDLE_SIGNER, _bundle),
}
EACH = pytest.mark.parametrize("name", SIGNED)
ANY_FAULT = "status_signature_invalid"  # a status list says no more of its signer (ST-04)
STRANGER = Authority.create("Another root", now=NOW - 400 * DAY)


def refusal(name: str, world: World, desk: Desk) -> str:
    with pytest.raises(CertsError) as caught:
        SIGNED[name][1](world, desk)
    return caught.value.code


@EACH
def test_the_right_signer_is_believed(name: str) -> None:
    world = World()
    SIGNED[name][1](world, world.desk("good", SIGNED[name][0]))


@EACH
def test_X5_01_under_an_unknown_root(name: str) -> None:
    world = World()
    desk = world.desk("stranger", SIGNED[name][0], root=STRANGER)
    assert refusal(name, world, desk) in ("chain_invalid", "issuer_untrusted", ANY_FAULT)


@EACH
@pytest.mark.parametrize(("starts", "days", "expected"), [(-390, 389, "cert_expired"), (1, 30, "cert_not_yet_valid")])
def test_X5_03_out_of_its_time(name: str, starts: int, days: int, expected: str) -> None:
    world = World()
    assert refusal(name, world, world.desk("old", SIGNED[name][0], starts=starts, days=days)) in (expected, ANY_FAULT)


@EACH
def test_X5_05_made_for_something_else(name: str) -> None:
    world = World()
    for usage in set(Usage) - {SIGNED[name][0]}:
        assert refusal(name, world, world.desk(usage.name, usage)) in ("cert_usage", ANY_FAULT), usage


def remade(world: World, usage: Usage, *more: x509.ExtensionType, ca: bool = False, drop: object = None) -> Desk:
    """A desk whose certificate is as it should be, but for these critical extensions, or one that is not there."""
    good = world.desk("odd", usage)
    builder = x509.CertificateBuilder(
        good.certificate.issuer,
        good.certificate.subject,
        good.certificate.public_key(),
        good.certificate.serial_number,
        good.certificate.not_valid_before_utc,
        good.certificate.not_valid_after_utc,
    )
    for extension in good.certificate.extensions:
        value = x509.BasicConstraints(True, None) if ca and extension.value.oid == BASIC else extension.value
        if extension.value.oid != drop:
            builder = builder.add_extension(value, extension.critical)
    for each in more:
        builder = builder.add_extension(each, critical=True)
    key = world.root.key.crypto()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Desk(good.signer, builder.sign(key, hashes.SHA256()))


BASIC, PURPOSE = x509.BasicConstraints.oid, x509.ExtendedKeyUsage.oid
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


@EACH
def test_X5_05_without_a_purpose_or_an_authority_itself(name: str) -> None:
    world = World()
    SIGNED[name][1](world, remade(world, SIGNED[name][0]))
    assert refusal(name, world, remade(world, SIGNED[name][0], drop=PURPOSE)) in ("cert_usage", ANY_FAULT)
    assert refusal(name, world, remade(world, SIGNED[name][0], ca=True)) in ("cert_usage", ANY_FAULT)


@EACH
def test_X5_09_an_extension_that_nobody_knows(name: str) -> None:
    world = World()
    assert refusal(name, world, remade(world, SIGNED[name][0], UNKNOWN)) in ("chain_invalid", ANY_FAULT)


@EACH
@pytest.mark.parametrize("algorithm", [der.ECDSA_SHA1, der.RSA_MD5], ids=["sha-1", "md5"])
def test_X5_06_certified_over_a_broken_digest(name: str, algorithm: bytes) -> None:
    world = World()
    good, key = world.desk("old", SIGNED[name][0]), world.root.key.crypto()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    data = der.remade(good.certificate, key, lambda parts: None, algorithm=algorithm, hash_=hashes.SHA1())
    code_ = refusal(name, world, Desk(good.signer, load(data)))
    assert code_ in ("chain_invalid", "alg_not_allowed", ANY_FAULT)


def _chained(world: World, name: str, chain: list[x509.Certificate]) -> object:
    """The same thing, with this chain beside it."""
    anchors = [world.root.certificate]
    if name == "trust list":
        listed = trust.read(world.trust_list(), anchors, now=NOW)
        return trust.read(trust.sign(listed, world.list_desk.signer, chain), anchors, now=NOW)
    if name == "status list":
        told = status.read_cwt(world.status_list(), uri=URI, anchors=anchors, now=NOW)
        return status.read_cwt(
            status.sign_cwt(told, world.status_desk.signer, chain), uri=URI, anchors=anchors, now=NOW
        )
    if name == "bundle":
        made = bundle.build(
            sequence=1, now=NOW, lifetime=DAY, anchors=anchors, trust_list=world.trust_list(), status_lists={},
            signer=world.bundle_desk.signer, chain=chain,
        )  # fmt: skip
        return bundle.read(made, now=NOW, root_sha256=world.root_sha256)
    if name == "SD-JWT VC":
        x5c = [base64.b64encode(each.public_bytes(Encoding.DER)).decode() for each in chain]
        return sd_jwts.verify(sd_jwts.bound(sd_jwts.signed(header={"x5c": x5c})), world=world)
    document = mdocs.LICENCE
    credential = mdoc.issue(
        document=document, record=RECORDS[document.name], issuer=ISSUER, signer=world.issuers[ISSUER].signer, chain=chain,
        holder=world.holder.public, status_uri=URI, status_index=0, now=NOW - 60, expires=NOW + DAY,
    )  # fmt: skip
    return mdocs.verified(world, mdocs.presented(world, credential))


@pytest.mark.parametrize("name", ["SD-JWT VC", "mdoc", "trust list", "status list", "bundle"])
def test_X5_02_more_than_the_path_or_in_another_order(name: str) -> None:
    world = sd_jwts.STANDING
    signers = {"trust list": world.list_desk, "status list": world.status_desk, "bundle": world.bundle_desk}
    own = signers.get(name, world.issuers[ISSUER]).certificate
    other, root = world.issuers["health"].certificate, world.root.certificate
    _chained(world, name, [own])
    for chain in ([own, own], [own, other], [other, own], [own, root], [root, own], [own] * 5, [own] * 50):
        with pytest.raises(CertsError) as caught:
            _chained(world, name, chain)
        assert caught.value.code in CHAIN_CODES, len(chain)


CHAIN_CODES = (
    *(
        "chain_invalid",
        "limit_exceeded",
        "issuer_untrusted",
        "cert_usage",
        "signature_invalid",
        "oversize",
        "malformed",
    ),
    ANY_FAULT,
)


# --- document signers of the European certificate ---------------------------------------------------------------------------


def test_X5_01_a_document_signer_of_nobody() -> None:
    assert code(door(of(Country())), Country().certify()) == "key_not_found"


def test_X5_03_a_document_signer_out_of_its_time() -> None:
    country = Country(days=31)
    text = country.certify()
    assert code(door(of(country), now=NOW + 2 * DAY), text) == "cert_expired"
    assert code(door(of(country), now=NOW - 31 * DAY), text) == "cert_not_yet_valid"


def test_X5_05_a_document_signer_of_another_kind() -> None:
    country = Country(uses=("1.3.6.1.4.1.1847.2021.1.3",))
    assert code(door(of(country)), country.certify("v")) == "cert_usage"


@pytest.mark.parametrize(
    "key",
    [
        lambda: rsa.generate_private_key(65537, 1024),
        lambda: ec.generate_private_key(ec.SECP192R1()),
        lambda: ec.generate_private_key(ec.SECP256K1()),
        lambda: ec.generate_private_key(ec.SECP521R1()),
    ],
    ids=["RSA 1024", "P-192", "secp256k1", "P-521"],
)
def test_X5_06_a_document_signer_with_a_weak_or_strange_key(
    key: Callable[[], rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey],
) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "AT")])
    private, made = key(), datetime.fromtimestamp(NOW - DAY, UTC)
    certificate = (x509.CertificateBuilder(name, name, private.public_key(), 1, made, made + timedelta(days=9))).sign(
        private, hashes.SHA256()
    )
    with pytest.raises(CertsError) as caught:
        dcc.Signer(certificate)
    assert caught.value.code == "alg_not_allowed"
