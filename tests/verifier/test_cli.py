"""The command, as people run it: another process, real files, the exit codes that scripts rely on."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from certs.encoding import b64url_encode
from certs.formats import sd_jwt
from certs.status import Status
from tests.certs.formats import mdocs, sd_jwts
from tests.pictures import picture_of, png_claiming
from tests.site import Answer, Site
from tests.world import DAY, World
from verifier import scan
from verifier.__main__ import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def world() -> World:
    return World(now=int(time.time()) - 5)


@pytest.fixture
def bundle(world: World, tmp_path: Path) -> str:
    return str(world.write_bundle(tmp_path / "bundle.cbor"))


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "verifier", *arguments],
        input=stdin, capture_output=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Here:
    """The same command in this process: for the many cases whose exit code `run` has shown to arrive."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        try:
            code = main(list(arguments))
        except SystemExit as leave:
            code = int(leave.code or 0)
        told = self._capsys.readouterr()
        return code, told.out, told.err


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(capsys)


def test_accepted(world: World, bundle: str, tmp_path: Path) -> None:
    code, out, err = run("check", world.present(), "--bundle", bundle, "--lang", "en")
    assert (code, err) == (0, "") and "\x1b[" not in out
    for words in ("✓ ACCEPTED", "Nguyễn Thị Thuỳ Dương", "999 203 001 234", "Trust data", "#1"):
        assert words in out
    columns = {line.index("12") for line in out.splitlines() if line.startswith("  Points")}
    assert columns == {line.index("999 203") for line in out.splitlines() if "999 203" in line}  # aligned


def test_rejected_and_undetermined(world: World, bundle: str) -> None:
    code, out, _ = run("check", world.printed(), "--bundle", bundle)
    assert code == 1 and "✕ TỪ CHỐI" in out and "holder_binding_missing" in out
    code, out, _ = run("check", world.present(world.issue(uri="http://localhost:5000/x")), "--bundle", bundle)
    assert code == 2 and "? CHƯA XÁC ĐỊNH ĐƯỢC" in out


def test_from_a_picture_a_file_and_standard_input(world: World, bundle: str, tmp_path: Path) -> None:
    text = world.present()
    picture, note = tmp_path / "code.png", tmp_path / "code.txt"
    picture.write_bytes(picture_of(text))
    note.write_text(text + "\n")
    for source, stdin in ((str(picture), b""), (str(note), b""), ("-", text.encode()), ("-", picture.read_bytes())):
        code, out, _ = run("check", source, "--bundle", bundle, "--json", stdin=stdin)
        report = json.loads(out)
        assert (code, report["outcome"]) == (0, "accepted")
    assert report["verified"]["claims"]["full_name"] == "Nguyễn Thị Thuỳ Dương"
    assert [check["outcome"] for check in report["checks"]] == ["passed"] * 8 + ["skipped"]
    assert report["trust"]["bundle_sequence"] == 1 and report["trust"]["age_seconds"] >= 0


def test_the_policy_of_the_command(world: World, bundle: str, here: Here) -> None:
    adult = world.present(world.issue("driving_licence", "age_over_18"))
    for arguments, expected in (
        (("--type", "driving_licence"), 0),
        (("--view", "age_over_18"), 0),
        (("--type", "driving_licence", "--view", "age_over_18"), 0),
        (("--over-18",), 0),
        (("--view", "licence"), 1),
        (("--type", "health_record"), 1),
        (("--audience", "bank"), 1),
        (("--challenge", "00ff"), 1),
        (("--max-status-age", "0"), 2),
    ):
        assert here("check", adult, "--bundle", bundle, *arguments)[0] == expected, arguments
    named = world.present(audience="bank", challenge=b"\x00\xff")
    assert here("check", named, "--bundle", bundle, "--audience", "bank", "--challenge", "00ff")[0] == 0
    assert here("check", world.printed(), "--bundle", bundle, "--no-holder")[0] == 0


