"""Kill the provider without a word at a random moment, start it again, and hold it to everything that it acknowledged.

A round: people sign in, redeem and receive; a clerk suspends and reinstates their licences; then, at any moment, the
provider's processes and the clerk are killed (and PostgreSQL's, every few rounds). After the start each of these must hold:

 1 it serves again, and the database is sound; how long the slowest start took is told, on an idle machine under five seconds
 2 every session, token and credential that somebody was given is there
 3 a code that was redeemed is refused; one that was not is redeemed once, and then refused
 4 a nonce that was used is used; no status index was given twice
 5 each document has the state that the clerk was told last, or the one it was asking for; and every credential of it, the
   ones issued in the race as well, has the status that goes with it
 6 whoever changed how they sign in has what was before or what it leads to, with its line in the journal; sent again, it has
   the effect that it did not have yet, and none twice (`tests.soak.residents`)
 7 the journal's chain holds, whose keeper was killed while it sealed (`tests.soak.keeper`)
"""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Event
from typing import Any

import httpx
from sqlalchemy import create_engine, text

from certs.status import Status
from idp import demo
from idp.issuance import documents
from idp.issuance.documents import Changed, status_of
from idp.issuance.nonce import PURPOSE as NONCE
from idp.login.session import hashed
from idp.model import Document, DocumentState
from idp.nation import Nation
from idp.ports import Ports, Storage
from idp.storage import place
from tests.databases import Postgres
from tests.soak.deeds import KIND, RECEIVING, Crowd, Held, Noted
from tests.soak.keeper import Keeper
from tests.soak.residents import LIVING_THERE, Deed, Residents
from tests.soak.serving import Served

LONGEST = 0.8  # seconds to the kill: in every other round from the start, so that it cuts the very first deeds too ...
FIRST_DEED = 10.0  # ... and in the others from the first answer, for which a busy machine may need this long
DATABASE_TOO = 5  # every so many rounds PostgreSQL dies as well
LOOKED_AT = 10  # of each kind, after each round; all codes and credentials are looked at in the end


@dataclass
class Report:
    rounds: int = 0
    acknowledged: int = 0
    changes: int = 0  # of the clerk
    done: Counter[str] = field(default_factory=Counter)  # of the residents, acknowledged
    cut: Counter[str] = field(default_factory=Counter)  # asked for, and never answered
    sealed: int = 0  # blocks
    seals_cut: int = 0
    slowest_start: float = 0.0
    database_kills: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Crash:
    here: Nation
    database: str
    postgres: Postgres | None = None
    report: Report = field(default_factory=Report)
    credentials: list[Held] = field(default_factory=list)
    places: Iterator[int] = field(default_factory=lambda: count(LIVING_THERE))  # of residents, each new

    def run(self, rounds: int, *, seed: int, told: Callable[[int], None] = lambda done: None) -> Report:
        chance = random.Random(seed)
        port = int(self.here.issuer.rpartition(":")[2])
        settings = {**demo.roles(self.here)[0].environment, "IDP_TRUSTED_PROXIES": "1"}
        server = Served(settings, self.here.folder / "logs", port)
        try:
            server.start()
            for number in range(rounds):
                self._round(server, chance, with_database=self.postgres is not None and not number % DATABASE_TOO)
                told(number + 1)
        finally:
            server.kill()
        with place.opened(self.database) as storage, storage.transaction() as ports:
            self._hold(not self._doubled(ports), "a status index was given twice")
            self._check_credentials(ports, self.credentials)
        return self.report

    def _round(self, server: Served, chance: random.Random, *, with_database: bool) -> None:
        noted, stop = Noted(), Event()
        with place.opened(self.database) as storage:
            clerk = Clerk.start(self.database, storage)
            keeper, residents = Keeper.start(self.database), Residents(self.here, storage, self.places)
            people = [*Crowd(self.here, storage, noted, stop).start(), *residents.start(stop)]
            began = time.monotonic()
            while self.report.rounds % 2 and not noted.acknowledged and time.monotonic() < began + FIRST_DEED:
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, LONGEST))
            server.kill()
            keeper.kill(chance)
            clerk.kill()
            stop.set()
            for person in people:
                person.join()
        if with_database and self.postgres is not None:
            self.postgres.server.stop(signal.SIGKILL)
            self.postgres.server.start()
            self.report.database_kills += 1
        self.report.slowest_start = max(self.report.slowest_start, server.start())
        self._hold(not noted.wrong, f"answers: {noted.wrong}")
        self._check(noted, clerk)
        self._check_residents(residents.deeds, residents.wrong, keeper)
        self.report.rounds += 1
        self.report.acknowledged += noted.acknowledged
        self.report.changes += clerk.changes

    def _check_residents(self, deeds: list[Deed], wrong: list[str], keeper: Keeper) -> None:
        self.report.done += Counter(deed.what for deed in deeds if deed.acknowledged)
        self.report.cut += Counter(deed.what for deed in deeds if not deed.acknowledged)
        self.report.sealed += len(keeper.sealed)
        self.report.seals_cut += keeper.cut
        with place.opened(self.database) as storage:
            for fault in (
                *keeper.faults(storage),
                *Residents(self.here, storage, self.places, deeds, wrong).faults(),
            ):  # 6, 7
                self._hold(False, fault)

    def _hold(self, condition: bool, otherwise: str) -> None:
        if not condition:
            self.report.faults.append(f"round {self.report.rounds}: {otherwise}")

    def _check(self, noted: Noted, clerk: "Clerk") -> None:
        self._hold(_sound(self.database), "the database is not sound")  # 1
        with place.opened(self.database) as storage:
            with storage.reading() as ports:
                now = int(time.time())
                for cookie in noted.sessions:  # 2
                    self._hold(ports.sessions.find(hashed(cookie), now=now) is not None, "a session was lost")
            self._check_over_http(noted, storage)
            with storage.transaction() as ports:
                self._check_credentials(ports, noted.credentials)
                self._check_documents(ports, clerk)
        self.credentials += noted.credentials

    def _check_over_http(self, noted: Noted, storage: Storage) -> None:
        crowd = Crowd(self.here, storage, noted, Event())
        with httpx.Client(base_url=self.here.issuer, trust_env=False, timeout=20) as client:
            for token in noted.tokens[-LOOKED_AT:]:
                answer = client.get("/userinfo", headers={"Authorization": f"Bearer {token}"})
                self._hold(answer.status_code == 200, f"a token was lost: {answer.status_code}")
            fresh, redeemed = noted.given - noted.tried, list(noted.redeemed)[-LOOKED_AT:]
            for code in [*redeemed, *(noted.tried - noted.redeemed), *list(fresh)[-LOOKED_AT:]]:  # 3
                won = [crowd.redeem(client, code).status_code for _ in range(2)].count(200)
                wanted = (1,) if code in fresh else (0,) if code in noted.redeemed else (0, 1)
                self._hold(won in wanted, f"a code was redeemed {won} times after the start, wanted {wanted}")

    def _check_credentials(self, ports: Ports, held: list[Held]) -> None:
        for one in held:
            kept = [
                issued
                for issued in ports.documents.issued(one.document_id)
                if issued.holder_thumbprint == one.thumbprint
            ]
            self._hold(
                [(issued.status_list, issued.status_index) for issued in kept] == [(one.number, one.index)],
                "a credential was lost, or its index is another one",
            )
            taken = ports.ephemeral.take(NONCE, one.nonce, now=int(time.time()))  # 4
            self._hold(taken is None or taken.again, "a used nonce could be used again")

    def _check_documents(self, ports: Ports, clerk: "Clerk") -> None:
        for document_id in clerk.told:  # 5
            document = ports.documents.get(document_id)
            if document is None:
                raise AssertionError("a document is gone")
            self._hold(clerk.could_be(document), f"a document is {document.state}, told {clerk.told[document_id]}")
            for issued in ports.documents.issued(document_id):
                entries = ports.statuses.read(issued.status_list)[2]
                found = entries.get(issued.status_index, Status.VALID)
                self._hold(found == status_of(document.state, locked=False), f"{document.state} with status {found!r}")

    def _doubled(self, ports: Ports) -> bool:
        places = [
            (issued.status_list, issued.status_index)
            for one in RECEIVING
            for document in ports.documents.of_person(one.person.person_id)
            for issued in ports.documents.issued(document.document_id)
        ]
        shown = [(one.number, one.index) for one in self.credentials]
        return len(set(places)) != len(places) or len(set(shown)) != len(shown)


