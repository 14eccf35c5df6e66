"""The process beside the servers: it seals and sweeps by itself, ends when it is told to, and outlives nobody."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from idp.__main__ import main
from idp.commands.terminal import CONFIGURATION
from idp.journal.verification import verify
from idp.model import Event
from idp.oidc.keys.signing_keys import ALGORITHMS
from tests.smoke import ROOT
from tests.world_idp import NOW, State

SECONDS = 20.0


def settings(state: State) -> dict[str, str]:
    config = state.web.config
    named = {"IDP_ISSUER": config.issuer, "IDP_DATA": str(config.data), "IDP_SIMULATION": "1"}
    return {**named, "IDP_DATABASE_URL": config.database_url}


def started(state: State, log: Path, *prefix: str) -> "subprocess.Popen[bytes]":
    command = [*prefix, sys.executable, "-m", "idp", "housekeeping"]
    with log.open("wb") as output:
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings(state)}, stderr=output)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def write(state: State) -> None:
    with state.storage.transaction() as ports:
        ports.journal.append(Event(NOW, "x"))
        ports.ephemeral.put("code", str(time.monotonic_ns()), {}, expires=1)


def sealed(state: State) -> bool:
    found = verify(state.storage)
    assert found.broken is None
    return found.waiting == 0


def test_two_keepers_seal_what_is_written_and_end_when_told(state: State, tmp_path: Path) -> None:
    write(state)
    running = [started(state, tmp_path / f"{n}.log") for n in range(2)]
    try:
        until(lambda: sealed(state))
        write(state)
        until(lambda: sealed(state))
    finally:
        for one in running:
            one.send_signal(signal.SIGTERM)
    assert [one.wait(SECONDS) for one in running] == [0, 0]
    lines = [json.loads(line) for n in range(2) for line in (tmp_path / f"{n}.log").read_text().splitlines()]
    told = {line["hash"] for line in lines if line["event"] == "journal_sealed"}
    newest = verify(state.storage).newest
    assert newest is not None and newest.hash.hex(":", 4) in told  # outside of the database, whole
    assert any(line["event"] == "swept" for line in lines)
    # The state's keys are of the day of its clock: long due. Of the two keepers one prepared the next ones.
    assert {line["event"] for line in lines} == {"journal_sealed", "swept", "signing_key"}
    told_of = [line["alg"] for line in lines if line["event"] == "signing_key"]
    assert sorted(told_of) == sorted(ALGORITHMS)


def test_it_does_not_outlive_who_started_it(state: State, tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, sys.executable, "-m", "idp", "housekeeping"]
    parent = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings(state)}, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    write(state)
    until(lambda: sealed(state))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not Path(f"/proc/{child}").exists() or "\nState:\tZ" in Path(f"/proc/{child}/status").read_text())


def test_once(state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in settings(state).items():
        monkeypatch.setenv(name, value)
    write(state)
    assert main(["housekeeping", "--once", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["single-use values"], told["blocks sealed"], told["newest block"]) == (1, 1, 1)
    assert told["keys changed"] == len(ALGORITHMS)  # prepared
    assert sealed(state)


def test_once_with_another_master_key_makes_no_keys(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A keeper on another machine, with a folder of its own: what it sealed no server could open a week later."""
    (other := tmp_path / "other").mkdir()
    for name, value in {**settings(state), "IDP_DATA": str(other)}.items():
        monkeypatch.setenv(name, value)
    assert main(["housekeeping", "--once"]) == CONFIGURATION
    assert "master.key" in capsys.readouterr().err
    with state.storage.reading() as ports:
        assert len(ports.signing_keys.all()) == len(ALGORITHMS)
