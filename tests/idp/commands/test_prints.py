"""Printing at an office: the file, the list, the taking back."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from certs import qr
from certs.formats import cwt
from idp import demo
from idp.demo import Options
from idp.progress import Progress
from tests.idp.commands import asked
from tests.idp.commands.asked import Done

NOW = 1_790_000_000
MINH_ANH = "999196000346"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prints") / "nation"
    demo.prepare(Options(folder, 5800, 5801, 5802), now=NOW, progress=Progress(StringIO(), 8))
    return folder


def idp(data: Path, *arguments: str) -> Done:
    return asked.idp(*arguments, data=data)


def rows(data: Path, *arguments: str) -> list[dict[str, Any]]:
    done = idp(data, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_print_from_the_office_until_it_is_taken_back(data: Path, tmp_path: Path) -> None:
    document = next(row["id"] for row in rows(data, "document", "list", MINH_ANH) if row["type"] == "citizen_identity")
    page, card = tmp_path / "page.pdf", tmp_path / "card.png"
    files = ("--pdf", str(page), "--png", str(card), "--paper", "a6")
    (made,) = rows(data, "documents", "print", document, "--view", "portrait", *files)
    assert (made["document"], made["view"]) == ("citizen_identity", "portrait")
    (text,) = qr.read_picture(card.read_bytes())
    contents = cwt.peek(qr.from_text(text))
    assert contents.printed and "portrait" in contents.claims and page.read_bytes().startswith(b"%PDF")
    assert qr.version(text) <= 25
    (listed,) = rows(data, "documents", "prints", MINH_ANH)
    assert (listed["number"], listed["state"]) == (made["number"], "valid")
    (taken,) = rows(data, "documents", "take-back", MINH_ANH, made["number"])
    assert taken["state"] == "invalid"
    again = idp(data, "documents", "take-back", MINH_ANH, made["number"].lower())
    assert again.returncode == 1 and "taken back before" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("print", "nothing", "--png", "{card}"), 1, "document list PID"),
        (("print", "nothing"), 64, "--pdf FILE"),
        (("prints", "12"), 64, "12 digits"),
        (("take-back", MINH_ANH, "0A1B"), 64, "8 characters"),
        (("take-back", MINH_ANH, "0A1B 2C3D"), 1, "no such print"),
    ],
)
def test_what_is_refused(data: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    card = tmp_path / "card.png"
    done = idp(data, "documents", *(each.format(card=card) for each in arguments))
    assert (done.returncode, done.stdout) == (code, "") and words in done.stderr
    assert not card.exists()


def test_the_file_is_for_whoever_printed(data: Path, tmp_path: Path) -> None:
    document = next(row["id"] for row in rows(data, "document", "list", MINH_ANH) if row["type"] == "citizen_identity")
    rows(data, "documents", "print", document, "--png", str(tmp_path / "card.png"))
    assert (tmp_path / "card.png").stat().st_mode & 0o777 == 0o600
    lost = idp(data, "documents", "print", document, "--png", str(tmp_path / "nowhere" / "card.png"))
    assert lost.returncode == 1 and "cannot be written" in lost.stderr and "take-back PID" in lost.stderr
    assert "Traceback" not in lost.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("documents", "print", "nothing", "--png", "card.png"),
        ("documents", "prints", MINH_ANH),
        ("documents", "take-back", MINH_ANH, "0A1B 2C3D"),
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_as_a_process(data: Path, arguments: tuple[str, ...]) -> None:
    done = asked.alike(*arguments, data=data)
    assert "Traceback" not in done.stderr
