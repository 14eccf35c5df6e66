"""The journal and its seals: what an account's pages ask of it, what sealing asks, what the database itself refuses."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from idp.journal import sealing
from idp.journal.chain import BEFORE_ALL, block_after
from idp.journal.verification import verify
from idp.model import Event
from idp.ports import Storage
from tests.contract.conftest import Opened
from tests.contract.rows import NOW


def write(storage: Storage, *events: Event) -> None:
    with storage.transaction() as ports:
        for event in events:
            ports.journal.append(event)


def lines(count: int, kind: str = "k", account: str | None = "a", client: str | None = None) -> list[Event]:
    return [Event(NOW + n, kind, account, client, {"n": n}) for n in range(count)]


def never(_seconds: float) -> None:
    raise AssertionError("there was nothing to wait for")


def test_history_in_pages_newest_first(storage: Storage) -> None:
    write(storage, *lines(3, "given", client="bank"), *lines(5, "signed_in"), *lines(3, "taken", client="shop"))
    write(storage, *lines(2, "given", account="b"), *lines(2, "given", client="shop"))
    with storage.reading() as ports:
        kinds = ("given", "taken", "never")
        first = ports.journal.history("a", kinds=kinds, limit=4)
        rest = ports.journal.history("a", kinds=kinds, limit=9, before=first[-1].event_id)
        told = [(one.event.kind, one.event.details["n"]) for one in (*first, *rest)]
        bank = ports.journal.history("a", kinds=kinds, limit=9, client_id="bank")
        whole = ports.journal.whole("b", after=0, limit=9)
        assert ports.journal.history("a", kinds=kinds, limit=9, before=rest[-1].event_id) == ()
    assert told == [*zip(["given"] * 2 + ["taken"] * 3 + ["given"] * 3, [1, 0, 2, 1, 0, 2, 1, 0], strict=True)]
    assert [one.event.details["n"] for one in bank] == [2, 1, 0]
    assert [one.event.account_id for one in whole] == ["b", "b"]
    assert whole[0].event_id < whole[1].event_id


def test_sealed_once_and_in_a_row(storage: Storage) -> None:
    write(storage, *lines(sealing.BLOCK_EVENTS + 5))
    sealed = list(sealing.seal(storage, now=NOW, sleep=never))
    assert [block.number for block in sealed] == [1, 2]
    assert sealed[1].previous == sealed[0].hash
    assert list(sealing.seal(storage, now=NOW, sleep=never)) == []
    write(storage, *lines(1))
    with storage.reading() as ports:
        assert ports.chain.newest() == sealed[1]
        assert ports.chain.waiting(sealed[1].last_event_id) == 1
        assert ports.chain.blocks(after=1, limit=5) == (sealed[1],)
        assert ports.chain.holds(sealed[0].hash) == 1
        assert ports.chain.holds(bytes(32)) is None
    found = verify(storage)
    assert (found.blocks, found.events, found.waiting, found.broken) == (2, sealing.BLOCK_EVENTS + 5, 1, None)


def test_nothing_to_seal(storage: Storage) -> None:
    assert list(sealing.seal(storage, now=NOW, sleep=never)) == []
    found = verify(storage)
    assert (found.blocks, found.events, found.newest, found.broken) == (0, 0, None, None)


def test_a_number_is_sealed_by_one_alone(storage: Storage) -> None:
    write(storage, *lines(2))
    with storage.reading() as ports:
        events = ports.chain.after(BEFORE_ALL, until=2**62, limit=9)
    with storage.transaction() as ports:
        assert ports.chain.seal(block_after(None, events, now=NOW))
        assert not ports.chain.seal(block_after(None, events, now=NOW + 1))
    with storage.reading() as ports:
        newest = ports.chain.newest()
        assert newest is not None and newest.sealed_at == NOW


def test_what_was_rolled_back_leaves_a_gap_that_is_none(storage: Storage) -> None:
    write(storage, *lines(1))
    with pytest.raises(RuntimeError), storage.transaction() as ports:
        ports.journal.append(Event(NOW, "undone"))
        raise RuntimeError
    write(storage, *lines(1))
    assert len(list(sealing.seal(storage, now=NOW, sleep=never))) == 1
    assert verify(storage).broken is None


@contextmanager
def unfinished(storage: Storage, event: Event) -> Iterator[threading.Event]:
    """A request that has written its line and does not commit until it is told to."""
    written, may_commit = threading.Event(), threading.Event()

    def work() -> None:
        with storage.transaction() as ports:
            ports.journal.append(event)
            ports.journal.read(limit=1)  # who reads has what it appended written, which else waits for the end
            written.set()
            assert may_commit.wait(20)

    thread = threading.Thread(target=work)
    thread.start()
    assert written.wait(20)
    try:
        yield may_commit
    finally:
        may_commit.set()
        thread.join()


@pytest.mark.parametrize("shared", ["postgresql", "redis+postgresql"], indirect=True)
def test_a_line_with_a_lower_number_that_is_committed_late_is_not_passed_over(shared: Opened) -> None:
    """On PostgreSQL the second line is there before the first. Sealing waits for the first, and for nobody who comes later."""
    storage = shared.storage
    slept: list[int] = []
    with ExitStack() as stack:
        may_commit = stack.enter_context(unfinished(storage, Event(NOW, "slow")))
        write(storage, Event(NOW, "quick"))
        with storage.reading() as ports:
            mark = ports.chain.mark()
            assert not ports.chain.settled(mark)
            assert [one.event.kind for one in ports.chain.after(0, until=2**62, limit=9)] == ["quick"]

        def sleep(_seconds: float) -> None:
            slept.append(1)
            if len(slept) == 1:
                stack.enter_context(unfinished(storage, Event(NOW, "later")))
            if len(slept) == 3:
                may_commit.set()
            threading.Event().wait(0.01)

        (block,) = sealing.seal(storage, now=NOW, sleep=sleep)
        assert verify(storage).waiting == 0
    assert len(slept) >= 3
    with storage.reading() as ports:
        events = ports.chain.after(0, until=block.last_event_id, limit=9)
    assert [one.event.kind for one in events] == ["slow", "quick"]
    found = verify(storage)
    assert (found.events, found.waiting, found.broken) == (2, 1, None)
    assert len(list(sealing.seal(storage, now=NOW, sleep=never))) == 1


def test_several_seal_at_once(shared: Opened) -> None:
    storage = shared.storage
    write(storage, *lines(3_500))
    start = threading.Barrier(4)
    sealed: list[int] = []

    def work() -> None:
        start.wait()
        for _ in range(5):
            sealed.extend(block.number for block in sealing.seal(storage, now=NOW, sleep=threading.Event().wait))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sealed) == [1, 2, 3, 4]
    found = verify(storage)
    assert (found.blocks, found.events, found.broken) == (4, 3_500, None)
