"""The README tells the truth: its files exist, its targets and commands are there, its Python runs."""

import contextlib
import io
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.world import World

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS = sorted({command for command in re.findall(r"python -m \w+(?: [a-z]+)*", README)})


def test_every_path_exists() -> None:
    named = set(re.findall(r"`((?:certs|idp|wallet|verifier|tests)/[\w/.-]*)`", README)) | set(
        re.findall(r"\]\(((?!http)[\w/.-]+)\)", README)
    )
    missing = sorted(path for path in named if not (ROOT / path).exists())
    assert named and not missing


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z-]+)", README)) - {"makes"}
    assert named and named <= targets


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_exists(command: str) -> None:
    words = command.split()[1:]
    known = [word for word in words if word != "bundle.cbor"]
    ran = subprocess.run([sys.executable, *known, "--help"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(now=int(time.time()))
    world.write_bundle(tmp_path / "bundle.cbor")
    monkeypatch.chdir(tmp_path)
    (code,) = (body for language, body in BLOCKS if language == "python")
    for text, expected in ((world.present_text(), "True"), ("VN1:", "malformed")):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, "README.md", "exec"), {"text": text})
        assert expected in out.getvalue()
