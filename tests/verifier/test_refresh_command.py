"""`bundle refresh --every`: the schedule for whoever has no program of their own."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.site import Answer, Site
from tests.verifier.test_cli import ROOT
from tests.world import World
from verifier.__main__ import main


def test_it_asks_again_and_again_and_ends_when_it_is_told_to(site: Site, tmp_path: Path) -> None:
    world = World(now=int(time.time()) - 5)
    path = world.write_bundle(tmp_path / "bundle.cbor")
    command = ["bundle", "refresh", "--bundle", str(path), "--from", site.url + "/bundle", "--every", "1", "--json"]
    running = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "verifier", *command],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert running.stdout is not None and running.stderr is not None
        assert json.loads(running.stdout.readline())["outcome"] == "unreachable"
        newer = world.bundle(sequence=2)
        site.pages["/bundle"] = Answer(newer)
        while (said := json.loads(running.stdout.readline()))["outcome"] == "unreachable":
            pass
        assert said == {"outcome": "updated", "code": None, "sequence": 2} and path.read_bytes() == newer
        site.pages["/bundle"] = Answer(world.bundle(sequence=1))
        while (said := json.loads(running.stdout.readline()))["outcome"] == "unchanged":
            pass
        assert said == {"outcome": "refused", "code": "presentation_replayed", "sequence": 2}
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0 and running.stderr.read() == ""
    finally:
        running.kill()
        running.communicate()
    assert path.read_bytes() == newer and [each.name for each in tmp_path.iterdir()] == ["bundle.cbor"]


@pytest.mark.parametrize("every", ["0", "-1", "x", "1.5", "٣", "1" * 10])
def test_a_number_of_seconds_that_is_none(every: str, tmp_path: Path) -> None:
    world = World(now=int(time.time()))
    path = str(world.write_bundle(tmp_path / "bundle.cbor"))
    with pytest.raises(SystemExit) as caught:
        main(["bundle", "refresh", "--bundle", path, "--from", "http://127.0.0.1:1/bundle", f"--every={every}"])
    assert caught.value.code == 64
