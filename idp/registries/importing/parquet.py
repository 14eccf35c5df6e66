"""Reads Parquet as a stream, a few thousand rows at a time: the door to pyarrow, an optional extra.

What the file's own footer says decides first, so that a small file cannot unfold into a large memory: each row has a number of its
own, twelve digits of which no two are alike, so a file of so many bytes has fewer rows.
"""

from collections.abc import Iterator
from datetime import datetime, time
from math import isnan
from pathlib import Path
from typing import Any

from certs.catalogue import Fault
from idp.registries.importing.comma import too_long
from idp.registries.importing.sheet import (
    ENCODING,
    MOST_CELL,
    MOST_COLUMNS,
    MOST_SHOWN,
    REPLACED,
    ExtraMissing,
    Row,
    Unreadable,
)

BATCH = 1_000  # rows
MOST_UNFOLDED = 100  # times the file's own size
ALWAYS_FITS = 64 * 1024 * 1024  # bytes that may unfold from however small a file
MOST_CHUNK = 512 * 1024 * 1024  # bytes of one column in one group of rows
MOST_BATCH = 256 * 1024 * 1024  # bytes of one batch in memory
MOST_FOOTER = 16 * 1024 * 1024
MAGIC = b"PAR1"


def opened(path: Path) -> "ParquetSheet":
    """The door to an optional extra: CSV is read without it."""
    try:
        import pyarrow  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise ExtraMissing(
            "Parquet needs an extra that is not installed: pip install vneid-reference[parquet]"
        ) from None
    return ParquetSheet(pyarrow, path)


class ParquetSheet:
    unit = "rows"

    def __init__(self, pyarrow: Any, path: Path) -> None:
        self._pa = pyarrow
        self._broken = (pyarrow.ArrowException, OSError, MemoryError, ValueError, OverflowError, NotImplementedError)
        limits = {"thrift_string_size_limit": MOST_FOOTER, "thrift_container_size_limit": 1_000_000}
        try:
            self._file = pyarrow.parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20, **limits)
        except self._broken as error:
            raise Unreadable(f"the file cannot be read as Parquet: {_first_line(error)}") from None
        try:
            self._check_size(path.stat().st_size)
            self._check_types(self._file.schema_arrow)
        except BaseException:
            self.close()
            raise
        self.columns = tuple(self._file.schema_arrow.names)
        self.total = max(self._file.metadata.num_rows, 1)

    def close(self) -> None:
        self._file.close()

    def rows(self) -> Iterator[Row]:
        number, batches = 1, self._file.iter_batches(batch_size=BATCH, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
                if batch is None:
                    return
                if batch.nbytes > MOST_BATCH:
                    raise Unreadable(f"after row {number:,}: {BATCH:,} rows unfold to more than {MOST_BATCH:,} bytes")
                columns = [self._cells(column) for column in batch.columns]
            except self._broken as error:
                raise Unreadable(f"after row {number:,} the Parquet cannot be read: {_first_line(error)}") from None
            for cells in zip(*columns, strict=True):
                number += 1
                yield _row(number, cells)

    def _check_size(self, size: int) -> None:
        """By the footer alone."""
        held = self._file.metadata
        groups = [held.row_group(number) for number in range(held.num_row_groups)]
        if held.num_columns > MOST_COLUMNS:
            raise Unreadable(f"the file has {held.num_columns:,} columns; at most {MOST_COLUMNS} are read")
        chunks = [
            group.column(number).total_uncompressed_size for group in groups for number in range(held.num_columns)
        ]
        unfolds = sum(chunks) > max(ALWAYS_FITS, MOST_UNFOLDED * size)
        if unfolds or max(chunks, default=0) > MOST_CHUNK or held.num_rows > size:
            raise Unreadable(
                f"the file's {size:,} bytes unfold to {held.num_rows:,} rows of {sum(chunks):,} bytes, more than such a "
                "register can have; write it anew in groups of some 100,000 rows"
            )

    def _check_types(self, schema: Any) -> None:
        wrong = [f"{name[:40]!a} ({str(kind)[:40]})" for name, kind in zip(schema.names, schema.types, strict=True)
                 if not self._fits(kind)]  # fmt: skip
        if wrong:
            more = f" and {len(wrong) - MOST_SHOWN} more" if len(wrong) > MOST_SHOWN else ""
            raise Unreadable(
                f"columns of a type that no register has: {', '.join(wrong[:MOST_SHOWN])}{more}; text, whole numbers, yes or "
                "no, dates, and lists of texts or of rows are read"
            )

    def _fits(self, kind: Any, depth: int = 0) -> bool:
        """Text, numbers, days; a list of texts; a list of rows of these."""
        types = self._pa.types
        if types.is_list(kind) or types.is_large_list(kind):
            return depth == 0 and self._fits(kind.value_type, 1)
        if types.is_struct(kind):
            return depth == 1 and kind.num_fields <= MOST_COLUMNS and all(self._fits(field.type, 2) for field in kind)
        if types.is_dictionary(kind):
            return bool(types.is_string(kind.value_type) or types.is_large_string(kind.value_type))
        return any(
            one(kind)
            for one in (
                types.is_string,
                types.is_large_string,
                types.is_integer,
                types.is_floating,
                types.is_boolean,
                types.is_date,
                types.is_timestamp,
                types.is_null,
            )
        )

    def _cells(self, column: Any) -> list[Any]:
        """As Python has them; one by one where one of them cannot be."""
        try:
            return [*column.to_pylist()]
        except (ValueError, OverflowError):
            return [self._cell(scalar) for scalar in column]

    def _cell(self, scalar: Any) -> Any:
        try:
            return scalar.as_py()
        except (ValueError, OverflowError):  # bytes that are no UTF-8, a day that no calendar has
            return REPLACED


def _row(number: int, cells: tuple[Any, ...]) -> Row:
    values = tuple(_value(cell) for cell in cells)
    if any(isinstance(cell, str) and len(cell) > MOST_CELL for cell in values):
        return Row(number, (), number - 1, Fault("", "long", too_long(number)))
    if REPLACED in values:
        return Row(number, values, number - 1, Fault("", "encoding", ENCODING))
    return Row(number, values, number - 1)


def _value(cell: Any) -> Any:
    """Days as text; what a day is not stays what it is, and is refused where a day is asked."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time.min else cell.isoformat()
    if isinstance(cell, list):
        return [_value(one) for one in cell]
    if isinstance(cell, dict):
        return {name: _value(one) for name, one in cell.items()}
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else None if isnan(cell) else repr(cell)
    return cell.isoformat() if hasattr(cell, "isoformat") else cell


def _first_line(error: BaseException) -> str:
    """What pyarrow says of the form; its texts quote no cell."""
    text = " ".join(str(error).split())[:160]
    return text if text.isprintable() and text else type(error).__name__
