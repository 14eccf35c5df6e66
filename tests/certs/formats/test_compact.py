"""A record's view as a compact CBOR map and back, for every type and view of the catalogue."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import cbor
from certs.catalogue import CATALOGUE, DocumentType, View, document_type
from certs.errors import CertsError, Malformed
from certs.formats.compact import from_compact, to_compact
from tests.certs.records import VIEW_IDS, VIEWS, records
from tests.certs.refusals import refused
from tests.certs.samples import for_view
from tests.world import RECORDS

LICENCE = document_type("driving_licence")
FULL = LICENCE.view("full")


@pytest.mark.parametrize(("document", "view"), VIEWS, ids=VIEW_IDS)
@settings(max_examples=40)
@given(data=st.data())
def test_every_view_of_every_record_comes_back(document: DocumentType, view: View, data: st.DataObject) -> None:
    record = data.draw(records(document, view))
    compact = cbor.decode(cbor.encode(to_compact(document, view, record)))
    assert all(isinstance(key, int) for key in compact)
    again_document, again_view, again = from_compact(compact)
    wanted = {name: record[name] for name in view.fields if record.get(name) is not None}
    assert (again_document, again_view, again) == (document, view, wanted)


@pytest.mark.parametrize(("document", "view"), VIEWS, ids=VIEW_IDS)
def test_a_view_tells_its_fields_and_no_others(document: DocumentType, view: View) -> None:
    compact = to_compact(document, view, for_view(RECORDS[document.name], view))
    names = {field.key: field.name for field in document.fields}
    assert {names[key] for key in compact if key > 2} <= set(view.fields)
    assert (compact[1], compact[2]) == (document.code, view.code)


def test_the_compact_form_of_the_registry() -> None:
    assert to_compact(LICENCE, LICENCE.view("licence"), RECORDS["driving_licence"]) == {
        1: 2,
        2: 1,
        3: 999203001234,
        4: "Nguyễn Thị Thuỳ Dương",
        5: 12181,  # days since 1970-01-01 (RFC 8943)
        10: 12345678901,  # twelve digits, the first a zero
        11: [[0, 18779, None], [3, 20157, 23809]],
        12: 12,
    }


# --- what is not issued -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"personal_identification_number": value}
            for value in ("99920300123", "9992030012345", "99920300123x", "９" * 12, "", None)
        ),
        *(
            {"birth_date": value}
            for value in ("09/05/2003", "2003-02-30", "2003-13", "1849-12-31", "2200-01-01", "", "203", "2003-5", None)
        ),
        *({"points": value} for value in (-1, 1 << 32, "12", 1.5, True, None)),
        *({"full_name": value} for value in ("Nguye\u0302\u0303n", "A\u202e", "A\n", "x" * 1025, None)),
        *(
            {"classes": value}
            for value in (
                [{"class": "Z", "issued": "2020-01-01", "expires": None}],
                [{"class": "B", "issued": "x", "expires": None}],
            )
        ),
        {"classes": [{"class": "B", "issued": "2020-01-01", "expires": None}] * 41},
    ],
)
def test_a_record_that_does_not_fit_its_kind_is_not_issued(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, CertsError)):
        to_compact(LICENCE, FULL, {**RECORDS["driving_licence"], **change})


# --- what is not read -------------------------------------------------------------------------------------------------


def compact_with(change: dict[int, Any]) -> dict[int, Any]:
    whole = {**to_compact(LICENCE, FULL, RECORDS["driving_licence"]), **change}
    return {key: value for key, value in whole.items() if value != "gone"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        *(({1: kind}, "type_mismatch") for kind in (0, 12, -1, "2", None, True, "gone", [2])),
        *(({2: view}, "type_mismatch") for view in (0, 5, "3", None, True, "gone", [3])),
        *(({3: pid}, "malformed") for pid in (-1, 10**12, "999203001234", True, None, b"")),
        *(({4: name}, "malformed") for name in (5, None, b"x", ["x"])),
        *(({4: name}, "text_unsafe") for name in ("Nguye\u0302\u0303n", "x\u202e", "x\0")),
        ({4: "x" * 1025}, "oversize"),
        *(
            ({5: day}, "malformed")
            for day in (
                -43831,
                84006,
                1 << 40,
                -(1 << 60),
                "2003-05-09",
                "2003-13",
                "1849",
                "203",
                "２００３",
                "200\u0663",
                True,
                None,
                b"2003",
            )
        ),
        *(
            ({9: True}, "malformed"),
            ({13: "gone"}, "claims_missing"),
            ({3: "gone"}, "claims_missing"),
            ({99: 1}, "malformed"),
        ),
        *(
            ({11: classes}, "malformed")
            for classes in (
                {},
                "B",
                [1],
                [[0, 1]],
                [[0, 1, 2, 3]],
                [[99, 1, None]],
                [[-1, 1, None]],
                [[True, 1, None]],
                [[0, None, None]],
                [[0, 1, "x"]],
            )
        ),
        ({11: [[0, 1, None]] * 41}, "malformed"),
        *(({12: points}, "malformed") for points in (-1, 1 << 32, True, "12", None)),
        ({"full_name": "x"}, "malformed"),
    ],
)
def test_a_map_that_does_not_fit_the_registry_is_refused(change: dict[int, Any], code: str) -> None:
    with refused(code):
        from_compact(compact_with(change))


@pytest.mark.parametrize("compact", [None, 5, [], "x", {}, {1: 2}, {2: 1}])
def test_what_is_no_document_map_is_refused(compact: Any) -> None:
    with pytest.raises(Malformed):
        from_compact(compact)


@given(
    st.dictionaries(
        st.integers(0, 20),
        st.integers(-10, 10**13)
        | st.text(max_size=5)
        | st.booleans()
        | st.none()
        | st.lists(st.integers(0, 3), max_size=3),
        max_size=14,
    ),
    st.sampled_from(sorted(CATALOGUE)),
)
def test_any_map_is_read_or_refused(compact: dict[int, Any], name: str) -> None:
    compact[1] = CATALOGUE[name].code
    compact[2] = 1
    try:
        document, view, record = from_compact(compact)
    except Malformed:
        return
    assert to_compact(document, view, record) == compact
