"""What a spreadsheet would run is text in the CSV, and as it is in JSON; columns are named once."""

import csv
import io
import json
import re

import pytest

from certs.catalogue import Text
from tests.world import RECORDS, World
from verifier import Policy, Verifier
from verifier.batch.lines import Writing, claim_type, guard
from verifier.batch.sheet import Chunk, Fault, Place

ANYBODY = Policy(require_holder_proof=False)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+84", "-2", "@SUM(A1)", " =1", "＝1", "'=1", "''-1", "'\t", "\t1", "-"],
)
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert guard(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Dương", "12", "2+2", "'quoted'", "a=b", "VN1:=", " x", "[1]", "…"])
def test_what_it_would_not_run_stays(text: str) -> None:
    assert guard(text) == text


@pytest.mark.parametrize("between", [";", "|", "\t", "\n", "\r\n", '"\n', "; ", ";'", ';"', '";"'])
def test_nor_behind_what_parts_cells_elsewhere(between: str) -> None:
    """Where the comma is for decimals, as in Vietnam, a spreadsheet parts cells by semicolons, whatever the quotes."""
    for run in ("=1+1", "+84", "-2", "@x", "＝1"):
        cell = guard(f"Số 5{between}{run}{between}{run}")
        assert re.findall(r"[;|\t\r\n]['\"\s]*(.)", cell) and not re.search(r"[;|\t\r\n][\s\"]*[=+\-@＝]", cell), cell
    assert guard("Số 5; ngõ 7") == "Số 5; ngõ 7"


def written(world: World, writing: Writing, texts: list[object], kept: list[tuple[str, ...]], **more: Fault) -> bytes:
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    faults = {int(place.removeprefix("at")): fault for place, fault in more.items()}
    done = writing(verifier, Chunk(2, Place(len(texts) + 1, 0), texts, kept, faults))
    assert sum(done.outcomes.values()) == len(texts)
    return writing.head() + done.lines


def test_no_cell_of_a_row_is_run(world: World) -> None:
    """Neither one that the issuer signed, nor one of the input, nor the name of a column."""
    record = {**RECORDS["health_record"], "allergies": ["=cmd|'/c calc'!A1"], "first_facility": "=HYPERLINK(1)"}
    text = world.printed(world.issue("health_record", "insurance", record=record))
    asked = Writing(ANYBODY, ("first_facility", "allergies"), ("=id",), "en", comma=True)
    data = written(world, asked, [text, None], [("@SUM(1)\0",), ("",)], at1=Fault("malformed", Text("hỏng", "broken")))
    head, first, second = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert head == ["row", "verdict", "code", "note", "checked_at", "bundle", "'=id", "first_facility", "allergies"]
    assert first[6:8] == ["'@SUM(1)\ufffd", "'=HYPERLINK(1)"]
    assert first[:2] == ["2", "accepted"]
    assert second[:4] == ["3", "rejected", "malformed", "broken"]
    assert not [cell for row in (head, first, second) for cell in row if cell[:1] in ("=", "+", "-", "@")]


def test_json_has_values_as_they_are(world: World) -> None:
    text = world.present(world.issue("driving_licence", "full"))
    young = world.present(world.issue("driving_licence", "age_over_18"))
    asked = Writing(Policy(), ("points", "age_over_18", "classes", "tax_code"), ("row",), "vi", comma=False)
    given = written(world, asked, [text, young, 5], [("=1",), ("",), ("",)])
    line, adult, damaged = map(json.loads, given.splitlines())
    assert line["input.row"] == "=1" and (line["row"], line["points"]) == (2, 12) and adult["age_over_18"] is True
    assert json.loads(line["classes"])[0]["class"] == "A1" and line["tax_code"] is None
    assert (damaged["verdict"], damaged["code"], damaged["points"]) == ("rejected", "encoding_invalid", None)
    assert list(line) == list(asked.columns())


def test_types_of_columns() -> None:
    assert (claim_type("age_over_18"), claim_type("points"), claim_type("full_name")) == (bool, int, str)
