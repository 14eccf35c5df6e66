"""The README tells the truth: its files exist, its targets and commands are there, its Python runs."""

import contextlib
import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import certs.__main__
import idp.__main__
import verifier.__main__
import wallet.__main__
from tests.world import World

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
MAINS: dict[str, Callable[[list[str]], int]] = {
    "certs": certs.__main__.main,
    "idp": idp.__main__.main,
    "verifier": verifier.__main__.main,
    "wallet": wallet.__main__.main,
}
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
def test_every_command_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In this process: what a command's words are is up to its parser."""
    _, _, package, *words = command.split()
    try:
        code: object = MAINS[package]([*words, "--help"])
    except SystemExit as leaving:
        code = leaving.code
    assert code == 0 and "usage:" in capsys.readouterr().out


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(now=int(time.time()))
    world.write_bundle(tmp_path / "bundle.cbor")
    monkeypatch.chdir(tmp_path)
    (code,) = (body for language, body in BLOCKS if language == "python" and "verifier.login" not in body)
    for text, expected in ((world.present_text(), "True"), ("VN1:", "malformed")):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, "README.md", "exec"), {"text": text})
        assert expected in out.getvalue()


def test_a_sign_in_of_the_readme_is_an_example_that_is_run() -> None:
    """Word for word: `tests/journeys/test_login_examples.py` starts the files."""
    examples = [path.read_text("utf-8") for path in sorted((ROOT / "docs/examples").glob("*.py"))]
    assert examples
    for language, body in BLOCKS:
        if language == "python" and "verifier.login" in body:
            pieces = [piece.strip() for piece in body.split("\n\n") if piece.strip()]
            assert any(all(piece in example for piece in pieces) for example in examples), body
