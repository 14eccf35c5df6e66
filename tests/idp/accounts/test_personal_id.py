"""The personal identification number. Spec: Circular 59/2021/TT-BCA Art. 4; attacks UN-11."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.accounts.personal_id import (
    PROVINCES,
    NotAPersonalId,
    compose,
    disagreements,
    is_valid,
    mask,
    parse,
)

# Nobody's: 000 is given to no place, and is refused; every accepted example begins with 999.
EXAMPLE = "999196000346"


def refusal(text: str, *, year: int = 2026, simulation: bool = True) -> str:
    with pytest.raises(NotAPersonalId) as raised:
        parse(text, year=year, simulation=simulation)
    assert text[-3:] not in str(raised.value) or len(text) < 3
    return raised.value.code


def test_what_a_number_says() -> None:
    number = parse(EXAMPLE, year=2026, simulation=True)
    assert (number.place, number.birth_year, number.sex, number.synthetic) == ("999", 1996, "female", True)
    assert parse("999212000001", year=2026, simulation=True).birth_year == 2012


def test_the_sixty_three_provinces() -> None:
    assert len(PROVINCES) == 63
    assert PROVINCES["001"] == "Hà Nội" and "003" not in PROVINCES and max(PROVINCES) == "096"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "99919600034",  # UN-11 and its neighbours
        "9991960003466",
        " 999196000346",
        "999196000346\n",
        "999 196 000 346",
        "９９９１９６０００３４６",
        "٩٩٩١٩٦٠٠٠٣٤٦",
        "९९९१९६०००३४६",
        "99919600034O",
        "999196000346\u200b",
        "-99196000346",
        "+99196000346",
        "999196\u00000346",
        "²99196000346",
    ],
)
def test_un_11_anything_but_twelve_ascii_digits(text: str) -> None:
    assert refusal(text) == "form"


@pytest.mark.parametrize("place", ["000", "003", "097", "100", "296", "998"])
def test_places_that_give_no_numbers(place: str) -> None:
    assert refusal(place + EXAMPLE[3:]) == "place"


@pytest.mark.parametrize("place", ["001", "096", "101", "295"])
def test_places_that_do(place: str) -> None:
    assert parse(place + "196" + "000000", year=2026, simulation=False).place == place


def test_a_synthetic_number_is_admitted_in_a_simulation_only() -> None:
    assert refusal(EXAMPLE, simulation=False) == "synthetic"
    assert is_valid(EXAMPLE, year=2026, simulation=True)
    assert not is_valid(EXAMPLE, year=2026, simulation=False)


def test_years_and_centuries_to_come() -> None:
    assert refusal("999227000001") == "future"
    assert parse("999226000001", year=2026, simulation=True).birth_year == 2026
    assert refusal("999426000001", year=2200) == "century"


@given(
    year=st.integers(1900, 2026),
    sex=st.sampled_from(["male", "female"]),
    serial=st.integers(0, 999_999),
    place=st.sampled_from(["999", "001", "079", "200"]),
)
def test_composed_and_parsed_are_one(year: int, sex: str, serial: int, place: str) -> None:
    text = compose(place, birth_year=year, sex=sex, serial=serial)
    number = parse(text, year=2026, simulation=True)
    assert (number.number, number.place, number.birth_year, number.sex) == (text, place, year, sex)


@given(st.text(max_size=16))
def test_any_text_is_a_number_or_is_refused(text: str) -> None:
    if is_valid(text, year=2026, simulation=True):
        assert len(text) == 12 and text.isascii() and text.isdecimal()


@pytest.mark.parametrize("parts", [(1899, "male", 1), (2100, "male", 1), (2000, "other", 1), (2000, "male", 10**6)])
def test_parts_that_make_no_number(parts: tuple[int, str, int]) -> None:
    year, sex, serial = parts
    with pytest.raises(NotAPersonalId):
        compose("999", birth_year=year, sex=sex, serial=serial)


def test_disagreement_with_the_register_is_told_and_not_refused() -> None:
    number = parse(EXAMPLE, year=2026, simulation=True)
    assert disagreements(number, birth_date="1996", sex="female") == ()
    assert disagreements(number, birth_date="1995-01-01", sex="male") == ("birth_year", "sex")


def test_masked_to_the_last_three() -> None:
    assert mask(EXAMPLE) == "*********346"
    assert mask("346") == "***" and mask("") == ""
    assert EXAMPLE not in repr(parse(EXAMPLE, year=2026, simulation=True))
