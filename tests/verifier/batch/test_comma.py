"""CSV as people and programs write it, damaged or not: no row is dropped, and reading may begin at any row."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.batch import comma
from verifier.batch.sheet import Row, Unreadable, Wanted

CREDENTIAL = Wanted("credential")


def read(path: Path, wanted: Wanted = CREDENTIAL) -> list[Row]:
    with closing(comma.opened(path, wanted)) as sheet:
        return list(sheet.rows(sheet.start))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "in.csv"


def test_plain(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbfid;credential;note\r\n1;VN1:A;"a;\r\nb"\r\n2;"VN1:""B";\r\n')
    rows = read(path, Wanted("credential", ("note", "id")))
    assert [(row.place.row, row.text, row.kept) for row in rows] == [
        (2, "VN1:A", ("a;\r\nb", "1")),
        (3, 'VN1:"B', ("", "2")),
    ]


def test_no_row_is_dropped(path: Path) -> None:
    long = b"x" * (comma.MOST_LINE + 10)
    path.write_bytes(
        b"id,credential\n"
        b"1,A\n"
        b"\n"  # an empty line
        b"3\n"  # a cell too few
        b"4,B,C\n"
        b'5,"never closed\n'
        b"6,C\n"
        b"7,\xff\xfe\n"
        b"8," + long + b"\n"
        b'9,"two\n'  # two quotes that would meet, and the row between them
        b"10,D\n"
        b'11,lines"\n'
        b"12,E"  # no line end
    )
    told = [(row.place.row, row.text, row.fault and row.fault.code) for row in read(path)]
    assert told == [
        (2, "A", None),
        (3, None, "malformed"),
        (4, None, "malformed"),
        (5, None, "malformed"),
        (6, None, "malformed"),
        (7, "C", None),
        (8, None, "encoding_invalid"),
        (9, None, "oversize"),
        (10, None, "malformed"),
        (11, "D", None),
        (12, 'lines"', None),
        (13, "E", None),
    ]
    path.write_bytes(b"credential\nA\n\nB\n")
    assert [row.text for row in read(path)] == ["A", "", "B"]  # of one column, an empty line is an empty cell


@given(st.lists(st.text("aB\"',;\r\n =é", max_size=8), min_size=1, max_size=12), st.data())
def test_reading_may_begin_behind_any_row(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], data: st.DataObject
) -> None:
    """Whatever the rows are: whole cells, broken quotes, line ends in cells."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text("id,credential\n" + "\n".join(f"1,{row}" for row in rows), "utf-8", newline="")
    whole = read(path)
    begin = data.draw(st.integers(0, len(whole) - 1))
    with closing(comma.opened(path, CREDENTIAL)) as sheet:
        assert list(sheet.rows(whole[begin].place)) == whole[begin + 1 :]
    assert [row.place.row for row in whole] == list(range(2, len(whole) + 2))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "header"),
        (b"\n\n", "header"),
        (b"PK\x03\x04", "Excel"),
        (b"PAR1", "Parquet"),
        ("id,credential\n".encode("utf-16"), "UTF-16"),
        (b"id,text\n1,A\n", "There are: id, text"),
        (b"credential,credential\n", "2 columns"),
        (b"\xff\n", "UTF-8"),
        (b"a" * (comma.MOST_HEADER + 5), "longer"),
        (b"," * (comma.MOST_COLUMNS + 5), "columns"),
        (b'"credential\n', "quotes"),
    ],
)
def test_what_is_no_table_is_told_before_the_first_row(path: Path, data: bytes, words: str) -> None:
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=words):
        comma.opened(path, CREDENTIAL)
