"""A citizen in a real Chromium, against the nation as it is served: sign in, receive, show; and a verifier offline.

Spec: Web Cryptography API; OpenID4VCI 1.0 Appendix F.1; `certs/qr.md`; W3C CSP 3. Needs Chromium; Node comes by the lock file.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certs import bundle as bundles
from certs import qr
from certs.catalogue import document_type
from certs.formats import Expected, Verified, cwt
from tests.wallet.vectors import NODE

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
JOURNEY = Path(__file__).parent.parent / "wallet" / "js" / "journey.mjs"
EXPECTED_TROUBLE = "/receive/begin"  # the wrong transaction code that the journey types on purpose
ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a nation that is being served; `ready.json` has its addresses."""
    folder = tmp_path_factory.mktemp("served")
    ports = [str(port) for port in free_ports(3)]
    options = ["--idp-port", ports[0], "--wallet-port", ports[1], "--verifier-port", ports[2]]
    command = [sys.executable, "-m", "idp", "demo", "--data", str(folder / "nation"), *options]
    ready = folder / "ready.json"
    with (folder / "demo.log").open("wb") as log:
        served = subprocess.Popen([*command, "--ready-file", str(ready)], cwd=ROOT, stdout=log, stderr=log)
        try:
            end = time.monotonic() + 60
            while not ready.exists():
                assert served.poll() is None and time.monotonic() < end, (folder / "demo.log").read_text()
                time.sleep(0.05)
            yield folder
        finally:
            served.send_signal(signal.SIGINT)
            assert served.wait(30) == 0


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


@pytest.fixture(scope="module")
def seen(nation: Path) -> dict[str, Any]:
    """What the journey saw."""
    persona = json.loads((nation / "nation" / "personas.json").read_text("utf-8"))[0]
    addresses = json.loads((nation / "ready.json").read_text("utf-8"))
    pictures = os.environ.get("SCREENSHOTS", "")
    asked = {
        "program": CHROMIUM,
        "profile": str(nation / "profile"),
        "idp": addresses["idp"],
        "wallet": addresses["wallet"],
        "pid": persona["pid"],
        "password": persona["password"],
        "pictures": pictures,
        "looks": bool(pictures),
    }
    run = subprocess.run(
        [NODE, "--no-warnings", JOURNEY, json.dumps(asked)], check=False, capture_output=True, text=True, timeout=180
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return {**found, "persona": persona}


def checked(nation: Path, text: str) -> Verified:
    """What a verifier reads offline, from the nation's bundle."""
    now = int(time.time())
    held = bundles.read((nation / "nation" / "verifier" / "bundle.cbor").read_bytes(), now=now)
    expected = Expected(proof_age=600)  # the journey showed it a while ago
    return cwt.verify(qr.from_text(text), trust=held.trust, statuses=held.statuses, now=now, expected=expected)


def test_what_the_browser_signed_is_accepted_offline(nation: Path, seen: dict[str, Any]) -> None:
    verified = checked(nation, seen["first"])
    assert (verified.document, verified.view, verified.holder_bound) == ("driving_licence", "licence", True)
    assert verified.claims["personal_identification_number"] == seen["persona"]["pid"]
    assert verified.claims["full_name"] == seen["persona"]["name"]
    assert qr.version(seen["first"]) <= 19


def test_the_chosen_view_tells_no_more_than_it_says(nation: Path, seen: dict[str, Any]) -> None:
    verified = checked(nation, seen["adult"])
    assert set(verified.claims) == set(document_type("driving_licence").view("age_over_18").fields)


def test_the_picture_on_the_screen_is_the_signed_text(seen: dict[str, Any]) -> None:
    assert qr.read_picture(base64.b64decode(seen["picture"])) == (seen["adult"],)


def test_no_key_can_leave_the_browser(seen: dict[str, Any]) -> None:
    assert seen["extractable"] == [False, False, False]  # one for each view; those of the refused try are gone


def test_a_wrong_transaction_code_is_told_in_words(seen: dict[str, Any]) -> None:
    assert seen["refusal"]


def test_nothing_was_blocked_or_broken_on_the_way(seen: dict[str, Any]) -> None:
    assert [each for each in seen["troubles"] if EXPECTED_TROUBLE not in each] == []


def test_no_page_is_wider_than_a_small_phone(seen: dict[str, Any]) -> None:
    assert seen["overflow"] and set(seen["overflow"].values()) == {0}


def test_the_countdown_starts_at_thirty_seconds(seen: dict[str, Any]) -> None:
    assert 20 <= seen["seconds"] <= 30
