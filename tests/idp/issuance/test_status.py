"""Places on status lists: never one twice, the next list before it is needed, and none made twice however many make it.

Spec: attacks ST-13; draft-ietf-oauth-status-list-20 §13.3
"""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from certs.catalogue import CATALOGUE
from idp.issuance import status
from idp.issuance.status import STRIDE
from idp.ports import Storage
from idp.storage import place
from idp.storage.memory import MemoryStorage
from tests.databases import Postgres, fresh_name

SMALL = 64
PROCESSES, EACH = 3, 120


@pytest.fixture
def storage() -> Storage:
    return MemoryStorage()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/shards.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(fresh_name())


def test_each_type_begins_with_a_list_and_a_spare_one(storage: Storage) -> None:
    with storage.transaction() as ports:
        status.create_lists(ports.statuses)
        status.create_lists(ports.statuses)  # again is no change
        codes = [kind.code for kind in CATALOGUE.values()]
        assert ports.statuses.numbers() == tuple(sorted([*codes, *(code + STRIDE for code in codes)]))
        assert all(ports.statuses.current(code) == code for code in codes)
        assert {ports.statuses.read(code)[1] for code in codes} == {1 << 20}


def test_no_code_reaches_the_numbers_of_the_next_lists() -> None:
    assert all(0 < kind.code < STRIDE for kind in CATALOGUE.values())


def test_when_one_is_full_the_next_is_there_and_another_one_is_made(storage: Storage) -> None:
    with storage.transaction() as ports:
        given = [status.allocate(ports.statuses, 2, size=SMALL) for _ in range(600)]
        last = given[-1][0]
        made = ports.statuses.numbers()
    assert len(set(given)) == 600
    assert sorted({number for number, _ in given}) == [number for number in made if number <= last]
    assert made == tuple(range(2, last + 2 * STRIDE, STRIDE))  # one more than is in use
    filled = Counter(number for number, _ in given)
    assert all(filled[number] > SMALL // 2 for number in made if number < last)


def test_a_nation_of_before_goes_on_where_it_was(storage: Storage) -> None:
    """One list of each type, numbered by its code, and nothing behind it; a type that came since has none."""
    with storage.transaction() as ports:
        ports.statuses.add(2, kind=2, size=4)
        given = [status.allocate(ports.statuses, 2, size=SMALL) for _ in range(20)]
        assert {number for number, _ in given} == {2, 2 + STRIDE}
        assert ports.statuses.numbers() == (2, 2 + STRIDE, 2 + 2 * STRIDE)
        assert status.allocate(ports.statuses, 9, size=SMALL)[0] == 9


def test_lists_that_somebody_closed_are_followed_by_others(storage: Storage) -> None:
    with storage.transaction() as ports:
        status.create_lists(ports.statuses)
        for number in (3, 3 + STRIDE):
            ports.statuses.close(number)
        assert status.allocate(ports.statuses, 3, size=SMALL)[0] == 3 + 2 * STRIDE
        assert 3 + 3 * STRIDE in ports.statuses.numbers()


def test_a_shard_that_was_being_made_when_all_was_taken_back(storage: Storage) -> None:
    class Lost(Exception):
        pass

    with storage.transaction() as ports:
        ports.statuses.add(2, kind=2, size=1)
        status.allocate(ports.statuses, 2, size=SMALL)
    with pytest.raises(Lost), storage.transaction() as ports:
        assert status.allocate(ports.statuses, 2, size=SMALL)[0] == 2 + STRIDE
        raise Lost
    with storage.transaction() as ports:
        assert ports.statuses.numbers() == (2,) and ports.statuses.current(2) == 2
        assert status.allocate(ports.statuses, 2, size=SMALL)[0] == 2 + STRIDE


def test_st_13_threads_fill_many_lists(storage: Storage) -> None:
    start = threading.Barrier(6)

    def one(_: int) -> list[tuple[int, int]]:
        start.wait()
        return _allocate(storage)

    with ThreadPoolExecutor(6) as pool:
        _judge(storage, list(pool.map(one, range(6))))


def test_st_13_processes_fill_many_lists(database: str) -> None:
    """And they commit at their own time: who finds a list full while another is closing it waits, and makes nothing twice."""
    spawn = get_context("spawn")
    start, results = spawn.Barrier(PROCESSES), spawn.Queue()
    with place.opened(database) as storage:
        racers = [spawn.Process(target=_race, args=(database, start, results)) for _ in range(PROCESSES)]
        for racer in racers:
            racer.start()
        given = [results.get(timeout=60) for _ in racers]
        for racer in racers:
            racer.join(timeout=10)
            assert racer.exitcode == 0
        _judge(storage, given)


def _race(database: str, start: Barrier, results: "Queue[list[tuple[int, int]]]") -> None:
    with place.opened(database) as storage:
        start.wait()
        results.put(_allocate(storage))


def _allocate(storage: Storage) -> list[tuple[int, int]]:
    given = []
    for turn in range(EACH):
        with storage.transaction() as ports:
            given += [status.allocate(ports.statuses, 1 + turn % 2, size=SMALL) for _ in range(2)]
    return given


def _judge(storage: Storage, all_given: list[list[tuple[int, int]]]) -> None:
    given = [place for one in all_given for place in one]
    assert len(set(given)) == len(given) == len(all_given) * EACH * 2
    with storage.reading() as ports:
        numbers = ports.statuses.numbers()
        for kind in (1, 2):
            used = sorted({number for number, _ in given if number % STRIDE == kind})
            assert used[-1] > kind  # it took more than one
            assert [number for number in numbers if number % STRIDE == kind] == [*used, used[-1] + STRIDE]
