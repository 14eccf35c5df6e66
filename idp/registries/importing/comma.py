"""Reads CSV as a stream, row by row: a row that is damaged costs itself and none of its neighbours.

Spec: RFC 4180; UTF-8 with or without byte order mark. A comma, a semicolon or a tab between the cells: whatever the header has.

A row of broken quotes ends with its first line, and what follows is read anew (`certs/comma.py`).
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from certs.catalogue import Fault, Text
from certs.comma import Feed, Line, TooLong, lines, split
from idp.registries.importing.sheet import ENCODING, MOST_COLUMNS, REPLACED, Row, Unreadable

MOST_LINE = 512 * 1024  # bytes: as long as a row of several long cells
MOST_HEADER = 64 * 1024

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
        feed = Feed(lines(self._file, self._at, number=1, most=MOST_LINE), MOST_LINE)
        reader, width, number = csv.reader(feed, delimiter=self._delimiter, strict=True), len(self.columns), 1
        while True:
            feed.begin()
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, TooLong) as error:
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

    def _damaged(self, number: int, line: Line, error: Exception) -> Row:
        if isinstance(error, TooLong) or "limit" in str(error):
            return Row(number, (), line.at, Fault("", "long", too_long(line.number)))
        if len(line.text) > MOST_HEADER:
            return Row(number, (), line.at, Fault("", "csv", too_long(line.number)))
        return Row(number, (line.text.rstrip("\r\n"),), line.at, Fault("", "csv", _QUOTES))


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
    read = split(text)
    delimiter, columns = max(read.items(), key=lambda one: len(one[1]))
    if not columns or (len(columns) == 1 and not read[","]):
        raise Unreadable("the header is no CSV: its quotes are broken")
    if len(columns) > MOST_COLUMNS:
        raise Unreadable(f"the header has {len(columns):,} columns; at most {MOST_COLUMNS} are read")
    return delimiter, columns
