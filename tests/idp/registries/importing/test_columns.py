"""Which column is which; and every sentence that refuses a file names what it means."""

import pytest

from certs.catalogue import CATALOGUE, Fault, Text
from idp.registries.importing import columns, people
from idp.registries.importing.columns import REASONS
from idp.registries.importing.sheet import Row, Unreadable

FIELDS = people.PEOPLE.fields
REQUIRED = [field.name for field in FIELDS if field.required]


def _match(names: list[str], ignore: tuple[str, ...] = ()) -> columns.Layout:
    return columns.match(names, FIELDS, ignore=ignore, aliases=people.ALIASES)


@pytest.mark.parametrize(
    "how",
    [
        lambda field: field.name,
        lambda field: field.label.vi,
        lambda field: field.label.en,
        lambda field: f"  {field.label.vi.upper()} ",
        lambda field: field.name.replace("_", " ").title(),
    ],
    ids=["name", "vi", "en", "capitals", "words"],
)
def test_names_and_labels(how: object) -> None:
    layout = _match([how(field) for field in FIELDS])  # type: ignore[operator]
    assert [reader[0].name for reader in layout.readers if reader] == [field.name for field in FIELDS]


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.name)
def test_labels_of_every_document(kind: object) -> None:
    assert isinstance(kind, type(CATALOGUE["driving_licence"]))
    for language in ("vi", "en"):
        labels = [field.label.of(language) for field in kind.fields]
        layout = columns.match(labels, kind.fields, aliases={})
        assert [reader[0].name for reader in layout.readers if reader] == [field.name for field in kind.fields]


def test_decomposed_letters_are_the_same() -> None:
    layout = _match(["pid", "name", "birth_date", "Gio\u031b\u0301i ti\u0301nh", *REQUIRED[4:]])
    assert "sex" in layout.present


@pytest.mark.parametrize(
    ("names", "ignore", "says"),
    [
        ([*REQUIRED, "blood", "shoe"], (), "unknown columns: blood, shoe. Leave each out with --ignore"),
        ([*REQUIRED, ""], (), r"\(no name, the 9. column\)"),
        (REQUIRED[2:], (), "columns are missing: pid, name$"),
        ([*REQUIRED, "Full name"], (), "two columns of name"),
        (REQUIRED, ("shoe",), "no column to ignore: shoe"),
        (["999196000346", "An", "1990"], (), "first row does not name the columns"),
    ],
)
def test_refused_up_front(names: list[str], ignore: tuple[str, ...], says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        _match(names, ignore)


def test_no_number_and_no_control_is_told() -> None:
    with pytest.raises(Unreadable) as refused:
        _match(["999196000346", "\x1b[31mred", "x" * 500, *map(str, range(300))])
    text = str(refused.value)
    assert "999196000346" not in text and "*********346" in text
    assert text.isprintable() and len(text) < 1_000 and "and 295 more" in text


def test_ignored_columns_and_reasons_are_passed_over() -> None:
    layout = _match([*REASONS, *REQUIRED, "shoe"], ("Shoe",))
    assert layout.mended and layout.present == frozenset(REQUIRED)
    record, faults = layout.of(Row(2, (*"abcde", "999 196 000 346", *["x"] * (len(REQUIRED) - 1), "44"), 0))
    assert (record["pid"], "shoe" in record, faults) == ("999196000346", False, [])


def test_a_guarded_cell_is_itself_where_rejects_come_back() -> None:
    names = [*REQUIRED, "phone"]
    cells = (*["x"] * len(REQUIRED), "'+84912345678")
    assert _match([*REASONS, *names]).of(Row(2, (*"abcde", *cells), 0))[0]["phone"] == "+84912345678"
    assert _match(names).of(Row(2, cells, 0))[0]["phone"] == "'+84912345678"


def test_several_reasons_in_one_row() -> None:
    faults = [
        Fault("a", "form", Text("Một", "One")),
        Fault("b", "form", Text("Hai", "Two")),
        Fault("", "cells", Text("", "")),
    ]
    assert list(columns.reasons(Row(7, (), 0), faults)) == ["7", "a; b", "form; cells", "Một; Hai", "One; Two"]
