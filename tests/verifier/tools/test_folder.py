"""`check` of a whole folder: every code of every file has its verdict, and the worst of them is the exit code."""

import json
import time
from pathlib import Path

import pytest

from tests.pictures import picture_of
from tests.verifier.test_cli import Here
from tests.world import World


@pytest.fixture
def world() -> World:
    return World(now=int(time.time()) - 5)


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(capsys)


@pytest.fixture
def bundle(world: World, tmp_path: Path) -> str:
    return str(world.write_bundle(tmp_path / "bundle.cbor"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "scans"
    (made / "below").mkdir(parents=True)
    return made


def test_every_file_and_every_code(world: World, bundle: str, folder: Path, here: Here) -> None:
    good, elsewhere = world.present(), world.present(world.issue(uri="http://localhost:5000/x"))
    (folder / "a.txt").write_text(good + "\n")
    (folder / "b.PNG").write_bytes(picture_of(good))
    code, out, _ = here("check", str(folder), "--bundle", bundle, "--lang", "en")
    assert code == 0 and out.count("ACCEPTED") == 3 and "Nguyễn Thị Thuỳ Dương" in out
    (folder / "blank\x1b[31m.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "c.txt").write_text(elsewhere)
    (folder / "notes.docx").write_text("x")
    (folder / ".hidden.txt").write_text("x")
    (folder / "below" / "d.txt").write_text("x")
    code, out, _ = here("check", str(folder), "--bundle", bundle, "--lang", "en")
    assert code == 2 and "status_unavailable" in out and "2 other files were not looked at" in out and "\x1b" not in out
    (folder / "two.png").write_bytes(picture_of(good, world.printed()))
    code, out, _ = here("check", str(folder), "--bundle", bundle, "--json")
    told = json.loads(out)
    assert code == 1 and told["not_looked_at"] == 2
    assert {one["source"]: one["outcome"] for one in told["results"]} == {
        "a.txt": "accepted",
        "b.PNG": "accepted",
        "blank\x1b[31m.png": None,
        "c.txt": "undetermined",
        **{f"two.png ({number})": told["results"][number + 3]["outcome"] for number in (1, 2)},
    }
    assert sorted(one["outcome"] for one in told["results"][4:]) == ["accepted", "rejected"]
    assert told["outcomes"] == {"accepted": 3, "undetermined": 2, "rejected": 1}
    assert told["codes"] == {"status_unavailable": 1, "holder_binding_missing": 1}


def test_what_is_asked_of_one_is_asked_of_all(world: World, bundle: str, folder: Path, here: Here) -> None:
    (folder / "a.txt").write_text(world.printed())
    (folder / "b.txt").write_text(world.paper())
    assert here("check", str(folder), "--bundle", bundle)[0] == 1
    assert here("check", str(folder), "--bundle", bundle, "--no-holder")[0] == 0
    assert here("check", str(folder), "--bundle", bundle, "--no-holder", "--type", "health_record")[0] == 1


def test_an_empty_folder_is_no_yes(bundle: str, folder: Path, here: Here) -> None:
    code, out, err = here("check", str(folder), "--bundle", bundle)
    assert (code, out) == (64, "") and "nothing to check" in err
    (folder / "a.txt").write_text("x")
    assert here("check", str(folder), "--bundle", bundle, "--code", "1")[0] == 64
