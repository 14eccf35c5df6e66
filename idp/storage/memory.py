"""Storage in memory: for tests, and to read what each verb means without SQL. One lock; an undo list instead of a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock

from idp.ports import Ports
from idp.storage.memory_accounts import MemoryAccounts, MemoryClients, MemoryConsents, MemoryStandings
from idp.storage.memory_authentication import MemoryAttempts, MemoryAuthenticators, MemoryMessages
from idp.storage.memory_holds import MemoryHolds
from idp.storage.memory_journal import MemoryChain, MemoryJournal
from idp.storage.memory_logouts import MemoryLogouts
from idp.storage.memory_publishing import MemoryPublications, MemoryStatuses
from idp.storage.memory_registers import MemoryDocuments, MemoryPopulation
from idp.storage.memory_registrations import MemoryRegistrations
from idp.storage.memory_signing_keys import MemorySigningKeys
from idp.storage.memory_staff import MemoryStaff
from idp.storage.memory_tokens import MemoryEphemeral, MemoryGrants, MemorySessions


class MemoryStorage:
    """Transactions exclude one another entirely, as SQLite's writers do."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._lock = RLock()
        self._inside = False
        accounts = MemoryAccounts(self._undo)
        clients = MemoryClients(self._undo)
        population = MemoryPopulation(self._undo)
        documents = MemoryDocuments(self._undo)
        statuses = MemoryStatuses(self._undo)
        journal = MemoryJournal(self._undo)
        logouts = MemoryLogouts(self._undo)
        grants = MemoryGrants(self._undo, accounts)
        sessions = MemorySessions(self._undo, accounts, logouts)
        clients.forgetting += [grants.forget_client, sessions.forget_client, logouts.forget_client]
        self._ports = Ports(
            ephemeral=MemoryEphemeral(self._undo),
            grants=grants,
            sessions=sessions,
            logouts=logouts,
            authenticators=MemoryAuthenticators(self._undo, accounts),
            attempts=MemoryAttempts(self._undo),
            messages=MemoryMessages(self._undo),
            accounts=accounts,
            standings=MemoryStandings(accounts, population, documents),
            clients=clients,
            registrations=MemoryRegistrations(self._undo, clients),
            staff=MemoryStaff(self._undo, accounts),
            consents=MemoryConsents(self._undo, accounts, clients),
            population=population,
            documents=documents,
            holds=MemoryHolds(self._undo),
            statuses=statuses,
            publications=MemoryPublications(self._undo),
            signing_keys=MemorySigningKeys(self._undo),
            journal=journal,
            chain=MemoryChain(self._undo, journal),
        )

    @contextmanager
    def transaction(self) -> Iterator[Ports]:
        with self._alone():
            try:
                yield self._ports
            except BaseException:
                self._take_back()
                raise
            self._undo.clear()

    @contextmanager
    def reading(self) -> Iterator[Ports]:
        with self._alone():
            try:
                yield self._ports
            finally:
                self._take_back()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock:
            # On SQLite a second writer of the same thread would wait for itself until the lock's time is up.
            if self._inside:
                raise RuntimeError("transactions do not nest")
            self._inside = True
            try:
                yield
            finally:
                self._inside = False

    def _take_back(self) -> None:
        while self._undo:
            self._undo.pop()()
