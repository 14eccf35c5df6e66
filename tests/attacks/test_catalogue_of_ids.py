"""Each id of the catalogue of attacks is the name of a test, or stands in not_yet.json with what it waits for. Never both."""

import ast
import json
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
CATALOGUE = TESTS.parent.parent / "shared" / "attacks.md"
NOT_YET: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "not_yet.json").read_text("utf-8"))
GROUPS = frozenset(
    [
        "AR",
        "RU",
        "PK",
        "PA",
        "RO",
        "CA",
        "CO",
        "RT",
        "CN",
        "DP",
        "SE",
        "BF",
        "XS",
        "SS",
        "QL",
        "SQ",
        "HD",
        "JW",
        "CB",
        "QR",
        "X5",
        "ST",
        "UN",
        "SD",
        "KB",
        "MD",
        "IS",
        "VP",
        "FE",
    ]
)
ISSUES = {"Authentication", "Documents", "OpenID Connect in full", "The verifier"}

_ROW = re.compile(r"^\| ([A-Z][A-Z0-9]-[0-9]{2})(?: \(`bank`\))? \|", re.MULTILINE)
_IDS = re.compile(r"(?:_[a-z][a-z0-9]_[0-9]{2}(?![0-9a-z]))+", re.IGNORECASE)  # test_se_06_se_09_... names two


def catalogue() -> set[str]:
    if not CATALOGUE.is_file():
        pytest.skip("the catalogue of attacks is not here: ../shared/attacks.md")
    return {found for found in _ROW.findall(CATALOGUE.read_text("utf-8")) if found[:2] in GROUPS}


def ids_of(name: str) -> set[str]:
    """The ids that a test's name begins with."""
    found = _IDS.match(name, len("test"))
    parts = found[0].upper().split("_")[1:] if found else []
    return {f"{group}-{number}" for group, number in zip(parts[::2], parts[1::2], strict=True)}


def with_a_test() -> set[str]:
    names = [
        node.name
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return {found for name in names for found in ids_of(name) if found[:2] in GROUPS}


def test_each_id_is_a_test_or_not_yet() -> None:
    ids = catalogue()
    assert len(ids) > 200
    assert {each[:2] for each in ids} == GROUPS
    assert sorted(ids - with_a_test() - set(NOT_YET)) == [], "neither a test nor in not_yet.json"


def test_no_id_is_both() -> None:
    assert sorted(with_a_test() & set(NOT_YET)) == []


def test_no_id_is_unknown() -> None:
    ids = catalogue()
    assert sorted(set(NOT_YET) - ids) == []
    assert sorted(with_a_test() - ids) == []


def test_what_is_not_yet_says_why_and_what_brings_it() -> None:
    for each, entry in NOT_YET.items():
        assert set(entry) == {"reason", "issue"}, each
        assert entry["reason"] and entry["issue"] in ISSUES, each


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("test_ar_01_unknown_client", {"AR-01"}),
        ("test_QR_01_doubled_prefix", {"QR-01"}),
        ("test_x5_16_odd_serial_numbers", {"X5-16"}),
        ("test_se_06_se_09_malformed_cookies", {"SE-06", "SE-09"}),
        ("test_st_13", {"ST-13"}),
        ("test_sq_in_paths", set()),
        ("test_ar_012_of_another_length", set()),
        ("test_what_ar_01_is", set()),
    ],
)
def test_names_are_read(name: str, ids: set[str]) -> None:
    assert ids_of(name) == ids
