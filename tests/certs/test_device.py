"""What a device signs: three shapes, each good for one thing, one provider and one minute."""

import json
from pathlib import Path
from typing import Any

import pytest

from certs import device, jose
from certs.__main__ import main
from certs.keys import MemorySigner, PublicKey
from tests.certs.refusals import refused

PUBLISHED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors/device/vectors.json").read_text("utf-8"))
NOW, AUDIENCE = PUBLISHED["now"], PUBLISHED["audience"]
KEY = PublicKey.from_jwk({name: value for name, value in PUBLISHED["key"].items() if name != "d"})
DEVICE = MemorySigner.generate()


def verified(kind: str, proof: str, *, now: int = NOW) -> device.Enrolment | device.Viewing | device.Decision:
    if kind == "enrolment":
        return device.verify_enrolment(proof, audience=AUDIENCE, now=now)
    if kind == "view":
        return device.verify_view(proof, KEY, audience=AUDIENCE, now=now)
    return device.verify_decision(proof, KEY, audience=AUDIENCE, now=now)


def test_the_published_file_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors", "device"]) == 0
    assert json.loads(capsys.readouterr().out) == PUBLISHED


@pytest.mark.parametrize("case", PUBLISHED["made"], ids=[case["id"] for case in PUBLISHED["made"]])
def test_what_is_made_holds_for_a_minute_either_way(case: dict[str, Any]) -> None:
    for now in (NOW - 60, NOW, NOW + 60):
        found = verified(case["kind"], case["proof"], now=now)
        for name, value in case["given"].items():
            assert getattr(found, "approved" if name == "approve" else name) == value
    assert case["proof"] == f"{case['signed']}.{case['signature']}"


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=[case["id"] for case in PUBLISHED["refused"]])
def test_what_is_refused(case: dict[str, Any]) -> None:
    with refused(case["code"]):
        verified(case["kind"], case["proof"])


def test_who_signed_is_told_for_finding_the_key() -> None:
    made = {case["id"]: case["proof"] for case in PUBLISHED["made"]}
    assert device.signed_by(made["view"]) == device.signed_by(made["approval"]) == PUBLISHED["thumbprint"]
    assert verified("enrolment", made["enrolment"]) == device.Enrolment(KEY, PUBLISHED["made"][0]["given"]["nonce"])
    for bad in (made["enrolment"], "x" * 2049, "a.b", 5):
        with pytest.raises(Exception, match=r"malformed|oversize|encoding_invalid"):
            device.signed_by(bad)  # type: ignore[arg-type]
    with refused("malformed"):
        device.signed_by(jose.sign({}, DEVICE, typ=device.VIEW_TYP, headers={"kid": "short"}))


def test_a_key_of_another_kind_is_refused() -> None:
    other = MemorySigner.generate("EdDSA")
    with refused("malformed"):
        device.verify_enrolment(
            device.sign_enrolment(other, audience=AUDIENCE, nonce="n", now=NOW), audience=AUDIENCE, now=NOW
        )
    proof = device.sign_view(other, audience=AUDIENCE, request=device.new_id(), jti=device.new_id(), now=NOW)
    with refused("alg_not_allowed"):
        device.verify_view(proof, other.public, audience=AUDIENCE, now=NOW)


def test_ids_are_of_128_bits() -> None:
    made = {device.new_id() for _ in range(100)}
    assert len(made) == 100
    assert {len(each) for each in made} == {22}
