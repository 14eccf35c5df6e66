"""CSV as people have it, and as somebody who means harm makes it: one row at a time, and no row lost with its neighbour."""

import csv
import os
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.registries.importing import comma
from idp.registries.importing.sheet import MOST_COLUMNS, Row, Unreadable


def _read(path: Path, content: bytes) -> tuple[tuple[str, ...], list[Row]]:
    path.write_bytes(content)
    with closing(comma.opened(path)) as sheet:
        return sheet.columns, list(sheet.rows())


def _cells(rows: list[Row]) -> list[tuple[str, ...]]:
    assert [row.fault for row in rows] == [None] * len(rows)
    return [row.cells for row in rows]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("between", [b",", b";", b"\t"], ids=["comma", "semicolon", "tab"])
def test_files_of_every_spreadsheet(tmp_path: Path, mark: bytes, end: bytes, between: bytes) -> None:
    lines = ["pid|name", '001|"Hòa|Bình"', "", "002|Đỗ"]
    content = end.join(line.encode().replace(b"|", between) for line in lines)
    columns, rows = _read(tmp_path / "f.csv", mark + content)
    assert columns == ("pid", "name")
    assert _cells(rows) == [("001", f"Hòa{between.decode()}Bình"), ("002", "Đỗ")]
    assert [row.number for row in rows] == [2, 4]  # as a spreadsheet counts: the empty row too
    assert rows[-1].at == len(mark + content)


def test_a_cell_may_hold_lines(tmp_path: Path) -> None:
    _, rows = _read(tmp_path / "f.csv", b'a,b\n1,"x\ny"\n2,z\n')
    assert _cells(rows) == [("1", "x\ny"), ("2", "z")]
    assert [row.number for row in rows] == [2, 3]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b'2,"never closed\n', "csv"),
        (b'2,"a"b"\n', "csv"),
        (b"2\n", "cells"),
        (b"2,b,c\n", "cells"),
        (b"2,Nguy\xea\x7en\n", "encoding"),
        (b"2," + b"x" * 200_000 + b"\n", "long"),
        (b"2," + b"x" * 10_000_000 + b"\n", "long"),
        (b'2,"' + b"x" * 10_000_000 + b'"\n', "long"),
        (b'2,"' + b"x\n" * 5, "csv"),
        (b"2,a\rb\n", "csv"),
    ],
)
def test_a_damaged_row_costs_itself_alone(tmp_path: Path, bad: bytes, code: str) -> None:
    after = b"".join(b"%d,b\n" % number for number in range(3, 100))
    _, rows = _read(tmp_path / "f.csv", b"a,b\n1,b\n" + bad + after)
    assert rows[0].cells == ("1", "b")
    assert rows[1].fault is not None and rows[1].fault.code == code
    assert _cells([row for row in rows[2:] if row.cells and row.cells != ("x",)]) == [
        (str(number), "b") for number in range(3, 100)
    ]


def test_a_quote_that_nothing_closes_swallows_no_row(tmp_path: Path) -> None:
    """Each opens a cell whose end would be in the next one."""
    content = b"a,b\n" + b"".join(b'%d,"x\n%d,y\n' % (number, number) for number in range(200))
    _, rows = _read(tmp_path / "f.csv", content)
    assert [row.cells for row in rows if row.fault is None] == [(str(number), "y") for number in range(200)]
    assert sum(row.fault is not None for row in rows) == 200


@pytest.mark.parametrize("line", ['"x\n', '"",\n', '"""\n', "1,2\n"])
def test_no_line_is_read_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """What is read anew behind a broken row is read once more, not as often as there are rows."""
    handed = 0
    following = comma.Feed.__next__

    def counted(feed: comma.Feed) -> str:
        nonlocal handed
        handed += 1
        return following(feed)

    monkeypatch.setattr(comma.Feed, "__next__", counted)
    _read(tmp_path / "f.csv", b"a,b\n" + b'"y\n' + line.encode() * 20_000)
    assert handed < 50_000


def test_ten_times_the_file_takes_no_more_memory(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        (tmp_path / "f.csv").write_bytes(b"a,b\n" + b"1,b\n" * rows)
        tracemalloc.start()
        try:
            with closing(comma.opened(tmp_path / "f.csv")) as sheet:
                assert sum(1 for _ in sheet.rows()) == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(20_000) < peak(2_000) + 20_000


def test_a_line_without_an_end_is_not_kept(tmp_path: Path) -> None:
    """64 MB in one line."""
    path = tmp_path / "f.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n1,")
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        with closing(comma.opened(path)) as sheet:
            (row,) = sheet.rows()
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert row.fault is not None and row.fault.code == "long" and row.cells == ()
    assert "2" in row.fault.text.en and row.at == 64 << 20


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no header"),
        (b"\n1,2\n", "no header"),
        (b"\xff\xfep\0i\0d\0", "UTF-16"),
        (b"\xfe\xff\0p\0i\0d", "UTF-16"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
        (b"\x1f\x8b\x08\0", "unpack"),
        (b"pid,h\xe4\n", "not UTF-8"),
        (b"pid,na\0me\n", "characters"),
        (b"pid,name\r1,2\r3,4\r", "CR alone"),
        (b'pid,"name\n', "quotes"),
        (b",".join(b"c%d" % number for number in range(1_000_000)) + b"\n", "longer"),
        (b"," * 300 + b"\n", f"at most {MOST_COLUMNS}"),
        (os.urandom(200).replace(b"\n", b"") + b"\xff", "UTF-8"),
    ],
)
def test_a_file_that_is_none_is_refused_before_its_first_row(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        _read(tmp_path / "f.csv", content)
    (tmp_path / "f.csv").unlink()  # nothing holds it open


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=3, max_size=3), max_size=8))
def test_what_the_csv_module_writes_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["a", "b", "c"], *rows])
    with closing(comma.opened(path)) as sheet:
        assert [list(row.cells) for row in sheet.rows()] == rows


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_refusal(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(b"a,b\n" + content)
    with closing(comma.opened(path)) as sheet:
        rows = list(sheet.rows())
    lines = content.count(b"\n") + 1
    assert len(rows) <= lines
    assert all(len(row.cells) == 2 for row in rows if row.fault is None)
