"""The officer's commands: what they show, change and refuse; secrets appear once, and only where they are meant."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from idp import demo
from idp.config import database_url
from idp.demo import Options
from idp.login.password import verify_password
from idp.progress import Progress
from tests.idp.commands import asked
from tests.idp.commands.asked import Done

NOW = 1_790_000_000
MINH_ANH, LEVEL_1, LOCKED = "999196000346", "999201000906", "999079000533"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("officer") / "nation"
    demo.prepare(Options(folder, 5800, 5801, 5802), now=NOW, progress=Progress(StringIO(), 8))
    return folder


def idp(data: Path, *arguments: str) -> Done:
    return asked.idp(*arguments, data=data)


def row(data: Path, *arguments: str) -> dict[str, Any]:
    done = idp(data, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    return dict(found)


def password_hash(data: Path) -> str:
    with create_engine(database_url(data / "idp")).connect() as connection:
        asked = text("SELECT password_hash FROM accounts WHERE person_id = 'person-0000000'")
        return str(connection.execute(asked).scalar_one())


def phone_of(data: Path, pid: str) -> str:
    with create_engine(database_url(data / "idp")).connect() as connection:
        asked = text("SELECT phone FROM accounts JOIN personal_ids USING (person_id) WHERE pid = :pid")
        return str(connection.execute(asked, {"pid": pid}).scalar_one())


def test_show_has_no_secret(data: Path) -> None:
    done = idp(data, "account", "show", MINH_ANH)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split("  ", 1) for line in done.stdout.splitlines())
    assert {name: value.strip() for name, value in lines.items()} | {"registered": "", "phone": ""} == {
        "pid": MINH_ANH,
        "name": "Nguyễn Thị Minh Anh",
        "level": "2",
        "state": "usable",
        "registered": "",
        "phone": "",
        "ways to sign in": "password 1",
        "sessions": "0",
    }
    assert "argon2" not in done.stdout and "0300000001" not in done.stdout
    assert row(data, "account", "show", LOCKED)["state"] == "account_locked"


def test_level_2_lets_a_document_be_offered(data: Path) -> None:
    assert idp(data, "offer", LEVEL_1, "health_record").returncode == 1
    done = row(data, "account", "level", LEVEL_1, "2", "--phone", phone_of(data, LEVEL_1), "--officer", "Trần  Cán Bộ")
    assert (done["level"], done["officer"]) == (2, "Trần Cán Bộ")
    assert idp(data, "offer", LEVEL_1, "health_record").returncode == 0
    again = idp(data, "account", "level", LEVEL_1, "2", "--phone", "0912345678", "--officer", "Trần Cán Bộ")
    assert (again.returncode, again.stdout) == (1, "") and "level 2 already" in again.stderr


def test_recovery_shows_a_password_once(data: Path) -> None:
    before = password_hash(data)
    done = row(data, "account", "recover", MINH_ANH, "--officer", "Anh", "--remove-factors")
    password = done["one-time password"]
    assert len(password) >= 24 and verify_password(password_hash(data), password)
    assert password_hash(data) != before
    assert row(data, "account", "recover", MINH_ANH, "--officer", "Anh")["one-time password"] != password
    journal = idp(data, "journal").stdout
    assert "recovered" in journal and "officer=Anh" in journal and password not in journal
    shown = idp(data, "account", "recover", MINH_ANH, "--officer", "Anh")
    assert "shown once" in shown.stderr and "/account/password" in shown.stderr


def test_an_account_in_other_hands_is_given_back(data: Path) -> None:
    was = phone_of(data, MINH_ANH)
    taken = idp(data, "account", "recover", MINH_ANH, "--phone", phone_of(data, LEVEL_1), "--officer", "Anh")
    assert (taken.returncode, taken.stdout) == (1, "") and "another account's" in taken.stderr
    row(data, "account", "recover", MINH_ANH, "--phone", "0912 345 678", "--officer", "Anh")
    assert phone_of(data, MINH_ANH) == "+84912345678"
    row(data, "account", "recover", MINH_ANH, "--phone", was, "--officer", "Anh")


def test_unlock(data: Path) -> None:
    assert row(data, "account", "unlock", MINH_ANH)["counted tries"] == "forgotten"


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["account"], 64, "--help"),
        (["account", "level", MINH_ANH, "3", "--officer", "A"], 64, "--help"),
        (["account", "level", LEVEL_1, "1", "--officer", "A"], 64, "--help"),
        (["account", "level", LEVEL_1, "2"], 64, "--help"),
        (["account", "level", LEVEL_1, "2", "--phone", "0912345678", "--officer", " "], 64, "--officer"),
        (["account", "level", LEVEL_1, "2", "--phone", "0912345678", "--officer", "A\u202eB"], 64, "--officer"),
        (["account", "level", LEVEL_1, "2", "--phone", "0912345678", "--officer", "x" * 65], 64, "--officer"),
        (["account", "level", LEVEL_1, "2", "--officer", "A"], 64, "--phone"),
        (["account", "level", LEVEL_1, "2", "--phone", "12", "--officer", "A"], 64, "--phone"),
        (["account", "level", LOCKED, "2", "--phone", "0912345678", "--officer", "A"], 1, "is locked"),
        (["account", "recover", LOCKED, "--officer", "A"], 1, "is locked"),
        (["account", "show", "12"], 64, "12 digits"),
        (["account", "unlock", "999999999999"], 1, "people --find"),
    ],
)
def test_errors_name_the_next_step(data: Path, arguments: list[str], code: int, hint: str) -> None:
    done = idp(data, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert hint in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("account", "show", MINH_ANH),
        ("account", "level", LOCKED, "2", "--phone", "0912345678", "--officer", "A"),
        ("account", "recover", LOCKED, "--officer", "A"),
        ("account", "unlock", MINH_ANH),
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_as_a_process(data: Path, arguments: tuple[str, ...]) -> None:
    done = asked.alike(*arguments, data=data)
    assert "Traceback" not in done.stderr
