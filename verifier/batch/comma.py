"""Reads CSV as a stream, from any row on: a row that is damaged costs itself and none of its neighbours, and is no row less.

Spec: RFC 4180; UTF-8 with or without byte order mark. A comma, a semicolon or a tab between the cells: whatever the header has.

A row of broken quotes ends with its first line, and what follows is read anew (`certs/comma.py`); so does one whose credential has a
line break. An empty line is a row with one empty cell.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from certs.catalogue import Text
from certs.comma import Feed, TooLong, lines, split
from verifier.batch.sheet import MOST_COLUMNS, Fault, Place, Row, Unreadable, Wanted

MOST_LINE = 1024 * 1024  # bytes: four times the longest credential that is read
MOST_HEADER = 256 * 1024

_SAVE = Text("hãy lưu lại dạng CSV UTF-8.", "save it as CSV UTF-8.")
_MARKS = {
    b"PK\x03\x04": Text("Tệp là sổ Excel hoặc tệp nén; ", "The file is an Excel workbook or an archive; "),
    b"\x1f\x8b": Text("Tệp đã nén; hãy giải nén, ", "The file is compressed; unpack it, "),
    b"\xff\xfe": Text("Tệp là UTF-16; ", "The file is UTF-16; "),
    b"\xfe\xff": Text("Tệp là UTF-16; ", "The file is UTF-16; "),
    b"\xd0\xcf\x11\xe0": Text("Tệp là sổ Excel cũ; ", "The file is an old Excel workbook; "),
    b"PAR1": Text("Tệp là Parquet: đặt tên .parquet, hoặc ", "The file is Parquet: give it a name in .parquet, or "),
}
_ENCODING = Fault(
    "encoding_invalid", Text("Dòng có ký tự không phải UTF-8.", "The row holds characters that are not UTF-8.")
)
_CELLS = Fault(
    "malformed",
    Text(
        "Số ô của dòng không bằng số cột của tiêu đề.", "The row does not have as many cells as the header has columns."
    ),
)
_QUOTES = Fault(
    "malformed",
    Text("Dòng không đúng dạng CSV: dấu ngoặc kép bị hỏng.", "The row is no CSV: its quotes are broken."),
)
_LONG = Fault(
    "oversize",
    Text(f"Dòng dài hơn {MOST_LINE:,} byte.", f"The row is longer than {MOST_LINE:,} bytes."),
)


class CommaSheet:
    """Where it is read is told in bytes."""

    def __init__(self, file: BinaryIO, wanted: Wanted) -> None:
        self._file = file
        self.total = max(os.fstat(file.fileno()).st_size, 1)
        first = file.readline(MOST_HEADER + 1)
        self.start = Place(1, len(first))
        self._delimiter, columns = _header(first.removeprefix(b"\xef\xbb\xbf"))
        self._width, self._places = len(columns), wanted.places_in(columns)

    def close(self) -> None:
        self._file.close()

    def rows(self, after: Place) -> Iterator[Row]:
        self._file.seek(after.at)
        feed, number = Feed(lines(self._file, after.at, number=after.row, most=MOST_LINE), MOST_LINE), after.row
        reader = csv.reader(feed, delimiter=self._delimiter, strict=True)
        while True:
            feed.begin()
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, TooLong) as error:
                long = len(feed.taken) == 1 and (isinstance(error, TooLong) or "limit" in str(error))
                feed.give_back()
                yield self._lost(Place(number, feed.taken[0].at), _LONG if long else _QUOTES)
                continue
            place = Place(number, feed.taken[-1].at)
            if any(line.broken for line in feed.taken):
                yield self._lost(place, _ENCODING)
            elif len(cells or [""]) != self._width:
                yield self._lost(place, _CELLS)
            else:
                text, *kept = [cells[where] for where in self._places] if cells else [""] * len(self._places)
                if "\n" in text:  # in no credential: two quotes of two damaged rows met
                    feed.give_back()
                    yield self._lost(Place(number, feed.taken[0].at), _QUOTES)
                else:
                    yield Row(place, text, tuple(kept))

    def _lost(self, place: Place, fault: Fault) -> Row:
        """What could be made of its cells says nothing."""
        return Row(place, None, ("",) * (len(self._places) - 1), fault)


def opened(path: Path, wanted: Wanted) -> CommaSheet:
    """Raises OSError or Unreadable. The longest cell that the csv module reads is the same for the whole process."""
    csv.field_size_limit(max(csv.field_size_limit(), MOST_LINE))
    file = path.open("rb")
    try:
        return CommaSheet(file, wanted)
    except BaseException:
        file.close()
        raise


def _header(first: bytes) -> tuple[str, tuple[str, ...]]:
    for mark, what in _MARKS.items():
        if first.startswith(mark):
            raise Unreadable(Text(what.vi + _SAVE.vi, what.en + _SAVE.en))
    text = _header_text(first)
    delimiter, columns = max(split(text).items(), key=lambda one: len(one[1]))
    if not columns:
        raise Unreadable(Text("Tiêu đề không đúng dạng CSV.", "The header is no CSV: its quotes are broken."))
    if len(columns) > MOST_COLUMNS:
        raise Unreadable(
            Text(
                f"Tệp có hơn {MOST_COLUMNS:,} cột.", f"The file has {len(columns):,} columns; at most {MOST_COLUMNS:,}."
            )
        )
    return delimiter, columns


def _header_text(first: bytes) -> str:
    if len(first) > MOST_HEADER:
        raise Unreadable(Text("Dòng tiêu đề quá dài.", f"The header is longer than {MOST_HEADER:,} bytes."))
    try:
        text = first.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Unreadable(
            Text("Tiêu đề không phải UTF-8; " + _SAVE.vi, "The header is not UTF-8; " + _SAVE.en)
        ) from None
    if not text.strip() or "\r" in text or "\0" in text:
        raise Unreadable(
            Text(
                "Tệp không có tiêu đề đọc được; dòng đầu phải ghi tên các cột.",
                "The file has no header that can be read; its first row names the columns.",
            )
        )
    return text