def _sound(url: str) -> bool:
    engine = create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            sound = connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            sound = sound and not connection.execute(text("PRAGMA foreign_key_check")).all()
        else:  # reads every row of the tables that the round wrote
            tables = (
                "ephemerals",
                "tokens",
                "grants",
                "sessions",
                "events",
                "blocks",
                "accounts",
                "authenticators",
                "issued_credentials",
                "status_indexes",
                "signed_lists",
                "bundles",
            )
            sound = all(
                connection.execute(text(f"SELECT count(t.*::text) FROM {table} t")).scalar() is not None
                for table in tables
            )
    engine.dispose()
    return sound


# --- the clerk --------------------------------------------------------------------------------------------------------

_FORKS = get_context("forkserver")  # a child of a process without threads, there in milliseconds
_FORKS.set_forkserver_preload(["tests.soak.crashes"])  # and what it imports: the keeper comes from there too


@dataclass
class Clerk:
    """A process that suspends and reinstates licences, and says before and after each change what it is."""

    told: dict[str, tuple[DocumentState, ...]]  # by document: what was acknowledged last, and what was asked for since
    process: BaseProcess
    hears: "Connection[Any, Any]"
    changes: int = 0

    @classmethod
    def start(cls, database: str, storage: Storage) -> "Clerk":
        with storage.reading() as ports:
            licences = [
                document
                for one in RECEIVING
                for document in ports.documents.of_person(one.person.person_id)
                if document.type == KIND
            ]
        hears, says = _FORKS.Pipe(duplex=False)
        states = {document.document_id: document.state for document in licences}
        process = _FORKS.Process(target=_work, args=(database, states, says), daemon=True)
        process.start()
        says.close()
        return cls({document_id: (state,) for document_id, state in states.items()}, process, hears)

    def kill(self) -> None:
        """And hear to the end what it said."""
        self.process.kill()
        self.process.join()
        try:
            while True:
                document_id, state, done = self.hears.recv()
                self.told[document_id] = (state,) if done else (*self.told[document_id], state)
                self.changes += done
        except EOFError:
            self.hears.close()

    def could_be(self, document: Document) -> bool:
        return document.state in self.told[document.document_id]


def _work(database: str, states: dict[str, DocumentState], says: "Connection[Any, Any]") -> None:
    with place.opened(database) as storage:
        while True:
            for document_id, state in states.items():
                suspended = state is DocumentState.SUSPENDED
                wanted = DocumentState.VALID if suspended else DocumentState.SUSPENDED
                change = documents.reinstate if suspended else documents.suspend
                says.send((document_id, wanted, False))
                with storage.transaction() as ports:
                    done = change(ports, document_id=document_id, by="clerk", now=int(time.time()))
                assert isinstance(done, Changed)
                says.send((document_id, wanted, True))
                states[document_id] = wanted
                time.sleep(0.01)  # so that there are times when a licence is valid for long enough to be issued
