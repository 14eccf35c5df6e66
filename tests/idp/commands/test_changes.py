"""The commands that change a register: what they say, refuse, and leave in the journal."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from idp import demo
from idp.demo import Options
from idp.progress import Progress
from tests.idp.commands import asked
from tests.idp.commands.asked import Done

NOW = 1_790_000_000
MINH_ANH, VAN_BINH, H_LIM, GONE, DUC_HOA = (
    "999196000346",
    "999088000125",
    "999158000774",
    "999051000661",
    "999201000906",
)
LICENCE = "person-0000001.driving_licence"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("changes") / "nation"
    demo.prepare(Options(folder, 5800, 5801, 5802), now=NOW, progress=Progress(StringIO(), 8))
    return folder


def idp(data: Path, *arguments: str) -> Done:
    return asked.idp(*arguments, data=data)


def row(data: Path, *arguments: str) -> dict[str, Any]:
    done = idp(data, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    return dict(found)


def states(data: Path, pid: str) -> dict[str, str]:
    found = json.loads(idp(data, "document", "list", pid, "--json").stdout)
    return {one["type"]: one["state"] for one in found}


def test_a_name_a_home_and_a_birth_date(data: Path) -> None:
    renamed = row(data, "people", "rename", MINH_ANH, "  Nguyễn  Thị Minh Ánh ")
    assert (renamed["name"], renamed["copies no longer valid"]) == ("Nguyễn Thị Minh Ánh", 0)
    assert renamed["documents"] == len(states(data, MINH_ANH)) + 1  # and her husband's marriage certificate
    moved = row(
        data, "people", "move", MINH_ANH, "--detail", "Thôn 2", "--commune", "Xã Ea Kao", "--province", "Đắk Lắk"
    )
    assert 0 < moved["documents"] < renamed["documents"]
    born = row(data, "people", "correct", MINH_ANH, "--born", "1995-04-12")
    assert born["number says otherwise"] == "birth_year" and born["pid"] == MINH_ANH
    number = row(data, "people", "renumber", MINH_ANH, "999195000346", "--reason", "Cải chính năm sinh")
    assert number["pid"] == "999195000346" and "number says otherwise" not in number
    assert idp(data, "document", "list", MINH_ANH).returncode == 1  # nobody has the old number
    kinds = [one["kind"] for one in json.loads(idp(data, "journal", "--limit", "50", "--json").stdout)]
    assert {"person_renamed", "person_moved", "person_corrected", "person_renumbered", "documents_reissued"} <= {*kinds}
    assert "Minh Ánh" not in idp(data, "journal", "--limit", "50").stdout
    lines = idp(data, "people", "--find", "Minh Ánh").stdout
    assert "999195000346" in lines


def test_points(data: Path) -> None:
    done = row(data, "documents", "points", LICENCE, "--deduct", "3")
    assert (done["points"], done["state"]) == (5, "valid")
    assert row(data, "documents", "points", LICENCE, "--deduct", "12")["state"] == "suspended"
    assert states(data, VAN_BINH)["driving_licence"] == "suspended"
    refused = idp(data, "documents", "points", LICENCE, "--deduct", "1")
    assert refused.returncode == 1 and "no points left" in refused.stderr and "document list" in refused.stderr
    assert row(data, "documents", "points", LICENCE, "--restore")["points"] == 12
    assert states(data, VAN_BINH)["driving_licence"] == "valid"


def test_a_death(data: Path) -> None:
    done = row(data, "people", "death", H_LIM, "2026-09-20")
    assert done["documents"] == len(states(data, H_LIM)) and set(states(data, H_LIM).values()) == {"revoked"}
    assert row(data, "account", "show", H_LIM)["state"] == "account_locked"


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["people", "rename", DUC_HOA, "Ng0c"], 64, "letters"),
        (["people", "rename", DUC_HOA, " "], 64, "letters"),
        (["people", "rename", DUC_HOA, "Hoàng Đức Ho\u0430"], 64, "letters"),  # Cyrillic
        (["people", "rename", DUC_HOA, "Hoàng\u202eĐức"], 64, "letters"),
        (["people", "rename", DUC_HOA, "x" * 101], 64, "letters"),
        (["people", "rename", DUC_HOA, "Hoàng Đức Hoà"], 1, "says so already"),
        (["people", "rename", "12", "Ai"], 64, "12 digits"),
        (["people", "rename", "999999999999", "Ai"], 1, "people --find"),
        (["people", "rename", GONE, "Ai"], 1, "has died"),
        (["people", "move", DUC_HOA, "--detail", "1"], 64, "--help"),
        (["people", "move", DUC_HOA, "--detail", " ", "--commune", "a", "--province", "b"], 64, "--detail"),
        (["people", "correct", DUC_HOA], 64, "--born"),
        (["people", "correct", DUC_HOA, "--born", "2001-02-30"], 64, "--born"),
        (["people", "correct", DUC_HOA, "--born", "01/02/2001"], 64, "--born"),
        (["people", "correct", DUC_HOA, "--born", "2090"], 64, "--born"),
        (["people", "correct", DUC_HOA, "--born", "2030-01-01"], 64, "--born"),
        (["people", "correct", DUC_HOA, "--sex", "x"], 64, "--help"),
        (["people", "renumber", DUC_HOA, "999201000907"], 64, "--help"),
        (["people", "renumber", DUC_HOA, "999201", "--reason", "a"], 1, "not a personal"),
        (["people", "renumber", DUC_HOA, "999301000907", "--reason", "a"], 1, "people correct"),
        (["people", "renumber", DUC_HOA, VAN_BINH, "--reason", "a"], 1, "people correct"),
        (["people", "renumber", DUC_HOA, "999201000906", "--reason", "a"], 1, "already"),
        (["people", "death", DUC_HOA, "tomorrow"], 64, "YYYY-MM-DD"),
        (["people", "death", DUC_HOA, "2990-01-01"], 1, "future"),
        (["people", "death", DUC_HOA, "1990-01-01"], 1, "before the birth"),
        (["people", "death", GONE, "2026-01-01"], 1, "has died"),
        (["documents", "points", LICENCE], 64, "--help"),
        (["documents", "points", LICENCE, "--deduct", "0"], 64, "--help"),
        (["documents", "points", LICENCE, "--deduct", "2", "--restore"], 64, "--help"),
        (["documents", "points", "person-0000001.tax_registration", "--restore"], 1, "no such driving licence"),
    ],
)
def test_errors_name_the_next_step(data: Path, arguments: list[str], code: int, hint: str) -> None:
    done = idp(data, *arguments)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert hint in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("people", "rename", DUC_HOA, "Hoàng Đức Hoà"),
        ("people", "move", DUC_HOA, "--detail", " ", "--commune", "a", "--province", "b"),
        ("people", "correct", DUC_HOA, "--born", "2030-01-01"),
        ("people", "renumber", DUC_HOA, "999201000906", "--reason", "a"),
        ("people", "death", GONE, "2026-01-01"),
        ("documents", "points", LICENCE, "--deduct", "0"),
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_as_a_process(data: Path, arguments: tuple[str, ...]) -> None:
    done = asked.alike(*arguments, data=data)
    assert "Traceback" not in done.stderr


def test_what_is_looked_at_first_and_a_register_that_is_away(data: Path) -> None:
    held = row(data, "document", "review", LICENCE)
    assert (held["for"], held["ground"], held["by"]) == (LICENCE, "review", "command line")
    assert row(data, "documents", "away", "health_record")["for"] == "kind:health_record"
    twice = idp(data, "document", "review", LICENCE)
    assert twice.returncode == 1 and "waited for already" in twice.stderr
    waiting = json.loads(idp(data, "document", "waiting", "--json").stdout)
    assert {each["ground"] for each in waiting} == {"review", "register"}
    assert row(data, "document", "release", LICENCE)["ground"] == "review"
    assert row(data, "documents", "back", "health_record")["ground"] == "register"
    assert idp(data, "document", "release", LICENCE).returncode == 1
    assert idp(data, "document", "review", "nobody").returncode == 1
    assert "Nothing is waited for." in idp(data, "document", "waiting").stdout
    assert idp(data, "documents", "away", "nothing").returncode == 64
