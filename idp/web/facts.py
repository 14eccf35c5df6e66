"""Claims as a person reads them: human names, dates as dd/mm/yyyy, numbers in groups; what belongs together in one line."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from certs.catalogue import Text
from idp.oidc.claims import CLAIMS, Claim

_SEX = {"male": Text("Nam", "Male"), "female": Text("Nữ", "Female")}
_CONFIRMED = {True: Text("đã xác minh", "confirmed"), False: Text("chưa xác minh", "not confirmed")}
_ACCOUNT_LEVEL = {
    1: Text("Mức 1 – đăng ký từ xa", "Level 1 – registered remotely"),
    2: Text("Mức 2 – đã xác minh trực tiếp", "Level 2 – checked in person"),
}

# These are a split or a mark of the claim before them and are shown in its line.
_PARTS = {
    "name": ("family_name", "middle_name", "given_name"),
    "email": ("email_verified",),
    "phone_number": ("phone_number_verified",),
}
_HEADS = {part: head for head, parts in _PARTS.items() for part in parts}


def alone(names: Container[str], name: str) -> bool:
    """It has a line of its own: it is no part of another claim that is there too."""
    return _HEADS.get(name) not in names


@dataclass(frozen=True, slots=True)
class Fact:
    scope: str
    label: Text
    value: Text
    sensitive: bool
    claims: tuple[str, ...]


def facts(claims: Mapping[str, Any]) -> tuple[Fact, ...]:
    """One line for each fact. Every claim that would go is in exactly one line."""
    return tuple(_lines(claims))


def _lines(claims: Mapping[str, Any]) -> Iterator[Fact]:
    number_goes = claims.get("personal_identification_number") is not None
    for claim in CLAIMS:
        if claim.name not in claims or not alone(claims, claim.name):
            continue
        names = (claim.name, *(part for part in _PARTS.get(claim.name, ()) if part in claims))
        if claim.name == "sub" and number_goes:
            continue  # the same number, in the line of `personal_identification_number`
        if claim.name == "personal_identification_number":
            names = ("sub", *names)
        label = _NUMBER if claim.name == "sub" and _is_number(claims["sub"]) else claim.label
        yield Fact(claim.scope, label, _value(claim, claims), claim.sensitive, names)


def resource(uri: str) -> Text:
    """What it means to allow a resource (RFC 8707), by the host that a person may know."""
    host = urlsplit(uri).netloc or uri
    return Text(f"Thay bạn truy cập tại {host}", f"Access on your behalf at {host}")


_NUMBER = next(claim.label for claim in CLAIMS if claim.name == "personal_identification_number")


def _value(claim: Claim, claims: Mapping[str, Any]) -> Text:
    value = claims[claim.name]
    match claim.name:
        case "gender":
            return _SEX[value]
        case "birthdate":
            return _same("/".join(reversed(value.split("-"))))
        case "personal_identification_number":
            return _same(grouped(value))
        case "sub":
            return _same(grouped(value) if _is_number(value) else f"{value[:12]}…")
        case "email" | "phone_number":
            shown = value if claim.name == "email" else f"{value[:3]} {grouped(value[3:])}"
            if f"{claim.name}_verified" not in claims:
                return _same(shown)
            mark = _CONFIRMED[claims[f"{claim.name}_verified"]]
            return Text(f"{shown} ({mark.vi})", f"{shown} ({mark.en})")
        case "email_verified" | "phone_number_verified":
            return _CONFIRMED[value]
        case "address":
            return _same(value["formatted"])
        case "account_level":
            return _ACCOUNT_LEVEL[value]
        case "authentication_level":
            return Text(f"Mức {value} trên 4", f"Level {value} of 4")
    return _same(str(value))


def grouped(number: str) -> str:
    """Twelve digits by threes, for eyes that compare."""
    return " ".join(number[start : start + 3] for start in range(0, len(number), 3))


def _is_number(subject: str) -> bool:
    return len(subject) == 12 and subject.isdecimal()


def _same(value: str) -> Text:
    return Text.same(value)
