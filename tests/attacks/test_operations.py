"""Group OP, faults of what the provider stands on: OP-07, OP-08, OP-11, OP-17, OP-18. Crashes and races are journeys.

A fault may cost an answer (503, try again) or time; never a wrong answer, and never half of a change.
"""

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as driver

from idp.ports import Storage
from idp.storage import engine as engines
from idp.storage import place, redis, sql
from idp.storage.redis import RedisStorage, Spent
from tests.contract.rows import NOW
from tests.databases import Postgres, Server
from tests.smoke import ROOT
from tests.world_idp import State, populate, reopen

# --- the database -----------------------------------------------------------------------------------------------------

FULL_DISK = r"""
import resource, sqlite3, sys
from pathlib import Path
from certs.status import Status
from idp.model import Event
from idp.storage import place
from idp.storage.errors import Unavailable
from tests.contract.rows import NOW

folder = Path(sys.argv[1])
failed = 0
with place.opened(f"sqlite:///{folder}/a.sqlite") as storage:
    with storage.transaction() as ports:
        ports.statuses.add(1, kind=1, size=100_000)
    log = folder / "a.sqlite-wal"
    for number in range(1, 201):
        limit = log.stat().st_size + number * 97  # the write that goes beyond it fails in its middle
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        index = None
        try:
            with storage.transaction() as ports:
                assert ports.ephemeral.once("jti", str(number), expires=NOW)
                index = ports.statuses.draw(1)
                ports.statuses.set(1, index, Status.SUSPENDED)
                ports.journal.append(Event(NOW, f"n{number}", details={"text": "x" * number * 40}))
            done = True
        except Unavailable:
            done = False
            failed += 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        with storage.transaction() as ports:
            there = [
                bool(ports.journal.read(kind=f"n{number}")),
                ports.statuses.read(1)[2].get(index) is Status.SUSPENDED,
                not ports.ephemeral.once("jti", str(number), expires=NOW),
            ]
        assert there == [done] * 3, (number, done, there)
connection = sqlite3.connect(folder / "a.sqlite")
assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
print(failed)
"""


