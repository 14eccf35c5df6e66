"""`python -m wallet present openid4vp://…`: who asks and what would leave is shown first, and nothing goes without a yes."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.wallet.issuer import ISSUER, TX_CODE, IssuerDesk
from tests.wallet.reader import BACK, MDOC, SD_JWT, VCT, ReaderDesk, query
from tests.wallet.test_asked import HEALTH, LICENCE, verified_mdoc, verified_sd_jwt
from tests.world import World
from wallet.__main__ import main

RECORD = VCT.replace("driving_licence", "health_record")
Run = Callable[..., int]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def reader(world: World) -> ReaderDesk:
    return ReaderDesk(world, IssuerDesk(world, configurations=LICENCE), asks=query(SD_JWT, MDOC), encrypted=True)


@pytest.fixture
def run(reader: ReaderDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """In a wallet that has a licence."""
    for name in ("WALLET_ISSUER", "WALLET_ROOT_SHA256", "WALLET_SIMULATION", "WALLET_CA_BUNDLE", "WALLET_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str, typed: str | None = None) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO() if typed is None else Terminal(typed))
        return main([*arguments, "--home", str(tmp_path / "home")], web=reader, clock=lambda: reader.world.now)

    known = ("--issuer", ISSUER, "--root-sha256", reader.world.root_sha256, "--simulation")
    assert call("receive", reader.issuer.link, "--tx-code", TX_CODE, *known) == 0
    capsys.readouterr()
    return call


def test_a_yes_sends_what_was_shown(run: Run, reader: ReaderDesk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("present", reader.link(request_uri_method="post"), typed="y\n") == 0
    out, err = capsys.readouterr()
    assert out == "sent to Test bank\n" and f"go on at {BACK}" in err
    for told in ("Test bank (bank), at bank.example", "Opening an account", "Nguyễn Thị Thuỳ Dương", "Share this?"):
        assert told in err
    assert err.index("keeps") > err.index("sends")
    token = reader.opened()["vp_token"]
    assert verified_sd_jwt(reader, token["licence"][0]).holder_bound
    assert verified_mdoc(reader, token["mdl"][0]).holder_bound
    assert run("history", "--json") == 0
    assert [each["kind"] for each in json.loads(capsys.readouterr().out)][:2] == ["presented", "presented"]


@pytest.mark.parametrize("typed", ["\n", "n\n", "no", "", "maybe\n"])
def test_anything_else_sends_nothing(
    run: Run, reader: ReaderDesk, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    assert run("present", reader.link(), typed=typed) == 1
    assert "nothing was sent" in capsys.readouterr().out
    assert [answer.get("error") for answer in reader.answers] == ["access_denied"]


def test_without_a_terminal_yes_has_to_be_given_before(
    run: Run, reader: ReaderDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("present", reader.link()) == 64
    assert "--yes" in capsys.readouterr().err and reader.fetched == [] and reader.answers == []
    assert run("present", reader.link(), "--yes", "--json") == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["sent"] and told["go_to"] == BACK and told["reader"] == "bank"
    assert told["claims"] == {"licence": ["full_name", "classes"], "mdl": ["full_name"]}


def test_sensitive_facts_are_marked_and_keeping_is_told(
    run: Run, reader: ReaderDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    reader.issuer.configurations, reader.issuer.redeemed = HEALTH, False
    assert run("receive", reader.issuer.link, "--tx-code", TX_CODE) == 0
    blood = {**SD_JWT, "id": "blood", "meta": {"vct_values": [RECORD]}, "claims": [{"path": ["blood_group"]}]}
    reader.asks = query(blood, {**MDOC, "claims": [{**MDOC["claims"][0], "intent_to_retain": True}]})
    assert run("present", reader.link(), typed="y\n") == 0
    err = capsys.readouterr().err
    assert "! sensitive" in err and "will keep what they get" in err


def test_a_reader_that_overasks_is_refused_before_anybody_is_asked(
    run: Run, reader: ReaderDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    reader.asks = query({**SD_JWT, "claims": [{"path": ["points"]}]})
    assert run("present", reader.link(), typed="y\n") == 1
    err = capsys.readouterr().err
    assert "reader_overasks" in err and "Share this?" not in err


def test_nothing_fits(run: Run, reader: ReaderDesk, capsys: pytest.CaptureFixture[str]) -> None:
    reader.asks = query({**SD_JWT, "claims": [{"path": ["full_name"], "values": ["Somebody Else"]}]})
    assert run("present", reader.link(), typed="y\n") == 1
    assert "nothing_fits" in capsys.readouterr().err and reader.answers == []


def test_a_document_by_hand_still_needs_its_verifier(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("present", "driving_licence", "--claims", "full_name") == 64
    assert "--audience" in capsys.readouterr().err
