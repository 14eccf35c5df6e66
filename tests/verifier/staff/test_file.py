"""The staff file: whole or refused, for its owner alone, changed by one at a time, read again when it was replaced."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.staffed import kept, staff_file
from verifier.staff import change
from verifier.staff.file import StaffFile, read
from verifier.staff.model import Role, StaffError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return staff_file(tmp_path)


def test_what_was_written_is_read(path: Path) -> None:
    accounts = read(path)
    assert list(accounts) == ["lan", "mai", "tuan"] and accounts["tuan"].roles == {Role.SUPERVISOR}
    assert path.stat().st_mode & 0o777 == 0o600
    assert kept() not in repr(accounts["mai"])


def test_each_change_ends_sessions_and_is_seen_at_once(path: Path) -> None:
    seen, other = StaffFile(path), StaffFile(path)
    assert seen.accounts()["mai"].version == 1  # type: ignore[index]
    for rule, version in (
        (change.given_roles("mai", ["teller", "auditor"]), 2),
        (change.given_password("mai", kept(), must_change=True), 3),
        (change.disabled("mai", off=True), 4),
        (change.disabled("mai", off=False), 5),
    ):
        assert other.change(rule).version == version
        assert seen.accounts()["mai"].version == version  # type: ignore[index]
    assert seen.accounts()["mai"].roles == {Role.TELLER, Role.AUDITOR}  # type: ignore[index]


@pytest.mark.parametrize(
    "rule",
    [
        lambda: change.added("mai", "Mai", ["teller"], kept(), must_change=False, now=1),
        lambda: change.added("Mai!", "Mai", ["teller"], kept(), must_change=False, now=1),
        lambda: change.added("ha", "\u202eaH", ["teller"], kept(), must_change=False, now=1),
        lambda: change.added("ha", "Hà", [], kept(), must_change=False, now=1),
        lambda: change.added("ha", "Hà", ["admin"], kept(), must_change=False, now=1),
        lambda: change.given_roles("nobody", ["teller"]),
        lambda: change.given_password("mai", kept(), must_change=False, version=7),
    ],
)
def test_what_is_refused_changes_nothing(path: Path, rule: Any) -> None:
    before = path.read_bytes()
    with pytest.raises(StaffError):
        StaffFile(path).change(rule())
    assert path.read_bytes() == before


def _entry(path: Path, **changes: Any) -> bytes:
    value = json.loads(path.read_text("utf-8"))
    value["staff"][0].update(changes)
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.read_bytes()[:-20],
        lambda path: b"",
        lambda path: b"[]",
        lambda path: b"{" * 100_000,
        lambda path: b" " * (1024 * 1024 + 1),
        lambda path: b'{"version": 2, "staff": []}',
        lambda path: b'{"version": 1, "staff": {}}',
        lambda path: b'{"version": 1, "staff": [], "staff": []}',
        lambda path: _entry(path, roles=["root"]),
        lambda path: _entry(path, roles=[]),
        lambda path: _entry(path, password="secret"),
        lambda path: _entry(path, disabled=0),
        lambda path: _entry(path, version=True),
        lambda path: _entry(path, more="x"),
        lambda path: _entry(path, name="mai"),
    ],
)
def test_a_damaged_file_admits_nobody(path: Path, damage: Any) -> None:
    seen = StaffFile(path)
    assert seen.accounts()
    data = damage(path)
    path.write_bytes(data)
    for _ in range(2):
        with pytest.raises(StaffError):
            seen.accounts()
    with pytest.raises(StaffError):
        StaffFile(path).change(change.given_roles("mai", ["auditor"]))
    assert path.read_bytes() == data  # what is not understood is not written over


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_admits_nobody(path: Path, mode: int) -> None:
    seen = StaffFile(path)
    assert seen.accounts()
    path.chmod(mode)
    with pytest.raises(StaffError, match="chmod 600"):
        seen.accounts()


def test_a_file_that_goes_away_does_not_open_the_counter(path: Path, tmp_path: Path) -> None:
    seen = StaffFile(path)
    assert seen.accounts()
    path.unlink()
    with pytest.raises(StaffError, match="gone"):
        seen.accounts()
    assert StaffFile(tmp_path / "never.json").accounts() is None


def test_changes_at_once_follow_one_another(path: Path) -> None:
    names = [f"teller{number}" for number in range(16)]

    def add(name: str) -> None:
        StaffFile(path).change(change.added(name, name.title(), ["teller"], kept(), must_change=False, now=1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, names))
    assert set(read(path)) == {"lan", "mai", "tuan", *names}
    assert sorted(os.listdir(path.parent)) == ["staff.json", "staff.json.lock"]  # nothing half-written lies about
