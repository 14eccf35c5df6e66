"""Values of claims as people read them: dates dd/mm/yyyy, numbers in groups, choices as words.

Spec: none; kinds are those of `certs/catalogue.py`. Times are Vietnam's (UTC+7, without summer time).
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from certs.catalogue import DocumentType, Field, Kind, Text
from certs.documents.words import joined, sentences
from certs.encoding import b64url_decode

VIETNAM = timezone(timedelta(hours=7))
_YES, _NO = Text("Có", "Yes"), Text("Không", "No")
_NONE = Text("Không có", "None")
_PICTURE = Text("Có ảnh", "A picture")


@dataclass(frozen=True, slots=True)
class Fact:
    """One claim under its official label. `number` asks for figures of one width, kept on one line; `rows` are the sentences
    of a list, `picture` is base64 of a WebP."""

    label: Text
    value: Text
    sensitive: bool
    number: bool
    rows: tuple[Text, ...] = ()
    picture: str = ""


def facts(type_: DocumentType, claims: Mapping[str, Any]) -> tuple[Fact, ...]:
    """In the order of the catalogue; fields that are absent are left out."""
    return tuple(_fact(field, claims[field.name]) for field in type_.fields if claims.get(field.name) is not None)


def _fact(field: Field, content: Any) -> Fact:
    return Fact(
        field.label,
        value(field, content),
        field.sensitive,
        field.kind in {Kind.DIGITS, Kind.DATE},
        rows=sentences(field, content, value) if field.kind is Kind.ROWS and not field.lifetimes else (),
        picture=b64encode(b64url_decode(content)).decode() if field.kind is Kind.PORTRAIT else "",
    )


def value(field: Field, content: Any) -> Text:
    match field.kind:
        case Kind.DIGITS:
            return _same(grouped(str(content)))
        case Kind.DATE:
            return _same(date(str(content)))
        case Kind.YES:
            return _YES if content else _NO
        case Kind.CHOICE:
            return field.word(str(content))
        case Kind.TEXTS:
            return _same("; ".join(map(str, content))) if content else _NONE
        case Kind.ROWS if field.lifetimes:
            return _classes(content)
        case Kind.ROWS:
            return joined(sentences(field, content, value)) if content else _NONE
        case Kind.PORTRAIT:
            return _PICTURE
        case _:
            return _same(str(content))


def grouped(digits: str) -> str:
    """Three by three, as people read a number aloud; narrow no-break spaces keep it on one line."""
    return "\u202f".join(digits[at : at + 3] for at in range(0, len(digits), 3))


def date(iso: str) -> str:
    """dd/mm/yyyy, mm/yyyy or yyyy: a register may know no more."""
    return "/".join(reversed(iso.split("-")))


def day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(VIETNAM).strftime("%d/%m/%Y")


def moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")


def waiting(seconds: str | None) -> Text:
    """How long, as `Retry-After` says it in seconds (RFC 9110 §10.2.3); a minute where it says nothing that we can read."""
    least = min(int(seconds), 86_400) if seconds is not None and re.fullmatch(r"[0-9]{1,9}", seconds, re.ASCII) else 60
    if least < 90:
        return Text(f"{max(1, least)} giây", "1 second" if least < 2 else f"{least} seconds")
    minutes = -(-least // 60)
    return Text(f"{minutes} phút", f"{minutes} minutes")


def tries(left: object) -> Text:
    """How many tries are left, where that is known."""
    if not isinstance(left, int) or isinstance(left, bool) or left < 0:
        return Text("ít lần thử", "few tries")
    return Text(f"{left} lần thử", "1 try" if left == 1 else f"{left} tries")


def _classes(content: Any) -> Text:
    def one(each: Mapping[str, Any], until: str) -> str:
        span = f"{each['class']} ({date(each['issued'])}"
        return f"{span} – {date(each['expires'])})" if each.get("expires") else f"{span} – {until})"

    return Text(
        "; ".join(one(each, "không thời hạn") for each in content),
        "; ".join(one(each, "no expiry") for each in content),
    )


def _same(text: str) -> Text:
    return Text.same(text)
