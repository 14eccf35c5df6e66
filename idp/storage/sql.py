"""Storage in SQL: SQLite for one machine, PostgreSQL for many; SQLAlchemy Core on the engine that Flask-SQLAlchemy gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import TimeoutError as PoolExhausted

from idp.ports import Ports
from idp.storage.engine import BUSY_MS
from idp.storage.errors import Unavailable
from idp.storage.sql_accounts import SqlAccounts, SqlClients, SqlConsents
from idp.storage.sql_authentication import SqlAttempts, SqlAuthenticators, SqlMessages
from idp.storage.sql_documents import SqlDocuments
from idp.storage.sql_holds import SqlHolds
from idp.storage.sql_journal import SqlChain, SqlJournal
from idp.storage.sql_logouts import SqlLogouts
from idp.storage.sql_publishing import SqlPublications, SqlStatuses
from idp.storage.sql_registers import SqlPopulation
from idp.storage.sql_registrations import SqlRegistrations
from idp.storage.sql_sessions import SqlSessions
from idp.storage.sql_signing_keys import SqlSigningKeys
from idp.storage.sql_staff import SqlStaff
from idp.storage.sql_standings import SqlStandings
from idp.storage.sql_tokens import SqlEphemeral, SqlGrants
from idp.storage.statements import Work


def _ports(work: Work) -> Ports:
    return Ports(
        ephemeral=SqlEphemeral(work),
        grants=SqlGrants(work),
        sessions=SqlSessions(work),
        logouts=SqlLogouts(work),
        authenticators=SqlAuthenticators(work),
        attempts=SqlAttempts(work),
        messages=SqlMessages(work),
        accounts=SqlAccounts(work),
        standings=SqlStandings(work),
        clients=SqlClients(work),
        registrations=SqlRegistrations(work),
        staff=SqlStaff(work),
        consents=SqlConsents(work),
        population=SqlPopulation(work),
        documents=SqlDocuments(work),
        holds=SqlHolds(work),
        statuses=SqlStatuses(work),
        publications=SqlPublications(work),
        signing_keys=SqlSigningKeys(work),
        journal=SqlJournal(work),
        chain=SqlChain(work),
    )


# READ COMMITTED sees a new state at each statement; a reader is promised one view.
_ONE_VIEW = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


class SqlStorage:
    """`engine` must have gone through `idp.storage.engine.prepare`, and its schema through `migrations.upgrade`.

    The engine lends its pool and its dialect; transactions are the driver's own, since what SQLAlchemy puts around one costs more
    than what runs in most of ours.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._driver: Any = engine.dialect.loaded_dbapi
        # SQLite has one writer, and who waits for it sleeps and looks again: among our own threads a lock is handed over at once.
        self._one_writer = Lock() if engine.dialect.name == "sqlite" else None

    @contextmanager
    def transaction(self) -> Iterator[Ports]:
        # A writer takes the lock at once: a transaction that reads first and then upgrades cannot wait, it fails.
        with self._turn(), self._work("BEGIN IMMEDIATE") as work:
            yield _ports(work)
            work.finish()
            work.commit()

    @contextmanager
    def reading(self) -> Iterator[Ports]:
        with self._work("BEGIN DEFERRED") as work:
            if not work.one_writer:
                work.say(_ONE_VIEW)
            yield _ports(work)
            if not work.one_writer:  # the driver would forget its prepared statements at a rollback
                work.commit()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._one_writer is None:
            yield
        elif not self._one_writer.acquire(timeout=BUSY_MS / 1000):
            raise Unavailable("another thread of this process writes")
        else:
            try:
                yield
            finally:
                self._one_writer.release()

    @contextmanager
    def _work(self, begin: str) -> Iterator[Work]:
        """The pool rolls back what comes back to it uncommitted."""
        try:
            connection = self._engine.raw_connection()
        except (self._driver.Error, PoolExhausted) as error:
            raise Unavailable(str(error)) from None
        work = Work(connection, self._engine.dialect)
        try:
            if work.one_writer:  # PostgreSQL's driver begins by itself
                work.say(begin)  # waits here for the other writer, perhaps in vain
            yield work
        finally:
            work.close()
            if work.lost:
                connection.invalidate()
                self._engine.dispose()
            connection.close()
