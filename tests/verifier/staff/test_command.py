"""`python -m verifier staff`: accounts are made without a network, and no password is an argument or stays on a screen."""

import getpass
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.verifier.staffed import PASSWORD
from verifier.__main__ import main
from verifier.staff import password
from verifier.staff.file import read

Staff = Callable[..., tuple[int, str]]


@pytest.fixture
def staff(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Staff:
    def run(*arguments: str) -> tuple[int, str]:
        try:
            code = main(["staff", *arguments, "--staff", str(tmp_path / "staff.json")])
        except SystemExit as ended:
            code = int(str(ended.code))
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def typing(monkeypatch: pytest.MonkeyPatch, *typed: str) -> None:
    lines = iter(typed)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(lines))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)


ADD = ("add", "mai", "--title", "Nguyễn Thị Mai", "--role", "teller")


def test_a_one_time_password_is_shown_once_and_is_to_be_changed(staff: Staff, tmp_path: Path) -> None:
    code, said = staff(*ADD)
    shown = re.search(r"one-time password: ([a-z2-7-]{27})\n", said)
    assert code == 0 and shown
    account = read(tmp_path / "staff.json")["mai"]
    assert account.must_change and password.matches(account.password, shown[1])
    assert shown[1] not in (tmp_path / "staff.json").read_text("utf-8")
    code, said = staff("list")
    assert code == 0 and "password to change" in said and "Nguyễn Thị Mai" in said and "$argon2id$" not in said
    code, said = staff("password", "mai", "--json")
    assert code == 0 and json.loads(said)["one_time_password"] != shown[1]
    assert not password.matches(read(tmp_path / "staff.json")["mai"].password, shown[1])


def test_a_typed_password_is_never_shown(staff: Staff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, PASSWORD, PASSWORD)
    code, said = staff(*ADD, "--role", "auditor", "--ask", "--json")
    assert code == 0 and PASSWORD not in said and json.loads(said)["roles"] == ["auditor", "teller"]
    assert not read(tmp_path / "staff.json")["mai"].must_change
    for typed, words in (
        ((PASSWORD, "other"), "not the same"),
        (("short",), "15 ký tự"),
        (("mai mai mai mai mai",), "dễ đoán"),
    ):
        typing(monkeypatch, *typed)
        code, said = staff("password", "mai", "--ask")
        assert code == 1 and words in said
    assert read(tmp_path / "staff.json")["mai"].version == 1


def test_roles_and_states(staff: Staff, tmp_path: Path) -> None:
    staff(*ADD)
    assert staff("role", "mai", "--role", "supervisor")[0] == 0
    assert staff("disable", "mai")[0] == 0
    (row,) = json.loads(staff("list", "--json")[1])
    assert (row["name"], row["roles"], row["state"]) == ("mai", ["supervisor"], "disabled")
    assert "password" not in row and row["created"].endswith("+07:00")
    assert staff("enable", "mai")[0] == 0 and not read(tmp_path / "staff.json")["mai"].disabled


def test_what_is_not_done_says_why(staff: Staff, tmp_path: Path) -> None:
    assert staff("list") == (
        0,
        "Nobody has an account. Make one: python -m verifier staff add NAME --title PERSON --role teller\n",
    )
    assert json.loads(staff("list", "--json")[1]) == []
    assert staff("disable", "mai")[0] == 1
    staff(*ADD)
    for arguments, code, words in (
        (ADD, 1, "there already"),
        (("add", "Mai", *ADD[2:]), 1, "small letters"),
        (("role", "nobody", "--role", "teller"), 1, "staff list"),
        (("password", "nobody"), 1, "staff list"),
        (("role", "mai", "--role", "root"), 64, "root"),
        (("add", "ha", "--title", "Hà"), 64, "--role"),
        (("password", "mai", "--ask"), 64, "terminal"),
        (("password", "mai", "--password", "x"), 64, "unrecognized"),
    ):
        done = staff(*arguments)
        assert done[0] == code and words in done[1], done
    (tmp_path / "staff.json").chmod(0o644)
    assert "chmod 600" in staff("list")[1]
