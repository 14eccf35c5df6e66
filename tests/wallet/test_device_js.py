"""The page signs what the provider reads: each device proof byte for byte as published in `tests/vectors/device/vectors.json`.

Spec: `certs/device.py`; RFC 7515 §3.1.
"""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from certs import device
from certs.encoding import b64url_decode
from certs.keys import PublicKey
from tests.wallet.vectors import NODE

PUBLISHED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors/device/vectors.json").read_text("utf-8"))
RUNNER = Path(__file__).parent / "js" / "device.mjs"


@cache
def answered() -> dict[str, Any]:
    ran = subprocess.run(
        [NODE, "--no-warnings", RUNNER],
        check=False,
        input=json.dumps(PUBLISHED),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("number", range(len(PUBLISHED["made"])), ids=[each["id"] for each in PUBLISHED["made"]])
def test_the_page_makes_the_published_proof(number: int) -> None:
    published, made = PUBLISHED["made"][number], answered()["made"][number]
    assert made["asked"] == [published["signed"]]
    assert made["proof"] == published["proof"]


def test_every_kind_of_proof_is_published() -> None:
    assert {each["kind"] for each in PUBLISHED["made"]} == {"enrolment", "view", "decision"}


def test_what_the_page_makes_is_taken() -> None:
    key = PublicKey.from_jwk({name: value for name, value in PUBLISHED["key"].items() if name != "d"})
    about: dict[str, Any] = {"audience": PUBLISHED["audience"], "now": PUBLISHED["now"]}
    for published, made in zip(PUBLISHED["made"], answered()["made"], strict=True):
        if published["kind"] == "enrolment":
            assert device.verify_enrolment(made["proof"], **about).key == key
        elif published["kind"] == "view":
            assert device.verify_view(made["proof"], key, **about).request == published["given"]["request"]
        else:
            decision = device.verify_decision(made["proof"], key, **about)
            assert decision.approved is published["given"]["approve"]
            assert decision.number == published["given"].get("number")


def test_ids_are_of_128_bits_and_never_the_same() -> None:
    ids = answered()["ids"]
    assert len(set(ids)) == len(ids) and {len(b64url_decode(each)) for each in ids} == {device.ID_BYTES}
