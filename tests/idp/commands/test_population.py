"""`python -m idp population` as a process: continued after Ctrl-C, machine-readable, and never where no simulation is."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest

from idp import demo
from idp.config import database_url
from idp.demo import Options
from idp.progress import Progress
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage
from tests.idp.commands import asked
from tests.idp.commands.asked import Done
from tests.smoke import ROOT

NOW = 1_790_000_000


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("population") / "nation"
    demo.prepare(Options(folder, 5810, 5811, 5812), now=NOW, progress=Progress(StringIO(), 8))
    return folder


@pytest.fixture
def data(founded: Path, tmp_path: Path) -> Path:
    """A nation for each test, to grow."""
    return shutil.copytree(founded, tmp_path / "nation")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "idp", "population", *arguments]


def _run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        _command(*arguments),
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environment,
    )


def _ask(*arguments: str, data: Path) -> Done:
    return asked.idp("population", *arguments, data=data)


def _held(data: Path) -> int:
    engine = open_engine(database_url(data / "idp"))
    try:
        with SqlStorage(engine).reading() as ports:
            return ports.population.count()
    finally:
        engine.dispose()


def test_the_demonstration_s_nation_grows(data: Path) -> None:
    done = _run("--people", "3000", "--json", "--data", str(data))
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert (row["people"], row["added"], row["complete"]) == (3_000, 2_000, True)
    assert row["rows"] == 4_000 + row["cancelled numbers"] and row["documents"] == 0
    again = _ask("--people", "3000", data=data)
    assert again.returncode == 0 and "already" in again.stderr
    assert _held(data) == 3_000
    other = _ask("--people", "4000", "--seed", "8", data=data)
    assert (other.returncode, other.stdout) == (1, "") and "--seed" in other.stderr
    assert _held(data) == 3_000


def test_ctrl_c_leaves_what_is_written_and_says_how_to_continue(data: Path) -> None:
    everybody = 400_000
    with subprocess.Popen(
        _command("--people", str(everybody), "--json", "--data", str(data)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        while _held(data) == 1_000 and time.monotonic() < deadline:  # until the first batch is there
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    (row,) = json.loads(out)
    assert 1_000 < row["people"] < everybody and row["people"] == _held(data) and row["complete"] is False
    assert f"--people {everybody} --seed 2026 --data {data}" in errors
    assert "Traceback" not in errors
    more = row["people"] + 500
    (row,) = json.loads(_ask("--people", str(more), "--json", data=data).stdout)
    assert (row["people"], row["added"]) == (more, 500)


@pytest.mark.parametrize("people", ["0", "-5", "1000001", "many"])
def test_a_number_that_cannot_be(founded: Path, people: str) -> None:
    done = _ask("--people", people, data=founded)
    assert (done.returncode, done.stdout) == (64, "") and "--people" in done.stderr


def test_outside_of_a_simulation_nobody_is_invented(founded: Path) -> None:
    settings = {"IDP_ISSUER": "https://id.example.vn", "IDP_DATA": str(founded / "idp")}
    done = _run("--people", "2000", **settings)
    assert (done.returncode, done.stdout) == (78, "") and "simulation" in done.stderr
    assert _held(founded) == 1_000
