"""Parquet as people have it, and as somebody who means harm makes it."""

import tracemalloc
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from idp.ports import Storage
from idp.registries.importing import parquet
from idp.registries.importing.sheet import REPLACED, Row, Unreadable
from tests.idp.registries.importing.files import bring_in, held_people, of_people, persons, row_of, write_parquet


def _read(path: Path) -> list[Row]:
    with closing(parquet.opened(path)) as sheet:
        return list(sheet.rows())


def _write(path: Path, table: Any, **how: Any) -> Path:
    pyarrow.parquet.write_table(table, path, **how)
    return path


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
def test_people_come_in(storage: Storage, tmp_path: Path, compression: str) -> None:
    rows: list[dict[str, Any]] = [row_of(person) for person in persons(50)]
    for row in rows:
        row["deceased_on"] = row["deceased_on"] or None
    path = write_parquet(tmp_path / "p.parquet", rows, compression=compression, row_group_size=20)
    assert bring_in(storage, path, of_people(), size=30).counts == {"written": 50}
    assert set(held_people(storage)) == {row["pid"] for row in rows}


def test_values_of_each_type(tmp_path: Path) -> None:
    table = pyarrow.table(
        {
            "text": ["Đỗ", None],
            "large": pyarrow.array(["a", "b"], pyarrow.large_string()),
            "often": pyarrow.array(["VN", "VN"]).dictionary_encode(),
            "number": pyarrow.array([12, None], pyarrow.int8()),
            "float": [12.0, float("nan")],
            "part": [1.5, 2.0],
            "yes": [True, None],
            "day": [date(1990, 3, 27), None],
            "moment": pyarrow.array([datetime(1990, 3, 27), datetime(1990, 3, 27, 5)], pyarrow.timestamp("us")),
            "nano": pyarrow.array([0, 1], pyarrow.timestamp("ns")),
            "texts": [["a", "b"], []],
            "rows": [[{"class": "B", "issued": date(2025, 2, 3), "expires": None}], None],
        }
    )
    first, second = _read(_write(tmp_path / "p.parquet", table))
    assert first.cells[:9] == ("Đỗ", "a", "VN", 12, 12, "1.5", True, "1990-03-27", "1990-03-27")
    assert first.cells[10:] == (["a", "b"], [{"class": "B", "issued": "2025-02-03", "expires": None}])
    assert second.cells[:8] == (None, "b", "VN", None, None, 2, None, None)
    assert second.cells[8] == "1990-03-27T05:00:00"
    assert (first.number, second.number, second.at) == (2, 3, 2)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (pyarrow.array([{"a": 1}]), "struct"),
        (pyarrow.array([[[1]]]), "list"),
        (pyarrow.array([[{"a": [1]}]]), "list"),
        (pyarrow.array([[("a", 1)]], pyarrow.map_(pyarrow.string(), pyarrow.int64())), "map"),
        (pyarrow.array([b"x"]), "binary"),
        (pyarrow.array([Decimal("1.5")]), "decimal"),
        (pyarrow.array([1], pyarrow.time64("us")), "time64"),
    ],
)
def test_nested_and_foreign_types_are_named(tmp_path: Path, column: Any, says: str) -> None:
    path = _write(tmp_path / "p.parquet", pyarrow.table({"pid": ["1"], "shoe": column}))
    with pytest.raises(Unreadable, match=rf"no register has: 'shoe' \(.*{says}"):
        _read(path)


def test_a_bomb_of_one_value(tmp_path: Path) -> None:
    """Ten million rows in a few kilobytes."""
    values = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 10_000_000, pyarrow.int32()), ["999196000346"])
    path = _write(tmp_path / "p.parquet", pyarrow.table({"pid": values}), row_group_size=1 << 30)
    assert path.stat().st_size < 100_000
    with pytest.raises(Unreadable, match="10,000,000 rows"):
        _read(path)


