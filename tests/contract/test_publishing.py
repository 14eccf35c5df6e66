"""Status lists, sequence numbers, the journal."""

import secrets
from itertools import pairwise

import pytest

from certs.status import Status
from idp.model import Event
from idp.ports import Storage
from idp.storage.errors import Conflict, ListFull
from tests.contract.rows import NOW


def test_st_13_every_index_is_given_once_until_the_list_is_full(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.statuses.create(1, 300)
        given = [ports.statuses.allocate(1) for _ in range(300)]
    assert sorted(given) == list(range(300))
    assert given != sorted(given)  # at random, not in a row
    with pytest.raises(ListFull), storage.transaction() as ports:
        ports.statuses.allocate(1)


def test_the_last_free_places_are_found_when_drawing_fails(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "randbelow", lambda size: size // 2)
    with storage.transaction() as ports:
        ports.statuses.create(1, 6)
        assert sorted(ports.statuses.allocate(1) for _ in range(6)) == [0, 1, 2, 3, 4, 5]
        with pytest.raises(ListFull):
            ports.statuses.allocate(1)


def test_a_list_of_one(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.statuses.create(1, 1)
        assert ports.statuses.allocate(1) == 0
        with pytest.raises(ListFull):
            ports.statuses.allocate(1)


def test_lists_do_not_mix(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.statuses.create(2, 3)
        ports.statuses.create(1, 3)
        assert ports.statuses.numbers() == (1, 2)
        assert sorted(ports.statuses.allocate(1) for _ in range(3)) == [0, 1, 2]
        index = ports.statuses.allocate(2)
        ports.statuses.set(2, index, Status.SUSPENDED)
        assert ports.statuses.read(1)[2] == {}
        assert ports.statuses.read(2)[2] == {index: Status.SUSPENDED}


def test_the_version_rises_with_each_change_and_only_then(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.statuses.create(1, 8)
        index = ports.statuses.allocate(1)
        seen = [(ports.statuses.read(1)[0], ports.statuses.version())]
        for status in (Status.SUSPENDED, Status.VALID, Status.HOLDER_LOCKED, Status.INVALID):
            ports.statuses.set(1, index, status)
            ports.statuses.set(1, index, status)  # the same again is no change
            seen.append((ports.statuses.read(1)[0], ports.statuses.version()))
        assert ports.statuses.read(1)[1:] == (8, {index: Status.INVALID})
    assert [second[0] - first[0] for first, second in pairwise(seen)] == [1, 1, 1, 1]
    assert [second[1] - first[1] for first, second in pairwise(seen)] == [1, 1, 1, 1]


def test_a_new_list_raises_the_version_of_all(storage: Storage) -> None:
    with storage.transaction() as ports:
        before = ports.statuses.version()
        ports.statuses.create(1, 8)
        assert ports.statuses.version() > before


@pytest.mark.parametrize("index", [-1, 8, 2**31 - 1])
def test_a_status_needs_an_index_that_was_given(storage: Storage, index: int) -> None:
    with storage.transaction() as ports:
        ports.statuses.create(1, 8)
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.statuses.set(1, index, Status.INVALID)


def test_unknown_and_doubled_lists(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.statuses.create(1, 8)
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.statuses.create(1, 8)
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.statuses.allocate(2)
    with pytest.raises(Conflict), storage.reading() as ports:
        ports.statuses.read(2)


def test_sequences_rise_by_name(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.publications.current_sequence("bundle") == 0
        assert [ports.publications.next_sequence("bundle") for _ in range(3)] == [1, 2, 3]
        assert ports.publications.next_sequence("trust-list") == 1
    with storage.reading() as ports:
        assert ports.publications.current_sequence("bundle") == 3


def test_the_journal_is_read_newest_first_and_by_who_and_what(storage: Storage) -> None:
    events = [
        Event(NOW, "login", "account-1", "bank", {"amr": ["pwd"]}),
        Event(NOW, "login_refused", "account-2"),
        Event(NOW - 5, "login", "account-2"),  # the order is that of writing, not of clocks
    ]
    with storage.transaction() as ports:
        for event in events:
            ports.journal.append(event)
    with storage.reading() as ports:
        assert ports.journal.read() == (events[2], events[1], events[0])
        assert ports.journal.read(limit=1) == (events[2],)
        assert ports.journal.read(account_id="account-2") == (events[2], events[1])
        assert ports.journal.read(kind="login") == (events[2], events[0])
        assert ports.journal.read(account_id="account-1", kind="login") == (events[0],)
        assert ports.journal.read(account_id="account-3") == ()
