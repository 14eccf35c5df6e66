"""The phone reads a verifier's challenge as `certs` does: every published vector, and CBOR that nobody should take.

Source: `tests/vectors/challenge/vectors.json`; `certs/challenge.md`. What the phone carries is made by `wallet.readers`.
"""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from certs import cbor, challenge, trust
from certs.cbor import Limits
from certs.encoding import b64url_decode
from certs.errors import CertsError
from certs.trust import TrustStore
from certs.vectors.nation import NOW
from certs.x509 import load
from tests.wallet.vectors import NODE
from wallet.readers import extract

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors/challenge/vectors.json").read_text("utf-8")
)
CASES = [*PUBLISHED["accepted"], *PUBLISHED["refused"]]
# An extract never has these certificates: `certs/challenge.md` §5.
NOT_CARRIED = {"expired-reader", "not-a-reader", "another-root"}
_WRITTEN = """
00 1817 1818 1900ff 1a0000ffff 1b00000000ffffffff 1bffffffffffffffff 20 3818 f4 f7 f90000 40 41 5f4101ff 60 61ff
62c3a9 80 8101 9f01ff 98100000 a0 a10100 a201000100 a202000100 a1f400 a14100 a1616100 d200 d2d200 c000 d81200 0000
bf0100ff 818181818100 81818181818100 a1200020 a2200001 a2010020 9100 8f000000000000000000000000000000
910000000000000000000000000000000000
"""
ODD = ("a", "0", "0000", ":::", "GGX", "::", "A=0", "A\u01300", "\uff210\uff21", "\U0001d4000")  # what is no base45
CBOR = tuple(item for line in _WRITTEN.splitlines() for item in line.split())


def store() -> TrustStore:
    root = load(b64url_decode(PUBLISHED["trust"]["root"]))
    return TrustStore([root], trust.read(PUBLISHED["trust"]["trust_list"], [root], now=NOW))


@cache
def answers() -> dict[str, Any]:
    asked = {
        "known": extract(store(), now=NOW),
        "cases": [{"text": each["text"], "now": each["now"]} for each in CASES]
        + [{"text": f"VN1Q:{odd}", "now": NOW} for odd in ODD],
        "cbor": CBOR,
    }
    runner = Path(__file__).parent / "js" / "challenge.mjs"
    command = [NODE, "--no-warnings", runner]
    ran = subprocess.run(command, check=True, input=json.dumps(asked), capture_output=True, text=True, timeout=60)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("number", range(len(CASES)), ids=[each["id"] for each in CASES])
def test_qr_01_qr_03_qr_04_qr_07_un_01_un_04_the_phone_says_what_the_vectors_say(number: int) -> None:
    case, said = CASES[number], answers()["answers"][number]
    if "result" in case:
        assert {name: said.get(name) for name in case["result"]} == case["result"]
    else:
        assert said == {"code": "issuer_untrusted" if case["id"] in NOT_CARRIED else case["code"]}


@pytest.mark.parametrize("number", range(len(ODD)), ids=map(ascii, ODD))
def test_qr_02_base45_is_read_as_strictly(number: int) -> None:
    with pytest.raises(CertsError) as caught:
        challenge.parse(f"VN1Q:{ODD[number]}")
    assert answers()["answers"][len(CASES) + number] == {"code": caught.value.code}


@pytest.mark.parametrize("number", range(len(CBOR)), ids=CBOR)
def test_cbor_is_read_as_strictly(number: int) -> None:
    limits = Limits(size=64, depth=5, entries=16, tags=frozenset({18}))
    expected = None
    try:
        cbor.decode(bytes.fromhex(CBOR[number]), limits)
    except CertsError as error:
        expected = error.code
    assert answers()["cbor"][number] == expected


def test_a_phone_carries_nobody_whose_certificate_does_not_hold() -> None:
    known = extract(store(), now=NOW)
    assert [reader["organisation"] for reader in known["readers"]] == ["bank", "bank", "clinic", "shop"]
    assert len(known["readers"][0]["certificates"]) == 2  # of five: the bank's, and the one of tomorrow
    assert known["readers"][0]["views"] == {"citizen_identity": ["identity"], "driving_licence": ["age_over_18"]}
    assert len(json.dumps(known)) < 32_000
