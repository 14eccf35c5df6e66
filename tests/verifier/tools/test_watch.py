"""`watch`: files as they come, lines as they are typed, and the trust data that is replaced meanwhile."""

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from certs.status import Status
from tests.pictures import picture_of
from tests.verifier.test_cli import Here
from tests.world import World
from verifier import Verifier
from verifier.tools.watch import Arrivals, Trust

ROOT = Path(__file__).parents[3]


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(capsys)


def test_a_file_is_told_once_and_when_it_is_whole(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("x")
    arrivals = Arrivals(tmp_path)
    assert arrivals.look() == [] == arrivals.look()
    new = tmp_path / "new.png"
    new.write_text("a")
    (tmp_path / "new.part").write_text("a")
    (tmp_path / "folder.txt").mkdir()
    assert arrivals.look() == []
    new.write_text("ab")
    assert arrivals.look() == []  # it grows
    assert arrivals.look() == [new]
    assert arrivals.look() == []
    new.write_text("another one")
    assert arrivals.look() == [] and arrivals.look() == [new]
    new.unlink()
    assert arrivals.look() == []
    new.write_text("a")
    assert arrivals.look() == [] and arrivals.look() == [new]
    first = Arrivals(tmp_path, there_already=True)
    assert first.look() == [] and first.look() == [new, tmp_path / "old.txt"]
    with pytest.raises(OSError, match="nowhere"):
        Arrivals(tmp_path / "nowhere")


def test_a_replaced_bundle_is_used_and_an_older_one_is_not(world: World, tmp_path: Path) -> None:
    path = world.write_bundle(tmp_path / "bundle.cbor")
    trust = Trust(path, Verifier.from_bundle(path, clock=lambda: world.now))

    def replaced(data: bytes) -> tuple[int | None, str | None] | None:
        (tmp_path / "new").write_bytes(data)
        (tmp_path / "new").rename(path)
        news = trust.look(lambda: world.now)
        return None if news is None else tuple(news)  # type: ignore[return-value]

    assert trust.look(lambda: world.now) is None
    assert replaced(path.read_bytes()) is None
    world.set_state(1, Status.INVALID)
    assert replaced(world.bundle(sequence=2)) == (2, None) and trust.verifier.bundle.sequence == 2
    assert trust.look(lambda: world.now) is None
    assert replaced(world.bundle(sequence=1)) == (None, "presentation_replayed")
    assert replaced(World(now=world.now).bundle(sequence=9)) == (None, "chain_invalid")
    assert replaced(b"junk") == (None, "malformed") and trust.verifier.bundle.sequence == 2
    path.unlink()
    assert trust.look(lambda: world.now) is None and trust.verifier.bundle.sequence == 2
    assert replaced(world.bundle(sequence=3)) == (3, None)


def test_lines_of_a_hand_scanner(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nation = World(now=int(time.time()) - 5)
    bundle = str(nation.write_bundle(tmp_path / "bundle.cbor"))
    good = nation.present().encode()
    typed = (
        good + b"\r\n\r\n" + good + b"\nhello\n\xff\xfe\nVN1:" + b"0" * 2_000_000 + b"\n" + good
    )  # the last has no line end
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
    code, out, err = here("watch", "-", "--bundle", bundle, "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and err == ""
    assert [(one["source"], one["code"]) for one in told] == [
        ("#1", None), ("#3", None), ("#4", "prefix_unknown"), ("#5", "prefix_unknown"), ("#6", "oversize"), ("#7", None),
    ]  # fmt: skip
    assert all(abs(one["at"] - time.time()) < 60 for one in told)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(good + b"\n" + good + b"\n")))
    code, out, err = here("watch", "-", "--bundle", bundle, "--lang", "en", "--once", str(tmp_path / "once"))
    assert code == 0 and out.count("ACCEPTED") == 2 - out.count("REJECTED") and "All together" in err


def test_a_folder_until_it_is_interrupted(tmp_path: Path) -> None:
    """As people run it: another process, files that come, a bundle that is replaced, Ctrl-C."""
    nation, scans = World(now=int(time.time()) - 5), tmp_path / "scans"
    bundle = nation.write_bundle(tmp_path / "bundle.cbor")
    scans.mkdir()
    (scans / "before.txt").write_text("x")
    text = nation.printed(nation.issue(index=5))
    words = ["watch", str(scans), "--bundle", str(bundle), "--no-holder", "--json", "--all"]
    with subprocess.Popen(
        [sys.executable, "-m", "verifier", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["source"] == "before.txt"
        (scans / "a.png").write_bytes(picture_of(text))
        first = json.loads(process.stdout.readline())
        assert (first["source"], first["outcome"]) == ("a.png", "accepted")
        nation.set_state(5, Status.INVALID)
        nation.write_bundle(tmp_path / "new", sequence=2).rename(bundle)
        (scans / "b.txt").write_text(text)
        assert json.loads(process.stdout.readline())["code"] == "revoked"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.decode()) == (0, b"", "Dữ liệu tin cậy mới: #2\n")


def test_a_folder_that_is_not_there(here: Here, tmp_path: Path) -> None:
    bundle = str(World(now=int(time.time()) - 5).write_bundle(tmp_path / "bundle.cbor"))
    code, out, err = here("watch", str(tmp_path / "nowhere"), "--bundle", bundle)
    assert (code, out) == (64, "") and "nowhere" in err
