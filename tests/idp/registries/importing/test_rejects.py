"""The file of refused rows: whole, private, safe to open, and good to import again once it is mended."""

import csv
import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from certs.catalogue import Fault, Text
from idp.ports import Storage
from idp.registries.importing import columns, comma, people
from idp.registries.importing.columns import REASONS, Layout
from idp.registries.importing.rejects import InUse, Rejects
from idp.registries.importing.sheet import Row
from tests.idp.registries.importing.files import (
    bring_in,
    held_people,
    of_people,
    persons,
    row_of,
    write_csv,
    write_parquet,
)

FAULT = (Fault("name", "form", Text("Sai.", "Wrong.")),)
LAYOUT = Layout(("pid", "name"), (None, None), False)


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_reasons_and_the_row_as_it_came(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "r.csv", LAYOUT)
    rejects.add(Row(7, ("999196000346", "Đỗ 2"), 0), FAULT)
    rejects.add(Row(8, ("1", "2", "3"), 0), FAULT)
    rejects.add(Row(9, ("1",), 0), FAULT)
    rejects.close()
    assert _rows(tmp_path / "r.csv") == [
        [*REASONS, "pid", "name"],
        ["7", "name", "form", "Sai.", "Wrong.", "999196000346", "Đỗ 2"],
        ["8", "name", "form", "Sai.", "Wrong.", "1", "2", "3"],
        ["9", "name", "form", "Sai.", "Wrong.", "1"],
    ]
    assert (tmp_path / "r.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_nobody_else_may_read_it_not_even_while_it_grows(tmp_path: Path) -> None:
    (tmp_path / "r.csv.part").touch(mode=0o666)
    (tmp_path / "r.csv.part").chmod(0o666)
    rejects = Rejects(tmp_path / "r.csv", LAYOUT)
    (partial,) = tmp_path.iterdir()
    assert stat.S_IMODE(partial.stat().st_mode) == 0o600
    rejects.add(Row(2, ("1", "2"), 0), FAULT)
    rejects.close()
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]
    assert stat.S_IMODE((tmp_path / "r.csv").stat().st_mode) == 0o600


def test_none_refused_leaves_no_file(tmp_path: Path) -> None:
    Rejects(tmp_path / "r.csv", LAYOUT).close()
    assert list(tmp_path.iterdir()) == []


def test_an_older_one_is_kept_unless_it_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("half mended")
    for _ in range(2):
        rejects = Rejects(tmp_path / "r.csv", LAYOUT)
        rejects.add(Row(2, ("1", "2"), 0), FAULT)
        rejects.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.csv", "r.csv.1"]
    assert (tmp_path / "r.csv.1").read_text() == "half mended"


def test_two_imports_never_write_one_file(tmp_path: Path) -> None:
    with closing(Rejects(tmp_path / "r.csv", LAYOUT)):
        with pytest.raises(InUse):
            Rejects(tmp_path / "r.csv", LAYOUT)
        Rejects(tmp_path / "other.csv", LAYOUT).close()
    Rejects(tmp_path / "r.csv", LAYOUT).close()


def test_a_link_that_somebody_laid_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    os.symlink(tmp_path / "victim", tmp_path / "r.csv.part")
    with pytest.raises(OSError):
        Rejects(tmp_path / "r.csv", LAYOUT)
    assert (tmp_path / "victim").read_text() == "precious"


BAD = {
    2: {"name": "=HYPERLINK(1)"},
    3: {"phone": "+84"},
    4: {"email": "@SUM(A1)"},
    5: {"name": "'=1"},
    6: {"residence_detail": "\t=1+1", "sex": "-"},
    7: {"name": "An\0"},
    8: {"birth_date": "x", "residence_detail": 'a "quoted"\nline; two, three'},
}


def _refuse(storage: Storage, path: Path) -> tuple[Path, int]:
    done = bring_in(storage, path, of_people())
    with closing(comma.opened(path)) as sheet:
        layout = columns.match(sheet.columns, people.PEOPLE.fields, aliases=people.ALIASES)
    rejects = Rejects(path.with_name(f"{path.name}.r.csv"), layout)
    for row, faults in done.refused:
        rejects.add(row, faults)
    rejects.close()
    return rejects.path, rejects.rows


def test_nothing_in_it_is_run_and_all_of_it_comes_back(storage: Storage, tmp_path: Path) -> None:
    """Refused, refused again as it is, and again: the cells are always those of the first file."""
    rows = [row_of(person) for person in persons(9)]
    bad = [row | BAD.get(number, {}) for number, row in enumerate(rows, 2)]
    path = write_csv(tmp_path / "p.csv", bad)
    first, refused = _refuse(storage, path)
    assert refused == len(BAD) and len(held_people(storage)) == 2
    again, _ = _refuse(storage, first)
    third, _ = _refuse(storage, again)
    for one in (first, again, third):
        assert all(not cell.startswith(tuple("=+-@\t\r\n")) for row in _rows(one) for cell in row)
    assert [row[len(REASONS) :] for row in _rows(third)] == [row[len(REASONS) :] for row in _rows(first)]


def test_mended_and_imported_again(storage: Storage, tmp_path: Path) -> None:
    good = [row_of(person) for person in persons(20)]
    bad = [row | ({"sex": "?", "phone": "+84912345678"} if number % 3 else {}) for number, row in enumerate(good)]
    path = write_csv(tmp_path / "p.csv", bad)
    rejects, refused = _refuse(storage, path)
    header, *rows = _rows(rejects)
    place = header.index("sex")
    sexes = {row["pid"]: row["sex"] for row in good}
    for row in rows:
        row[place] = sexes[row[header.index("pid")]]
    with rejects.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    assert bring_in(storage, rejects, of_people()).counts == {"written": refused}
    held = held_people(storage)
    assert {pid: person.sex for pid, person in held.items()} == sexes
    assert sum(person.phone == "+84912345678" for person in held.values()) == refused


def test_rows_of_parquet_become_cells(storage: Storage, tmp_path: Path) -> None:
    (person,) = persons(1)
    path = write_parquet(tmp_path / "p.parquet", [{**row_of(person), "sex": "?", "shoe": [1, None]}])
    done = bring_in(storage, path, of_people(), ignore=["shoe"])
    layout = Layout((*row_of(person), "shoe"), (None,) * 13, False)
    rejects = Rejects(tmp_path / "r.csv", layout)
    for row, faults in done.refused:
        rejects.add(row, faults)
    rejects.close()
    assert _rows(rejects.path)[1][-1] == "[1, null]"
    assert bring_in(storage, rejects.path, of_people(), ignore=["shoe"]).codes == [(2, "sex", "choice")]
