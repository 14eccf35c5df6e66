"""Reads CSV as a stream, row by row: a row that is damaged costs itself and none of its neighbours.

Spec: RFC 4180; UTF-8 with or without byte order mark. A comma, a semicolon or a tab between the cells: whatever the header has.

A cell in quotes may hold line breaks, so a quote that is never closed would swallow the rows behind it. Such a row ends with its
first line, and what follows is read anew.
"""

import csv
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from certs.catalogue import Fault, Text
from idp.registries.importing.sheet import ENCODING, MOST_COLUMNS, REPLACED, Row, Unreadable

MOST_LINE = 512 * 1024  # bytes: as long as a row of several long cells
MOST_HEADER = 64 * 1024
DELIMITERS = ",;\t"

_MARKS = {
    b"PK\x03\x04": "an Excel workbook or an archive; save it as CSV UTF-8",
    b"\x1f\x8b": "compressed; unpack it first",
    b"\xff\xfe": "UTF-16; save it as CSV UTF-8",
    b"\xfe\xff": "UTF-16; save it as CSV UTF-8",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as CSV UTF-8",
    b"PAR1": "Parquet",
}
_CELLS = Text(
    "Số ô của dòng không bằng số cột của tiêu đề.", "The row does not have as many cells as the header has columns."
)
_QUOTES = Text("Dòng không đúng dạng CSV: dấu ngoặc kép bị hỏng.", "The row is no CSV: its quotes are broken.")


def too_long(line: int) -> Text:
    return Text(
        f"Dòng quá dài nên không chép vào đây; hãy sửa ở dòng {line} của tệp gốc.",
        f"The row is too long to be copied here; mend it in line {line} of the file.",
    )


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    at: int
    broken: bool = False  # its bytes were no UTF-8
    long: bool = False  # and left out


class _TooLong(Exception):
    pass


class _Feed:
    """Hands lines to the csv module, and remembers those of the row in hand."""

    def __init__(self, lines: Iterator[_Line]) -> None:
        self._lines = lines
        self._again: deque[_Line] = deque()
        self.taken: list[_Line] = []
        self._size = 0

    def begin(self) -> None:
        self.taken, self._size = [], 0

    def give_back(self) -> None:
        """All lines of the row but its first."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        self._size += len(line.text)
        if line.long or self._size > MOST_LINE:
            raise _TooLong
        return line.text


class CommaSheet:
    unit = "bytes"

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.total = max(os.fstat(file.fileno()).st_size, 1)
        first = file.readline(MOST_HEADER + 1).removeprefix(b"\xef\xbb\xbf")
        self._at = file.tell()
        self._delimiter, self.columns = _header(first)

    def close(self) -> None:
        self._file.close()

    def rows(self) -> Iterator[Row]:
        feed = _Feed(self._lines())
        reader, width, number = csv.reader(feed, delimiter=self._delimiter, strict=True), len(self.columns), 1
        while True:
            feed.begin()
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, _TooLong) as error:
                feed.give_back()
                yield self._damaged(number, feed.taken[0], error)
                continue
            at, broken = feed.taken[-1].at, any(line.broken for line in feed.taken)
            if broken:
                yield Row(number, tuple(cells), at, Fault("", "encoding", ENCODING))
            elif len(cells) == width:
                yield Row(number, tuple(cells), at)
            elif cells:  # an empty line is no row
                yield Row(number, tuple(cells), at, Fault("", "cells", _CELLS))

    def _damaged(self, number: int, line: _Line, error: Exception) -> Row:
        if isinstance(error, _TooLong) or "limit" in str(error):
            return Row(number, (), line.at, Fault("", "long", too_long(line.number)))
        if len(line.text) > MOST_HEADER:
            return Row(number, (), line.at, Fault("", "csv", too_long(line.number)))
        return Row(number, (line.text.rstrip("\r\n"),), line.at, Fault("", "csv", _QUOTES))

    def _lines(self) -> Iterator[_Line]:
        number, at, file = 1, self._at, self._file
        while raw := file.readline(MOST_LINE + 1):
            number += 1
            at += len(raw)
            if len(raw) > MOST_LINE and not raw.endswith(b"\n"):
                while (more := file.readline(MOST_LINE)) and not more.endswith(b"\n"):
                    at += len(more)
                at += len(more)
                yield _Line(number, "", at, long=True)
                continue
            try:
                yield _Line(number, raw.decode(), at)
            except UnicodeDecodeError:
                yield _Line(number, raw.decode(errors="replace"), at, broken=True)


def opened(path: Path) -> CommaSheet:
    file = path.open("rb")
    try:
        return CommaSheet(file)
    except BaseException:
        file.close()
        raise


def _header(first: bytes) -> tuple[str, tuple[str, ...]]:
    for mark, what in _MARKS.items():
        if first.startswith(mark):
            raise Unreadable(f"the file is {what}")
    if len(first) > MOST_HEADER:
        raise Unreadable(f"the header is longer than {MOST_HEADER:,} bytes; no register has so many columns")
    try:
        text = first.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Unreadable("the header is not UTF-8; save the file as CSV UTF-8") from None
    if not text.strip():
        raise Unreadable("the file has no header; its first row names the columns")
    if "\r" in text or "\0" in text or REPLACED in text:
        raise Unreadable(
            "the header holds characters that no text has, or lines end with CR alone; save it as CSV UTF-8"
        )
    read = [(delimiter, _split(text, delimiter)) for delimiter in DELIMITERS]
    delimiter, columns = max(read, key=lambda one: len(one[1]))
    if not columns or (len(columns) == 1 and not read[0][1]):
        raise Unreadable("the header is no CSV: its quotes are broken")
    if len(columns) > MOST_COLUMNS:
        raise Unreadable(f"the header has {len(columns):,} columns; at most {MOST_COLUMNS} are read")
    return delimiter, columns


def _split(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([text], delimiter=delimiter, strict=True)))
    except csv.Error:
        return ()
