"""`Once` holds in memory, in SQLite and in Redis alike: the first is told yes, all others no, however many come at once."""

import multiprocessing
import pickle
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis, RedisError

from tests.databases import Server
from verifier.once import KEY_LIMIT, SWEPT_AT_ONCE, MemoryOnce, Once, OnceFull
from verifier.storage.redis import PREFIX, RedisOnce, UnsafeRedis
from verifier.storage.sqlite import SqliteOnce

NOW = 1_772_438_400
RACERS, ROUNDS = 8, 25


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Kept:
    """A guard with a clock that can be moved, and how to open the same one again."""

    guard: Once
    clock: Clock
    reopen: Callable[[], Once] | None = None
    opened: list[Once] = field(default_factory=list)

    def again(self) -> Once:
        assert self.reopen is not None
        self.opened.append(self.reopen())
        return self.opened[-1]


def close(guard: Once) -> None:
    if isinstance(guard, SqliteOnce | RedisOnce):
        guard.close()


@pytest.fixture
def url(redis_server: Server) -> str:
    with Redis(port=redis_server.port) as client:
        client.flushall()
    return f"redis://127.0.0.1:{redis_server.port}/0"


def opened(which: str, request: pytest.FixtureRequest, folder: Path) -> Kept:
    clock = Clock()
    if which == "memory":
        return Kept(MemoryOnce(clock=clock), clock)
    if which == "sqlite":
        path = folder / "once.sqlite"
        return Kept(SqliteOnce(path, clock=clock), clock, lambda: SqliteOnce(path, clock=clock))
    url = request.getfixturevalue("url")
    return Kept(RedisOnce(url, clock=clock), clock, lambda: RedisOnce(url, clock=clock))


