"""Group UN: writing that deceives the reader, dates that are none, numbers in other digits.

UN-08 and UN-09 (names of clients and accounts) are in
test_twins.py.
"""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import transliteration
from certs.errors import CertsError, Malformed
from tests.world import MISSING, NOW, PID, RECORDS, World
from verifier import Outcome, Verifier

PERSON, BIRTH, PID_KEY, RESIDENCE = 4, 5, 3, 8
WORLD = World()
VERIFIER = Verifier(WORLD.open_bundle(), clock=lambda: NOW)


def shown(key: int, value: object, view: str = "full") -> tuple[Outcome, str | None]:
    """The verdict on a licence that its authority signed with this value."""
    report = VERIFIER.inspect(WORLD.present(WORLD.issue_with({key: value}, view=view)))
    assert (report.verified is None) == (report.outcome is not Outcome.ACCEPTED)
    return report.outcome, report.code


def issued(**changes: object) -> bytes:
    return WORLD.issue("driving_licence", "full", {**RECORDS["driving_licence"], **changes})


NAMES = [
    "Nguyễn Thị Thuỳ Dương",
    "Đặng Ðức".replace("Ð", "Đ"),
    "H'Hen Niê",
    "Y-Bhik Êban",
    "Trần Đình Trọng",
    "Lương Thị Ngọc Ánh",
    "Müller-Lüdenscheidt",
    "Łukasz Żółć",
]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Nguyễn Thị Thuỳ Dương", "NGUYEN<<THI<THUY<DUONG<<<<<<<<"),
        ("Đặng Văn Đức", "DANG<<VAN<DUC<<<<<<<<<<<<<<<<<"),
        ("H'Hen Niê", "HHEN<<NIE<<<<<<<<<<<<<<<<<<<<<"),
        ("H’Hen Niê", "HHEN<<NIE<<<<<<<<<<<<<<<<<<<<<"),
        ("Y-Bhik Êban", "Y<BHIK<<EBAN<<<<<<<<<<<<<<<<<<"),
        ("Müller-Lüdenscheidt Anne", "MUELLER<LUEDENSCHEIDT<<ANNE<<<"),
        ("Łukasz Żółć", "LUKASZ<<ZOLC<<<<<<<<<<<<<<<<<<"),
        ("Ánh", "ANH<<<<<<<<<<<<<<<<<<<<<<<<<<<"),
        ("Tôn Nữ Hoàng Thị Nguyệt Ánh Phương Linh", "TON<<N<H<T<N<ANH<PHUONG<LINH<<"),
    ],
)
def test_UN_07_one_name_has_one_line_and_a_line_many_names(name: str, line: str) -> None:
    assert transliteration.mrz_name(name) == line
    assert transliteration.mrz_name(unicodedata.normalize("NFD", name)) == line
    assert transliteration.may_be(line, name) and not transliteration.may_be(line, name + " Khác")
    family, others = transliteration.read_name(line)
    again = " ".join(part for part in (family.replace(" ", "-"), others) if part)
    assert transliteration.mrz_name(again) == line  # what was read back gives the same line


@pytest.mark.parametrize("name", ["", "  ", "'", "Nguyễn 2", "Аn", "明", "A\u0000", "A<B", "ƻ", "A/B"])
def test_UN_07_what_no_table_has_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        transliteration.mrz_name(name)


@pytest.mark.parametrize("name", NAMES)
def test_names_as_people_have_them_are_accepted(name: str) -> None:
    assert shown(PERSON, unicodedata.normalize("NFC", name)) == (Outcome.ACCEPTED, None)


def test_UN_01_names_are_signed_in_composed_form_only() -> None:
    name = "Nguyễn Thị Thuỳ Dương"
    parted = unicodedata.normalize("NFD", name)
    assert parted != name
    assert shown(PERSON, parted) == (Outcome.REJECTED, "text_unsafe")
    with pytest.raises((CertsError, ValueError)):
        issued(full_name=parted)


def test_UN_02_two_ways_to_place_a_tone_are_two_names() -> None:
    old, new = "Nguyễn Hoà", "Nguyễn Hòa"
    for name in (old, new):
        verified = VERIFIER.verify(WORLD.present(issued(full_name=name)))
        assert verified.claims["full_name"] == name  # as written, neither the one nor the other
    assert old != new


@pytest.mark.parametrize(
    "name",
    ["Nguyễn Vаn An", "Nguyễn Văn Αn", "Ｎguyễn Văn An", "Nguуễn", "Trần Вình", "阮文安", "Նguyễn", "Nguyễn 𝐕ăn"],
    ids=["cyrillic a", "greek alpha", "full width", "cyrillic u", "cyrillic ve", "han", "armenian", "mathematical"],
)
def test_UN_03_letters_that_pass_for_others(name: str) -> None:
    assert shown(PERSON, name) == (Outcome.REJECTED, "text_unsafe")


