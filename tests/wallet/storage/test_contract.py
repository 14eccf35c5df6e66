"""One suite for every adapter of the wallet's ports: what memory promises, SQLite keeps, races included."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from wallet.model import Entry, SealedDocument
from wallet.ports import Storage
from wallet.storage.engine import open_engine
from wallet.storage.errors import Conflict
from wallet.storage.memory import MemoryStorage
from wallet.storage.migrate import upgrade
from wallet.storage.sql import SqlStorage

LICENCE = SealedDocument("d1", "an", 100, b"sealed licence")
HEALTH = SealedDocument("d2", "an", 200, b"sealed health record")
OTHERS = SealedDocument("d3", "binh", 300, b"somebody else's")


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "memory":
        yield MemoryStorage()
        return
    engine = open_engine(f"sqlite:///{tmp_path}/wallet.sqlite")
    upgrade(engine)
    yield SqlStorage(engine)
    engine.dispose()


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


def test_of_many_who_take_at_once_one_gets_it(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.ephemeral.put("receipt", "v", b"sealed", expires=100)
    results: list[bytes | None] = []
    start = threading.Barrier(8)

    def take() -> None:
        start.wait()
        with storage.transaction() as ports:
            results.append(ports.ephemeral.take("receipt", "v", now=1))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(b"sealed") == 1
    assert len(results) == 8