@pytest.fixture(params=["memory", "sqlite", "redis"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    kept = opened(request.param, request, tmp_path)
    yield kept
    close(kept.guard)


@pytest.fixture(params=["sqlite", "redis"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    """Those that several processes may open."""
    kept = opened(request.param, request, tmp_path)
    yield kept
    for each in (kept.guard, *kept.opened):
        close(each)


def test_the_first_is_told_yes_and_nobody_else(kept: Kept) -> None:
    assert kept.guard.once(b"a", expires=NOW + 60) is True
    assert [kept.guard.once(b"a", expires=NOW + 600) for _ in range(3)] == [False] * 3
    assert kept.guard.once(b"b", expires=NOW + 60) is True


def test_threads_that_come_at_once(kept: Kept) -> None:
    start = threading.Barrier(RACERS)

    def race(_: int) -> list[bool]:
        start.wait()
        return [kept.guard.once(b"round %d" % number, expires=NOW + 60) for number in range(ROUNDS)]

    with ThreadPoolExecutor(RACERS) as pool:
        told = list(pool.map(race, range(RACERS)))
    assert [sum(answers) for answers in zip(*told, strict=True)] == [1] * ROUNDS


def _race(
    pickled: bytes, start: "multiprocessing.synchronize.Barrier", told: "multiprocessing.Queue[list[bool]]"
) -> None:
    guard: Once = pickle.loads(pickled)
    start.wait()
    told.put([guard.once(b"round %d" % number, expires=2 * NOW) for number in range(ROUNDS)])


def test_processes_that_come_at_once(shared: Kept) -> None:
    """Opened anew in each: a guard can be handed to another process."""
    context = multiprocessing.get_context("fork")
    start, told = context.Barrier(4), context.Queue()
    racers = [context.Process(target=_race, args=(pickle.dumps(shared.guard), start, told)) for _ in range(4)]
    for racer in racers:
        racer.start()
    answers = [told.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join(60)
    assert [sum(each) for each in zip(*answers, strict=True)] == [1] * ROUNDS


def test_what_is_used_up_stays_so_for_whoever_opens_it_next(shared: Kept) -> None:
    assert shared.guard.once(b"a", expires=NOW + 60)
    close(shared.guard)
    assert shared.again().once(b"a", expires=NOW + 60) is False


def test_a_forked_process_has_a_connection_of_its_own(tmp_path: Path) -> None:
    guard = SqliteOnce(tmp_path / "once.sqlite", clock=Clock())
    assert guard.once(b"parent", expires=NOW + 60)
    context = multiprocessing.get_context("fork")
    told: multiprocessing.Queue[list[bool]] = context.Queue()
    child = context.Process(
        target=lambda: told.put([guard.once(key, expires=NOW + 60) for key in (b"parent", b"child")])
    )
    child.start()
    assert told.get(timeout=60) == [False, True]
    child.join(60)
    assert guard.once(b"child", expires=NOW + 60) is False
    guard.close()


def test_after_its_end_it_is_forgotten(tmp_path: Path) -> None:
    """Redis counts on its own, see below."""
    clock = Clock()
    for guard in (MemoryOnce(clock=clock), SqliteOnce(tmp_path / "once.sqlite", clock=clock)):
        clock.now = NOW
        assert guard.once(b"a", expires=NOW + 60)
        clock.now = NOW + 59
        assert guard.once(b"a", expires=NOW + 60) is False
        clock.now = NOW + 60
        assert guard.once(b"a", expires=NOW + 120) is True
        assert guard.once(b"a", expires=NOW + 120) is False
        close(guard)


def test_redis_forgets_by_seconds_from_our_clock(url: str) -> None:
    guard = RedisOnce(url, clock=Clock())  # which is far from the server's
    with Redis.from_url(url) as client:
        assert guard.once(b"a", expires=NOW + 60)
        assert 58 <= client.ttl(PREFIX + b"a") <= 60
        assert guard.once(b"over", expires=NOW - 5)
        assert client.ttl(PREFIX + b"over") == 1
    guard.close()


def test_nothing_grows_while_keys_end(tmp_path: Path) -> None:
    clock = Clock()
    memory, sqlite = MemoryOnce(clock=clock), SqliteOnce(tmp_path / "once.sqlite", clock=clock)
    for number in range(60):
        clock.now = NOW + number
        for guard in (memory, sqlite):
            assert guard.once(b"%d" % number, expires=NOW + number + 10)
    assert len(memory) <= 10 + SWEPT_AT_ONCE
    with sqlite3.connect(tmp_path / "once.sqlite") as database:
        assert database.execute("SELECT count(*) FROM once").fetchone()[0] <= 10 + SWEPT_AT_ONCE
    database.close()
    sqlite.close()


def test_a_full_memory_drops_nobody_that_lives() -> None:
    clock = Clock()
    guard = MemoryOnce(limit=20, clock=clock)
    for number in range(20):
        assert guard.once(b"%d" % number, expires=NOW + 60)
    with pytest.raises(OnceFull):
        guard.once(b"one more", expires=NOW + 60)
    assert guard.once(b"0", expires=NOW + 60) is False
    clock.now = NOW + 60  # all at once, not eight a time
    assert all(guard.once(b"later %d" % number, expires=NOW + 120) for number in range(20))


@pytest.mark.parametrize("key", [b"", bytes(KEY_LIMIT + 1), "text"])
def test_keys_have_bounds(kept: Kept, key: bytes) -> None:
    with pytest.raises(ValueError, match="a key has 1 to 256 bytes"):
        kept.guard.once(key, expires=NOW + 60)


def test_storage_that_fails_raises(tmp_path: Path, redis_server: Server, url: str) -> None:
    sqlite = SqliteOnce(tmp_path / "once.sqlite", clock=Clock())
    with sqlite3.connect(tmp_path / "once.sqlite", isolation_level=None) as other:
        other.execute("DROP TABLE once")
    other.close()
    with pytest.raises(sqlite3.Error):
        sqlite.once(b"a", expires=NOW + 60)
    sqlite.close()
    with pytest.raises(RedisError):
        RedisOnce("redis://127.0.0.1:1/0")
    guard = RedisOnce(url, clock=Clock())
    with Redis.from_url(url) as client:
        client.config_set("maxmemory", 1)
        try:
            with pytest.raises(RedisError):  # full, and it throws nobody out: the guard says so
                guard.once(b"a", expires=NOW + 60)
        finally:
            client.config_set("maxmemory", 0)
    guard.close()


def test_a_redis_that_throws_keys_out_is_refused(url: str) -> None:
    with Redis.from_url(url) as client:
        client.config_set("maxmemory", 50_000_000)
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            with pytest.raises(UnsafeRedis):
                RedisOnce(url)
        finally:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", 0)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    guard = SqliteOnce(tmp_path / "once.sqlite")
    assert (tmp_path / "once.sqlite").stat().st_mode & 0o777 == 0o600
    guard.close()
