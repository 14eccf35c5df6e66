"""One suite for every adapter of the wallet's ports: what memory promises, SQLite and PostgreSQL keep, races included."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from wallet import chain
from wallet.model import Entry, SealedDocument
from wallet.ports import Storage
from wallet.storage.errors import Conflict

LICENCE = SealedDocument("d1", "an", 100, b"sealed licence")
HEALTH = SealedDocument("d2", "an", 200, b"sealed health record")
OTHERS = SealedDocument("d3", "binh", 300, b"somebody else's")


def test_a_document_is_sealed_anew_by_its_owner_only(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.documents.keep(LICENCE)
    with storage.transaction() as ports:
        assert not ports.documents.reseal(SealedDocument("d1", "binh", 100, b"another's"))
        assert not ports.documents.reseal(HEALTH)
        assert ports.documents.reseal(SealedDocument("d1", "an", 100, b"sealed anew"))
    with storage.reading() as ports:
        assert ports.documents.of("an") == (SealedDocument("d1", "an", 100, b"sealed anew"),)
        assert ports.documents.of("binh") == ()


def test_documents_are_found_by_their_owner_only(storage: Storage) -> None:
    with storage.transaction() as ports:
        for document in (LICENCE, HEALTH, OTHERS):
            ports.documents.keep(document)
    with storage.reading() as ports:
        assert ports.documents.of("an") == (HEALTH, LICENCE)
        assert ports.documents.of("nobody") == ()
        assert ports.documents.get("an", "d1") == LICENCE
        assert ports.documents.get("an", "d3") is None
        assert ports.documents.get("binh", "d3") == OTHERS


def test_a_document_is_removed_once_and_by_its_owner_only(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.documents.keep(LICENCE)
    with storage.transaction() as ports:
        assert not ports.documents.remove("binh", "d1")
        assert ports.documents.remove("an", "d1")
        assert not ports.documents.remove("an", "d1")
    with storage.reading() as ports:
        assert ports.documents.of("an") == ()


def test_a_document_id_is_given_once(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.documents.keep(LICENCE)
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.documents.keep(SealedDocument("d1", "binh", 1, b"over it"))
    with storage.reading() as ports:
        assert ports.documents.get("an", "d1") == LICENCE


def test_what_raises_keeps_nothing(storage: Storage) -> None:
    with pytest.raises(RuntimeError), storage.transaction() as ports:
        ports.documents.keep(LICENCE)
        ports.history.append("an", Entry(1, "received"))
        ports.ephemeral.put("session", "v", b"x", expires=10)
        raise RuntimeError
    with storage.reading() as ports:
        assert ports.documents.of("an") == ()
        assert ports.history.read("an") == ()
        assert ports.ephemeral.read("session", "v", now=1) is None


def test_nothing_written_while_reading_is_kept(storage: Storage) -> None:
    with storage.reading() as ports:
        ports.documents.keep(LICENCE)
    with storage.reading() as ports:
        assert ports.documents.of("an") == ()


def test_history_is_newest_first_and_ones_own(storage: Storage) -> None:
    entries = [
        Entry(7, "received", {"type": "driving_licence", "claims": ["full_name"]}),
        Entry(7, "shown"),
        Entry(9, "removed"),
    ]
    with storage.transaction() as ports:
        for entry in entries:
            ports.history.append("an", entry)
        ports.history.append("binh", Entry(8, "received"))
    with storage.reading() as ports:
        assert ports.history.read("an") == tuple(reversed(entries))
        assert ports.history.read("an", limit=1) == (entries[2],)
        assert ports.history.read("nobody") == ()


def test_a_short_lived_value_is_known_by_its_purpose_until_it_expires(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.ephemeral.put("receipt", "v", b"sealed", expires=100)
    with storage.reading() as ports:
        assert ports.ephemeral.read("receipt", "v", now=99) == b"sealed"
        assert ports.ephemeral.read("receipt", "v", now=100) is None
        assert ports.ephemeral.read("session", "v", now=99) is None
        assert ports.ephemeral.read("receipt", "w", now=99) is None


def test_a_short_lived_value_is_taken_once(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.ephemeral.put("receipt", "v", b"sealed", expires=100)
        ports.ephemeral.put("receipt", "late", b"sealed", expires=100)
    with storage.transaction() as ports:
        assert ports.ephemeral.take("session", "v", now=1) is None
        assert ports.ephemeral.take("receipt", "v", now=1) == b"sealed"
        assert ports.ephemeral.take("receipt", "v", now=1) is None
        assert ports.ephemeral.take("receipt", "late", now=100) is None


def test_sweeping_removes_what_expired(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.ephemeral.put("receipt", "old", b"1", expires=10)
        ports.ephemeral.put("receipt", "new", b"2", expires=20)
        assert ports.ephemeral.sweep(now=10) == 1
        assert ports.ephemeral.sweep(now=10) == 0
        assert ports.ephemeral.read("receipt", "new", now=10) == b"2"


def together(count: int, work: Callable[[int], None]) -> None:
    """All at once, each in a thread; what one raises is raised here."""
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        work(number)

    with ThreadPoolExecutor(count) as threads:
        list(threads.map(run, range(count)))


def test_of_many_who_take_at_once_one_gets_it(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.ephemeral.put("receipt", "v", b"sealed", expires=100)
    results: list[bytes | None] = []

    def take(_: int) -> None:
        with storage.transaction() as ports:
            results.append(ports.ephemeral.take("receipt", "v", now=1))

    together(8, take)
    assert results.count(b"sealed") == 1
    assert len(results) == 8


def test_of_many_who_use_a_copy_at_once_one_may(storage: Storage) -> None:
    results: list[bool] = []

    def use(_: int) -> None:
        with storage.transaction() as ports:
            results.append(ports.ephemeral.once("used copy", "an:key", expires=100))

    together(8, use)
    assert sorted(results) == [False] * 7 + [True]
    with storage.transaction() as ports:
        assert ports.ephemeral.once("used copy", "binh:key", expires=100)
        assert ports.ephemeral.read("used copy", "an:key", now=1) == b""


def test_what_failed_has_used_nothing(storage: Storage) -> None:
    with pytest.raises(RuntimeError), storage.transaction() as ports:
        assert ports.ephemeral.once("used copy", "an:key", expires=100)
        raise RuntimeError
    with storage.transaction() as ports:
        assert ports.ephemeral.once("used copy", "an:key", expires=100)


def test_lines_of_many_at_once_make_one_chain_for_each_owner(storage: Storage) -> None:
    def write(number: int) -> None:
        for at in range(4):
            with storage.transaction() as ports:
                ports.history.append("an" if number % 2 else "binh", Entry(at, "shown", {"by": number}))

    together(6, write)
    for owner in ("an", "binh"):
        with storage.reading() as ports:
            lines, head = ports.history.chain(owner)
            assert [line.entry for line in reversed(lines)] == list(ports.history.read(owner))
        assert chain.check(lines, head) == chain.Checked(12)
        assert [line.place for line in lines] == list(range(1, 13))
    with storage.reading() as ports:
        assert ports.history.chain("nobody") == ((), None)


def test_a_line_that_was_not_kept_leaves_no_gap(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.history.append("an", Entry(1, "shown"))
    with pytest.raises(RuntimeError), storage.transaction() as ports:
        ports.history.append("an", Entry(2, "shown"))
        raise RuntimeError
    with storage.transaction() as ports:
        ports.history.append("an", Entry(3, "removed", {"type": "driving_licence", "letters": "Thuỳ"}))
    with storage.reading() as ports:
        assert chain.check(*ports.history.chain("an")) == chain.Checked(2)


def test_who_is_alone_reads_what_the_other_kept(storage: Storage) -> None:
    """Two tabs that finish at once: the second sees the first's document, and can replace it."""

    def keep(number: int) -> None:
        with storage.transaction() as ports:
            ports.documents.alone("an")
            for old in ports.documents.of("an"):
                ports.documents.remove("an", old.document_id)
            ports.documents.keep(SealedDocument(f"d{number}", "an", 1, b"the licence"))

    together(6, keep)
    with storage.reading() as ports:
        assert len(ports.documents.of("an")) == 1


def test_what_is_awaited_is_no_document(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.awaited.keep(LICENCE)
        ports.documents.keep(HEALTH)
    with storage.transaction() as ports:
        assert ports.documents.of("an") == (HEALTH,)
        assert ports.awaited.of("an") == (LICENCE,) and ports.awaited.of("binh") == ()
        assert ports.awaited.get("an", "d1") == LICENCE and ports.awaited.get("binh", "d1") is None
        assert ports.awaited.reseal(SealedDocument("d1", "an", 100, b"anew"))
        assert not ports.awaited.remove("binh", "d1")
        assert ports.awaited.remove("an", "d1") and not ports.awaited.remove("an", "d1")


def test_one_reading_sees_one_state(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.documents.keep(LICENCE)
    with storage.reading() as ports:
        assert ports.documents.of("an") == (LICENCE,)
        thread = threading.Thread(target=_keep, args=(storage, HEALTH))
        thread.start()
        thread.join()
        assert ports.documents.of("an") == (LICENCE,)
    with storage.reading() as ports:
        assert ports.documents.of("an") == (HEALTH, LICENCE)


def _keep(storage: Storage, document: SealedDocument) -> None:
    with storage.transaction() as ports:
        ports.documents.keep(document)
