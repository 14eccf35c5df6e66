"""Messages that a session is over: left by each of its ends, claimed by one worker, kept until they are told.

Races: an end of a session against a code that is given in it; several workers for the same messages.
"""

import threading
import time
from collections.abc import Callable

import pytest

from idp.model import Logout, Reached
from idp.ports import Ports, Storage
from idp.storage import sql_logouts
from idp.storage.statements import Work
from tests.contract.conftest import Opened
from tests.contract.rows import NOW, SESSION, another, with_account

FAR = NOW + 10**6


def begin(ports: Ports, *, sessions: int = 1, clients: tuple[str, ...] = ("bank",)) -> None:
    with_account(ports)
    for n in range(sessions):
        ports.sessions.add(another(SESSION, session_hash=f"s-{n}", sid=f"sid-{n}"))
        for client in clients:
            assert ports.sessions.reach(f"sid-{n}", client, subject=f"{client}'s name")


def claimed(storage: Storage, *, now: int = NOW, until: int = NOW + 30, limit: int = 50) -> tuple[Logout, ...]:
    with storage.transaction() as ports:
        return ports.logouts.claim(now=now, until=until, limit=limit)


ENDS: dict[str, Callable[[Ports], object]] = {
    "one": lambda ports: ports.sessions.end("s-0"),
    "by sid": lambda ports: ports.sessions.end_sid("account-1", "sid-0"),
    "all": lambda ports: ports.sessions.end_account("account-1"),
}


@pytest.mark.parametrize("how", ENDS)
def test_each_end_leaves_a_message_to_each_that_was_reached(storage: Storage, how: str) -> None:
    with storage.transaction() as ports:
        begin(ports, clients=("bank", "shop"))
        assert ports.sessions.reach("sid-0", "shop", subject="a newer name")
        assert not ports.logouts.waiting(now=FAR)
    with storage.transaction() as ports:
        assert ENDS[how](ports)
        assert not ENDS[how](ports)
    told = claimed(storage)
    assert [(one.sid, one.client_id, one.account_id, one.subject, one.tries) for one in told] == [
        ("sid-0", "bank", "account-1", "bank's name", 1),
        ("sid-0", "shop", "account-1", "a newer name", 1),
    ]


def test_the_end_says_whom_it_reached(storage: Storage) -> None:
    with storage.transaction() as ports:
        begin(ports)
        ended = ports.sessions.end("s-0")
        assert ended is not None
        assert (ended.sid, ended.reached) == ("sid-0", (Reached("bank", "bank's name"),))


def test_the_session_that_goes_on_is_not_announced(storage: Storage) -> None:
    with storage.transaction() as ports:
        begin(ports, sessions=3)
        assert ports.sessions.end_account("account-1", but="s-1") == 2
    assert [one.sid for one in claimed(storage)] == ["sid-0", "sid-2"]


def test_a_new_id_is_no_end_and_what_was_reached_stays(storage: Storage) -> None:
    with storage.transaction() as ports:
        begin(ports)
        renewed = another(SESSION, session_hash="s-new", sid="sid-0")
        assert ports.sessions.replace("s-0", renewed)
        assert not ports.sessions.replace("s-0", renewed)
        assert not ports.logouts.waiting(now=FAR)
        assert ports.sessions.end("s-new")
    assert [one.sid for one in claimed(storage)] == ["sid-0"]


def test_an_ended_session_reaches_nobody(storage: Storage) -> None:
    with storage.transaction() as ports:
        begin(ports)
        ports.sessions.end("s-0")
        assert not ports.sessions.reach("sid-0", "shop", subject="x")
        assert not ports.sessions.reach("unknown", "shop", subject="x")


def test_what_ran_out_is_swept_with_its_notes_and_announced_to_nobody(storage: Storage) -> None:
    with storage.transaction() as ports:
        begin(ports, sessions=2)
        assert ports.sessions.sweep(now=FAR, limit=1) == 1
        assert ports.sessions.sweep(now=FAR) == 1
        for n in range(2):
            ports.sessions.add(another(SESSION, session_hash=f"again-{n}", sid=f"sid-{n}"))
            assert ports.sessions.end(f"again-{n}").reached == ()  # type: ignore[union-attr]
        assert not ports.logouts.waiting(now=FAR)


def test_nothing_is_left_where_the_end_is_taken_back(storage: Storage) -> None:
    with storage.transaction() as ports:
        begin(ports)
    with pytest.raises(KeyError), storage.transaction() as ports:
        assert ports.sessions.end("s-0")
        raise KeyError
    with storage.transaction() as ports:
        assert not ports.logouts.waiting(now=FAR)
        assert ports.sessions.end("s-0")


