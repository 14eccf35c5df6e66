"""Initial access tokens and what registered clients show: taken no more often than they say, replaced one by one."""

import threading

import pytest

from idp.model import InitialToken, Registration
from idp.ports import Storage
from idp.storage.errors import Conflict
from tests.contract.conftest import Opened
from tests.contract.rows import CLIENT, NOW, another

TOKEN = InitialToken("a" * 64, "Bank of Lotus", "agency", ("openid", "profile"), False, 2, NOW + 600)
OURS = Registration("bank", "b" * 64, ("openid", "profile"), NOW)


def test_an_initial_token_has_so_many_uses(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.registrations.offer(TOKEN)
        assert ports.registrations.offered(TOKEN.token_hash, now=NOW) == TOKEN
        assert ports.registrations.offered("b" * 64, now=NOW) is None
        assert ports.registrations.take(TOKEN.token_hash, now=NOW) == another(TOKEN, uses=1)
        assert ports.registrations.offers(now=NOW) == (another(TOKEN, uses=1),)
        assert ports.registrations.take(TOKEN.token_hash, now=NOW) == another(TOKEN, uses=0)
        assert ports.registrations.take(TOKEN.token_hash, now=NOW) is None
        assert ports.registrations.offered(TOKEN.token_hash, now=NOW) is None
        assert ports.registrations.offers(now=NOW) == ()
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.registrations.offer(TOKEN)


def test_an_initial_token_ends(storage: Storage) -> None:
    with storage.transaction() as ports:
        for n in range(3):
            ports.registrations.offer(another(TOKEN, token_hash=str(n) * 64, expires=NOW + n))
        assert ports.registrations.take("0" * 64, now=NOW) is None
        assert ports.registrations.take("1" * 64, now=NOW) is not None
        assert ports.registrations.recall("2" * 64)
        assert not ports.registrations.recall("2" * 64)
        assert ports.registrations.take("2" * 64, now=NOW) is None
        assert ports.registrations.sweep(now=NOW) == 1
        assert ports.registrations.sweep(now=NOW + 1) == 1


def test_of_many_at_once_no_more_pass_than_there_are_uses(shared: Opened) -> None:
    with shared.storage.transaction() as ports:
        ports.registrations.offer(TOKEN)
    together, passed = threading.Barrier(6), []

    def take() -> None:
        together.wait()
        with shared.storage.transaction() as ports:
            passed.append(ports.registrations.take(TOKEN.token_hash, now=NOW) is not None)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 4 + [True] * 2


def test_what_a_client_shows_is_replaced_and_the_one_before_lasts_until_the_new_one_is_used(storage: Storage) -> None:
    first, second, third = (letter * 64 for letter in "bcd")
    with storage.transaction() as ports:
        assert not ports.registrations.rotate("bank", first, second)
        ports.clients.add(CLIENT)
        ports.registrations.add(OURS)
        assert ports.registrations.claim(first) == OURS
        assert ports.registrations.rotate("bank", first, second)
        assert not ports.registrations.rotate("shop", first, third)
    with storage.transaction() as ports:
        known = another(OURS, token_hash=second)
        assert ports.registrations.claim(first) == known  # the answer with the new one was lost
        assert ports.registrations.claim(second) == known
        assert ports.registrations.claim(first) is None
        assert not ports.registrations.rotate("bank", first, third)
        assert ports.registrations.rotate("bank", second, third)
        assert ports.registrations.claim(third) is not None
    with storage.transaction() as ports:
        assert ports.registrations.claim(second) is None
        assert ports.clients.remove("bank")
        assert ports.registrations.claim(third) is None


def test_what_may_be_asked_for_is_changed_for_the_client_alone(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert not ports.registrations.limit("bank", ("openid",))
        ports.clients.add(CLIENT)
        ports.registrations.add(OURS)
        assert not ports.registrations.limit("shop", ("openid",))
        assert ports.registrations.claim(OURS.token_hash) == OURS
        assert ports.registrations.limit("bank", ("openid",))
    with storage.transaction() as ports:
        assert ports.registrations.claim(OURS.token_hash) == another(OURS, scopes=("openid",))


def test_a_client_that_reads_itself_and_staff_that_remove_it_do_not_wait_in_a_ring(shared: Opened) -> None:
    first, second = "b" * 64, "c" * 64
    with shared.storage.transaction() as ports:
        ports.clients.add(CLIENT)
        ports.registrations.add(OURS)
        assert ports.registrations.rotate("bank", first, second)
    claimed, removed = threading.Event(), []

    def remove() -> None:
        claimed.wait()
        with shared.storage.transaction() as ports:
            removed.append(ports.clients.remove("bank"))

    other = threading.Thread(target=remove)
    other.start()
    with shared.storage.transaction() as ports:
        assert ports.registrations.claim(second) is not None
        claimed.set()
        other.join(0.5)  # by then it waits for us, or will not have begun: both end well
        assert ports.clients.hold("bank") is not None
    other.join()
    assert removed == [True]


def test_there_is_no_registration_of_no_client(storage: Storage) -> None:
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.registrations.add(OURS)
