"""A file as rows, of which one column holds credentials: what a row is, where it stands, and what is wrong with it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from certs.catalogue import Text

MOST_COLUMNS = 4_096
MOST_SHOWN = 8  # names in a sentence
CHUNK_CHARACTERS = 512 * 1024  # of a chunk of rows, so that few long ones make a chunk too


class Unreadable(Exception):
    """Nothing, or nothing more, can be read from this file; `reason` says why, and what to do."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Fault(NamedTuple):
    """What is wrong with a row that could not be read: a code of the closed list, and the same about the file."""

    code: str
    note: Text


class Place(NamedTuple):
    """Where a row ends: its number as a spreadsheet counts (the header is row 1), and how far the file is read."""

    row: int
    at: int


class Row(NamedTuple):
    """`text` is what stands in the column of credentials, and may be anything; `kept` are the other cells asked for."""

    place: Place
    text: object
    kept: tuple[str, ...]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which column holds the credentials, and which others are taken along."""

    column: str
    keep: tuple[str, ...] = ()

    def places_in(self, columns: Sequence[str]) -> tuple[int, ...]:
        """Where they stand. Raises Unreadable."""
        return tuple(_place(name, columns) for name in (self.column, *self.keep))


class Sheet(Protocol):
    total: int
    start: Place  # before the first row

    def rows(self, after: Place) -> Iterator[Row]:
        """From the row behind that place on. Raises Unreadable where the file breaks off."""

    def close(self) -> None: ...


class Chunk(NamedTuple):
    """Rows that follow one another, as they go to a process: lists travel faster than rows."""

    first: int
    end: Place
    texts: list[object]
    kept: list[tuple[str, ...]]
    faults: dict[int, Fault]


def chunks(rows: Iterable[Row], size: int) -> Iterator[Chunk]:
    texts: list[object] = []
    kept: list[tuple[str, ...]] = []
    faults: dict[int, Fault] = {}
    characters = 0
    for row in rows:
        if row.fault is not None:
            faults[len(texts)] = row.fault
        texts.append(row.text)
        kept.append(row.kept)
        characters += sum(map(len, row.kept)) + (len(row.text) if isinstance(row.text, str) else 0)
        if len(texts) == size or characters > CHUNK_CHARACTERS:
            yield Chunk(row.place.row - len(texts) + 1, row.place, texts, kept, faults)
            texts, kept, faults, characters = [], [], {}, 0
    if texts:
        yield Chunk(row.place.row - len(texts) + 1, row.place, texts, kept, faults)


def _place(name: str, columns: Sequence[str]) -> int:
    found = columns.count(name)
    if found == 1:
        return columns.index(name)
    shown = ", ".join(f"{each[:40]!a}" if not each.isprintable() else each[:40] for each in columns[:MOST_SHOWN])
    more = " …" if len(columns) > MOST_SHOWN else ""
    if found:
        raise Unreadable(Text(f"Có {found} cột tên “{name}”; hãy đổi tên.", f"{found} columns are called {name}."))
    raise Unreadable(
        Text(f"Không có cột “{name}”. Các cột: {shown}{more}", f"There is no column {name}. There are: {shown}{more}")
    )
