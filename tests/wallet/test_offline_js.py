"""The offline wallet's rules, as its own modules apply them under Node: passcode, sealing, standing, copies, clock, drawing a QR.

Spec: ISO/IEC 18004 (read by an independent reader); NIST SP 800-38D; the standing is that of `wallet.state`.
"""

import io
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from certs import qr
from certs.encoding import base45_encode
from tests.wallet.vectors import NODE
from wallet.model import Copy
from wallet.state import DAY, VALID, state_of

RUNNER = Path(__file__).parent / "js" / "offline.mjs"
NOW = 1_793_000_000
TEXTS = ["VN1:A", "VN1:" + base45_encode(bytes(range(256)) * 2), "VN1:" + base45_encode(b"\xff" * 700)]
FAULTS = {
    "482913": "",
    "12345": "form",
    "1234567": "form",
    "12345a": "form",
    "١٢٣٤٥٦": "form",
    "": "form",
    "111111": "weak",
    "123456": "weak",
    "987654": "weak",
    "135135": "weak",
    "474747": "weak",
}
# Lifetimes of a licence's view and of a health record's, at each day's end until after they are over.
LIVES = [(days, NOW + left * DAY - 1) for days in (30, 7) for left in range(days + 2)]


def lived(days: int) -> dict[str, Any]:
    valid = {"standing": "valid", "look": "good", "word": {"vi": VALID.word.vi, "en": VALID.word.en}}
    return {"state": valid, "issued": NOW, "expires": NOW + days * DAY}


def batch(fresh: int) -> dict[str, Any]:
    """Four copies of one view and one of another, of which so many of the first are unused."""
    copies = [{"view": "licence", "thumbprint": f"a{number}"} for number in range(4)]
    used = [f"a{number}" for number in range(4 - fresh)]
    return {**lived(30), "copies": [*copies, {"view": "full", "thumbprint": "b"}], "used": used, "now": NOW}


@cache
def answers() -> dict[str, Any]:
    asked = {
        "passcodes": list(FAULTS),
        "waiting": [
            {"tried": 3, "last": NOW, "now": NOW},
            {"tried": 4, "last": NOW, "now": NOW + 10},
            {"tried": 4, "last": NOW, "now": NOW + 30},
            {"tried": 9, "last": NOW, "now": NOW - 999_999},
        ],
        "standings": [
            *({"document": lived(days), "now": now} for days, now in LIVES),
            {"document": {**lived(30), "state": {"standing": "suspended"}}, "now": NOW},
        ],
        "supplies": [
            *map(batch, (4, 2, 1, 0)),
            {**batch(4), "copies": batch(4)["copies"][:1]},
            {**batch(4), "copies": [], "whole": [{"copies": 4, "fresh": 3}, {"copies": 4, "fresh": 1}]},
        ],
        "clocks": [
            {"now": NOW, "known": None},
            {"now": NOW, "known": {"heardAt": NOW - 500, "drift": 10}},
            {"now": NOW, "known": {"heardAt": NOW - 500, "drift": -90}},
            {"now": NOW - 900, "known": {"heardAt": NOW, "drift": 0}},
        ],
        "texts": TEXTS,
    }
    run = subprocess.run(
        [NODE, "--no-warnings", RUNNER],
        check=False,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    answered: dict[str, Any] = json.loads(run.stdout)
    return answered


def test_what_is_wrong_with_a_new_passcode() -> None:
    assert dict(zip(FAULTS, answers()["faults"], strict=True)) == FAULTS


def test_each_wrong_passcode_waits_as_long_as_the_one_before_or_longer() -> None:
    waits = answers()["waits"]
    assert waits[:4] == [0, 0, 0, 0] and waits[4] > 0 and waits == sorted(waits)


def test_a_clock_set_back_never_waits_longer_than_the_rule() -> None:
    assert answers()["waiting"] == [0, 20, 0, answers()["waits"][9]]


def test_expiry_is_told_as_the_server_tells_it() -> None:
    for (days, now), told in zip(LIVES, answers()["standings"], strict=False):
        copy = Copy("licence", "", NOW, NOW + days * DAY, "", b"", "vn1_cwt", "")
        known = state_of(copy, None, now=now)  # without a status list all that it can tell is that it has expired
        if known.standing == "expired":
            assert (told["standing"], told["word"]["vi"]) == ("expired", known.word.vi)
        else:
            left = copy.expires - now
            expiring = left < min(14 * DAY, days * DAY // 4)
            assert told["standing"] == ("expiring" if expiring else "valid")
            assert not expiring or told["word"]["vi"] == f"Hết hạn sau {-(-left // DAY)} ngày"


def test_what_the_issuer_said_stands_until_it_expires() -> None:
    assert answers()["standings"][-1] == {"standing": "suspended"}


def test_a_batch_runs_down_and_is_refilled_before_it_is_empty() -> None:
    told = [(each["fresh"], each["of"], each["refill"]) for each in answers()["supplies"]]
    assert told == [(4, 4, False), (2, 4, False), (1, 4, True), (0, 4, True), (0, 0, False), (1, 4, True)]


def test_a_wrong_clock_is_known_by_the_server_or_by_the_past() -> None:
    assert answers()["clocks"] == [0, 0, -90, -900]


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_a_drawn_code_is_read_by_another_reader(number: int) -> None:
    code = answers()["codes"][number]
    picture = Image.new("1", (code["size"] * 4, code["size"] * 4), 1)
    pen = ImageDraw.Draw(picture)
    for row in code["path"].removesuffix("z").split("z"):
        start, _, run = row.removeprefix("M").partition("h")
        x, y = map(int, start.split())
        width = int(run.partition("v")[0])
        pen.rectangle((x * 4, y * 4, (x + width) * 4 - 1, y * 4 + 3), fill=0)
    out = io.BytesIO()
    picture.save(out, "PNG")
    assert qr.read_picture(out.getvalue()) == (TEXTS[number],)
    assert (code["size"] - 8 - 17) // 4 <= qr.version(TEXTS[number])


def test_only_the_passcode_on_this_device_opens_what_was_sealed() -> None:
    assert answers()["sealed"] == {
        "opened": {"name": "Nguyễn"},
        "extractable": False,
        "device_key_leaves": False,
        "wrong_passcode": None,
        "copied_without_the_device": None,
        "other_vault": None,
        "by_passkey": None,
        "in_anothers_place": True,
        "changed": True,
    }
