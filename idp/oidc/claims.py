"""Which facts a scope releases, under which human name, and who the subject is for a client.

Spec: OpenID Connect Core 1.0 §5.1, §5.4, §8 (subject identifiers), §17.3; Decree 69/2024/NĐ-CP Art. 18 (who may have the number)

A claim whose value is not known is left out, never null (§5.3.2).
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from certs.catalogue import Text
from certs.encoding import b64url_encode
from idp.login.acr import level_of
from idp.login.standing import Holder
from idp.model import Address, Client, Person
from idp.oidc.clients import sector


@dataclass(frozen=True, slots=True)
class Claim:
    name: str
    scope: str
    label: Text
    sensitive: bool = False


CLAIMS = (
    Claim("sub", "openid", Text("Mã định danh gửi cho bên này", "Identifier given to this party"), sensitive=True),
    Claim("name", "profile", Text("Họ, chữ đệm và tên", "Full name")),
    Claim("family_name", "profile", Text("Họ", "Family name")),
    Claim("middle_name", "profile", Text("Chữ đệm", "Middle name")),
    Claim("given_name", "profile", Text("Tên", "Given name")),
    Claim("gender", "profile", Text("Giới tính", "Sex")),
    Claim("birthdate", "profile", Text("Ngày, tháng, năm sinh", "Date of birth")),
    Claim("email", "email", Text("Thư điện tử", "E-mail")),
    Claim("email_verified", "email", Text("Thư điện tử đã xác minh", "E-mail confirmed")),
    Claim("phone_number", "phone", Text("Số điện thoại", "Phone number")),
    Claim("phone_number_verified", "phone", Text("Số điện thoại đã xác minh", "Phone number confirmed")),
    Claim("address", "address", Text("Nơi thường trú", "Permanent residence"), sensitive=True),
    Claim(
        "personal_identification_number",
        "vneid",
        Text("Số định danh cá nhân", "Personal identification number"),
        sensitive=True,
    ),
    Claim("account_level", "vneid", Text("Mức độ tài khoản định danh", "Account level")),
    Claim("authentication_level", "vneid", Text("Mức độ xác thực lần này", "Authentication level this time")),
)


BY_NAME = "claim:"  # begins the scopes of single claims, `idp.oidc.claims_request`


def by_name(claim: Claim) -> str:
    return BY_NAME + claim.name


def released_by(scopes: Iterable[str]) -> tuple[Claim, ...]:
    """In the order of `CLAIMS`."""
    held = set(scopes)
    return tuple(claim for claim in CLAIMS if claim.scope in held or by_name(claim) in held)


def covered(scopes: Iterable[str], allowed: Iterable[str]) -> bool:
    return not uncovered(scopes, allowed)


def uncovered(scopes: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """What of the first the second does not hold; a single claim is held by its scope too."""
    held = set(allowed) | {by_name(claim) for claim in released_by(allowed)}
    return tuple(scope for scope in scopes if scope not in held)


def subject(client: Client, person: Person, *, key: bytes) -> str:
    """The number for those entitled to it, unless they want none; otherwise a name that only this party's site knows (§8.1)."""
    if client.entitled_to_pid and client.metadata.get("subject_type") != "pairwise":
        return person.pid
    digest = hmac.new(key, f"{sector.of(client)}\n{person.person_id}".encode(), hashlib.sha256).digest()
    return b64url_encode(digest)


def of_scopes(scopes: Iterable[str], *, client: Client, holder: Holder, acr: str, sub: str) -> dict[str, Any]:
    """What userinfo answers, and what the consent page shows: one function, so that both are the same."""
    person, account = holder.person, holder.account
    known: dict[str, Any] = {
        "sub": sub,
        **_name(person.name),
        "gender": person.sex,
        "birthdate": _birthdate(person.birth_date),
        "phone_number": account.phone,
        "phone_number_verified": True,  # An account's phone was confirmed when it was registered.
        "address": _address(person.residence),
        "account_level": account.level,
        "authentication_level": level_of(acr),
    }
    if account.email is not None:
        known |= {"email": account.email, "email_verified": False}  # Nobody has sent a message there yet.
    if client.entitled_to_pid:
        known["personal_identification_number"] = person.pid
    return {claim.name: known[claim.name] for claim in released_by(scopes) if claim.name in known}


def names(claims: Mapping[str, Any]) -> list[str]:
    """What the journal keeps: names, never values."""
    return sorted(claims)


def _name(full: str) -> dict[str, str]:
    """Vietnamese order: family name first, given name last. A hint only: `name` is the name."""
    words = full.split()
    if len(words) < 2:
        return {"name": full}
    split = {"name": full, "family_name": words[0], "given_name": words[-1]}
    return {**split, "middle_name": " ".join(words[1:-1])} if len(words) > 2 else split


def _birthdate(known: str) -> str:
    """`YYYY-MM-DD` or `YYYY`; there is no form for a month without a day, so it is left out (§5.1)."""
    return known if re.fullmatch(r"\d{4}-\d{2}-\d{2}", known, re.ASCII) else known[:4]


def _address(residence: Address) -> dict[str, str]:
    parts = (residence.detail, residence.commune, residence.province)
    return {
        "formatted": ", ".join(part for part in parts if part),
        "street_address": residence.detail,
        "locality": residence.commune,
        "region": residence.province,
        "country": "VN",
    }
