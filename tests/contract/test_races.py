"""Exactly one winner: among threads on every adapter, among processes on every adapter that processes share.

Spec: attacks OP-29; ST-13, two workers allocate status indexes
"""

from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from threading import Barrier

from idp.ports import Storage
from tests.contract.conftest import Opened
from tests.contract.racers import Won, judge, prepare, race, run

THREADS, THREAD_ROUNDS = 6, 25
PROCESSES, PROCESS_ROUNDS = 3, 60


def test_st_13_threads(storage: Storage) -> None:
    with storage.transaction() as ports:
        prepare(ports, THREAD_ROUNDS)
    start = Barrier(THREADS)

    def racer(number: int) -> Won:
        start.wait()
        return race(storage, f"thread{number}", THREAD_ROUNDS)

    with ThreadPoolExecutor(THREADS) as pool:
        judge(storage, list(pool.map(racer, range(THREADS))), THREAD_ROUNDS)


_FORKS = get_context("forkserver")  # processes as any others, that have what they import from the one that makes them
_FORKS.set_forkserver_preload(["tests.contract.racers"])


def test_st_13_processes(shared: Opened) -> None:
    assert shared.address is not None
    with shared.storage.transaction() as ports:
        prepare(ports, PROCESS_ROUNDS)
    start, results = _FORKS.Barrier(PROCESSES), _FORKS.Queue()
    racers = [
        _FORKS.Process(target=run, args=(shared.address, f"process{number}", PROCESS_ROUNDS, start, results))
        for number in range(PROCESSES)
    ]
    for racer in racers:
        racer.start()
    all_won = [results.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join(timeout=10)
        assert racer.exitcode == 0
    judge(shared.storage, all_won, PROCESS_ROUNDS)
