"""Tries that are counted before what they try: of any number at once, no more pass than the limit says.

Spec: NIST SP 800-63B-4 §3.2.2; attacks BF-04
"""

from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from threading import Barrier as Meeting

import pytest

from idp.login import attempts
from idp.login.attempts import PERSON, Secret, TooMany, Try
from idp.model import Limit
from idp.ports import Storage
from tests.contract.conftest import Address, Opened, open_address
from tests.contract.rows import NOW

SLOWING = Limit("slowing", ((2, 0), (3, 10), (5, 60)), kept=100)
WINDOW = Limit("window", ((3, 0), (4, 100)), kept=100, window=True)
GUESS = Try(subject="account-1", address="203.0.113.7", secret=Secret.PASSWORD)
FREE = PERSON.steps[0][0] + 1  # the last of them begins the first wait
GUESSES = 100


def count(storage: Storage, limit: Limit = SLOWING, value: str = "a", *, now: int = NOW) -> int:
    with storage.transaction() as ports:
        return ports.attempts.count(limit, value, now=now)


def waiting(storage: Storage, limit: Limit = SLOWING, value: str = "a", *, now: int = NOW) -> int:
    with storage.reading() as ports:
        return ports.attempts.waiting(limit, value, now=now)


def test_each_step_has_its_wait(storage: Storage) -> None:
    assert [count(storage) for _ in range(3)] == [0, 0, 0]
    assert count(storage) == 10
    assert count(storage, now=NOW + 9) == 1
    assert count(storage, now=NOW + 10) == 0  # the fourth
    assert count(storage, now=NOW + 10) == 60
    assert count(storage, now=NOW + 70) == 0  # the fifth
    assert count(storage, now=NOW + 130) == 0  # the last step's wait holds for all that follow
    assert count(storage, now=NOW + 130) == 60


def test_what_must_wait_is_not_counted(storage: Storage) -> None:
    for _ in range(3):
        count(storage)
    assert [count(storage) for _ in range(20)] == [10] * 20
    assert count(storage, now=NOW + 10) == 0
    assert waiting(storage, now=NOW + 10) == 60  # as after the fourth


def test_to_look_counts_nothing(storage: Storage) -> None:
    assert [waiting(storage) for _ in range(10)] == [0] * 10
    assert [count(storage) for _ in range(3)] == [0, 0, 0]
    assert waiting(storage) == 10
    assert waiting(storage, now=NOW + 10) == 0


def test_limits_and_values_do_not_run_into_one_another(storage: Storage) -> None:
    for _ in range(3):
        count(storage)
    assert count(storage, value="b") == 0
    assert count(storage, Limit("slowin", SLOWING.steps, SLOWING.kept), "ga") == 0
    assert count(storage, Limit("other", SLOWING.steps, SLOWING.kept)) == 0
    assert count(storage, value="Nguyễn\0\n💳" * 20) == 0


def test_forgetting_begins_anew(storage: Storage) -> None:
    for _ in range(3):
        count(storage)
    with storage.transaction() as ports:
        ports.attempts.forget((SLOWING, "a"), (SLOWING, "unknown"))
        ports.attempts.forget()
    assert [count(storage) for _ in range(4)] == [0, 0, 0, 10]


def test_a_try_taken_back_was_none(storage: Storage) -> None:
    for _ in range(3):
        count(storage)
    with storage.transaction() as ports:
        ports.attempts.refund(SLOWING, "a", now=NOW)
        ports.attempts.refund(SLOWING, "unknown", now=NOW)
    assert waiting(storage) == 0
    assert [count(storage), count(storage)] == [0, 10]


def test_no_more_is_taken_back_than_was_tried(storage: Storage) -> None:
    count(storage)
    with storage.transaction() as ports:
        for _ in range(5):
            ports.attempts.refund(SLOWING, "a", now=NOW)
    assert [count(storage) for _ in range(4)] == [0, 0, 0, 10]


def test_a_row_of_tries_is_remembered_from_its_last_one(storage: Storage) -> None:
    count(storage)
    count(storage, now=NOW + 99)
    count(storage, now=NOW + 198)  # the third: 10 s to wait, and 100 s kept after that
    assert count(storage, now=NOW + 307) == 0
    assert count(storage, now=NOW + 307) == 60  # the fourth
    assert [count(storage, now=NOW + 307 + 160) for _ in range(4)] == [0, 0, 0, 10]  # all forgotten


def test_a_window_is_remembered_from_its_first_try(storage: Storage) -> None:
    assert count(storage, WINDOW) == 0
    assert [count(storage, WINDOW, now=NOW + 90) for _ in range(3)] == [0, 0, 0]
    assert count(storage, WINDOW, now=NOW + 91) == 9  # to the end of the window, not to that of the wait
    assert waiting(storage, WINDOW, now=NOW + 99) == 1
    assert [count(storage, WINDOW, now=NOW + 100) for _ in range(5)] == [0, 0, 0, 0, 100]


def test_sweep_removes_what_is_forgotten_and_nothing_else(storage: Storage) -> None:
    count(storage, value="old")
    count(storage, value="young", now=NOW + 1)
    with storage.transaction() as ports:
        assert ports.attempts.sweep(now=NOW + 99) == 0
        assert ports.attempts.sweep(now=NOW + 100) == 1
        assert ports.attempts.sweep(now=NOW + 100) == 0
    count(storage, value="young", now=NOW + 100)
    count(storage, value="young", now=NOW + 100)
    assert waiting(storage, value="young", now=NOW + 100) == 10


def test_a_transaction_that_fails_has_counted_nothing(storage: Storage) -> None:
    with pytest.raises(RuntimeError), storage.transaction() as ports:
        for _ in range(3):
            ports.attempts.count(SLOWING, "a", now=NOW)
        raise RuntimeError
    assert waiting(storage) == 0
    assert [count(storage) for _ in range(4)] == [0, 0, 0, 10]


def guess(storage: Storage, times: int) -> int:
    """How many guesses were let through to be checked."""
    passed = 0
    for _ in range(times):
        try:
            attempts.begin(storage, GUESS, now=NOW)
        except TooMany as refused:
            assert refused.wait == PERSON.steps[1][1]
        else:
            passed += 1
    return passed


def test_bf_04_a_hundred_guesses_at_once_by_threads(storage: Storage) -> None:
    threads = 10
    start = Meeting(threads)

    def guesser(_number: int) -> int:
        start.wait()
        return guess(storage, GUESSES // threads)

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(guesser, range(threads))) == FREE


def run(address: Address, start: Barrier, results: "Queue[int]") -> None:
    """The body of a guessing process."""
    opened = open_address(address)
    start.wait()
    results.put(guess(opened.storage, GUESSES // 2))
    opened.close()


def test_bf_04_a_hundred_guesses_at_once_by_two_processes(shared: Opened) -> None:
    spawn = get_context("spawn")
    start, results = spawn.Barrier(2), spawn.Queue()
    guessers = [spawn.Process(target=run, args=(shared.address, start, results)) for _ in range(2)]
    for guesser in guessers:
        guesser.start()
    passed = [results.get(timeout=60) for _ in guessers]
    for guesser in guessers:
        guesser.join(timeout=10)
        assert guesser.exitcode == 0
    assert sum(passed) == FREE
