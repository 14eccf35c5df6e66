"""Another's mdoc: npm `@auth0/mdl`, unmodified, accepts what we issue and present, and we accept what it does."""

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor
from certs.encoding import b64url_encode
from certs.errors import BadSignature, Malformed
from certs.formats import Step, Trail, Verified, device_auth, device_response, mdoc
from certs.formats.elements import ISO_NAMESPACE, doc_type
from certs.formats.mso import LIMITS
from certs.formats.session_transcript import digital_credentials
from certs.keys import MemorySigner
from tests.certs.formats import mdocs
from tests.certs.formats.mdocs import LICENCE, OURS, TRANSCRIPT
from tests.peers import ask
from tests.world import RECORDS, World

WORLD = World(now=int(time.time()))  # it asks its own clock
READER = MemorySigner.generate()
DOC_TYPE = doc_type(LICENCE)
ANOTHER = digital_credentials(origin="https://another.example", nonce="n", thumbprint=None)
ELEMENTS = {
    "family_name": "Nguyen",
    "given_name": "Thi Thuy Duong",
    "birth_date": "2003-05-09",
    "issuing_country": "VN",
    "age_over_18": True,
}
SHOWN = {OURS: ["full_name", "classes"], ISO_NAMESPACE: ["birth_date", "age_over_18", "driving_privileges"]}


def secret(signer: MemorySigner) -> ec.EllipticCurvePrivateKey:
    key = signer.crypto()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def private_jwk(signer: MemorySigner) -> dict[str, str]:
    number = secret(signer).private_numbers().private_value.to_bytes(32, "big")
    # It writes down a missing name as `undefined`, which is no CBOR that a credential may have.
    return {**signer.public.bare_jwk(), "d": b64url_encode(number), "kid": "1"}


def cose_key(signer: MemorySigner, *, private: bool) -> bytes:
    numbers = secret(signer).private_numbers()
    x, y = (number.to_bytes(32, "big") for number in (numbers.public_numbers.x, numbers.public_numbers.y))
    members: dict[int, Any] = {1: 2, -1: 1, -2: x, -3: y}
    return cbor.encode(members | ({-4: numbers.private_value.to_bytes(32, "big")} if private else {}))


def pem(certificate: Any) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


@pytest.fixture(scope="module")
def peer() -> dict[str, Any]:
    desk = WORLD.issuers["public-security"]
    credential = mdocs.issued(WORLD)
    mac_key = device_auth.mac_key(secret(WORLD.holder), READER.public, TRANSCRIPT)
    held = cbor.decode(credential, LIMITS)
    given = {
        "now": WORLD.now - 60,
        "doc_type": DOC_TYPE,
        "root": pem(WORLD.root.certificate),
        "certificate": pem(desk.certificate),
        "issuer": private_jwk(desk.signer),
        "holder": private_jwk(WORLD.holder),
        "holder_public": WORLD.holder.public.bare_jwk(),
        "reader_private": cose_key(READER, private=True).hex(),
        "reader_public": cose_key(READER, private=False).hex(),
        "transcript": cbor.embedded(TRANSCRIPT.encoded).hex(),
        "another_transcript": cbor.embedded(ANOTHER.encoded).hex(),
        "presentation": mdocs.presented(WORLD, credential, SHOWN).hex(),
        "presentation_by_mac": mdoc.present_by_mac(credential, SHOWN, mac_key=mac_key, transcript=TRANSCRIPT).hex(),
        "elements": ELEMENTS,
        "credential": cbor.encode(
            {
                "version": "1.0",
                "documents": [{"docType": DOC_TYPE, "issuerSigned": held}],
                "status": 0,
            }
        ).hex(),
    }
    answer: dict[str, Any] = ask("mdoc.mjs", given)
    return answer


def verify(response: str, **how: Any) -> Verified:
    return mdocs.verified(WORLD, bytes.fromhex(response), now=WORLD.now, **how)


def test_it_verifies_what_we_present(peer: dict[str, Any]) -> None:
    record = RECORDS["driving_licence"]
    days = [
        {"class": each["class"], "issued": each["issued"], "expires": each["expires"]} for each in record["classes"]
    ]
    assert (
        peer["verified"]
        == peer["verified_by_mac"]
        == {
            OURS: {"full_name": record["full_name"], "classes": days},
            ISO_NAMESPACE: {
                "birth_date": record["birth_date"],
                "age_over_18": True,
                "driving_privileges": [
                    {"vehicle_category_code": "A1", "issue_date": "2021-06-01"},
                    {"vehicle_category_code": "B", "issue_date": "2025-03-10", "expiry_date": "2035-03-10"},
                ],
            },
        }
    )
    assert "Device signature must be valid" in peer["for_another"]


def test_our_holder_s_credential_shown_by_its_wallet(peer: dict[str, Any]) -> None:
    """It parsed what we issued, chose of it, and signed; every check of ours holds."""
    shown = verify(peer["presented_ours"])
    assert (shown.document, shown.holder_bound, shown.audience) == ("driving_licence", True, TRANSCRIPT.audience)
    assert shown.elements == {ISO_NAMESPACE: {"family_name": "Nguyen", "age_over_18": True}}
    by_mac = verify(peer["presented_ours_by_mac"], reader_key=secret(READER))
    assert by_mac.elements == shown.elements
    with pytest.raises(BadSignature):
        verify(peer["presented_ours"], transcript=ANOTHER)


def test_we_verify_what_it_issues(peer: dict[str, Any]) -> None:
    (document,) = cbor.decode(bytes.fromhex(peer["credential"]), LIMITS)["documents"]
    kept = mdoc.verify_issued(cbor.encode(document["issuerSigned"]), trust=WORLD.open_bundle().trust, now=WORLD.now)
    assert kept.elements == {ISO_NAMESPACE: ELEMENTS}
    assert kept.claims == {"birth_date": "2003-05-09", "age_over_18": True}
    assert kept.holder == WORLD.holder.public


@pytest.mark.parametrize("response", ["presented", "presented_by_mac"])
def test_what_it_issues_and_shows_lacks_a_status_alone(peer: dict[str, Any], response: str) -> None:
    """Its credentials cannot name a status list, without which we take none; the proof of its wallet holds."""
    trail = Trail()
    with pytest.raises(Malformed, match="claims_missing"):
        verify(peer[response], reader_key=secret(READER), trail=trail)
    assert trail.steps[-1] is Step.STATUS
    shown = device_response.parse(bytes.fromhex(peer[response]), response=True)
    assert shown.device is not None and shown.device.by_mac is (response == "presented_by_mac")
    device_auth.check(shown.device, shown.security, TRANSCRIPT, reader_key=secret(READER))
    with pytest.raises(BadSignature):
        device_auth.check(shown.device, shown.security, ANOTHER, reader_key=secret(READER))