def test_op_07_each_write_may_fail(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert 20 < int(done.stdout) < 200  # many failed, and some had room enough


def test_op_08_a_file_that_somebody_else_locks(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = (("busy_timeout", "100", 100), *(row for row in engines.PRAGMAS if row[0] != "busy_timeout"))
    monkeypatch.setattr(engines, "PRAGMAS", short)  # five seconds in life
    monkeypatch.setattr(sql, "BUSY_MS", 100)
    state = reopen(shutil.copytree(made, tmp_path / "idp"))
    code = state.browser().code()
    other = sqlite3.connect(tmp_path / "idp" / "idp.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try_again(state, code)
    other.execute("ROLLBACK")
    other.close()
    assert state.redeem(code).status_code == 200  # nothing of the refused request was kept
    state.close()


def try_again(state: State, code: str) -> None:
    answer = state.redeem(code)
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert answer.get_json()["error"] == "temporarily_unavailable"
    assert state.browser().ask().status_code == 503


@pytest.fixture
def on_server(made: Path, made_on_server: str, postgres: Postgres, tmp_path: Path) -> Iterator[State]:
    state = reopen(shutil.copytree(made, tmp_path / "idp"), postgres.empty(made_on_server))
    with state.storage.transaction() as ports:
        populate(ports)
    yield state
    state.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_op_11_postgresql_goes_and_comes_back(on_server: State, postgres: Postgres, number: signal.Signals) -> None:
    code = on_server.browser().code()
    postgres.server.stop(number)
    try:
        try_again(on_server, code)
        assert on_server.app.test_client().get("/jwks").status_code == 200  # what needs no database goes on
    finally:
        postgres.server.start()
    answers = [on_server.redeem(code).status_code for _ in range(3)]
    assert answers == [200, 400, 400]  # the pool had dropped its dead connections with the first failure


def test_op_11_a_restart_that_nobody_saw(on_server: State, postgres: Postgres) -> None:
    code = on_server.browser().code()
    postgres.server.stop()
    postgres.server.start()
    answers = [on_server.redeem(code).status_code for _ in range(3)]
    assert answers in ([503, 200, 400], [200, 400, 400])  # one request at most is told to try again


# --- Redis ------------------------------------------------------------------------------------------------------------


class Counted:
    """The real client, which counts what is asked of it."""

    def __init__(self, client: "driver.Redis") -> None:
        self._client = client
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        self.asked += 1
        return getattr(self._client, name)


class Beside:
    """Storage with Redis beside it, seen by two processes: each has its own connection and its own patience."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.clock = 0.0
        self.server = server
        self._opened = place.opened(f"sqlite:///{folder}/a.sqlite")
        self._database = self._opened.__enter__()
        self.clients = [Counted(redis.connect(f"redis://127.0.0.1:{server.port}/0")) for _ in range(2)]
        self.one, self.two = (self._storage(client) for client in self.clients)

    def _storage(self, client: Counted) -> Storage:
        return RedisStorage(self._database, Spent(client, lambda: self.clock))  # type: ignore[arg-type]

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self._opened.__exit__(None, None, None)


@pytest.fixture
def beside(tmp_path: Path, redis_server: Server) -> Iterator[Beside]:
    with driver.Redis(port=redis_server.port) as client:
        client.flushall()
    beside = Beside(tmp_path, redis_server)
    yield beside
    beside.close()
    redis_server.stop(signal.SIGKILL)  # whatever was done to it
    redis_server.start()


def stopped(server: Server) -> None:
    server.stop(signal.SIGKILL)


def restarted_empty(server: Server) -> None:
    server.stop(signal.SIGKILL)
    server.start()


def hanging(server: Server) -> None:
    server.send(signal.SIGSTOP)


def readonly(server: Server) -> None:
    with driver.Redis(port=server.port) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")


def full(server: Server) -> None:
    with driver.Redis(port=server.port) as client:
        client.execute_command("CONFIG", "SET", "maxmemory", "1")


def evicting(server: Server) -> None:
    with driver.Redis(port=server.port) as client:
        client.execute_command("CONFIG", "SET", "maxmemory-policy", "allkeys-random", "maxmemory", "1")


FAULTS: list[Callable[[Server], None]] = [stopped, restarted_empty, hanging, readonly, full, evicting]


def put(storage: Storage, *values: str) -> None:
    with storage.transaction() as ports:
        for value in values:
            ports.ephemeral.put("code", value, {"of": value}, expires=NOW + 60)


def take(storage: Storage, value: str) -> bool:
    with storage.transaction() as ports:
        taken = ports.ephemeral.take("code", value, now=NOW)
        return taken is not None and not taken.again


def once(storage: Storage, value: str) -> bool:
    with storage.transaction() as ports:
        return ports.ephemeral.once("jti", value, expires=NOW + 60)


def reads(storage: Storage, value: str) -> bool:
    with storage.reading() as ports:
        return ports.ephemeral.read("code", value, now=NOW) is not None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_op_17_op_18_without_redis_nothing_is_used_twice(beside: Beside, fault: Callable[[Server], None]) -> None:
    put(beside.one, "before", "during", "left")
    assert take(beside.one, "before") and once(beside.one, "before")
    fault(beside.server)
    for storage in (beside.one, beside.two):
        assert not take(storage, "before") and not once(storage, "before") and not reads(storage, "before")
        assert reads(storage, "left")
    assert reads(beside.two, "during")
    assert take(beside.one, "during") and once(beside.one, "during")
    assert not take(beside.two, "during") and not once(beside.two, "during") and not reads(beside.two, "during")
    if fault is hanging:
        beside.server.send(signal.SIGCONT)
    beside.clock += 10  # they ask again; what Redis missed, the database knows
    for storage in (beside.one, beside.two):
        assert not take(storage, "during") and not once(storage, "during") and not reads(storage, "during")
        assert reads(storage, "left")
    assert take(beside.two, "left")


def test_op_17_a_hanging_redis_is_asked_once_a_second(beside: Beside) -> None:
    put(beside.one, "value")
    hanging(beside.server)
    before = beside.clients[0].asked
    assert all(reads(beside.one, "value") for _ in range(50))
    assert beside.clients[0].asked == before + 1  # its 20 ms are paid once
    beside.clock += 1.5
    assert reads(beside.one, "value")
    assert beside.clients[0].asked == before + 2


def test_what_redis_knows_is_not_asked_of_the_database(beside: Beside) -> None:
    put(beside.one, "value")
    assert take(beside.one, "value") and once(beside.one, "value")
    with driver.Redis(port=beside.server.port) as client:
        assert len(client.keys("vneid:spent:*")) == 2
        assert not any(b"value" in key for key in client.scan_iter())
    with beside._database.transaction() as ports:  # the database forgets, Redis does not
        assert ports.ephemeral.sweep(now=NOW + 60) == 2
    assert not once(beside.two, "value") and not reads(beside.two, "value")


def test_what_is_rolled_back_is_not_told(beside: Beside) -> None:
    put(beside.one, "value")
    with pytest.raises(RuntimeError), beside.one.transaction() as ports:
        assert ports.ephemeral.take("code", "value", now=NOW) and ports.ephemeral.once("jti", "value", expires=NOW)
        raise RuntimeError
    assert reads(beside.two, "value") and take(beside.two, "value") and once(beside.two, "value")


def test_whoever_writes_into_redis_can_refuse_and_never_pass(beside: Beside) -> None:
    put(beside.one, "spent", "living")
    assert take(beside.one, "spent")
    with driver.Redis(port=beside.server.port) as client:
        client.flushall()
        for value in ("spent", "living"):
            key = redis.PREFIX + redis.ephemeral_key("code", value)
            for nonsense in (b"", b"-1", b"0", b"{}", b"\xff", str(NOW + 60).encode()):
                client.set(key, nonsense)
                assert not take(beside.one, "spent") and not reads(beside.one, "spent")
    assert not reads(beside.one, "living") and take(beside.one, "living")
