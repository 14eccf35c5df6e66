"""`python -m wallet`: receive, list, show, present, history, backup; exit codes, JSON, what is remembered, many citizens."""

import io
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from PIL import Image

from certs import qr
from certs.challenge import Challenge, sign, wanted
from certs.encoding import b64url_decode
from certs.formats import Expected, cwt, mdoc, sd_jwt
from certs.formats.session_transcript import redirect
from certs.trust import Right
from certs.x509 import Usage
from tests.databases import Postgres
from tests.wallet.issuer import ISSUER, LICENCE, TX_CODE, WHOLE, IssuerDesk
from tests.wallet.later import LaterDesk
from tests.wallet.reader import PURPOSE, listed
from tests.world import PID, World
from wallet.__main__ import main
from wallet.receive import COPIES


@pytest.fixture
def run(desk: IssuerDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    for name in ("WALLET_ISSUER", "WALLET_ROOT_SHA256", "WALLET_SIMULATION", "WALLET_CA_BUNDLE", "WALLET_DATABASE_URL"):
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


@pytest.fixture
def held(run, desk: IssuerDesk, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """A wallet with a licence in every format, taken by an offer by reference."""
    desk.configurations = LICENCE + WHOLE
    assert run("receive", desk.link, "--tx-code", TX_CODE, *known(desk)) == 0
    capsys.readouterr()
    return run


def test_an_offer_by_value_is_taken_too(run, desk: IssuerDesk, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    desk.configurations = LICENCE + WHOLE
    link = "openid-credential-offer://?" + urlencode({"credential_offer": json.dumps(desk.offer())})
    assert run("receive", link, "--tx-code", TX_CODE, "--json", *known(desk)) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert document["formats"]["dc+sd-jwt"] == document["formats"]["mso_mdoc"] == COPIES


def test_a_terminal_draws_a_qr_that_can_be_read(held, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert held("show-qr", "driving_licence", "--view", "age_over_18") == 0
    rows = capsys.readouterr().out.rstrip("\n").split("\n")
    picture = Image.new("L", (len(rows[0]), 2 * len(rows)))
    for y, row in enumerate(rows):
        for x, block in enumerate(row):
            picture.putpixel((x, 2 * y), 255 * (block in "█▀"))
            picture.putpixel((x, 2 * y + 1), 255 * (block in "█▄"))
    out = io.BytesIO()
    picture.resize((picture.width * 6, picture.height * 6), Image.Resampling.NEAREST).save(out, "PNG")
    (text,) = qr.read_picture(out.getvalue())
    assert text.startswith("VN1:")
    svg = tmp_path / "qr.svg"
    assert held("show-qr", "driving_licence", "--out", str(svg), "--audience", "bank", "--challenge", "00" * 16) == 0
    assert "QR version" in capsys.readouterr().err and svg.read_text().startswith("<?xml")
    assert held("show-qr", "driving_licence", "--out", str(tmp_path / "qr.gif")) == 64
    assert held("show-qr", "driving_licence", "--view", "nothing") == 1


def test_who_shows_a_code_is_told_before_its_copies_run_out(held, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    for left in (*range(COPIES - 1, -1, -1), 0):
        assert held("show-qr", "driving_licence", "--json") == 0
        out, err = capsys.readouterr()
        assert json.loads(out)["unused"] == left and ("receive the document again" in err) == (left <= 1)
    assert held("list") == 0
    assert f"0 of {COPIES}, SD-JWT VC {COPIES}, mdoc {COPIES}" in capsys.readouterr().out


def test_an_sd_jwt_tells_a_verifier_what_was_asked_and_no_more(
    held,  # type: ignore[no-untyped-def]
    desk: IssuerDesk,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    asked = ("--audience", "x509_san_dns:bank.example", "--nonce", "nonce-of-the-bank")
    assert held("present", "driving_licence", "--claims", "full_name,licence_number", *asked) == 0
    told = capsys.readouterr().out.strip()
    expected = Expected(audience=asked[1], challenge=asked[3].encode())
    bundle = desk.world.open_bundle()
    checking = {"trust": bundle.trust, "statuses": bundle.statuses, "now": desk.world.now}
    verified = sd_jwt.verify(told, expected=expected, **checking)  # type: ignore[arg-type]
    assert set(verified.claims) == {"full_name", "licence_number"}
    out = tmp_path / "presentation"
    assert held("present", "driving_licence", "--view", "licence", *asked, "--out", str(out), "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert out.read_text() == answer["presentation"] and answer["unused"] == COPIES - 2
    assert out.stat().st_mode & 0o077 == 0
    assert held("present", "driving_licence", "--view", "licence", *asked, "--out", str(out)) == 64
    assert "is there already" in capsys.readouterr().err
    assert held("present", "driving_licence", "--claims", "full_name", *asked) == 0
    assert "0 unused copies left" in capsys.readouterr().err
    assert held("present", "driving_licence", "--claims", "full_name", *asked) == 1
    assert "copies_used_up" in capsys.readouterr().err
    assert held("list") == 0
    assert f"SD-JWT VC 0 of {COPIES}" in capsys.readouterr().out


def test_an_mdoc_tells_a_verifier_what_was_asked_and_no_more(
    held,  # type: ignore[no-untyped-def]
    desk: IssuerDesk,
    capsys: pytest.CaptureFixture[str],
) -> None:
    where = ("--audience", "x509_hash:abc", "--nonce", "n" * 16, "--response-uri", "https://bank.example/answer")
    assert held("present", "driving_licence", "--format", "mdoc", "--claims", "full_name", *where) == 0
    response = b64url_decode(capsys.readouterr().out.strip())
    transcript = redirect(client_id=where[1], nonce=where[3], response_uri=where[5], thumbprint=None)
    bundle = desk.world.open_bundle()
    checking = {"trust": bundle.trust, "statuses": bundle.statuses, "now": desk.world.now}
    expected = Expected(audience=where[1], challenge=where[3].encode())
    verified = mdoc.verify(response, transcript=transcript, expected=expected, **checking)  # type: ignore[arg-type]
    assert set(verified.claims) == {"full_name"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--claims", "full_name,no_such"], 1, "claims_unknown"),
        (["--claims", ""], 64, "--claims"),
        ([], 64, "--claims"),
        (["--claims", "full_name", "--view", "licence"], 64, "--claims"),
        (["--view", "nothing"], 1, "view_unknown"),
    ],
)
def test_what_cannot_be_presented_uses_no_copy(
    held,  # type: ignore[no-untyped-def]
    arguments: list[str],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert held("present", "driving_licence", "--audience", "a", "--nonce", "n" * 16, *arguments) == code
    assert said in capsys.readouterr().err
    assert held("list", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["unused"] == {
        "vn1_cwt": COPIES,
        "dc+sd-jwt": COPIES,
        "mso_mdoc": COPIES,
    }


def test_history_verifies_exports_and_says_where_it_breaks(
    held, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # type: ignore[no-untyped-def]
    assert (
        held("present", "driving_licence", "--claims", "full_name", "--audience", "the bank", "--nonce", "n" * 16) == 0
    )
    capsys.readouterr()
    assert held("history") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "the bank" in lines[1] and "Presented" in lines[1] and "full_name" in lines[1] and "Received" in lines[2]
    kept = tmp_path / "kept.json"
    assert held("history", "--export", str(kept)) == 0 and held("history", "--export", str(kept)) == 64
    capsys.readouterr()
    assert held("history", "--verify", "--against", str(kept)) == 0
    assert "the chain holds" in capsys.readouterr().out
    with sqlite3.connect(tmp_path / "home" / "wallet.sqlite") as connection:
        connection.execute("update history set details = replace(details, 'the bank', 'nobody') where place = 2")
    connection.close()
    assert held("history", "--verify") == 1
    assert "breaks at line 2" in capsys.readouterr().out
    assert held("history", "--verify", "--json") == 1
    assert json.loads(capsys.readouterr().out)["broken_at"] == 2
    assert held("history", "--against", str(tmp_path / "home" / "settings.json")) == 64


def test_export_and_import(held, desk: IssuerDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    secret, backup = tmp_path / "secret", tmp_path / "backup.vnwb"
    secret.write_text("sông lúa đèn cầu vượt\n")
    given = ("--passphrase-file", str(secret))
    assert held("export", str(backup), *given) == 0 and backup.stat().st_mode & 0o077 == 0
    assert "nobody can open it" in capsys.readouterr().err
    assert held("export", str(backup), *given) == 64

    def other(*arguments: str, pid: str = PID) -> int:
        home = ["--home", str(tmp_path / "other"), "--citizen", pid, *known(desk)]
        return main([*arguments, *home], web=desk, clock=lambda: desk.world.now)

    assert other("import", str(backup), *given, pid="999090000111") == 1
    assert "backup_of_another" in capsys.readouterr().err
    assert other("import", str(backup), *given) == 0
    assert "to be issued anew" in capsys.readouterr().out
    assert other("list") == 0 and "To be issued anew" in capsys.readouterr().out
    desk.redeemed = False
    assert other("receive", desk.link, "--tx-code", TX_CODE) == 0 and other("list") == 0
    assert "To be issued anew" not in capsys.readouterr().out
    secret.write_text("another passphrase")
    assert other("import", str(backup), *given) == 1 and "backup_unopened" in capsys.readouterr().err
    secret.write_text("short")
    assert held("export", str(tmp_path / "b2"), *given) == 1 and "passphrase_short" in capsys.readouterr().err
    secret.write_bytes(b"\xff\xfe passphrase in no UTF-8")
    assert other("import", str(backup), *given) == 64
    with backup.open("wb") as file:
        file.truncate(1 << 34)  # 16 GiB of nothing: told by its size, not read
    assert other("import", str(backup), *given) == 1 and "backup_malformed" in capsys.readouterr().err
    assert other("import", str(tmp_path / "absent"), *given) == 70


def test_a_server_of_many_citizens_on_postgresql(
    desk: IssuerDesk, postgres: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = postgres.create("wallet_server")

    def at(pid: str, *arguments: str) -> int:
        home = ["--home", str(tmp_path / "server"), "--database", url, "--citizen", pid, *known(desk)]
        return main([*arguments, *home], web=desk, clock=lambda: desk.world.now)

    assert at(PID, "receive", desk.link, "--tx-code", TX_CODE) == 0
    desk.redeemed = False
    assert at("999090000111", "receive", desk.link, "--tx-code", TX_CODE) == 1  # the licence is of the other
    assert "not_about_me" in capsys.readouterr().err
    assert at(PID, "show-qr", "driving_licence", "--text") == 0 and at(PID, "history", "--verify") == 0
    capsys.readouterr()
    assert at("999090000111", "list", "--json") == 0 and json.loads(capsys.readouterr().out) == []
    assert at("not a pid", "list") == 64
    assert url not in (tmp_path / "server" / "settings.json").read_text()
    assert main(["list", "--database", "mysql://x/y", "--home", str(tmp_path), *known(desk)], web=desk) == 70
    postgres.drop("wallet_server")


def test_a_verifiers_challenge_is_checked_and_answered(
    held,  # type: ignore[no-untyped-def]
    desk: IssuerDesk,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = desk.world
    bank = world.desk("bank", Usage.READER)
    world.readers = (listed(bank, rights=(Right("driving_licence", ("licence", "age_over_18")),)),)
    world.sequence = world.list_sequence = 2
    world.now += 60
    asked = Challenge(
        audience="bank",
        purpose=PURPOSE.vi,
        wanted=wanted(("driving_licence", "age_over_18")),
        challenge=bytes(range(16)),
        issued=world.now,
        expires=world.now + 60,
    )
    question = sign(asked, bank.signer, bank.certificate)
    assert held("show-qr", "--challenge", question, "--text") == 0
    out, err = capsys.readouterr()
    assert "for Test bank (bank): Opening an account" in err
    bundle = world.open_bundle()
    expected = Expected(audience="bank", challenge=asked.challenge)
    shown = cwt.verify(
        qr.from_text(out.strip()), trust=bundle.trust, statuses=bundle.statuses, now=world.now, expected=expected
    )
    assert (shown.view, shown.audience) == ("age_over_18", "bank")
    assert held("history") == 0
    assert "bank" in capsys.readouterr().out.splitlines()[1]
    for text, code in (
        (
            sign(replace(asked, wanted=wanted(("driving_licence", "full"))), bank.signer, bank.certificate),
            "reader_overasks",
        ),
        (sign(replace(asked, audience="police"), bank.signer, bank.certificate), "reader_untrusted"),
        (question[:-3], "reader_malformed"),
    ):
        assert held("show-qr", "--challenge", text) == 1
        assert code in capsys.readouterr().err
    assert (
        held("show-qr", "driving_licence", "--view", "licence", "--challenge", question) == 1
    )  # not what was asked for
    assert "nothing_fits" in capsys.readouterr().err
    assert held("show-qr", "--challenge", "00" * 16) == 64  # of which document?
    assert held("show-qr", "--challenge", question, "--audience", "bank") == 64
    world.now += 200
    assert held("show-qr", "--challenge", question) == 1
    assert "challenge_over" in capsys.readouterr().err


# --- what comes later ---------------------------------------------------------------------------------------------------


def test_what_the_issuer_promises_is_listed_and_asked_for_in_time(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = LaterDesk(world, held=frozenset(LICENCE))
    home = ["--home", str(tmp_path / "home")]

    def run(*arguments: str) -> int:
        return main([*arguments, *home], web=later, clock=lambda: world.now)

    assert run("receive", later.link, "--tx-code", TX_CODE, *known(later)) == 0
    told = capsys.readouterr()
    assert told.out.startswith("waiting   ") and "python -m wallet again" in told.err
    assert run("list") == 0 and "Waiting, ask again from" in capsys.readouterr().out
    assert run("again") == 0 and later.polled == [], "not before its time"
    capsys.readouterr()
    world.now += 600
    assert run("again", "--json") == 0
    (waiting,) = json.loads(capsys.readouterr().out)
    assert (waiting["state"], waiting["ask_again_at"]) == ("waiting", world.now + 600)
    later.ready = True
    world.now += 600
    assert run("again") == 0 and capsys.readouterr().out.startswith("received  ")
    assert run("again") == 0 and capsys.readouterr().out == ""


def test_a_promise_that_is_over_is_an_error(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    later = LaterDesk(world, held=frozenset(LICENCE))
    home = ["--home", str(tmp_path / "home")]
    assert (
        main(["receive", later.link, "--tx-code", TX_CODE, *known(later), *home], web=later, clock=lambda: world.now)
        == 0
    )
    world.now += 600
    later.transactions.clear()
    assert main(["again", *home], web=later, clock=lambda: world.now) == 1
    assert "promise_gone" in capsys.readouterr().err


def test_signing_in_needs_a_client(run, desk: IssuerDesk, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert run("receive", "driving_licence", "--sign-in", *known(desk)) == 64
    assert run("receive", desk.link, "--sign-in", "--client-id", "x", "--tx-code", "1") == 64
    assert "--client-id" in capsys.readouterr().err