def test_a_printed_code_is_taken_by_name_and_told_as_such(world: World, bundle: str) -> None:
    code, out, _ = run("check", world.paper(), "--bundle", bundle, "--lang", "en")
    assert code == 1 and "holder_binding_missing" in out and "Nguyễn" not in out
    code, out, _ = run("check", world.paper(), "--bundle", bundle, "--lang", "en", "--printed")
    assert code == 0 and "Printed: anyone may hold a copy." in out and "compare the person with a document" in out
    assert run("check", world.printed(), "--bundle", bundle, "--printed")[0] == 1  # a copy from a wallet is no print
    code, out, _ = run("check", world.paper(), "--bundle", bundle, "--json", "--no-holder")
    told = json.loads(out)
    assert (told["format"], told["verified"]["printed"], told["verified"]["holder_bound"]) == ("vn1_cwt", True, False)


def test_a_portrait_can_be_looked_at(world: World, bundle: str, tmp_path: Path) -> None:
    seen = tmp_path / "face.webp"
    asked = ("--bundle", bundle, "--lang", "en", "--printed", "--portrait", str(seen))
    code, out, _ = run("check", world.paper("citizen_identity", "portrait"), *asked)
    assert code == 0 and seen.read_bytes()[8:12] == b"WEBP" and "Compare the person with the portrait" in out
    seen.unlink()
    assert run("check", world.paper(), *asked)[0] == 64 and not seen.exists()


def test_what_came_online(world: World, bundle: str, tmp_path: Path) -> None:
    """An SD-JWT VC and an mdoc, from files and texts, with what was asked and without."""
    text = sd_jwt.present(
        sd_jwts.issue(world=world, issued=world.now - 60, expires=world.now + DAY),
        disclose=["full_name"],
        signer=world.holder,
        audience="https://bank.example",
        nonce="n-1",
        now=world.now,
    )
    file = tmp_path / "shown.jwt"
    file.write_text(text + "\n")
    asked = ("--audience", "https://bank.example", "--nonce", "n-1")
    assert run("check", str(file), "--bundle", bundle, *asked)[0] == 0
    assert run("check", text, "--bundle", bundle, "--audience", "https://other.example", "--nonce", "n-1")[0] == 1
    assert "audience_mismatch" in run("check", text, "--bundle", bundle)[1]
    code, out, _ = run("check", text, "--bundle", bundle, "--no-holder", "--lang", "en")
    assert code == 0 and "no proof that the person showing it is its holder" in out

    shown = mdocs.presented(world)
    mdoc_file, transcript = tmp_path / "shown.mdoc", tmp_path / "transcript.cbor"
    mdoc_file.write_bytes(shown)
    transcript.write_bytes(mdocs.TRANSCRIPT.encoded)
    asked = (
        *("--audience", "x509_san_dns:bank.example", "--nonce", mdocs.TRANSCRIPT.nonce or ""),
        *("--response-uri", "https://bank.example/response"),
    )
    for source in (str(mdoc_file), b64url_encode(shown)):
        assert run("check", source, "--bundle", bundle, *asked)[0] == 0
        assert run("check", source, "--bundle", bundle, "--transcript", str(transcript))[0] == 0
        assert "holder_binding_missing" in run("check", source, "--bundle", bundle)[1]
        assert run("check", source, "--bundle", bundle, "--origin", "https://bank.example", "--nonce", "n")[0] == 1
    told = json.loads(run("check", str(mdoc_file), "--bundle", bundle, "--no-holder", "--json")[1])
    assert (told["format"], told["verified"]["holder_bound"]) == ("mso_mdoc", False)
    for wrong in (
        ("--origin", "https://bank.example"),
        ("--response-uri", "u", "--nonce", "n"),
        ("--transcript", bundle),
    ):
        assert run("check", str(mdoc_file), "--bundle", bundle, *wrong)[0] == 64


