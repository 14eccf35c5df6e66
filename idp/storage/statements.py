"""One transaction's connection: runs statements, and says in our words what went wrong.

Statements are built once, at import: building them anew at each call costs more than running them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Connection, CursorResult, Select, Table, delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.sql.base import Executable

from idp.storage.errors import Conflict, StorageError, Unavailable, Unstorable

Insert = Callable[[Table], Any]  # the two dialects' `insert`, alike in all that is used here


class Upsert:
    """An `insert … on conflict …`: standard SQL has none, and the two dialects write it alike in classes of their own."""

    def __init__(self, build: Callable[[Insert], Executable]) -> None:
        self._by_dialect = {"sqlite": build(sqlite_insert), "postgresql": build(postgresql_insert)}

    def on(self, dialect: str) -> Executable:
        return self._by_dialect[dialect]


def remove_chosen(key: Column[Any], chosen: Select[Any]) -> Executable:
    """Delete the rows whose `key` is chosen, but for those that somebody else is busy with.

    Chosen once, in a part of its own: a sub-query with a limit may be run again by PostgreSQL for each row, and choose others.
    The keys are returned: not every driver counts the rows of a statement that begins with WITH.
    """
    picked = chosen.with_for_update(skip_locked=True).cte("picked")
    return delete(key.table).where(key.in_(select(picked))).returning(key)


class Work:
    """A connection inside a transaction, handed to every port's adapter."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._last: list[tuple[Executable, Mapping[str, Any]]] = []

    @property
    def one_writer(self) -> bool:
        """Of the transactions that write, each ends before the next begins."""
        return self._dialect == "sqlite"

    def run(
        self,
        statement: Executable | Upsert,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        **named: Any,
    ) -> CursorResult[Any]:
        chosen = statement.on(self._dialect) if isinstance(statement, Upsert) else statement
        with _in_our_words():
            return self._connection.execute(chosen, named if parameters is None else parameters)

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

    def load(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Many new rows, each with the same columns in the same order, of types that the driver knows: JSON as its text.

        PostgreSQL takes them by COPY, at three times the rate of inserts, and SQLite without SQLAlchemy's look at each
        value. Constraints hold as ever.
        """
        if not rows:
            return
        columns = ", ".join(f'"{table.c[name].name}"' for name in rows[0])
        values = [tuple(row.values()) for row in rows]
        with _in_our_words():
            if self._dialect == "postgresql":
                self._copy(f'COPY "{table.name}" ({columns}) FROM STDIN', values)
            else:
                marks = ", ".join("?" * len(rows[0]))
                # The names are those of our own tables; the values are bound.
                self._connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', values)  # noqa: S608

    def _copy(self, statement: str, values: Sequence[tuple[Any, ...]]) -> None:
        dialect, driver = self._connection.dialect, self._connection.connection
        cursor: Any = driver.cursor()
        try:
            with cursor.copy(statement) as copy:
                for row in values:
                    copy.write_row(row)
        except dialect.loaded_dbapi.Error as error:
            # What SQLAlchemy does for every statement that goes through it.
            if dialect.is_disconnect(error, driver, cursor):
                self._connection.invalidate(error)
            raise DBAPIError.instance(statement, None, error, dialect.loaded_dbapi.Error) from None
        finally:
            cursor.close()

    def stream(self, statement: Executable, *, rows: int) -> CursorResult[Any]:
        """Rows a few at a time, so that a nation's register need not fit in memory."""
        return self._connection.execute(statement, execution_options={"yield_per": rows})


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Conflict(_constraint(error)) from None  # the database's own text may quote the row
    except (DataError, UnicodeEncodeError, OverflowError) as error:
        raise Unstorable(type(error).__name__) from None
    except (OperationalError, InterfaceError, InternalError) as error:  # gone, too slow, read-only for the moment
        raise Unavailable(str(error.orig)) from None
    except DBAPIError as error:
        raise StorageError(type(error.orig).__name__) from error


def _constraint(error: IntegrityError) -> str:
    """Which rule was broken, without the values that broke it."""
    diagnosis = getattr(error.orig, "diag", None)  # PostgreSQL's; SQLite's text names columns only
    return str(diagnosis.constraint_name if diagnosis is not None else error.orig)
