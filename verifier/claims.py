"""What the bank received about a customer who signed in, as facts a person reads.

Spec: OpenID Connect Core 1.0 §5.1 (standard claims); scope `vneid` of the provider's own metadata.
"""

from collections.abc import Callable, Mapping
from typing import Any

from certs.catalogue import Text
from verifier.facts import Fact, day, grouped, phone

_LEVELS = {
    1: Text("Mức 1 (đăng ký từ xa)", "Level 1 (registered remotely)"),
    2: Text("Mức 2 (xác minh trực tiếp)", "Level 2 (proofed in person)"),
}
_GENDERS = {"male": Text("Nam", "Male"), "female": Text("Nữ", "Female")}
_CHECKED = {True: Text("đã xác minh", "verified"), False: Text("chưa xác minh", "not verified")}


def _same(value: object) -> Text:
    return Text(str(value), str(value))


def _address(value: object) -> Text:
    return _same(value.get("formatted", "") if isinstance(value, Mapping) else value)


def _authentication(value: object) -> Text:
    return Text(f"Mức {value} / 4", f"Level {value} of 4")


def _account(value: object) -> Text:
    return _LEVELS.get(value, _same(value)) if isinstance(value, int) else _same(value)


_CLAIMS: tuple[tuple[str, Text, Callable[[Any], Text], bool], ...] = (
    (
        "personal_identification_number",
        Text("Số định danh cá nhân", "Personal identification number"),
        lambda value: _same(grouped(str(value))),
        True,
    ),
    ("family_name", Text("Họ", "Family name"), _same, False),
    ("middle_name", Text("Chữ đệm", "Middle name"), _same, False),
    ("given_name", Text("Tên", "Given name"), _same, False),
    ("birthdate", Text("Ngày, tháng, năm sinh", "Date of birth"), lambda value: _same(day(str(value))), True),
    ("gender", Text("Giới tính", "Sex"), lambda value: _GENDERS.get(str(value), _same(value)), False),
    ("phone_number", Text("Số điện thoại", "Phone number"), lambda v: _same(phone(str(v))), False),
    ("email", Text("Thư điện tử", "Email"), _same, False),
    ("address", Text("Nơi cư trú", "Address"), _address, False),
    ("account_level", Text("Mức tài khoản định danh", "Identity account level"), _account, False),
    ("authentication_level", Text("Mức xác thực lần này", "Authentication level this time"), _authentication, False),
)


def _checked(value: Text, verified: object) -> Text:
    """A number or address with what the provider says about it, where it says so."""
    if verified is None:
        return value
    word = _CHECKED[verified is True]
    return Text(f"{value.vi} ({word.vi})", f"{value.en} ({word.en})")


def customer_name(claims: Mapping[str, Any]) -> str | None:
    name = claims.get("name")
    return name if isinstance(name, str) and name else None


def customer_facts(claims: Mapping[str, Any]) -> tuple[Fact, ...]:
    """The facts that were shared, each under its human name; claims without one are left out."""
    return tuple(
        Fact(name, label, _checked(write(claims[name]), claims.get(f"{name}_verified")), number=number)
        for name, label, write, number in _CLAIMS
        if claims.get(name) not in (None, "")
    )
