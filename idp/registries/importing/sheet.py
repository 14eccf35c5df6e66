"""A file as rows under named columns, whatever it was written by; and what is refused before its first row."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from certs.catalogue import Fault, Text

MOST_COLUMNS = 256  # the widest document has some thirty fields
MOST_CELL = 128 * 1024  # characters, and the csv module's own limit: a long health book as JSON fits
MOST_SHOWN = 8  # names in a sentence
REPLACED = "\ufffd"  # stands where a file's bytes were no text; refused wherever it is read

ENCODING = Text(
    "Có ký tự không phải UTF-8 hoặc đã bị hỏng; hãy lưu tệp dạng CSV UTF-8.",
    "Holds characters that are not UTF-8 or were lost; save the file as CSV UTF-8.",
)


class Unreadable(Exception):
    """Nothing more can be read from this file; the text says why, and what to do."""


class ExtraMissing(Unreadable):
    """It could be read with what is not installed here."""


@dataclass(frozen=True, slots=True)
class Row:
    """`number` as a spreadsheet counts: the header is row 1. `at` is how far the file is read, in the sheet's unit.

    A damaged row has a fault, and its cells are what could be made of it, for whoever mends it: they say nothing else.
    """

    number: int
    cells: tuple[Any, ...]
    at: int
    fault: Fault | None = None


class Sheet(Protocol):
    columns: tuple[str, ...]
    total: int
    unit: str

    def rows(self) -> Iterator[Row]:
        """Once. Raises Unreadable where the file breaks off."""

    def close(self) -> None: ...
