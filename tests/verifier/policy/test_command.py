"""`check --policy NAME|FILE` and `--once FILE`: the same verdicts as from the library, and exit 64 with what is wrong."""

import json
import time
from pathlib import Path

import pytest

from tests.world import World
from verifier.__main__ import main
from verifier.policy.ready import READY


@pytest.fixture(scope="module")
def world() -> World:
    return World(now=int(time.time()))


class Check:
    def __init__(self, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._bundle = bundle
        self._capsys = capsys

    def __call__(self, text: str, *arguments: str) -> tuple[int, str]:
        """Exit code, and the reason code or the words on standard error."""
        code = main(["check", text, "--bundle", str(self._bundle), "--json", *arguments])
        told = self._capsys.readouterr()
        return code, str(json.loads(told.out)["code"]) if told.out else told.err


@pytest.fixture
def check(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    return Check(world.write_bundle(tmp_path / "bundle.cbor"), capsys)


def test_a_ready_policy_by_its_name(world: World, check: Check) -> None:
    licence, age = world.present(), world.present(world.issue("driving_licence", "age_over_18"))
    assert check(licence, "--policy", "traffic.stop") == (0, "None")
    assert check(age, "--policy", "traffic.stop") == (1, "policy_refused")
    assert check(age, "--policy", "age.18") == (0, "None")
    assert check(world.paper("health_insurance_card"), "--policy", "clinic.reception") == (0, "None")


def test_a_policy_from_a_file(world: World, check: Check, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('documents = ["driving_licence"]\nasks = ["residence"]\n', "utf-8")
    assert check(world.present(), "--policy", str(path)) == (1, "claims_missing")
    assert check(world.present(world.issue("driving_licence", "full")), "--policy", str(path)) == (0, "None")
    code, told = check(world.present(), "--policy", str(path), "--lang", "en")
    assert code == 1
    path.write_text("document = []", "utf-8")
    code, told = check(world.present(), "--policy", str(path))
    assert code == 64 and "own.toml: line 1: document: unknown key" in told


def test_the_fact_that_is_missing_is_named(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, bundle = tmp_path / "own.toml", world.write_bundle(tmp_path / "bundle.cbor")
    path.write_text('asks = ["residence", "nationality"]\n', "utf-8")
    assert main(["check", world.present(), "--bundle", str(bundle), "--policy", str(path), "--lang", "en"]) == 1
    assert "(claims_missing: residence, nationality)" in capsys.readouterr().out


def test_what_is_said_beside_a_policy_changes_the_proof_alone(world: World, check: Check) -> None:
    named = world.present(audience="us", challenge=b"\x01")
    assert check(named, "--policy", "traffic.stop", "--audience", "us", "--challenge", "01") == (0, "None")
    assert check(named, "--policy", "traffic.stop") == (1, "audience_mismatch")
    assert check(world.paper(), "--policy", "traffic.stop", "--printed") == (0, "None")
    assert check(world.printed(), "--policy", "traffic.stop", "--no-holder") == (0, "None")
    assert check(world.present(), "--policy", "traffic.stop", "--max-status-age", "0")[0] in (0, 2)
    for more in (("--type", "driving_licence"), ("--view", "licence"), ("--over-18",)):
        assert check(world.present(), "--policy", "traffic.stop", *more)[0] == 64


def test_once(world: World, check: Check, tmp_path: Path) -> None:
    text, kept = world.present(), str(tmp_path / "once.sqlite")
    assert check(text, "--once", kept) == (0, "None")
    assert check(text, "--once", kept) == (1, "presentation_replayed")
    assert check(text) == (0, "None")
    identity = world.present_text("citizen_identity")
    code, told = check(identity, "--policy", "bank.open_account")
    assert code == 64 and "--once FILE is needed" in told
    assert check(identity, "--policy", "bank.open_account", "--once", kept) == (0, "None")
    assert check(identity, "--policy", "bank.open_account", "--once", kept) == (1, "presentation_replayed")


def test_what_is_wrong_with_the_command(world: World, check: Check, tmp_path: Path) -> None:
    text, several = world.present(), tmp_path / "several.toml"
    several.write_text('[[all_of]]\ndocuments = ["citizen_identity"]\n[[all_of]]\ndocuments = ["driving_licence"]\n')
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"not a database" * 100)
    for arguments, words in (
        (("--policy", "bank.rob"), f"Ready ones: {', '.join(READY)}"),
        (("--policy", str(several)), "several documents of one person"),
        (("--policy", "bank.open_account", "--printed", "--once", str(tmp_path / "o")), "a copy is the same each time"),
        (("--once", str(tmp_path / "none" / "once.sqlite")), "--once"),
        (("--once", str(other)), "not a database"),
        (("--challenge", "xyz"), "hexadecimal"),
    ):
        code, told = check(text, *arguments)
        assert code == 64 and words in told, told
