"""Clients known for a while: what may be remembered, for how long, and what may not."""

import pytest

from idp.storage.known_clients import KNOWN_SECONDS, MOST, ClientsRemembered
from idp.storage.memory import MemoryStorage
from tests.contract.rows import CLIENT, another


class Place:
    """Two processes on one storage; the first one remembers, by a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 10.0
        self.kept = MemoryStorage()
        self.storage = ClientsRemembered(self.kept, lambda: self.now)

    def knows(self, client_id: str = "bank") -> bool:
        with self.storage.reading() as ports:
            return ports.clients.get(client_id) is not None

    def forget(self) -> None:
        """The register as another process may have changed it."""
        self.kept = MemoryStorage()
        self.storage._storage = self.kept


@pytest.fixture
def place() -> Place:
    made = Place()
    with made.kept.transaction() as ports:
        ports.clients.add(CLIENT)
    return made


def test_a_client_is_known_for_five_seconds(place: Place) -> None:
    assert place.knows()
    place.forget()
    place.now += KNOWN_SECONDS - 0.1
    assert place.knows()
    place.now += 0.2
    assert not place.knows()


def test_a_client_that_was_not_found_is_asked_for_again(place: Place) -> None:
    assert not place.knows("wallet")
    with place.kept.transaction() as ports:
        ports.clients.add(another(CLIENT, client_id="wallet"))
    assert place.knows("wallet")


def test_what_a_transaction_adds_and_takes_back_was_never_there(place: Place) -> None:
    with pytest.raises(RuntimeError), place.storage.transaction() as ports:
        ports.clients.add(another(CLIENT, client_id="wallet"))
        assert ports.clients.get("wallet") is not None
        raise RuntimeError
    assert not place.knows("wallet")


def test_what_is_removed_is_unknown_here_at_once_and_elsewhere_within_five_seconds(place: Place) -> None:
    elsewhere = ClientsRemembered(place.kept, lambda: place.now)
    assert place.knows()
    with elsewhere.reading() as ports:
        assert ports.clients.get("bank") is not None
    with elsewhere.transaction() as ports:
        assert ports.clients.remove("bank")
    with elsewhere.reading() as ports:
        assert ports.clients.get("bank") is None
    place.now += KNOWN_SECONDS + 0.1
    assert not place.knows()


def test_the_memory_is_bounded(place: Place) -> None:
    with place.kept.transaction() as ports:
        for number in range(2 * MOST):
            ports.clients.add(another(CLIENT, client_id=f"client-{number}"))
    with place.storage.reading() as ports:
        for number in range(2 * MOST):
            assert ports.clients.get(f"client-{number}") is not None
            assert len(place.storage._seen) <= MOST
        assert len(ports.clients.all()) == 2 * MOST + 1
