"""Law 3 for real: a bank installs the wheel with the base requirements alone, and checks a QR with the network off."""

import json
import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from subprocess import DEVNULL

import pytest

from certs import qr
from tests.certs.formats.mdocs import TRANSCRIPT
from tests.shown import FORMS, show
from tests.site import Answer, Site
from tests.world import World

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel and requirements/base.txt; the folder of its programs."""
    folder = tmp_path_factory.mktemp("bank")
    source = folder / "source"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".git", ".venv*", "instance*", "tests", "build", "*.egg-info")
    )
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*wheel, "--wheel-dir", str(folder), str(source)], check=True, cwd=folder)
    (built,) = folder.glob("vneid_reference-*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    install = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--require-hashes", "-r", str(ROOT / "requirements/base.txt")], check=True)
    subprocess.run([*install, "--no-deps", str(built)], check=True)
    return folder / "venv/bin"


def run(bank: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*alone(), str(bank / "python"), "-I", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60, check=False)


@cache
def alone() -> tuple[str, ...]:
    """What starts a program in a network namespace of its own: no network at all, not even loopback. Empty where nobody may."""
    for way in (("unshare", "-n"), ("unshare", "-rn")):
        if shutil.which("unshare") and subprocess.run([*way, "true"], check=False, stderr=DEVNULL).returncode == 0:
            return way
    return ()


def test_no_framework_is_installed(bank: Path, tmp_path: Path) -> None:
    listed = run(bank, "-m", "pip", "list", "--format=json", folder=tmp_path)
    names = {package["name"].lower() for package in json.loads(listed.stdout)}
    assert not names & {"flask", "authlib", "joserfc", "sqlalchemy", "flask-sqlalchemy", "alembic", "granian"}
    assert {"cryptography", "pyjwt", "vneid-reference"} <= names


def test_offline_check_of_a_picture(bank: Path, tmp_path: Path) -> None:
    world = World(now=int(time.time()))
    (tmp_path / "bundle.cbor").write_bytes(world.bundle())
    text = world.present_text("driving_licence", "licence")
    (tmp_path / "qr.png").write_bytes(qr.draw_png(text))
    checked = run(bank, "-m", "verifier", "check", "qr.png", "--bundle", "bundle.cbor", "--json", folder=tmp_path)
    assert checked.returncode == 0, checked.stderr
    report = json.loads(checked.stdout)
    assert report["outcome"] == "accepted"
    refused = run(bank, "-m", "verifier", "check", text[:-3], "--bundle", "bundle.cbor", folder=tmp_path)
    assert refused.returncode == 1


def test_five_lines_of_the_readme(bank: Path, tmp_path: Path) -> None:
    world = World(now=int(time.time()))
    (tmp_path / "bundle.cbor").write_bytes(world.bundle())
    text = world.present_text("driving_licence", "licence")
    lines = (
        "from verifier import Rejected, Undetermined, Verifier",
        "verifier = Verifier.from_bundle('bundle.cbor')",
        f"verified = verifier.verify({text!r})",
        "print(verified.document, verified.holder_bound)",
    )
    ran = run(bank, "-c", "\n".join(lines), folder=tmp_path)
    assert ran.stdout.split() == ["driving_licence", "True"], ran.stderr


EACH_FORM = """
import json, socket, sys
from certs.formats.session_transcript import redirect
from verifier import Conversation, Policy, Verifier

given = json.load(open("given.json"))
try:
    socket.create_connection(("127.0.0.1", given["port"]), 2)
    sys.exit("something is reachable")
except OSError:
    pass
verifier = Verifier.from_bundle("bundle.cbor", root_sha256=given["root"])
asked = {"audience": given["audience"], "challenge": given["nonce"].encode()}
policies = {"vn1_cwt": Policy(), "printed": Policy(require_holder_proof=False, accept_printed=True)}
transcript = redirect(client_id=given["audience"], nonce=given["nonce"], response_uri=given["to"], thumbprint=None)
conversation = Conversation(transcript)
for form, text in given["texts"].items():
    report = verifier.inspect(text, policy=policies.get(form, Policy(**asked)), conversation=conversation)
    print(form, report.outcome.value)
"""


def test_every_form_with_nothing_reachable(bank: Path, tmp_path: Path) -> None:
    if not alone():
        pytest.skip("this user may not make a network namespace (unshare -n, unshare -rn)")
    world = World(now=int(time.time()))
    (tmp_path / "bundle.cbor").write_bytes(world.bundle())
    texts = {form: show(world, form).text for form in FORMS} | {"printed": world.paper()}
    with Site() as site:
        site.pages["/bundle"] = Answer(world.bundle(sequence=2))
        given = {
            "texts": texts,
            "port": int(site.url.rpartition(":")[2]),
            "root": world.root_sha256,
            "audience": TRANSCRIPT.audience,
            "nonce": TRANSCRIPT.nonce,
            "to": "https://bank.example/response",
        }
        (tmp_path / "given.json").write_text(json.dumps(given))
        told = run(bank, "-c", EACH_FORM, folder=tmp_path)
        assert told.stdout.split("\n")[:-1] == [f"{form} accepted" for form in texts], told.stderr
        kept = ("--bundle", "bundle.cbor")
        refreshed = run(
            bank, "-m", "verifier", "bundle", "refresh", *kept, "--from", site.url + "/bundle", folder=tmp_path
        )
        assert refreshed.returncode == 2, refreshed.stderr
        checked = run(bank, "-m", "verifier", "check", texts["printed"], *kept, "--printed", folder=tmp_path)
        assert checked.returncode == 0, checked.stderr
        assert site.asked == []