@pytest.mark.parametrize(
    "hidden",
    [
        *"\u202a\u202b\u202d\u202e\u202c\u2066\u2067\u2068\u2069\u200e\u200f\u061c",  # bidi
        *"\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e\u115f\u3164",  # invisible
        *"\ufe00\ufe0f\U000e0041\U000e007f",  # variation selectors, tags
        *"\x00\x07\t\n\r\x1b\x7f\x85\u2028\u2029",  # controls, line ends
        *"\ue000\ufffe\U0010ffff",  # private, non-characters
    ],
    ids=lambda character: f"U+{ord(character):04X}",
)
@pytest.mark.parametrize("place", [0, 6, 20], ids=["first", "middle", "last"])
def test_UN_04_hidden_characters(hidden: str, place: int) -> None:
    name = "Nguyễn Văn Minh An"
    assert shown(PERSON, name[:place] + hidden + name[place:]) == (Outcome.REJECTED, "text_unsafe")


def test_UN_05_marks_heaped_on_one_letter() -> None:
    assert shown(PERSON, "Nguyê" + "\u0323" * 100)[1] == "text_unsafe"
    assert shown(PERSON, "Z" + "\u0353\u0354\u0355" * 30)[1] == "text_unsafe"


def test_UN_05_a_name_without_end() -> None:
    assert shown(PERSON, "A" * 1025)[1] in ("oversize", "text_unsafe")
    with pytest.raises((CertsError, ValueError)):
        issued(full_name="A" * 10_240)


@pytest.mark.parametrize("letter", ["\u00d0", "\u0189"], ids=["eth", "african d"])
def test_UN_06_three_letters_that_look_like_d_with_stroke(letter: str) -> None:
    assert shown(PERSON, "Đặng Văn Đức") == (Outcome.ACCEPTED, None)
    assert shown(PERSON, letter + "ặng Văn Đức") == (Outcome.REJECTED, "text_unsafe")


@pytest.mark.parametrize(
    "value",
    [
        "1900-02-29",
        "2001-13",
        "2001-00",
        "0000",
        "99",
        "20010",
        "01/05/2001",
        "2001-5",
        "2001-05-09",
        "２００１",
        "",
        " 2001",
    ],
)
def test_UN_10_dates_that_are_none(value: str) -> None:
    """A whole date travels as a number of days, so that a day that is none cannot even be written; a text is a part of one."""
    assert shown(BIRTH, value) == (Outcome.REJECTED, "malformed")


@pytest.mark.parametrize("value", [10**9, -(10**9), True, None, b"2001", [2001]])
def test_UN_10_dates_of_another_kind(value: object) -> None:
    assert shown(BIRTH, value) == (Outcome.REJECTED, "malformed")


@pytest.mark.parametrize(
    "value", ["1900-02-29", "2001-02-30", "2001-13-01", "0000-01-01", "01/05/2001", "2001-5-9", ""]
)
def test_UN_10_no_such_date_is_signed(value: str) -> None:
    with pytest.raises((CertsError, ValueError)):
        issued(birth_date=value)


@pytest.mark.parametrize("value", ["1958", "2001-05", "2000-02-29", "1904-12-31"])
def test_UN_10_parts_of_a_date_are_told_as_they_are(value: str) -> None:
    assert VERIFIER.verify(WORLD.present(issued(birth_date=value))).claims["birth_date"] == value


@pytest.mark.parametrize(
    "value",
    [
        "９９９203001234",
        "٩٩٩203001234",
        "999 203 001 234",
        "99920300123",
        "9992030012345",
        "999203001234\n",
        "+99203001234",
        "",
    ],
)
def test_UN_11_numbers_in_other_digits_are_not_signed(value: str) -> None:
    with pytest.raises((CertsError, ValueError)):
        issued(personal_identification_number=value)


@pytest.mark.parametrize("value", [PID, "９９９203001234", 10**12, -1, True, None, b"1", [1]])
def test_UN_11_numbers_of_another_kind_are_refused(value: object) -> None:
    assert shown(PID_KEY, value) == (Outcome.REJECTED, "malformed")


def test_UN_11_a_leading_zero_is_kept() -> None:
    verified = VERIFIER.verify(WORLD.present(issued(personal_identification_number="001203001234")))
    assert verified.claims["personal_identification_number"] == "001203001234"


def test_a_field_that_is_missing_or_does_not_belong() -> None:
    assert shown(PERSON, MISSING) == (Outcome.REJECTED, "claims_missing")
    assert shown(99, "x") == (Outcome.REJECTED, "malformed")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_whatever_an_authority_signs_as_a_name_is_refused_or_told_as_it_is(name: str) -> None:
    try:
        text = WORLD.present(WORLD.issue_with({PERSON: name}, view="licence"))
    except (CertsError, UnicodeEncodeError):
        return  # cannot even be written in CBOR
    report = VERIFIER.inspect(text)
    if report.verified is None:
        assert report.code in ("text_unsafe", "oversize", "malformed")
    else:
        assert report.verified.claims["full_name"] == name == unicodedata.normalize("NFC", name)
        assert not any(unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn") for character in name)
