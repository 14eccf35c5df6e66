"""What a person reads: official names, dates as written here, numbers in groups, in both languages."""

import pytest

from certs.catalogue import CATALOGUE, Kind
from tests.certs.samples import BOOK
from tests.world import RECORDS, World
from verifier import Verifier, facts
from verifier.claims import customer_facts, customer_name


def licence_facts(
    world: World, verifier: Verifier, kind: str = "driving_licence", view: str | None = None
) -> dict[str, tuple[str, str]]:
    verified = verifier.verify(world.present(world.issue(kind, view)))
    return {fact.name: (fact.value.vi, fact.value.en) for fact in facts.facts(verified)}


def test_a_licence(world: World, verifier: Verifier) -> None:
    assert licence_facts(world, verifier) == {
        "personal_identification_number": ("999 203 001 234",) * 2,
        "birth_date": ("09/05/2003",) * 2,
        "licence_number": ("012 345 678 901",) * 2,
        "classes": ("A1 (không thời hạn); B (đến 10/03/2035)", "A1 (no expiry); B (until 10/03/2035)"),
        "points": ("12",) * 2,
    }


def test_age_is_a_word_and_nothing_else(world: World, verifier: Verifier) -> None:
    assert licence_facts(world, verifier, view="age_over_18") == {"age_over_18": ("Có", "Yes")}


def test_a_health_record(world: World, verifier: Verifier) -> None:
    told = licence_facts(world, verifier, "health_record")
    assert told["birth_date"] == ("2003", "2003")  # only the year is known, and no day is invented
    assert told["sex"] == ("Nữ", "Female")
    assert told["conditions"] == ("Không có", "None")
    assert told["vaccinations"] == ("Sởi; Uốn ván",) * 2


@pytest.mark.parametrize(
    "name", [f"{kind.name}.{view.name}" for kind in CATALOGUE.values() for view in kind.views if view.qr]
)
def test_every_view_has_its_facts(world: World, verifier: Verifier, name: str) -> None:
    kind, view = name.split(".")
    verified = verifier.verify(world.present(world.issue(kind, view)))
    told = facts.facts(verified)
    assert {fact.name for fact in told} == set(verified.claims) - {"full_name", "portrait"}
    assert (facts.portrait(verified) is not None) == ("portrait" in verified.claims)  # a picture, and no line of text
    assert 1 <= len(facts.matters(verified)) <= 3 and set(facts.matters(verified)) <= set(told)
    assert facts.title(verified).vi.startswith(CATALOGUE[kind].title.vi)
    assert (facts.person(verified) is None) == (view == "age_over_18")
    for fact in told:
        field = CATALOGUE[kind].field(fact.name)
        assert fact.label == field.label and fact.sensitive == field.sensitive
        assert field.kind is not Kind.DATE or "-" not in fact.value.vi


def test_a_list_is_told_row_by_row_and_choices_by_their_words(world: World, verifier: Verifier) -> None:
    record = {**RECORDS["health_record"], **BOOK}
    verified = verifier.verify(world.present(world.issue("health_record", "administrative", record)))
    told = {fact.name: fact for fact in facts.facts(verified)}
    (sentence,) = told["representative"].rows
    assert sentence.vi == "Trần Thị Hoà; Quan hệ: Cha, mẹ; Số điện thoại: 0900000002"
    assert told["representative"].value.en == "Trần Thị Hoà; Relation: Parent; Phone number: 0900000002"
    vehicle = licence_facts(world, verifier, "vehicle_registration")
    assert vehicle["vehicle_type"] == ("Xe mô tô", "Motorcycle") and vehicle["plate"] == ("29B1-123.45",) * 2


@pytest.mark.parametrize(
    ("seconds", "vi", "en"),
    [
        (0, "vừa xong", "just now"),
        (59, "vừa xong", "just now"),
        (60, "1 phút trước", "1 minute ago"),
        (7199, "1 giờ trước", "1 hour ago"),
        (86_400 * 30, "30 ngày trước", "30 days ago"),
    ],
)
def test_ages(seconds: int, vi: str, en: str) -> None:
    assert (facts.age(seconds).vi, facts.age(seconds).en) == (vi, en)


def test_moments_are_those_of_hanoi() -> None:
    assert facts.moment(1_767_200_400) == "01/01/2026 00:00"


def test_a_customers_claims() -> None:
    claims = {
        "sub": "x", "name": "Trần An", "birthdate": "1958", "gender": "male", "account_level": 2, "email": "",
        "authentication_level": 3, "phone_number": "+84300000001", "phone_number_verified": False, "address": {"formatted": "Huế"}, "unknown": "…",
    }  # fmt: skip
    told = {fact.name: fact.value.en for fact in customer_facts(claims)}
    assert told == {
        "birthdate": "1958",
        "gender": "Male",
        "phone_number": "+84 300 000 001 (not verified)",
        "address": "Huế",
        "account_level": "Level 2 (proofed in person)",
        "authentication_level": "Level 3 of 4",
    }
    assert customer_name(claims) == "Trần An" and customer_name({}) is None


def test_what_a_code_says_of_itself_before_it_is_checked(world: World) -> None:
    assert facts.guess(world.present()).en == "Driving licence"
    adult = world.present(world.issue("driving_licence", "age_over_18"))
    assert facts.guess(adult).vi == "Giấy phép lái xe – Đủ 18 tuổi"
    for foreign in ("https://example.org", "VN1:", adult[:-30], ""):
        assert facts.guess(foreign) == facts.NOT_A_DOCUMENT
