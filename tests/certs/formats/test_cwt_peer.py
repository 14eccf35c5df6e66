"""Another's CWT: PyPI `cwt`, unmodified, reads what we sign, and what it signs of our profile passes here."""

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certs import cbor, cose
from certs.errors import Malformed
from certs.formats import cwt
from certs.x509 import key_id
from tests.peers import ask
from tests.world import World

WORLD = World(now=int(time.time()))  # it asks its own clock
DESK = WORLD.issuers["public-security"]
CREDENTIAL = WORLD.issue()


@pytest.fixture(scope="module")
def peer() -> dict[str, Any]:
    public = DESK.signer.public.crypto().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    given = {
        "kid": key_id(DESK.certificate).hex(),
        "public": public.decode(),
        "private": DESK.signer.pem().decode(),
        "credential": CREDENTIAL.hex(),
        "forged": (CREDENTIAL[:-1] + bytes([CREDENTIAL[-1] ^ 1])).hex(),
        "confirmation": cwt.CNF,  # holds bytes, which JSON has not
    }
    return ask("cwt_sign1.py", given)


def test_it_reads_what_we_sign(peer: dict[str, Any]) -> None:
    claims = cbor.decode(cose.parse(CREDENTIAL).payload)
    read = {key: value for key, value in peer["claims"]}
    assert read.keys() == claims.keys() - {cwt.CNF}
    assert (read[cwt.ISS], read[cwt.EXP]) == (claims[cwt.ISS], claims[cwt.EXP])
    assert read[cwt.DOCUMENT] == {str(key): value for key, value in claims[cwt.DOCUMENT].items()}
    assert peer["forged"] is None


def test_we_verify_what_it_signs(peer: dict[str, Any]) -> None:
    bundle = WORLD.open_bundle()
    theirs = bytes.fromhex(peer["signed"])
    assert cose.parse(theirs).payload == cose.parse(CREDENTIAL).payload and theirs != CREDENTIAL
    ours, kept = (cwt.verify_issued(each, trust=bundle.trust, now=WORLD.now) for each in (CREDENTIAL, theirs))
    assert kept == ours


def test_a_key_id_beside_the_signature_is_not_of_our_profile(peer: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="malformed"):
        cwt.verify_issued(bytes.fromhex(peer["as_it_likes"]), trust=WORLD.open_bundle().trust, now=WORLD.now)
