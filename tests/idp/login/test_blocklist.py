"""The blocklist: what is guessed first is refused in its usual spellings, what merely contains it is not."""

from importlib.resources import files

import pytest

from idp.login.blocklist import COMMON, PERSONAL, SERVICE, rule_against
from idp.registries.personas import PERSONAS
from tests.world_idp import PASSWORD, person

LINES = files("idp.login").joinpath("common_passwords.txt").read_text("ascii").splitlines()


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "matkhau123",
        "Mật khẩu 123",
        "MẬT KHẨU!",
        "ｍａｔｋｈａｕ１２３",
        "anhyeuem",
        "Anh yêu em 2003",
        "iloveyou",
        "P@ssw0rd",
        "p@ssw0rd1!",
        "qwertyuiop",
        "1qaz2wsx",
        "09051990",
        "1990-05-09",
        "5/9/1990",
        "09/05/90 ",
        "68686868",
        "abcabcab",
        "aaaaaaaa",
        "!!!!!!!!",
        "bcdefghijkl",
        "87654321",
        "2003duong",
        "duong12345678",
        "nguyenvana2020",
    ],
)
def test_common(password: str) -> None:
    assert rule_against(password) == COMMON


@pytest.mark.parametrize("password", ["VNeID2026", "định danh điện tử", "dinhdanh@123"])
def test_the_service(password: str) -> None:
    assert rule_against(password) == SERVICE


@pytest.mark.parametrize(
    "password",
    [
        "999203001234",
        "999 203 001 234",
        "0912345678",
        "+84 912 345 678",
        "0912.345.678",
        "912345678",
        "Nguyễn Thị Thuỳ Dương",
        "nguyenthithuyduong",
        "Dương@2003",
        "thuyduong123",
        "NguyenDuong",
        "nttduong!",
        "ntt Dương 1",
        "09052003",
        "9/5/2003",
        "20030509",
        "duong09052003",
        "09052003duong",
        "duong952003",
        "duong@example.vn",
        "other@example.vn",
        "0987654320",
        "duong0987654320",
    ],
)
def test_what_is_known_about_the_person(password: str) -> None:
    contacts = ("+84987654320", "other@example.vn")
    assert rule_against(password, person=person(), contacts=contacts) == PERSONAL
    other = person(pid="999090000111", name="Trần Lâm", birth_date="1990", phone=None, email=None)
    assert rule_against(password, person=other) != PERSONAL


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct horse battery",
        "mật khẩu 83749201",
        "anh yêu em lắm nhưng mà thôi",
        "duong-83749201",
        "xkvq7jzm",
        "tôi sinh ngày 09052003",
        "пароль не угадать",
        "合言葉は秘密です",
        "k!",
        "9",
        "",
    ],
)
def test_no_rule_of_composition(password: str) -> None:
    """The whole is compared: what a long password contains does not count."""
    assert rule_against(password, person=person()) is None


def test_a_birth_date_that_is_known_in_part() -> None:
    assert rule_against("1990", person=person(birth_date="1990")) == PERSONAL
    assert rule_against("lam1990", person=person(name="Lâm", birth_date="1990-02")) == PERSONAL


def test_the_longest_is_judged() -> None:
    assert rule_against("0" * 1_024) == COMMON
    assert rule_against("k7" + "0" * 1_022) is None


def test_the_list() -> None:
    assert 1_000 < len(LINES) < 3_000
    assert sorted(set(LINES)) == LINES
    assert all(line.isascii() and line.isalnum() and line == line.lower() for line in LINES)
    assert all(rule_against(line) in (COMMON, SERVICE) for line in LINES)


def test_the_people_of_the_demonstration_pass() -> None:
    assert [one.key for one in PERSONAS if rule_against(one.password, person=one.person)] == []
