"""`check --policy NAME|FILE` and `--once FILE`: the same verdicts as from the library, and exit 64 with what is wrong."""

import json
import time
from pathlib import Path

import pytest

from tests.pictures import picture_of
from tests.world import RECORDS, World
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


BOTH = '[[all_of]]\ndocuments = ["citizen_identity"]\n[[all_of]]\ndocuments = ["driving_licence"]\n'
NAME = RECORDS["citizen_identity"]["full_name"]


@pytest.fixture
def both(tmp_path: Path) -> str:
    path = tmp_path / "both.toml"
    path.write_text(BOTH)
    return str(path)


def test_several_documents_of_one_person(
    world: World, tmp_path: Path, both: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Texts, files and a folder, in any order; two codes of one picture are two documents."""
    identity, licence = world.present_text("citizen_identity"), world.present()
    folder, note, picture = tmp_path / "papers", tmp_path / "card.txt", tmp_path / "two.png"
    folder.mkdir()
    (folder / "a.png").write_bytes(picture_of(licence))
    note.write_text(identity + "\n")
    picture.write_bytes(picture_of(identity, licence))
    asked = ("--policy", both, "--bundle", str(world.write_bundle(tmp_path / "bundle.cbor")))
    for sources in ((identity, licence), (licence, str(note)), (str(note), str(folder)), (str(picture),)):
        assert main(["check", *sources, *asked, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["outcome"], told["linked_by"], len(told["documents"])) == ("accepted", ["number"], 2)
        assert {each["verified"]["document"] for each in told["documents"]} == {"citizen_identity", "driving_licence"}
        assert {each["source"] for each in told["documents"]} <= {*sources, "a.png", f"{picture} (1)", f"{picture} (2)"}
    assert main(["check", str(note), licence, *asked]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("✓ CHẤP NHẬN") and "2 giấy tờ của cùng một người: cùng số định danh cá nhân" in shown
    assert shown.count(NAME) == 2 and "— " + str(note)[:8] in shown


def test_what_is_refused_together_tells_nothing_of_anybody(
    world: World, tmp_path: Path, both: str, capsys: pytest.CaptureFixture[str]
) -> None:
    identity, licence = world.present_text("citizen_identity"), world.present()
    stranger = {**RECORDS["driving_licence"], "personal_identification_number": "999103004321"}
    other = world.present(world.issue(record=stranger))
    missing = world.present(world.issue(uri="http://localhost:5000/status-lists/9"))
    asked = ("--policy", both, "--bundle", str(world.write_bundle(tmp_path / "bundle.cbor")), "--lang", "en")
    for texts, exit_code, code in (
        ((identity, other), 1, "claim_conflict: personal_identification_number"),
        ((identity, world.printed()), 1, "holder_binding_missing"),
        ((identity, licence, world.present_text("tax_registration")), 1, "policy_refused"),
        ((licence, licence), 1, "presentation_replayed"),
        ((identity, missing), 2, "status_unavailable"),
        ((identity,) * 9, 1, "limit_exceeded"),
    ):
        assert main(["check", *texts, *asked]) == exit_code
        shown = capsys.readouterr().out
        assert f"({code})" in shown and NAME not in shown and "999 203" not in shown
        assert main(["check", *texts, *asked, "--json"]) == exit_code
        told = json.loads(capsys.readouterr().out)
        assert (told["code"], NAME in str(told)) == (code.partition(":")[0], False)
    kept = str(tmp_path / "once.sqlite")
    for exit_code in (0, 1):
        assert main(["check", identity, licence, *asked, "--once", kept]) == exit_code


def test_several_documents_each_for_itself(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = str(world.write_bundle(tmp_path / "bundle.cbor"))
    note = tmp_path / "card.txt"
    note.write_text(world.present_text("citizen_identity"))
    assert main(["check", str(note), world.printed(), "--bundle", bundle, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["outcomes"] == {"accepted": 1, "rejected": 1} and told["results"][0]["source"] == str(note)
    assert main(["check", str(note), world.present(), "--bundle", bundle]) == 0
    assert capsys.readouterr().out.count("CHẤP NHẬN") == 3  # a line each, and the tally
    for wrong in (("-", "-"), (str(note), "missing.png"), (str(note), str(note), "--code", "1")):
        assert main(["check", *wrong, "--bundle", bundle]) == 64
        capsys.readouterr()


def test_where_documents_come_one_by_one_none_are_judged_together(
    world: World, tmp_path: Path, both: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--policy", both, "--bundle", str(world.write_bundle(tmp_path / "bundle.cbor")))
    for words, why in (
        (("batch", "in.csv", str(tmp_path / "out.csv")), "a row holds one"),
        (("watch", str(tmp_path)), "nobody knows which belong together"),
    ):
        assert main([*words, *asked]) == 64
        told = capsys.readouterr().err
        assert why in told and f"check A B --policy {both}" in told


def test_what_is_wrong_with_the_command(world: World, check: Check, tmp_path: Path) -> None:
    text, several = world.present(), tmp_path / "several.toml"
    several.write_text('[[all_of]]\ndocuments = ["citizen_identity"]\n[[all_of]]\ndocuments = ["driving_licence"]\n')
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"not a database" * 100)
    for arguments, words in (
        (("--policy", "bank.rob"), f"Ready ones: {', '.join(READY)}"),
        (("--policy", str(several)), "2 documents of one person, and here is one"),
        (("--policy", "bank.open_account", "--printed", "--once", str(tmp_path / "o")), "a copy is the same each time"),
        (("--once", str(tmp_path / "none" / "once.sqlite")), "--once"),
        (("--once", str(other)), "not a database"),
        (("--challenge", "xyz"), "hexadecimal"),
    ):
        code, told = check(text, *arguments)
        assert code == 64 and words in told, told
