"""What a site keeps: the same verbs in memory and in a file, each good for one caller."""

import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from verifier.login.kept import Kept, KeptFull, Memory
from verifier.login.kept_file import LOOKED_EVERY, KeptFile

NOW = 1_800_000_000


@pytest.fixture(params=["memory", "file"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    return Memory() if request.param == "memory" else KeptFile(tmp_path / "kept.sqlite")


def test_what_is_put_is_there_until_its_end(kept: Kept) -> None:
    kept.put("pending", "a", "text ưở", until=NOW + 10, now=NOW)
    assert kept.get("pending", "a", now=NOW + 9) == "text ưở"
    assert kept.get("pending", "a", now=NOW + 10) is None
    assert kept.get("session", "a", now=NOW) is None and kept.get("pending", "b", now=NOW) is None
    kept.put("pending", "a", "newer", until=NOW + 20, now=NOW)
    assert kept.take("pending", "a", now=NOW + 10) == "newer"
    assert kept.take("pending", "a", now=NOW + 10) is None


def test_one_alone_takes_it(kept: Kept) -> None:
    kept.put("pending", "a", "text", until=NOW + 10, now=NOW)
    firsts: list[Callable[[], object]] = [lambda: kept.take("pending", "a", now=NOW)] * 8
    firsts += [lambda: kept.once("jti", until=NOW + 10, now=NOW) or None] * 8
    with ThreadPoolExecutor(16) as pool:
        got = [each for each in pool.map(lambda one: one(), firsts) if each is not None]
    assert sorted(map(str, got)) == ["True", "text"]


def test_a_name_is_used_once_until_it_is_forgotten(kept: Kept) -> None:
    assert kept.once("a", until=NOW + 10, now=NOW) and not kept.once("a", until=NOW + 10, now=NOW + 9)
    assert kept.once("a", until=NOW + 30, now=NOW + 10)


@pytest.mark.parametrize(
    ("sid", "subject", "left"),
    [("s1", None, "bcd"), ("s1", "p1", "bcd"), ("s1", "p2", "abcd"), (None, "p1", "cd"), (None, None, "abcd")],
)
def test_sessions_end(kept: Kept, sid: str | None, subject: str | None, left: str) -> None:
    for key, name, who in (("a", "s1", "p1"), ("b", "s2", "p1"), ("c", "s3", "p2"), ("d", None, "p3")):
        kept.put("session", key, key, until=NOW + 10, now=NOW, sid=name, subject=who)
    assert kept.end(sid=sid, subject=subject) == 4 - len(left)
    assert "".join(key for key in "abcd" if kept.get("session", key, now=NOW)) == left


def test_strangers_do_not_drive_sessions_out() -> None:
    kept = Memory(at_most=3)
    kept.put("session", "mine", "text", until=NOW + 10, now=NOW)
    for number in range(9):
        with suppress(KeptFull):
            kept.put("pending", str(number), "text", until=NOW + 10 + number % 2, now=NOW)
    assert kept.get("session", "mine", now=NOW)
    # Nor does whoever comes last drive out who came first.
    assert [kept.get("pending", str(number), now=NOW) for number in range(4)] == ["text"] * 3 + [None]
    kept.put("pending", "again", "text", until=NOW + 30, now=NOW + 10)
    assert kept.get("pending", "again", now=NOW + 10) and kept.get("pending", "1", now=NOW + 10)


def test_a_used_name_is_never_forgotten_for_want_of_room() -> None:
    kept = Memory(at_most=2)
    assert kept.once("a", until=NOW + 10, now=NOW) and kept.once("b", until=NOW + 10, now=NOW)
    with pytest.raises(KeptFull):
        kept.once("c", until=NOW + 10, now=NOW)
    assert not kept.once("a", until=NOW + 10, now=NOW)


def test_the_file_is_for_its_owner_and_for_every_process(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite"
    KeptFile(path).put("session", "a", "text", until=NOW + 10, now=NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KeptFile(path).get("session", "a", now=NOW) == "text"


def test_strangers_do_not_fill_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite"
    kept = KeptFile(path, at_most=50)
    kept.put("session", "mine", "text", until=NOW + 1, now=NOW)
    for number in range(2 * LOOKED_EVERY):
        with suppress(KeptFull):
            kept.put("pending", str(number), "text", until=NOW + 10 + number, now=NOW)
    with sqlite3.connect(path) as database:
        assert database.execute("select count(*) from kept where kind = 'pending'").fetchone()[0] <= 50 + LOOKED_EVERY
    assert kept.get("session", "mine", now=NOW) and kept.get("pending", "0", now=NOW)
    assert kept.get("pending", str(2 * LOOKED_EVERY - 1), now=NOW) is None
    kept.put("pending", "later", "text", until=NOW + 9000, now=NOW + 8000)
    assert kept.get("pending", "later", now=NOW + 8000)


def test_what_is_over_is_not_renewed(kept: Kept) -> None:
    kept.put("session", "a", "old", until=NOW + 10, now=NOW, sid="s1", subject="p1")
    kept.renew("session", "a", "new", now=NOW + 1)
    assert kept.get("session", "a", now=NOW + 9) == "new" and kept.get("session", "a", now=NOW + 10) is None
    kept.renew("session", "a", "late", now=NOW + 10)
    assert kept.get("session", "a", now=NOW + 9) != "late"
    assert kept.end(sid="s1", subject=None) == 1
    kept.renew("session", "a", "again", now=NOW + 2)
    assert kept.get("session", "a", now=NOW + 2) is None
