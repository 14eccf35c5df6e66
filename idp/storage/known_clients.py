"""The register of relying parties is asked once in a while and not at each request: it is small, and changes by hand.

A client that was found is known for five seconds to all requests of the process, so a change of the register shows within
five. One that was not found is asked for anew each time, and so is every client in a transaction that adds one: what it sees
may yet be taken back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from idp.model import Client, ClientQuestion
from idp.ports import Clients, Ports, Storage

KNOWN_SECONDS = 5.0
MOST = 1_000  # clients; beyond that we begin anew

Seen = dict[str, tuple[float, Client]]  # until when


class KnownClients:
    def __init__(self, kept: Clients, seen: Seen, now: float) -> None:
        self._kept = kept
        self._seen = seen
        self._now = now
        self._adds = False

    def add(self, client: Client) -> None:
        self._adds = True
        self._kept.add(client)

    def replace(self, client: Client) -> bool:
        self._adds = True
        self._seen.pop(client.client_id, None)
        return self._kept.replace(client)

    def remove(self, client_id: str) -> bool:
        self._adds = True
        self._seen.pop(client_id, None)
        return self._kept.remove(client_id)

    def get(self, client_id: str) -> Client | None:
        if self._adds:
            return self._kept.get(client_id)
        until, client = self._seen.get(client_id, (0.0, None))
        if client is not None and self._now < until:
            return client
        found = self._kept.get(client_id)
        if found is not None:
            if len(self._seen) >= MOST:
                self._seen.clear()
            self._seen[client_id] = self._now + KNOWN_SECONDS, found
        return found

    def hold(self, client_id: str) -> Client | None:
        return self._kept.hold(client_id)

    def all(self) -> tuple[Client, ...]:
        return self._kept.all()

    def listed(self, asked: ClientQuestion, *, limit: int) -> tuple[Client, ...]:
        return self._kept.listed(asked, limit=limit)


class ClientsRemembered:
    """Any storage, with its clients known for a while. `clock` need not be the time of day, only rise."""

    def __init__(self, storage: Storage, clock: Callable[[], float]) -> None:
        self._storage = storage
        self._clock = clock
        self._seen: Seen = {}

    @contextmanager
    def transaction(self) -> Iterator[Ports]:
        with self._storage.transaction() as ports:
            yield self._with_clients(ports)

    @contextmanager
    def reading(self) -> Iterator[Ports]:
        with self._storage.reading() as ports:
            yield self._with_clients(ports)

    def _with_clients(self, ports: Ports) -> Ports:
        return replace(ports, clients=KnownClients(ports.clients, self._seen, self._clock()))