def test_a_bomb_of_long_texts(tmp_path: Path) -> None:
    """A hundred megabytes in a hundred kilobytes."""
    text = "x" * (8 << 20)
    table = pyarrow.table({"pid": [str(number) for number in range(12)], "name": [text] * 12})
    path = _write(tmp_path / "p.parquet", table, compression="zstd", use_dictionary=False)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(Unreadable, match="unfold"):
        _read(path)


def test_a_long_cell_costs_its_row_alone(tmp_path: Path) -> None:
    table = pyarrow.table({"pid": ["1", "2", "3"], "name": ["a", "x" * 10_000_000, "c"]})
    rows = _read(_write(tmp_path / "p.parquet", table))
    assert [row.fault and row.fault.code for row in rows] == [None, "long", None]
    assert rows[1].cells == () and rows[2].cells == ("3", "c")


def test_bytes_that_are_no_text_cost_their_row_alone(tmp_path: Path) -> None:
    broken = pyarrow.array([b"a", b"\xff\xfe", b"c"]).view(pyarrow.string())
    rows = _read(_write(tmp_path / "p.parquet", pyarrow.table({"pid": ["1", "2", "3"], "name": broken})))
    assert [row.fault and row.fault.code for row in rows] == [None, "encoding", None]
    assert rows[1].cells == ("2", REPLACED)


def test_too_many_columns(tmp_path: Path) -> None:
    path = _write(tmp_path / "p.parquet", pyarrow.table({f"c{number}": ["x"] for number in range(300)}))
    with pytest.raises(Unreadable, match="300 columns"):
        _read(path)


def test_a_column_of_two_names(tmp_path: Path, storage: Storage) -> None:
    rows = pyarrow.Table.from_pylist([dict(row_of(persons(1)[0]))])
    table = rows.append_column("pid", pyarrow.array(["1"]))
    with pytest.raises(Unreadable, match="two columns of pid"):
        bring_in(storage, _write(tmp_path / "p.parquet", table), of_people())


def _whole(folder: Path) -> bytes:
    rows = [dict(row_of(person)) for person in persons(200)]
    return write_parquet(folder / "whole.parquet", rows, compression="none").read_bytes()


def test_cut_off_anywhere_it_is_refused(tmp_path: Path) -> None:
    whole = _whole(tmp_path)
    for end in (0, 3, 4, 8, len(whole) // 2, len(whole) - 5, len(whole) - 1):
        (tmp_path / "p.parquet").write_bytes(whole[:end])
        with pytest.raises(Unreadable):
            _read(tmp_path / "p.parquet")


def test_where_it_breaks_off_what_was_read_is_settled(storage: Storage, tmp_path: Path) -> None:
    rows = [dict(row_of(person)) for person in persons(3_000)]
    path = write_parquet(tmp_path / "p.parquet", rows, compression="zstd", row_group_size=1_000)
    held = pyarrow.parquet.ParquetFile(path).metadata.row_group(2).column(0)
    content = bytearray(path.read_bytes())
    place = held.dictionary_page_offset or held.data_page_offset
    content[place : place + 40] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="after row 2,001"):
        bring_in(storage, path, of_people(), size=600)
    assert len(held_people(storage)) == 2_000


def test_ten_times_the_rows_take_no_more_memory(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        rows = [{"pid": f"{number:012}", "name": "x" * 40} for number in range(count)]
        path = write_parquet(tmp_path / "p.parquet", rows, row_group_size=5_000)
        del rows
        before = pyarrow.total_allocated_bytes()
        tracemalloc.start()
        try:
            with closing(parquet.opened(path)) as sheet:
                assert sum(1 for _ in sheet.rows()) == count
            return tracemalloc.get_traced_memory()[1] + pyarrow.total_allocated_bytes() - before
        finally:
            tracemalloc.stop()

    peak(1_000)
    assert peak(50_000) < 1.5 * peak(5_000)
