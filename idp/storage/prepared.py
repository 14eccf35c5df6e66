"""One statement as the driver takes it: compiled once by SQLAlchemy, then run past it.

What SQLAlchemy does anew at each execution (contexts, events, metadata of the result) costs more than what the driver does, and a
log-in is some twenty statements. The types stay SQLAlchemy's: every value goes through the processors of its column.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Insert, bindparam
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine

KNOWN = 1024  # statements; ours are built at import, and are fewer
FEW = 8  # rows that one INSERT takes: PostgreSQL's driver spends more on a series of two than on two statements


class Rows:
    """What a statement gave: all of its rows, under the names of their columns."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Sequence[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount  # of those that were changed

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> Sequence[Any]:
        return self._rows

    def first(self) -> Any | None:
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        (row,) = self._rows
        return row

    def scalar(self) -> Any | None:
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalars(self) -> Iterator[Any]:
        return (row[0] for row in self._rows)


class Prepared:
    """A statement of one dialect, for parameters of certain names. `columns` is None where only the driver knows them."""

    __slots__ = ("_constants", "_order", "_readers", "_returns", "_row", "_sql", "_writers")

    def __init__(
        self, compiled: SQLCompiler, dialect: Dialect, columns: Sequence[tuple[str, TypeEngine[Any]]] | None
    ) -> None:
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        self._sql = str(compiled)
        self._order = None if compiled.positiontup is None else tuple(compiled.positiontup)
        self._constants = {name: value for name, value in compiled.params.items() if not binds[name].required}
        self._writers = {
            name: write
            for name, bind in binds.items()
            if (write := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        # Ours are of types that need not ask the driver for the type of what came.
        readers = [kind.dialect_impl(dialect).result_processor(dialect, None) for _, kind in columns or ()]
        self._readers = tuple((place, read) for place, read in enumerate(readers) if read is not None)
        self._returns = columns is None or bool(columns)
        self._row = None if columns is None else _maker(name for name, _ in columns)

    def run(self, cursor: DBAPICursor, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Rows:
        if isinstance(parameters, Mapping):
            cursor.execute(self._sql, self._bound(parameters))
        else:
            cursor.executemany(self._sql, [self._bound(each) for each in parameters])
        # The driver's own answer to whether there are rows would make it describe each column.
        if not self._returns:
            return Rows((), cursor.rowcount)
        return Rows(self._read(cursor, cursor.fetchall()), cursor.rowcount)

    def stream(self, cursor: DBAPICursor, rows: int) -> Iterator[Any]:
        with closing(cursor):
            cursor.execute(self._sql, self._bound({}))
            while some := cursor.fetchmany(rows):
                yield from self._read(cursor, some)

    def _bound(self, parameters: Mapping[str, Any]) -> Any:
        values = {**self._constants, **parameters}
        for name, write in self._writers.items():
            values[name] = write(values[name])
        return values if self._order is None else [values[name] for name in self._order]

    def _read(self, cursor: DBAPICursor, found: Sequence[Sequence[Any]]) -> list[Any]:
        make = self._row or _maker(column[0] for column in cursor.description or ())
        if not self._readers:
            return [make(raw) for raw in found]
        return [make(self._processed(raw)) for raw in found]

    def _processed(self, raw: Sequence[Any]) -> list[Any]:
        values = list(raw)
        for place, read in self._readers:
            values[place] = read(values[place])
        return values


def _maker(names: Iterable[str]) -> Callable[[Sequence[Any]], Any]:
    row: Any = namedtuple("Row", list(names), rename=True)  # type: ignore[misc]
    make: Callable[[Sequence[Any]], Any] = row._make
    return make


@lru_cache(KNOWN)
def prepared(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> Prepared:
    return Prepared(statement.compile(dialect=dialect, column_keys=list(names)), dialect, _columns(statement))


def _columns(statement: Executable) -> Sequence[tuple[str, TypeEngine[Any]]] | None:
    found: Any
    if isinstance(statement, SelectBase):
        found = statement.selected_columns
    elif isinstance(statement, UpdateBase):
        found = statement.exported_columns
    else:
        return None
    return [(str(name), column.type) for name, column in found.items()]


def prepared_rows(statement: Executable, dialect: Dialect, rows: Sequence[Mapping[str, Any]]) -> Prepared | None:
    """One INSERT for a few rows, whose parameters are `numbered`; None where it is no plain insert, or they are many."""
    if not isinstance(statement, Insert) or not 1 < len(rows) <= FEW:
        return None
    return _known_rows(statement, dialect, tuple(rows[0]), len(rows))


@lru_cache(KNOWN)
def _known_rows(statement: Insert, dialect: Dialect, names: tuple[str, ...], count: int) -> Prepared | None:
    if statement.exported_columns:
        return None
    kinds = {column.key: column.type for column in statement.table.columns}
    rows = [{name: bindparam(f"{name}_{number}", type_=kinds[name]) for name in names} for number in range(count)]
    return prepared(statement.values(rows), dialect, ())


def numbered(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {f"{name}_{number}": value for number, row in enumerate(rows) for name, value in row.items()}