def test_a_claim_is_good_for_a_time(storage: Storage) -> None:
    with storage.transaction() as ports:
        begin(ports)
        ports.sessions.end("s-0")
    (first,) = claimed(storage)
    assert claimed(storage, now=NOW + 29) == ()
    (second,) = claimed(storage, now=NOW + 30, until=NOW + 60)
    assert (first.logout_id, second.tries) == (second.logout_id, 2)
    with storage.transaction() as ports:
        assert not ports.logouts.told(first)  # who held it first is too late
        assert not ports.logouts.put_off(first, until=FAR)
        assert not ports.logouts.give_back(first)
        assert ports.logouts.put_off(second, until=NOW + 90)
        assert not ports.logouts.waiting(now=NOW + 89)
        assert ports.logouts.waiting(now=NOW + 90)
    (third,) = claimed(storage, now=NOW + 90, until=FAR)
    with storage.transaction() as ports:
        assert ports.logouts.give_back(third)
    (again,) = claimed(storage, now=NOW + 90, until=FAR)
    assert again.tries == third.tries == 3
    with storage.transaction() as ports:
        assert ports.logouts.told(again) and not ports.logouts.told(again)
        assert not ports.logouts.waiting(now=FAR + 1)


def test_behind_one_that_is_put_off_the_others_of_the_client_wait(storage: Storage) -> None:
    with storage.transaction() as ports:
        begin(ports, sessions=3)
        ports.sessions.end_account("account-1")
    (first,) = claimed(storage, limit=1)
    assert claimed(storage) == ()
    with storage.transaction() as ports:
        ports.sessions.add(another(SESSION, session_hash="s-x", sid="sid-x"))
        ports.sessions.reach("sid-x", "shop", subject="x")
        ports.sessions.end("s-x")
        ports.logouts.put_off(first, until=NOW + 60)
    assert [one.client_id for one in claimed(storage)] == ["shop"]  # another client's do not
    assert len(claimed(storage, now=NOW + 60, until=FAR)) == 4


def test_what_is_too_old_is_given_up_also_where_it_only_waited(storage: Storage) -> None:
    with storage.transaction() as ports:
        begin(ports, sessions=2)
        ports.sessions.end_account("account-1")
        assert ports.logouts.give_up(before=FAR) == ()  # nobody has seen it yet
    claimed(storage, limit=1)
    with storage.transaction() as ports:
        assert ports.logouts.give_up(before=NOW) == ()
        assert len(ports.logouts.give_up(before=NOW + 1, limit=1)) == 1
        assert [one.sid for one in ports.logouts.give_up(before=NOW + 1)] == ["sid-1"]
        assert not ports.logouts.waiting(now=FAR)


# --- races ------------------------------------------------------------------------------------------------------------


def together(count: int, work: Callable[[int], None]) -> None:
    start, failed = threading.Barrier(count), list[BaseException]()

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


@pytest.mark.parametrize("storage", ["postgresql"], indirect=True)
def test_who_claims_waits_for_nobody_else_who_claims(storage: Storage) -> None:
    """Two who do would wait for one another: PostgreSQL ends one of them."""
    with storage.transaction() as ports:
        begin(ports, sessions=4)
        ports.sessions.end_account("account-1")
    with storage.transaction() as other:
        halfway: Work = other.logouts._work  # type: ignore[attr-defined]
        assert len(halfway.run(sql_logouts._CLAIM, now=NOW, until=NOW + 60, most=1).all()) == 1
        assert len(claimed(storage, limit=1)) == 1


def test_of_several_workers_each_message_has_one(shared: Opened) -> None:
    storage, sent = shared.storage, list[int]()
    with storage.transaction() as ports:
        begin(ports, sessions=40, clients=("bank", "shop", "post"))
        ports.sessions.end_account("account-1")

    def work(_: int) -> None:
        until = time.monotonic() + 30
        while len(sent) < 120 and time.monotonic() < until:
            mine = claimed(storage, limit=7)
            sent.extend(one.logout_id for one in mine)
            with storage.transaction() as ports:
                for one in mine:
                    assert ports.logouts.told(one)

    together(4, work)
    assert len(sent) == len(set(sent)) == 120


def test_who_is_reached_while_the_session_ends_is_told_or_refused(shared: Opened) -> None:
    storage = shared.storage
    rounds, reached = 40, set[str]()
    with storage.transaction() as ports:
        begin(ports, sessions=rounds, clients=())

    def work(number: int) -> None:
        for n in range(rounds):
            with storage.transaction() as ports:
                if number == 0:
                    assert ports.sessions.end(f"s-{n}")
                elif ports.sessions.reach(f"sid-{n}", f"client-{number}", subject="x"):
                    reached.add(f"sid-{n} client-{number}")

    together(4, work)
    assert {f"{one.sid} {one.client_id}" for one in claimed(storage, limit=1000)} == reached
