"""Parquet in and out: every row, from any row on, whatever is in its cells; and a base install is told what to install."""

import json
import sys
from contextlib import closing
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from verifier.batch import parquet
from verifier.batch.sheet import Row, Unreadable, Wanted

CREDENTIAL = Wanted("credential", ("id",))


def read(path: Path) -> list[Row]:
    with closing(parquet.opened(path, CREDENTIAL)) as sheet:
        return list(sheet.rows(sheet.start))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    texts = [f"VN1:{number}" for number in range(2_500)]
    table = pyarrow.table({"id": range(2_500), "credential": [*texts[:-2], None, texts[-1]], "more": texts})
    pyarrow.parquet.write_table(table, tmp_path / "in.parquet", row_group_size=700)
    return tmp_path / "in.parquet"


def test_every_row_and_from_any_row_on(path: Path) -> None:
    rows = read(path)
    assert [row.place for row in rows] == [(number + 2, number + 1) for number in range(2_500)]
    assert rows[3].text == "VN1:3" and rows[3].kept == ("3",) and rows[-1].text == "VN1:2499"
    assert rows[-2].text is None and rows[-2].fault and rows[-2].fault.code == "encoding_invalid"
    with closing(parquet.opened(path, CREDENTIAL)) as sheet:
        for begin in (0, 1, 699, 700, 701, 1_400, 2_498, 2_499):
            assert list(sheet.rows(rows[begin].place)) == rows[begin + 1 :]


def test_cells_that_are_no_text(path: Path) -> None:
    odd = pyarrow.array([1, 2, 3])
    pyarrow.parquet.write_table(pyarrow.table({"id": ["a", "b", "c"], "credential": odd}), path)
    assert {row.fault.code for row in read(path) if row.fault} == {"encoding_invalid"} and len(read(path)) == 3
    bad = pyarrow.Array.from_buffers(
        pyarrow.string(), 2, [None, pyarrow.py_buffer(b"\0\0\0\0\2\0\0\0\4\0\0\0"), pyarrow.py_buffer(b"\xff\xfeok")]
    )
    pyarrow.parquet.write_table(pyarrow.table({"id": ["a", None], "credential": bad}), path)
    first, second = read(path)
    assert (first.fault and first.fault.code, second.text, second.kept) == ("encoding_invalid", "ok", ("",))


def test_what_cannot_be_read_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreadable, match="There are: id, credential, more"):
        parquet.opened(path, Wanted("text"))
    whole = path.read_bytes()
    for data in (b"PAR1", whole[: len(whole) // 2], b"credential\nA\n", b""):
        path.write_bytes(data)
        with pytest.raises(Unreadable, match="Parquet"):
            parquet.opened(path, CREDENTIAL)
    damaged = bytearray(whole)
    damaged[40:400] = bytes(360)
    path.write_bytes(damaged)
    with pytest.raises(Unreadable, match="row"):
        read(path)
    nested = pyarrow.table({"id": [1], "credential": [["A"]], "more": [{"a": 1, "b": 2}]})
    pyarrow.parquet.write_table(nested, path)
    with pytest.raises(Unreadable, match="flat"):
        parquet.opened(path, CREDENTIAL)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Unreadable, match=r"vneid-reference\[parquet\]"):
        parquet.opened(path, CREDENTIAL)


def test_what_is_written_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 3)
    rows = [{"row": number, "code": "=1+1" if number % 2 else None, "yes": number > 4} for number in range(8)]
    made = tmp_path / "out.parquet"
    parquet.write(made, (json.dumps(row).encode() for row in rows), {"row": int, "code": str, "yes": bool})
    assert pyarrow.parquet.read_table(made).to_pylist() == rows
    assert made.stat().st_mode & 0o077 == 0
    parquet.write(made, (), {"row": int})
    assert pyarrow.parquet.read_table(made).num_rows == 0
