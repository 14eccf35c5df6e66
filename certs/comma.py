"""Lines of a CSV file as a stream, for readers to whom a damaged row costs itself and none of its neighbours.

Spec: RFC 4180; UTF-8. A comma, a semicolon or a tab between the cells: whatever the header has.

A cell in quotes may hold line breaks, so a quote that is never closed would swallow the rows behind it. A reader ends such a row
with its first line, gives the others back, and they are read anew. What a row is, and what is said of a damaged one, is each reader's.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

DELIMITERS = ",;\t"


class Line(NamedTuple):
    number: int  # as an editor counts
    text: str
    at: int  # where it ends, in bytes
    broken: bool = False  # its bytes were no UTF-8
    long: bool = False  # and left out


class TooLong(Exception):
    """A row of more bytes than are read."""


class Feed:
    """Hands lines to the csv module, and remembers those of the row in hand."""

    def __init__(self, lines: Iterator[Line], most: int) -> None:
        self._lines = lines
        self._most = most
        self._again: deque[Line] = deque()
        self.taken: list[Line] = []
        self._size = 0

    def begin(self) -> None:
        self.taken, self._size = [], 0

    def give_back(self) -> None:
        """All lines of the row but its first."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def __iter__(self) -> "Feed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        self._size += len(line.text)
        if line.long or self._size > self._most:
            raise TooLong
        return line.text


def lines(file: BinaryIO, at: int, *, number: int, most: int) -> Iterator[Line]:
    """From where the file stands, which is byte `at`, behind line `number`. Of one longer than `most` bytes only the place is told."""
    while raw := file.readline(most + 1):
        number += 1
        at += len(raw)
        if len(raw) > most and not raw.endswith(b"\n"):
            while (more := file.readline(most)) and not more.endswith(b"\n"):
                at += len(more)
            at += len(more)
            yield Line(number, "", at, long=True)
            continue
        try:
            yield Line(number, raw.decode(), at)
        except UnicodeDecodeError:
            yield Line(number, raw.decode(errors="replace"), at, broken=True)


def split(header: str) -> dict[str, tuple[str, ...]]:
    """The names of the columns by each delimiter; none where its quotes are broken."""
    return {delimiter: _cells(header, delimiter) for delimiter in DELIMITERS}


def _cells(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([text], delimiter=delimiter, strict=True)))
    except csv.Error:
        return ()
