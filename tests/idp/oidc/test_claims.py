"""Facts by scope, subjects by entitlement, dates of unequal precision."""

from typing import Any

import pytest

from idp.login.standing import Holder
from idp.oidc import claims
from tests.world_idp import account, client, person

KEY = b"k" * 32


def released(scopes: str, **changed: Any) -> dict[str, object]:
    who = Holder(account(), person(**changed))
    return claims.of_scopes(scopes.split(), client=client(), holder=who, acr="LoA1", sub="x")


def test_openid_alone_is_the_subject_alone() -> None:
    assert released("openid") == {"sub": "x"}


def test_everything() -> None:
    assert released("openid profile email phone address vneid") == {
        "sub": "x",
        "name": "Nguyễn Thị Thuỳ Dương",
        "family_name": "Nguyễn",
        "middle_name": "Thị Thuỳ",
        "given_name": "Dương",
        "gender": "female",
        "birthdate": "2003-05-09",
        "email": "duong@example.vn",
        "email_verified": False,
        "phone_number": "+84912345678",
        "phone_number_verified": True,
        "address": {
            "formatted": "12 Ngõ Huế, Phường Cửa Nam, Thành phố Hà Nội",
            "street_address": "12 Ngõ Huế",
            "locality": "Phường Cửa Nam",
            "region": "Thành phố Hà Nội",
            "country": "VN",
        },
        "personal_identification_number": "999203001234",
        "account_level": 2,
        "authentication_level": 1,
    }


@pytest.mark.parametrize(("known", "told"), [("1950", "1950"), ("1950-07", "1950"), ("1950-07-01", "1950-07-01")])
def test_birthdate_of_unequal_precision(known: str, told: str) -> None:
    assert released("openid profile", birth_date=known)["birthdate"] == told


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("H'Hen", {}),
        ("Lê Lợi", {"family_name": "Lê", "given_name": "Lợi"}),
        ("Tôn Nữ Thị Ninh", {"family_name": "Tôn", "middle_name": "Nữ Thị", "given_name": "Ninh"}),
    ],
)
def test_parts_of_a_name_are_hints(name: str, parts: dict[str, str]) -> None:
    found = released("openid profile", name=name)
    assert {key: found[key] for key in found if key.endswith("_name")} == parts
    assert found["name"] == name


def test_no_number_for_those_not_entitled() -> None:
    who = Holder(account(), person())
    shop = client("shop", entitled_to_pid=False)
    found = claims.of_scopes(["openid", "vneid"], client=shop, holder=who, acr="LoA1", sub="x")
    assert "personal_identification_number" not in found


def test_pairwise_subjects_differ_by_site_person_and_key_and_survive_a_new_number() -> None:
    shop = client("shop", entitled_to_pid=False, redirect_uris=("https://shop.example.vn/cb",))
    same_site = client("shop2", entitled_to_pid=False, redirect_uris=("https://shop.example.vn/other",))
    other = client("other", entitled_to_pid=False, redirect_uris=("https://other.example.vn/cb",))
    subject = claims.subject(shop, person(), key=KEY)
    assert subject == claims.subject(same_site, person(), key=KEY)
    assert subject == claims.subject(shop, person(pid="999203009999"), key=KEY)
    assert subject != claims.subject(other, person(), key=KEY)
    assert subject != claims.subject(shop, person("p-other"), key=KEY)
    assert subject != claims.subject(shop, person(), key=b"l" * 32)
    assert "999203001234" not in subject
    assert claims.subject(client(), person(), key=KEY) == "999203001234"


def test_what_the_journal_keeps_holds_no_value() -> None:
    assert claims.names(released("openid phone")) == ["phone_number", "phone_number_verified", "sub"]
