"""The pool of hashing: few at once, few inside, the rest told at once; no thread before there is work."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher, extract_parameters

from idp import processes
from idp.login import hashing
from idp.login.hashing import HashingBusy, Pool
from tests.smoke import ROOT

PATIENCE = 20.0


class Work:
    """What is computed in the pool until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.begun: list[str] = []
        self.most = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            self.begun.append(threading.current_thread().name)
            self._at_once += 1
            self.most = max(self.most, self._at_once)
        assert self.let_go.wait(PATIENCE)
        with self._lock:
            self._at_once -= 1
        return "done"


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    yield work
    work.let_go.set()


def until(number: int, work: Work, callers: list["Future[str]"]) -> None:
    while len(work.begun) < number or sum(one.running() for one in callers) < len(callers):
        threading.Event().wait(0.001)


def test_callers_leave_a_thread_that_serves() -> None:
    assert 1 <= hashing.PLACES < processes.THREADS


def test_bf_15_few_at_once_and_few_inside(work: Work) -> None:
    pool = Pool(workers=1, places=3, wait=PATIENCE)
    with ThreadPoolExecutor(8) as crowd:
        callers = [crowd.submit(pool.run, work) for _ in range(8)]
        refused: list[Future[str]] = []
        while len(refused) < 5:  # these end though nothing was computed yet
            refused = [one for one in callers if one.done()]
            threading.Event().wait(0.001)
        assert all(isinstance(one.exception(), HashingBusy) for one in refused)
        work.let_go.set()
    assert sorted(one.result() for one in callers if one not in refused) == ["done"] * 3
    assert work.most == 1 and len(work.begun) == 3 and set(work.begun) == {"hashing_0"}
    assert pool.run(lambda: "again") == "again"
    pool.close()


def test_nobody_waits_without_an_end(work: Work) -> None:
    pool = Pool(workers=1, places=3, wait=0.05)
    with ThreadPoolExecutor(1) as crowd:
        first = crowd.submit(pool.run, work)
        until(1, work, [first])
        with pytest.raises(HashingBusy):
            pool.run(work)
        work.let_go.set()
        assert first.result() == "done"  # it had begun: waiting on costs no more than its own time
    assert len(work.begun) == 1  # what nobody waited for was not computed
    pool.close()


def test_who_has_a_place_keeps_it(work: Work) -> None:
    pool = Pool(workers=2, places=1, wait=PATIENCE)
    with ThreadPoolExecutor(1) as crowd:
        with pool.place():
            assert [pool.run(lambda: "one"), pool.run(lambda: "two")] == ["one", "two"]
            with pool.place():
                pass
            with pytest.raises(HashingBusy):
                crowd.submit(pool.run, work).result()
        assert crowd.submit(pool.run, lambda: "three").result() == "three"
    pool.close()


def test_a_place_is_given_back_whatever_happens() -> None:
    pool = Pool(workers=1, places=1, wait=PATIENCE)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            pool.run(lambda: 1 // 0)
        with pytest.raises(RuntimeError), pool.place():
            raise RuntimeError
    assert pool.run(lambda: "still") == "still"
    pool.close()


def test_hashes_at_todays_cost() -> None:
    made = hashing.hash_bytes(b"value")
    cost = extract_parameters(made)
    assert (cost.memory_cost, cost.time_cost, cost.parallelism) == (19_456, 2, 1)
    assert hashing.matches(made, b"value") and not hashing.matches(made, b"other")
    assert not hashing.matches(None, b"value") and not hashing.matches("no hash", b"value")
    assert not hashing.is_outdated(made) and not hashing.is_outdated("no hash")
    assert hashing.is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(b"value"))


def test_what_nobody_knows_costs_the_same() -> None:
    assert extract_parameters(hashing._of_nothing()) == extract_parameters(hashing.hash_bytes(b"value"))
    assert hashing._of_nothing() != hashing._of_nothing()


ALONE = """
import os, sys, threading
from idp.login import hashing
assert threading.active_count() == 1  # nothing was begun by the import
known = hashing.hash_bytes(b"value")
thread, = [one for one in threading.enumerate() if one.name.startswith("hashing")]
if sys.platform == "linux":
    assert os.getpriority(os.PRIO_PROCESS, thread.native_id) >= hashing.NICENESS
    assert os.getpriority(os.PRIO_PROCESS, 0) == int(sys.argv[1])
with hashing.place():
    child = os.fork()
    if child == 0:  # has neither our threads nor our places
        for _ in range(hashing.PLACES):
            assert hashing.matches(known, b"value")
        os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print("ended by itself")
"""


def test_a_process_of_its_own() -> None:
    """Lazily made, of low priority, usable after a fork, and no obstacle to the end."""
    nice = str(os.getpriority(os.PRIO_PROCESS, 0))
    command = [sys.executable, "-W", "ignore", "-c", ALONE, nice]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "ended by itself\n"), done.stderr
