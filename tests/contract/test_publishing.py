"""Status lists, sequence numbers, the journal."""

from itertools import pairwise

import pytest

from certs.status import Status
from idp.model import Event, PublishedBundle, SignedList
from idp.ports import Storage
from idp.storage.errors import Conflict
from tests.contract.rows import NOW, drawn


def test_st_13_every_index_is_given_once_until_nearly_all_are(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.statuses.add(1, kind=1, size=300)
        given = []
        while (index := ports.statuses.draw(1)) is not None:
            given.append(index)
    assert len(set(given)) == len(given) > 100
    assert all(0 <= index < 300 for index in given)
    assert given != sorted(given)  # at random, not in a row


def test_st_13_a_list_of_one(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.statuses.add(1, kind=1, size=1)
        assert [ports.statuses.draw(1) for _ in range(3)] == [0, None, None]


def test_a_list_that_is_there_is_not_made_again(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.statuses.add(1, kind=1, size=8)
        index = ports.statuses.draw(1)
        assert index is not None
        ports.statuses.set(1, index, Status.INVALID)
        before = ports.statuses.read(1)
        assert not ports.statuses.add(1, kind=2, size=4)
        assert ports.statuses.read(1) == before
        assert ports.statuses.current(2) is None


def test_the_current_list_of_a_kind_is_the_first_that_is_not_closed(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.statuses.current(1) is None
        for number, kind in ((2001, 1), (1, 1), (1001, 1), (2, 2)):
            ports.statuses.add(number, kind=kind, size=8)
        assert ports.statuses.current(1) == 1
        ports.statuses.close(1)
        ports.statuses.close(1)  # again is no change
        assert (ports.statuses.current(1), ports.statuses.current(2)) == (1001, 2)
        ports.statuses.close(1001)
        assert ports.statuses.current(1) == 2001
        assert ports.statuses.numbers() == (1, 2, 1001, 2001)


def test_a_closed_list_is_still_changed(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.statuses.add(1, kind=1, size=8)
        index = ports.statuses.draw(1)
        assert index is not None
        ports.statuses.close(1)
        ports.statuses.set(1, index, Status.SUSPENDED)
        assert ports.statuses.read(1)[1:] == (8, {index: Status.SUSPENDED})


def test_lists_do_not_mix(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.statuses.add(2, kind=2, size=3)
        ports.statuses.add(1, kind=1, size=3)
        assert ports.statuses.numbers() == (1, 2)
        assert sorted(drawn(ports, 1) for _ in range(3)) == [0, 1, 2]
        index = drawn(ports, 2)
        ports.statuses.set(2, index, Status.SUSPENDED)
        assert ports.statuses.read(1)[2] == {}
        assert ports.statuses.read(2)[2] == {index: Status.SUSPENDED}


def test_the_version_rises_with_each_change_and_only_then(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.statuses.add(1, kind=1, size=8)
        index = drawn(ports, 1)
        seen = [(ports.statuses.read(1)[0], ports.statuses.version())]
        for status in (Status.SUSPENDED, Status.VALID, Status.HOLDER_LOCKED, Status.INVALID):
            ports.statuses.set(1, index, status)
            ports.statuses.set(1, index, status)  # the same again is no change
            seen.append((ports.statuses.read(1)[0], ports.statuses.version()))
            assert ports.statuses.versions() == {1: seen[-1][0]}
        assert ports.statuses.read(1)[1:] == (8, {index: Status.INVALID})
    assert [second[0] - first[0] for first, second in pairwise(seen)] == [1, 1, 1, 1]
    assert [second[1] - first[1] for first, second in pairwise(seen)] == [1, 1, 1, 1]


def test_invalid_is_final(storage: Storage) -> None:
    """A copy of a record that was replaced stays invalid when its document is reinstated or its holder unlocked."""
    with storage.transaction() as ports:
        ports.statuses.add(1, kind=1, size=8)
        index = drawn(ports, 1)
        ports.statuses.set(1, index, Status.INVALID)
        before = ports.statuses.version()
        for status in (Status.VALID, Status.SUSPENDED, Status.HOLDER_LOCKED, Status.INVALID):
            ports.statuses.set(1, index, status)
        assert ports.statuses.read(1)[2] == {index: Status.INVALID}
        assert ports.statuses.version() == before


def test_one_place_is_looked_up_alone(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.statuses.add(1, kind=1, size=8)
        ports.statuses.add(2, kind=2, size=8)
        index = ports.statuses.draw(1)
        assert index is not None
        assert ports.statuses.look_up(1, index) is Status.VALID
        for status in (Status.SUSPENDED, Status.VALID, Status.HOLDER_LOCKED, Status.INVALID):
            ports.statuses.set(1, index, status)
            assert ports.statuses.look_up(1, index) is status
        assert ports.statuses.look_up(2, index) is Status.VALID  # the same place of another list


def test_a_new_list_raises_the_version_of_all(storage: Storage) -> None:
    with storage.transaction() as ports:
        before = ports.statuses.version()
        ports.statuses.add(1, kind=1, size=8)
        assert ports.statuses.version() > before


@pytest.mark.parametrize("index", [-1, 8, 2**31 - 1])
def test_a_status_needs_an_index_that_was_given(storage: Storage, index: int) -> None:
    with storage.transaction() as ports:
        ports.statuses.add(1, kind=1, size=8)
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.statuses.set(1, index, Status.INVALID)


def test_unknown_lists(storage: Storage) -> None:
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.statuses.draw(2)
    with pytest.raises(Conflict), storage.reading() as ports:
        ports.statuses.read(2)


def test_sequences_rise_by_name(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.publications.current_sequence("bundle") == 0
        assert [ports.publications.next_sequence("bundle") for _ in range(3)] == [1, 2, 3]
        assert ports.publications.next_sequence("trust-list") == 1
    with storage.reading() as ports:
        assert ports.publications.current_sequence("bundle") == 3


def signed(number: int, version: int, token: bytes = b"token") -> SignedList:
    return SignedList(number, version, NOW, b"s" * 32, token)


def test_what_was_signed_last_of_each_list(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.publications.signed_lists() == {}
        for number in (1, 1001):
            ports.statuses.add(number, kind=1, size=8)
            ports.publications.keep_list(signed(number, 1))
        ports.publications.keep_list(signed(1, 2, b"newer"))
    with storage.reading() as ports:
        assert ports.publications.signed_lists() == {1: signed(1, 2, b"newer"), 1001: signed(1001, 1)}


def published(sequence: int, issued: int) -> PublishedBundle:
    return PublishedBundle(sequence, issued, f"content {sequence}", b"manifest %d" % sequence, b"raw %d" % sequence)


def test_of_bundles_the_newest_has_its_bytes_and_some_before_it_are_remembered(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.publications.newest_bundle() is None
        for sequence in (1, 2, 3):
            ports.publications.keep_bundle(published(sequence, NOW + sequence), since=NOW)
        assert ports.publications.newest_bundle() == published(3, NOW + 3)
        assert [ports.publications.manifest(n) for n in (0, 1, 2, 3)] == [
            None,
            b"manifest 1",
            b"manifest 2",
            b"manifest 3",
        ]
        ports.publications.keep_bundle(
            published(4, NOW), since=NOW + 3
        )  # its own time, behind the others, forgets it not
    with storage.reading() as ports:
        assert ports.publications.newest_bundle() == published(4, NOW)
        assert [ports.publications.manifest(n) for n in (1, 2, 3, 4)] == [None, None, b"manifest 3", b"manifest 4"]


def test_no_bundle_is_kept_twice(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.publications.keep_bundle(published(1, NOW), since=0)
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.publications.keep_bundle(published(1, NOW), since=0)


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
