"""Group X5 on each thing that is signed under a certificate: three forms of document, trust list, status list, bundle; and on the
document signers of the European certificate, which are believed one by one and stand under no root.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from certs import bundle, qr, status, trust
from certs.authority import Authority
from certs.errors import CertsError
from certs.formats import Expected, cwt
from certs.x509 import Usage
from tests.certs.formats import mdocs, sd_jwts
from tests.verifier.foreign.abroad import Country, code, door, of
from tests.world import DAY, NOW, URI, Desk, World
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
