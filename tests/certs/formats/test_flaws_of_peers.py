"""What other libraries were seen to accept is refused here; each test shows the peer's own answer to the same bytes.

`pymdoccbor` 1.4.0 and `sd-jwt` 0.10.4, unmodified, as requirements/peers.txt has them.
"""

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor
from certs.cbor import Tag
from certs.errors import CertsError
from certs.formats import Step, sd_jwt
from certs.formats.mso import LIMITS
from tests.certs.formats import mdocs, sd_jwts
from tests.certs.formats.mdocs import document_of, edited
from tests.peers import ask
from tests.world import DAY, World

WORLD = World(now=int(time.time()))  # they ask their own clock
FOREIGN = "org.example.unsigned"
LONG_AGO = WORLD.now - 320 * DAY


def with_unsigned_namespace(response: Any) -> None:
    spaces = document_of(response)["issuerSigned"]["nameSpaces"]
    item = cbor.decode(spaces[mdocs.OURS][0].value, LIMITS)
    added = {**item, "elementIdentifier": "is_president", "elementValue": True}
    spaces[FOREIGN] = [Tag(24, cbor.encode(added))]


def with_zeroed_device_signature(response: Any) -> None:
    document_of(response)["deviceSigned"]["deviceAuth"]["deviceSignature"][3] = bytes(64)


def key_bound(issued: int, expires: int) -> str:
    credential = sd_jwts.issue(world=WORLD, issued=issued, expires=expires)
    return sd_jwts.present(credential, signer=WORLD.holder, at=WORLD.now)


GOOD = mdocs.presented(WORLD)
MDOCS = {
    "good mdoc": GOOD,
    "unsigned namespace": edited(GOOD, with_unsigned_namespace),
    "zeroed device signature": edited(GOOD, with_zeroed_device_signature),
    "expired MSO": mdocs.presented(WORLD, mdocs.issued(WORLD, at=LONG_AGO, days=10)),
}
SD_JWTS = {
    "good SD-JWT": key_bound(WORLD.now - 60, WORLD.now + DAY),
    "expired SD-JWT": key_bound(LONG_AGO, LONG_AGO + 10 * DAY),
}


@pytest.fixture(scope="module")
def peer() -> dict[str, Any]:
    given = {
        "root": WORLD.root.certificate.public_bytes(Encoding.PEM).decode(),
        "issuer": WORLD.issuers["public-security"].signer.public.bare_jwk(),
        "audience": sd_jwts.AUDIENCE,
        "nonce": sd_jwts.NONCE,
        "samples": {name: data.hex() for name, data in MDOCS.items()} | SD_JWTS,
    }
    return ask("flaws.py", given)


def test_what_is_good_passes_on_both_sides(peer: dict[str, Any]) -> None:
    assert mdocs.verified(WORLD, GOOD, now=WORLD.now).holder_bound
    assert sd_jwts.verify(SD_JWTS["good SD-JWT"], world=WORLD, now=WORLD.now).holder_bound
    assert peer["good mdoc"] and "full_name" in peer["good SD-JWT"]


def test_a_namespace_that_the_issuer_did_not_sign(peer: dict[str, Any]) -> None:
    refusal = mdocs.refusal(WORLD, MDOCS["unsigned namespace"], now=WORLD.now)
    assert refusal == ("digest_mismatch", Step.ISSUER_SIGNATURE)
    assert FOREIGN in peer["unsigned namespace"], "the peer reports it as shown"


def test_a_device_signature_of_zeros(peer: dict[str, Any]) -> None:
    refusal = mdocs.refusal(WORLD, MDOCS["zeroed device signature"], now=WORLD.now)
    assert refusal == ("holder_binding_invalid", Step.HOLDER_PROOF)
    assert peer["zeroed device signature"], "the peer accepts it"


def test_an_mso_long_expired(peer: dict[str, Any]) -> None:
    assert mdocs.refusal(WORLD, MDOCS["expired MSO"], now=WORLD.now) == ("expired", Step.VALIDITY)
    assert peer["expired MSO"], "the peer accepts it"


def test_an_sd_jwt_long_expired(peer: dict[str, Any]) -> None:
    held = WORLD.open_bundle()
    with pytest.raises(CertsError) as refused:
        sd_jwt.verify(
            SD_JWTS["expired SD-JWT"], trust=held.trust, statuses=held.statuses, now=WORLD.now, expected=sd_jwts.ASKED
        )
    assert refused.value.code == "expired"
    assert "full_name" in peer["expired SD-JWT"], "the peer accepts it"
