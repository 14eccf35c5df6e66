"""Reads and writes Parquet as a stream, a thousand rows at a time: the door to pyarrow, an optional extra.

Of the file no column is touched but those asked for. What its own footer says decides first, so that a small file cannot unfold
into a large memory.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from certs.catalogue import Text
from verifier.batch.sheet import MOST_COLUMNS, Fault, Place, Row, Unreadable, Wanted

BATCH = 1_000  # rows
MOST_CHUNK = 1024 * 1024 * 1024  # bytes of one column in one group of rows, unfolded
MOST_BATCH = 512 * 1024 * 1024  # bytes of one batch in memory
MOST_CELL = 1024 * 1024  # characters, as in CSV
MOST_FOOTER = 16 * 1024 * 1024
GROUP_ROWS, GROUP_BYTES = 20_000, 16 * 1024 * 1024  # of what is written, in one group

_MISSING = Text(
    "Đọc và ghi Parquet cần phần mở rộng: pip install vneid-reference[parquet]",
    "Parquet needs an extra that is not installed: pip install vneid-reference[parquet]",
)
_LONG = Fault("oversize", Text(f"Ô dài hơn {MOST_CELL:,} ký tự.", f"The cell is longer than {MOST_CELL:,} characters."))
_NOT_TEXT = Fault("encoding_invalid", Text("Ô không phải là chữ.", "The cell holds no text."))
_LOST = object()  # stands where a cell's bytes were no text


def _arrow() -> Any:
    """The door to an optional extra: CSV needs none."""
    try:
        import pyarrow  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise Unreadable(_MISSING) from None
    return pyarrow


def opened(path: Path, wanted: Wanted) -> "ParquetSheet":
    return ParquetSheet(_arrow(), path, wanted)


class ParquetSheet:
    """Where it is read is told in rows."""

    start = Place(1, 0)

    def __init__(self, pyarrow: Any, path: Path, wanted: Wanted) -> None:
        self._broken = (pyarrow.ArrowException, OSError, MemoryError, ValueError, OverflowError, NotImplementedError)
        limits = {"thrift_string_size_limit": MOST_FOOTER, "thrift_container_size_limit": 1_000_000}
        try:
            self._file = pyarrow.parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20, **limits)
        except FileNotFoundError:
            raise
        except self._broken as error:
            raise _unreadable("", error) from None
        try:
            names = tuple(self._file.schema_arrow.names)
            wanted.places_in(names)
            self._columns = [wanted.column, *wanted.keep]
            self._check_size([names.index(name) for name in self._columns], self._file.schema_arrow)
        except BaseException:
            self.close()
            raise
        self.total = max(self._file.metadata.num_rows, 1)

    def close(self) -> None:
        self._file.close()

    def rows(self, after: Place) -> Iterator[Row]:
        groups, skip = self._groups_from(after.at)
        number = after.at - skip
        batches = self._file.iter_batches(batch_size=BATCH, row_groups=groups, columns=self._columns, use_threads=False)
        while groups:
            try:
                batch = next(batches, None)
                if batch is None:
                    return
                if batch.nbytes > MOST_BATCH:
                    raise ValueError(f"{BATCH:,} rows unfold to more than {MOST_BATCH:,} bytes")
                columns = [_cells(batch.column(name), self._broken) for name in self._columns]
            except self._broken as error:
                raise _unreadable(f"{number + 2:,}", error) from None
            for text, *kept in zip(*columns, strict=True):
                number += 1
                if number > after.at:
                    yield _row(Place(number + 1, number), text, kept)

    def _groups_from(self, at: int) -> tuple[list[int], int]:
        """The groups of rows that are not wholly read, and how many rows of the first of them are."""
        held = self._file.metadata
        for number in range(held.num_row_groups):
            rows = held.row_group(number).num_rows
            if at < rows:
                return list(range(number, held.num_row_groups)), at
            at -= rows
        return [], 0

    def _check_size(self, columns: list[int], schema: Any) -> None:
        """By the footer alone. A column that is a list or a structure has several leaves, and is no column of texts."""
        held = self._file.metadata
        if held.num_columns > MOST_COLUMNS or held.num_columns != len(schema.names):
            raise Unreadable(
                Text(
                    "Tệp có cột danh sách hoặc cấu trúc, hoặc quá nhiều cột; chỉ giữ các cột đơn.",
                    "The file has columns of lists or structures, or too many columns; write it with flat ones only.",
                )
            )
        groups = [held.row_group(number) for number in range(held.num_row_groups)]
        largest = max((group.column(each).total_uncompressed_size for group in groups for each in columns), default=0)
        if largest > MOST_CHUNK:
            raise Unreadable(
                Text(
                    "Nhóm dòng của tệp quá lớn; hãy ghi lại với nhóm khoảng 100.000 dòng.",
                    "A group of rows of the file is too large; write it anew in groups of some 100,000 rows.",
                )
            )


def _cells(column: Any, broken: tuple[type[BaseException], ...]) -> list[Any]:
    """As Python has them; one by one where one of them cannot be."""
    try:
        return [*column.to_pylist()]
    except broken:
        return [_cell(scalar, broken) for scalar in column]


def _cell(scalar: Any, broken: tuple[type[BaseException], ...]) -> Any:
    try:
        return scalar.as_py()
    except broken:  # bytes that are no UTF-8, a day that no calendar has
        return _LOST


def _row(place: Place, text: object, kept: Iterable[object]) -> Row:
    beside = tuple("" if cell is None or cell is _LOST else str(cell) for cell in kept)
    if not isinstance(text, str):
        return Row(place, None, beside, _NOT_TEXT)
    return Row(place, None, beside, _LONG) if len(text) > MOST_CELL else Row(place, text, beside)


def _unreadable(row: str, error: BaseException) -> Unreadable:
    """What pyarrow says of the form; its texts quote no cell."""
    said = " ".join(str(error).split())[:160]
    why = said if said.isprintable() and said else type(error).__name__
    vi, en = (f"Từ dòng {row} trở đi không", f"From row {row} on it cannot") if row else ("Không", "The file cannot")
    return Unreadable(Text(f"{vi} đọc được Parquet: {why}", f"{en} be read as Parquet: {why}"))


def check_installed() -> None:
    """Raises Unreadable before the first row rather than after the last."""
    _arrow()


def write(path: Path, lines: Iterable[bytes], columns: Mapping[str, type]) -> None:
    """Rows, each a JSON object in a line, as one file: of text, whole numbers, and yes or no. On disk when this returns."""
    pyarrow = _arrow()
    kinds = {str: pyarrow.string(), int: pyarrow.int64(), bool: pyarrow.bool_()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
        with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as made:
            for group in _groups(lines):
                arrays = [
                    pyarrow.array([row.get(name) for row in group], type=field.type)
                    for name, field in zip(columns, schema, strict=True)
                ]
                made.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
        file.flush()
        os.fsync(file.fileno())


def _groups(lines: Iterable[bytes]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    size = 0
    for line in lines:
        group.append(json.loads(line))
        size += len(line)
        if len(group) == GROUP_ROWS or size > GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group
