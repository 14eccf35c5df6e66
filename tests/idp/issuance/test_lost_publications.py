"""Killed while a shard is made or a bundle published: no index twice, no list without the next, no bundle that goes back.

Spec: attacks ST-13, ST-14. The processes get SIGKILL at any moment; what they had told before must still be true.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from certs import bundle as bundles
from certs import delta
from certs.status import Status
from idp.issuance import status
from idp.issuance.publication import Publisher
from idp.issuance.status import STRIDE
from idp.ports import Storage
from idp.storage import place
from tests.databases import Postgres, fresh_name
from tests.idp.issuance.office import ISSUER, NOW, Office, build

ROUNDS, LONGEST, FIRST, SMALL, KIND = 6, 0.5, 20.0, 16, 2
_FORKS = get_context("fork")  # the office's keys are in memory


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/lost.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(fresh_name())


@dataclass
class Told:
    given: list[tuple[int, int, Status]] = field(default_factory=list)
    bundles: list[bytes] = field(default_factory=list)


def publisher(office: Office, storage: Storage) -> Publisher:
    files = office.publisher._files
    return Publisher(storage, issuer=ISSUER, signers=office.signers, root=office.root, files=files)


def _allocate(office: Office, database: str, says: "Connection[Any, Any]") -> None:
    with place.opened(database) as storage:
        while True:
            with storage.transaction() as ports:
                number, index = status.allocate(ports.statuses, KIND, size=SMALL)
                state = Status(1 + index % 3)
                ports.statuses.set(number, index, state)
            says.send((number, index, state))


def _publish(office: Office, database: str, says: "Connection[Any, Any]") -> None:
    with place.opened(database) as storage:
        mine = publisher(office, storage)
        while True:
            says.send(mine.bundle(now=NOW).body)


def _until_killed(office: Office, database: str, seconds: float, *, early: bool) -> Told:
    """`early`: so many seconds from the start, else from the first bundle that they told of."""
    works: tuple[Callable[..., None], ...] = (_allocate, _allocate, _publish, _publish)
    running = []
    for work in works:
        hears, says = _FORKS.Pipe(duplex=False)
        process = _FORKS.Process(target=work, args=(office, database, says), daemon=True)
        process.start()
        says.close()
        running.append((process, hears))
    told, began, ends = Told(), time.monotonic(), float("inf")
    while time.monotonic() < ends:  # heard while they work, so that nobody waits for a full pipe
        if ends == float("inf") and (early or told.bundles or time.monotonic() > began + FIRST):
            ends = time.monotonic() + seconds
        for _, hears in running:
            if hears.poll(0.005):
                _note(told, hears.recv())
    for process, _ in running:
        process.kill()
    for process, hears in running:
        process.join()
        try:
            while True:
                _note(told, hears.recv())
        except (EOFError, OSError):
            hears.close()
    return told


def _note(told: Told, said: Any) -> None:
    if isinstance(said, bytes):
        told.bundles.append(said)
    else:
        told.given.append(said)


def test_st_13_st_14_nothing_is_given_twice_and_nothing_goes_back(database: str, tmp_path: Path) -> None:
    chance = random.Random(5)
    with place.opened(database) as storage:
        office = build(tmp_path / "office", storage)
        with storage.transaction() as ports:
            ports.statuses.close(KIND)
            ports.statuses.close(KIND + STRIDE)  # the large ones: from here on lists are small
    given: list[tuple[int, int, Status]] = []
    newest: bundles.Bundle | None = None
    for turn in range(ROUNDS):
        told = _until_killed(office, database, chance.uniform(0.0, LONGEST), early=turn % 3 == 0)
        given += told.given
        places = [(number, index) for number, index, _ in given]
        assert len(set(places)) == len(places)
        for raw in sorted({*told.bundles}, key=lambda raw: bundles.open_parts(raw)[1][bundles.SEQUENCE]):
            newest = bundles.read(raw, now=NOW) if newest is None else bundles.update(newest, raw, now=NOW)
        with place.opened(database) as storage:
            _check_lists(storage, given)
            if newest is not None:
                again = publisher(office, storage)
                change = again.delta(newest.sequence, now=NOW).body
                step = delta.update if delta.is_delta(change) else bundles.update
                newest = step(newest, change, now=NOW)
                for number, index, state in given:  # what was acknowledged is published
                    (listed,) = (one for one in newest.statuses if one.uri == status.uri(ISSUER, number))
                    assert listed.whole().get(index) == state
    assert len(given) > SMALL and newest is not None and newest.sequence > ROUNDS


def _check_lists(storage: Storage, given: list[tuple[int, int, Status]]) -> None:
    with storage.reading() as ports:
        numbers = [number for number in ports.statuses.numbers() if number % STRIDE == KIND]
        current = ports.statuses.current(KIND)
        assert numbers == list(range(KIND, numbers[-1] + 1, STRIDE))
        if given:
            assert current is not None and current < numbers[-1]  # the next one is there
            for number in {number for number, _, _ in given}:
                entries = ports.statuses.read(number)[2]
                assert all(entries[index] is state for of, index, state in given if of == number)
