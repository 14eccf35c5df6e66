"""A register's record judged: each rule broken alone is one fault with its field and code, and a good record has none."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs.catalogue import CATALOGUE, DocumentType, View, document_type, faults
from certs.documents.faults import PORTRAIT_LIMIT, ROWS_LIMIT, Fault
from certs.documents.reading import read
from certs.encoding import b64url_encode
from certs.formats.compact import to_compact
from tests.certs.documents.kinds import KIND
from tests.certs.records import VIEW_IDS, VIEWS, records
from tests.certs.samples import BOOK, PORTRAIT, picture
from tests.world import RECORDS

CARD = read(KIND, "library_card")
GOOD: dict[str, Any] = {
    "personal_identification_number": "999203001234",
    "full_name": "Nguyễn Thị Thuỳ Dương",
    "birth_date": "2003-05-09",
    "card_number": "AB1234",
    "member_number": "000123",
    "group": "adult",
    "issued_on": "2024-02-29",
    "valid_until": "2034-02-28",
    "fines": 0,
    "blocked": False,
    "interests": ["Lịch sử"],
    "loans": [
        {"kind": "book", "lent": "2024-02-29", "due": "2025-03-01"},
        {"kind": "film", "lent": "2024-01-01", "due": None},
    ],
    "portrait": PORTRAIT,
}
GONE = object()


def told(record: dict[str, Any], kind: DocumentType = CARD) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in faults(kind, record)]


def with_(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**GOOD, **changes}.items() if value is not GONE}


def test_a_good_record_has_none() -> None:
    assert told(GOOD) == []
    least = {name: value for name, value in GOOD.items() if name not in ("birth_date", "member_number", "valid_until")}
    assert told({**least, "fines": None, "interests": None, "loans": None, "portrait": None}) == []


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE)
def test_the_samples_of_the_tests_have_none(kind: DocumentType) -> None:
    names = {field.name for field in kind.fields}
    more = {name: value for name, value in {"portrait": PORTRAIT, **BOOK}.items() if name in names}
    assert told({**more, **RECORDS[kind.name]}, kind) == []


LOAN = {"kind": "book", "lent": "2024-03-01", "due": "2025-03-01"}


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        *(({name: GONE}, name, "missing") for name in ("full_name", "card_number", "group", "issued_on", "blocked")),
        ({"full_name": None}, "full_name", "missing"),
        ({"nickname": "D"}, "nickname", "unknown"),
        ({"residence": "Hà Nội"}, "residence", "unknown"),  # shared, but not of this kind
        # kinds
        *(({"card_number": value}, "card_number", "kind") for value in (5, True, ["AB1234"], b"AB1234")),
        *(({"member_number": value}, "member_number", "kind") for value in (123, "12345", "1234567", "12345x", "१२३४५६")),
        *(
            ({"issued_on": value}, "issued_on", "kind")
            for value in ("29/02/2024", "2023-02-29", "2024-13", "1849", "2200-01-01", "2024-2-3", 2024, "")
        ),
        *(({"fines": value}, "fines", "kind") for value in (-1, 1 << 32, 1.0, True, "5")),
        *(({"blocked": value}, "blocked", "kind") for value in (0, 1, "yes")),
        ({"group": 0}, "group", "kind"),
        *(({"interests": value}, "interests", "kind") for value in ("Lịch sử", {"a": 1}, ["a"] * (ROWS_LIMIT + 1))),
        ({"interests": ["Lịch sử", 5]}, "interests[2]", "kind"),
        *(({"loans": value}, "loans", "kind") for value in ("x", [1], [["book"]], [LOAN] * (ROWS_LIMIT + 1))),
        *(
            ({"portrait": value}, "portrait", "kind")
            for value in ("", "x", 5, b64url_encode(b"\xff\xd8\xff" + bytes(40)), PORTRAIT + "A", PORTRAIT[:-4])
        ),
        ({"portrait": picture(bytes(PORTRAIT_LIMIT))}, "portrait", "kind"),
        # choice
        ({"group": "child"}, "group", "choice"),
        ({"group": ""}, "group", "choice"),
        ({"loans": [{**LOAN, "kind": "tape"}]}, "loans[1].kind", "choice"),
        # form
        *(({"card_number": value}, "card_number", "form") for value in ("AB123", "ab1234", "AB1234 ", "AB12345")),
        *(
            ({"full_name": value}, "full_name", "form")
            for value in ("", "  ", "Nguyễn 2", "A" * 101, "A\u202eB", "Nguye\u0302\u0303n", "A/B", "-A", "А")
        ),
        ({"interests": ["Lịch sử", "\u200b"]}, "interests[2]", "form"),
        ({"interests": [""]}, "interests[1]", "form"),
        # rows
        ({"loans": [LOAN, {"kind": "book", "due": None}]}, "loans[2].lent", "missing"),
        ({"loans": [{"kind": "film", "lent": "2024-01-01"}]}, "loans[1].due", "missing"),  # null says that there is none
        ({"loans": [{**LOAN, "shelf": 4}]}, "loans[1].shelf", "unknown"),
        ({"loans": [{**LOAN, "lent": "2024"}, {**LOAN, "lent": 5}]}, "loans[2].lent", "kind"),
        ({"fines": 501}, "fines", "form"),
        ({"shelf_mark": "AB1235"}, "shelf_mark", "form"),  # must say the card's number
        # order
        ({"valid_until": "2024-02-28"}, "valid_until", "order"),
        ({"valid_until": "2023"}, "valid_until", "order"),
        ({"loans": [LOAN, {**LOAN, "due": "2024-02-29"}]}, "loans[2].due", "order"),
        ({"birth_date": "2024-03-02", "loans": [LOAN]}, "loans[1].lent", "order"),
        # lifetimes
        ({"loans": [{**LOAN, "due": "2025-03-02"}]}, "loans[1].due", "form"),  # longer than a year
        ({"loans": [{**LOAN, "due": None}]}, "loans[1].due", "form"),  # a book is due on a day
        ({"loans": [{**LOAN, "kind": "film"}]}, "loans[1].due", "form"),  # a film of that time was not
    ],
)  # fmt: skip
def test_each_rule_broken_alone_is_one_fault(changes: dict[str, Any], field: str, code: str) -> None:
    assert told(with_(changes)) == [(field, code)]


@pytest.mark.parametrize(
    "changes",
    [
        {"fines": 500},
        {"shelf_mark": "AB1234"},
        {"valid_until": "2024"},  # the year 2024 is not before February 2024
        {"valid_until": "2024-02"},
        {"valid_until": "2024-02-29"},
        {"birth_date": "2003"},
        {"loans": []},
        {"interests": []},
        {"loans": [{"kind": "film", "lent": "2025-01-01", "due": "2099-01-01"}]},  # that rule ended
        {"loans": [{"kind": "book", "lent": "2019-12-31", "due": None}]},  # that rule had not begun
        {"loans": [{"kind": "book", "lent": "2024", "due": None}]},  # no day, nothing to reckon with
        {"full_name": "H’Hen Niê"},
        {"full_name": "Y-Bhik Êban"},
        {"full_name": "Nguyễn Văn A."},
        {"full_name": "Ông Thị X'"},
    ],
)
def test_what_no_rule_forbids_is_none(changes: dict[str, Any]) -> None:
    assert told(with_(changes)) == []


def test_all_faults_are_told_and_none_hides_another() -> None:
    broken = with_({"full_name": GONE, "group": "x", "fines": -1, "extra": 1, "loans": [{"kind": "tape"}, 5]})
    assert told(broken) == [
        ("full_name", "missing"),
        ("group", "choice"),
        ("fines", "kind"),
        ("loans", "kind"),
        ("extra", "unknown"),
    ]
    assert len(told({})) == 6


def test_a_fault_says_in_both_languages_what_to_do() -> None:
    seen = [
        *faults(CARD, {}),
        *faults(CARD, with_({"group": "x", "card_number": "x", "extra": 1, "valid_until": "2001"})),
    ]
    assert {fault.code for fault in seen} == {"missing", "choice", "form", "unknown", "order"}
    for fault in seen:
        assert isinstance(fault, Fault)
        for text in (fault.text.vi, fault.text.en):
            assert text.endswith(".") and text == text.strip()
        assert "999203001234" not in str(fault)  # what is wrong, never the value


LICENCE = document_type("driving_licence")


@pytest.mark.parametrize(
    ("name", "issued", "expires", "good"),
    [
        *((name, "2025-01-01", None, True) for name in ("A1", "A", "B1")),
        *((name, "2025-01-01", "2035-01-01", False) for name in ("A1", "A", "B1")),
        ("A1", "2010-01-01", None, True),
        ("B1", "2020-06-01", "2045-01-01", True),  # until an age, at that time
        *((name, "2025-03-10", "2035-03-10", True) for name in ("B", "C1")),
        *((name, "2025-03-10", "2035-03-11", False) for name in ("B", "C1")),
        *((name, "2025-03-10", None, False) for name in ("B", "C1")),
        *(
            (name, "2025-03-10", "2030-03-10", True)
            for name in ("C", "D1", "D2", "D", "BE", "C1E", "CE", "D1E", "D2E", "DE")
        ),
        *(
            (name, "2025-03-10", "2035-03-10", False)
            for name in ("C", "D1", "D2", "D", "BE", "C1E", "CE", "D1E", "D2E", "DE")
        ),
        ("B2", "2020-02-29", "2030-02-28", True),
        ("E", "2020-02-29", "2025-03-01", True),
        ("FC", "2020-01-01", "2030-01-01", False),
        ("A3", "2001-01-01", None, True),
    ],
)  # fmt: skip
def test_how_long_each_class_of_a_licence_lives(name: str, issued: str, expires: str | None, good: bool) -> None:
    """Road Traffic Order and Safety Law Art. 57(5)."""
    record = {**RECORDS["driving_licence"], "classes": [{"class": name, "issued": issued, "expires": expires}]}
    assert told({**record, "birth_date": "1980"}, LICENCE) == ([] if good else [("classes[1].expires", "form")])


@pytest.mark.parametrize(("kind", "view"), VIEWS, ids=VIEW_IDS)
@settings(max_examples=20)
@given(data=st.data())
def test_what_has_no_fault_can_be_signed(kind: DocumentType, view: View, data: st.DataObject) -> None:
    record = data.draw(records(kind, view))
    shown = {fault.field.partition("[")[0].partition(".")[0] for fault in faults(kind, record)}
    if not shown & set(view.fields):
        to_compact(kind, view, record)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.binary(max_size=4) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([field.name for field in CARD.fields] + ["x"]), anything))
def test_any_record_is_judged_and_never_breaks_the_judge(record: dict[str, Any]) -> None:
    if faults(CARD, record) == ():
        to_compact(CARD, CARD.view("card"), record)
