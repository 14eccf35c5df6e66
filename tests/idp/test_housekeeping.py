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

from certs import jwe
from certs.jwe import DecryptionKey
from idp import master_key, provider_keys
from idp.__main__ import main
from idp.commands.housekeeping import courier
from idp.commands.terminal import CONFIGURATION
from idp.journal.verification import verify
from idp.model import Event, Logout
from idp.oidc import backchannel
from idp.oidc.keys.signing_keys import ALGORITHMS
from tests.certs.servers import serving
from tests.idp.oidc.registering import Site, at
from tests.smoke import ROOT
from tests.world_idp import NOW, State, client

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


@pytest.mark.parametrize(
    "command", [("housekeeping", "--once"), ("keys", "prepare", "--alg", "ES256"), ("housekeeping",)]
)
def test_a_master_key_that_is_not_safe_is_said_and_not_thrown(
    state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    for name, value in settings(state).items():
        monkeypatch.setenv(name, value)
    key = state.web.config.data / master_key.NAME
    key.chmod(0o644)
    assert main(command) == CONFIGURATION
    said = capsys.readouterr()
    assert said.err == f"idp: {key} may be read by others; chmod 600 it\n" and not said.out
    key.chmod(0o600)
    key.write_bytes(b"short")
    assert main(command) == CONFIGURATION
    assert "is damaged; restore it" in capsys.readouterr().err


def test_its_courier_fetches_the_keys_that_logout_tokens_are_encrypted_to(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the servers left when they ended goes out by it, also to who keeps its keys at an address of its own."""
    for name, value in settings(state).items():
        monkeypatch.setenv(name, value)
    page, key = Site(), DecryptionKey.generate("ECDH-ES", "1")
    page.say({"keys": [key.public.jwk()]})
    forms = {"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A256GCM"}
    with serving(page.talk) as server:
        bank = client(metadata={"jwks_uri": at(server, "/jwks.json"), **forms})
        held = courier(
            state.storage, state.web.config, provider_keys.safe(master_key.load_or_create(state.web.config.data))
        )
        desk = held._desk
        logout = Logout(1, "s", "bank", "a-duong", "999203001234", 1)
        tokens = [backchannel.logout_token(logout, desk.ready(bank), desk, now=NOW) for _ in range(2)]
        held.close()
    assert page.served == 1  # and kept
    assert all(jwe.decrypt(token, [key]).content for token in tokens)


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
