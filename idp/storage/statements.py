"""One transaction's connection: runs statements, and says in our words what went wrong.

Statements are built once, at import: building them anew at each call costs more than running them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    Boolean,
    Column,
    Dialect,
    Select,
    String,
    Table,
    bindparam,
    delete,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from idp.storage.errors import Conflict, StorageError, Unavailable, Unstorable
from idp.storage.prepared import Rows, numbered, prepared, prepared_rows

Insert = Callable[[Table], Any]  # the two dialects' `insert`, alike in all that is used here


class Upsert:
    """An `insert … on conflict …`: standard SQL has none, and the two dialects write it alike in classes of their own."""

    def __init__(self, build: Callable[[Insert], Executable]) -> None:
        self._by_dialect = {"sqlite": build(sqlite_insert), "postgresql": build(postgresql_insert)}

    def on(self, dialect: str) -> Executable:
        return self._by_dialect[dialect]


class Among(FunctionElement[bool]):
    """`Among(column, list)`: the column's value is in the list. `IN (…)` would be another statement for each length of it."""

    name = "among"
    type = Boolean()
    inherit_cache = True


@compiles(Among, "postgresql")
def _among_in_postgresql(element: Among, compiler: SQLCompiler, **how: Any) -> str:
    column, values = (compiler.process(part, **how) for part in element.clauses)
    return f"{column} = ANY({values})"


@compiles(Among, "sqlite")
def _among_in_sqlite(element: Among, compiler: SQLCompiler, **how: Any) -> str:
    column, values = (compiler.process(part, **how) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - names and marks of parameters


def texts(name: str) -> BindParameter[Any]:
    """A parameter that is a list of texts."""
    return bindparam(name, type_=JSON().with_variant(ARRAY(String), "postgresql"))


def remove_chosen(key: Column[Any], chosen: Select[Any]) -> Executable:
    """Delete the rows whose `key` is chosen, but for those that somebody else is busy with.

    Chosen once, in a part of its own: a sub-query with a limit may be run again by PostgreSQL for each row, and choose others.
    The keys are returned: not every driver counts the rows of a statement that begins with WITH.
    """
    picked = chosen.with_for_update(skip_locked=True).cte("picked")
    return delete(key.table).where(key.in_(select(picked))).returning(key)


class Work:
    """A connection inside a transaction, handed to every port's adapter."""

    def __init__(self, connection: PoolProxiedConnection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect
        self._driver: Any = dialect.loaded_dbapi
        self._cursor: DBAPICursor | None = None
        self._last: list[tuple[Executable, Mapping[str, Any]]] = []
        self._streams: list[DBAPICursor] = []
        self.lost = False  # the server is gone, and with it what other connections the pool holds
        self._spoilt = False

    @property
    def one_writer(self) -> bool:
        """Of the transactions that write, each ends before the next begins."""
        return self._dialect.name == "sqlite"

    def run(
        self,
        statement: Executable | Upsert,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        **named: Any,
    ) -> Rows:
        chosen = statement.on(self._dialect.name) if isinstance(statement, Upsert) else statement
        given = named if parameters is None else parameters
        if isinstance(given, Mapping):
            known = prepared(chosen, self._dialect, tuple(given))
        elif (few := prepared_rows(chosen, self._dialect, given)) is not None:
            known, given = few, numbered(given)
        else:
            known = prepared(chosen, self._dialect, tuple(given[0]))
        with self.in_our_words():
            return known.run(self._own_cursor(), given)

    def say(self, words: str) -> None:
        """A statement of ours about the transaction itself."""
        with self.in_our_words():
            self._own_cursor().execute(words)

    def _own_cursor(self) -> DBAPICursor:
        if self._cursor is None:
            self._cursor = self._connection.cursor()
        return self._cursor

    def run_last(self, statement: Executable, **named: Any) -> None:
        """A row that nothing else of the transaction waits for: written before it ends, with the others of its kind."""
        self._last.append((statement, named))

    def finish(self) -> None:
        """Write what was to come last, in its order. Who reads such rows within the transaction asks for it first."""
        waiting, self._last = self._last, []
        for _, group in groupby(waiting, key=lambda each: id(each[0])):
            same = list(group)
            rows = [row for _, row in same]
            self.run(same[0][0], rows if len(rows) > 1 else rows[0])

    def commit(self) -> None:
        """Raises StorageError where a verb failed and its error was passed over: PostgreSQL takes such a COMMIT for a ROLLBACK,
        without a word."""
        if self._spoilt:
            raise StorageError("a verb failed, and nothing is kept")
        with self.in_our_words():
            self._connection.commit()

    def close(self) -> None:
        """What was not read to its end is closed here: later it would end in the transaction of whoever has the connection then."""
        for cursor in self._streams:
            with suppress(StorageError), self.in_our_words():
                cursor.close()

    def load(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Many new rows, each with the same columns in the same order, of types that the driver knows: JSON as its text.

        PostgreSQL takes them by COPY, at three times the rate of inserts, and SQLite without SQLAlchemy's look at each
        value. Constraints hold as ever.
        """
        if not rows:
            return
        columns = ", ".join(f'"{table.c[name].name}"' for name in rows[0])
        values = [tuple(row.values()) for row in rows]
        with self.in_our_words():
            cursor: Any = self._connection.cursor()
            if self.one_writer:
                marks = ", ".join("?" * len(rows[0]))
                # The names are those of our own tables; the values are bound.
                cursor.executemany(f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', values)  # noqa: S608
            else:
                with cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
                    for row in values:
                        copy.write_row(row)

    def stream(self, statement: Executable, *, rows: int) -> Iterator[Any]:
        """Rows a few at a time, so that a nation's register need not fit in memory. They end with the transaction."""
        known = prepared(statement, self._dialect, ())
        with self.in_our_words():
            # PostgreSQL's driver reads all that a cursor without a name has.
            named = {} if self.one_writer else {"name": f"stream{len(self._streams)}"}
            cursor: Any = self._connection.cursor(**named)
            self._streams.append(cursor)
            yield from known.stream(cursor, rows)

    @contextmanager
    def in_our_words(self) -> Iterator[None]:
        try:
            yield
        except self._driver.Error as error:
            self._spoilt = True
            held = self._connection.is_valid  # else it is the pool's again
            self.lost = self.lost or (held and self._dialect.is_disconnect(error, self._connection, self._cursor))
            raise self._said(error) from None  # the database's own text may quote the row
        except (UnicodeEncodeError, OverflowError) as error:
            self._spoilt = True
            raise Unstorable(type(error).__name__) from None

    def _said(self, error: Exception) -> StorageError:
        driver = self._driver
        if isinstance(error, driver.IntegrityError):
            return Conflict(_constraint(error))
        if isinstance(error, driver.DataError):
            return Unstorable(type(error).__name__)
        if isinstance(error, driver.OperationalError | driver.InterfaceError | driver.InternalError):
            return Unavailable(_reason(error))  # gone, too slow, read-only for the moment
        return StorageError(type(error).__name__)


def _reason(error: Any) -> str:
    """What the server says of it, without its context: that of COPY is the line that it was at."""
    diagnosis = getattr(error, "diag", None)
    return str((diagnosis and diagnosis.message_primary) or error)


def _constraint(error: Any) -> str:
    """Which rule was broken, without the values that broke it."""
    diagnosis = getattr(error, "diag", None)  # PostgreSQL's; SQLite's text names columns only
    return str(diagnosis.constraint_name if diagnosis is not None else error)
