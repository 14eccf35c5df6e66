"""What a spreadsheet would run is text in a file of rejects, and comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.registries.importing.formulas import guard, unguard


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+84912345678",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "＝1",
        "＋1",
        "－1",
        "＠A",
        "=cmd|' /C calc'!A0",
    ],
)
def test_what_would_run_is_guarded(cell: str) -> None:
    assert guard(cell) == f"'{cell}" and unguard(guard(cell)) == cell


@pytest.mark.parametrize("cell", ["", "a=1", "'", "'a", "H'Hen Niê", "'quoted'", "999196000346"])
def test_what_would_not_stays(cell: str) -> None:
    assert guard(cell) == cell and unguard(cell) == cell


@given(st.text(st.sampled_from("'=+-@ \t\r\nａ＝x"), max_size=6))
def test_every_cell_comes_back(cell: str) -> None:
    assert unguard(guard(cell)) == cell


@given(st.text(st.sampled_from("'=+-@ \t\r\n＝x"), max_size=6))
def test_nothing_guarded_begins_as_a_formula(cell: str) -> None:
    assert not guard(cell).lstrip(" ").startswith(tuple("=+-@＝\t\r\n"))