def test_two_codes_in_one_picture(world: World, bundle: str, tmp_path: Path) -> None:
    picture = tmp_path / "two.png"
    picture.write_bytes(picture_of(world.present(), world.printed()))
    code, out, err = run("check", str(picture), "--bundle", bundle)
    assert (code, out) == (64, "") and "--code 2" in err
    codes = {run("check", str(picture), "--bundle", bundle, "--code", number)[0] for number in ("1", "2")}
    assert codes == {0, 1}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("check",),
        ("check", "VN1:"),
        ("check", "missing.png", "--bundle", "{bundle}"),
        ("check", "VN1:", "--bundle", "missing.cbor"),
        ("check", "VN1:", "--bundle", "{junk}"),
        ("check", "{huge}", "--bundle", "{bundle}"),
        ("check", "{blank}", "--bundle", "{bundle}"),
        ("check", "VN1:", "--bundle", "{bundle}", "--root", "00" * 32),
        ("check", "VN1:", "--bundle", "{bundle}", "--type", "passport"),
        ("check", "VN1:", "--bundle", "{bundle}", "--type", "tax_registration", "--view", "licence"),
        ("check", "VN1:", "--bundle", "{bundle}", "--challenge", "xyz"),
        ("explain", "nonsense"),
        ("bundle",),
        ("bundle", "fetch", "http://localhost:1/bundle", "-o", "x"),
        ("bundle", "fetch", "http://localhost:1/bundle", "--root", "abc", "-o", "x"),
        ("frobnicate",),
    ],
    ids=" ".join,
)
def test_usage(bundle: str, here: Here, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    files = {
        "bundle": bundle,
        "junk": tmp_path / "junk",
        "huge": tmp_path / "huge.png",
        "blank": tmp_path / "blank.png",
    }
    (tmp_path / "junk").write_bytes(b"junk")
    (tmp_path / "huge.png").write_bytes(png_claiming(30_000, 30_000))
    (tmp_path / "blank.png").write_bytes(png_claiming(8, 8, b"\x00\xff" * 8))
    code, out, err = here(*(argument.format(**files) for argument in arguments))
    assert (code, out) == (64, "") and err and "Traceback" not in err


@pytest.mark.parametrize("text", ["hello", "", "VN1:", "x" * 5000, "HC1:" + "A" * 300, "ﬀ\u202e"])
def test_any_other_text_is_rejected(bundle: str, here: Here, text: str) -> None:
    assert here("check", text, "--bundle", bundle)[0] == 1


def test_a_mebibyte_on_standard_input(bundle: str) -> None:
    code, out, _ = run("check", "-", "--bundle", bundle, "--json", stdin=b"VN1:" + b"0" * 1024 * 1024)
    assert (code, json.loads(out)["code"]) == (1, "oversize")


def test_usage_is_told_by_another_process_too(bundle: str) -> None:
    assert run("frobnicate")[0] == run("check", "missing.png", "--bundle", bundle)[0] == 64


def test_a_failure_of_the_program_is_70(bundle: str, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "only", lambda *_, **__: 1 / 0)
    code, out, err = here("check", "VN1:", "--bundle", bundle)
    assert (code, out) == (70, "") and "ZeroDivisionError" in err and "Traceback" not in err


def test_explain(here: Here) -> None:
    code, out, _ = here("explain", "suspended")
    assert code == 0 and "tạm dừng" in out and "suspended this document" in out
    code, out, _ = here("explain", "--json")
    assert code == 0 and json.loads(out)["status_stale"]["outcome"] == "undetermined"


def test_bundles_over_http(world: World, site: Site, here: Here, tmp_path: Path) -> None:
    path, url = str(tmp_path / "new.cbor"), site.url + "/bundle"
    assert here("bundle", "fetch", url, "--root", world.root_sha256, "-o", path)[0] == 2
    site.pages["/bundle"] = Answer(world.bundle())
    assert here("bundle", "fetch", url, "--root", "00" * 32, "-o", path)[0] == 1
    assert here("bundle", "fetch", url, "--root", world.root_sha256, "-o", path)[0] == 0
    text = world.present(world.issue(index=1))
    assert here("check", text, "--bundle", path, "--root", world.root_sha256)[0] == 0
    assert here("bundle", "refresh", "--bundle", path, "--from", url)[0] == 0
    world.set_state(1, Status.INVALID)
    site.pages["/bundle"] = Answer(world.bundle(sequence=2))
    code, out, _ = here("bundle", "refresh", "--bundle", path, "--from", url, "--json")
    assert (code, json.loads(out)) == (0, {"outcome": "updated", "code": None, "sequence": 2})
    assert here("check", text, "--bundle", path)[0] == 1
    site.pages["/bundle"] = Answer(world.bundle(sequence=1))
    code, _, err = here("bundle", "refresh", "--bundle", path, "--from", url)
    assert code == 1 and "presentation_replayed" in err
    code, out, _ = here("bundle", "show", path, "--lang", "en")
    assert code == 0 and world.root_sha256 in out and "#1" in out
