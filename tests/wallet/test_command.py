"""`python -m wallet`: receive, list, show-qr; exit codes, JSON, what is remembered."""

import json
from pathlib import Path

import pytest

from certs import qr
from tests.wallet.issuer import ISSUER, TX_CODE, IssuerDesk
from wallet.__main__ import main


@pytest.fixture
def run(desk: IssuerDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    for name in ("WALLET_ISSUER", "WALLET_ROOT_SHA256", "WALLET_SIMULATION", "WALLET_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> int:
        home = ["--home", str(tmp_path / "home")] if arguments else []
        return main([*arguments, *home], web=desk, clock=lambda: desk.world.now)

    return call


def known(desk: IssuerDesk) -> list[str]:
    return ["--issuer", ISSUER, "--root-sha256", desk.world.root_sha256, "--simulation"]


def test_receive_list_show(run, desk: IssuerDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert run("receive", desk.link, "--tx-code", TX_CODE, *known(desk)) == 0
    assert "driving_licence" in capsys.readouterr().out
    assert run("list") == 0  # issuer and root are remembered
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["DOCUMENT", "TYPE", "STATE", "UNTIL", "VIEWS", "COPIES"]
    assert "Driving licence" in lines[1] and "Valid" in lines[1]
    assert run("list", "--json") == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert document["state"] == "valid" and document["views"] == ["licence", "age_over_18", "full"]
    picture = tmp_path / "qr.png"
    assert run("show-qr", document["id"][:6], "--out", str(picture), "--text") == 0
    text = capsys.readouterr().out.strip()
    assert qr.read_picture(picture.read_bytes()) == (text,)
    assert run("show-qr", "driving_licence", "--view", "age_over_18", "--json") == 0
    assert json.loads(capsys.readouterr().out)["version"] < qr.version(text)


def test_refusals_go_to_stderr_with_the_next_step(run, desk: IssuerDesk, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert run("receive", desk.link, "--tx-code", "000000", *known(desk)) == 1
    out, err = capsys.readouterr()
    assert out == "" and "transaction_code_wrong" in err and "enter it again" in err
    assert run("show-qr", "driving_licence") == 1
    assert run("list") == 0 and "nothing yet" in capsys.readouterr().err


def test_usage(run, desk: IssuerDesk, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert run() == 64
    assert run("dance") == 64
    assert run("show-qr", "x", "--challenge", "not-hex") == 64
    assert run("list") == 64
    assert "--root-sha256" in capsys.readouterr().err
    assert run("list", "--help") == 0
