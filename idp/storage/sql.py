"""Storage in SQL: SQLite for one machine, PostgreSQL for many; SQLAlchemy Core on the engine that Flask-SQLAlchemy gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from idp.ports import Ports
from idp.storage.engine import BUSY_MS, WRITES
from idp.storage.errors import Unavailable
from idp.storage.sql_accounts import SqlAccounts, SqlClients, SqlConsents
from idp.storage.sql_authentication import SqlAttempts, SqlAuthenticators, SqlMessages
from idp.storage.sql_journal import SqlChain, SqlJournal
from idp.storage.sql_logouts import SqlLogouts
from idp.storage.sql_publishing import SqlPublications, SqlStatuses
from idp.storage.sql_registers import SqlDocuments, SqlPopulation
from idp.storage.sql_sessions import SqlSessions
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
        consents=SqlConsents(work),
        population=SqlPopulation(work),
        documents=SqlDocuments(work),
        statuses=SqlStatuses(work),
        publications=SqlPublications(work),
        journal=SqlJournal(work),
        chain=SqlChain(work),
    )


class SqlStorage:
    """`engine` must have gone through `idp.storage.engine.prepare`, and its schema through `migrations.upgrade`."""

    def __init__(self, engine: Engine) -> None:
        # SQLite has one writer, and who waits for it sleeps and looks again: among our own threads a lock is handed over at once.
        self._one_writer = Lock() if engine.dialect.name == "sqlite" else None
        self._writing = engine.execution_options(**{WRITES: True})
        reading: dict[str, object] = {WRITES: False}
        self._read_only = engine.dialect.name == "postgresql"
        if self._read_only:
            # READ COMMITTED sees a new state at each statement; a reader is promised one view.
            reading |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reading = engine.execution_options(**reading)

    @contextmanager
    def transaction(self) -> Iterator[Ports]:
        with self._turn(), _connected(self._writing) as connection:
            work = Work(connection)
            try:
                yield _ports(work)
                work.finish()
            except BaseException:
                connection.rollback()
                raise
            try:
                connection.commit()
            except OperationalError as error:
                raise Unavailable(str(error.orig)) from None

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
    def reading(self) -> Iterator[Ports]:
        with _connected(self._reading) as connection:
            try:
                yield _ports(Work(connection))
            finally:
                if self._read_only:  # the same, but that the driver forgets its prepared statements at each rollback
                    connection.commit()
                else:
                    connection.rollback()


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    try:
        connection = engine.connect()
    except (OperationalError, PoolExhausted) as error:
        raise Unavailable(str(error)) from None
    with connection:
        try:
            connection.begin()  # on SQLite a writer waits here for the other writer, and may wait in vain
        except OperationalError as error:
            raise Unavailable(str(error.orig)) from None
        yield connection
