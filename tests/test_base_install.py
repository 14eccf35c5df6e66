"""Law 3 for real: a bank installs the wheel with the base requirements alone, and checks a QR with the network off."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from certs import qr
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
    command = [str(bank / "python"), "-I", *arguments]
    if shutil.which("unshare") and subprocess.run(["unshare", "-n", "true"], check=False).returncode == 0:
        command = ["unshare", "-n", *command]  # no network at all, not even loopback
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60, check=False)


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
