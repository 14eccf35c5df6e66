"""What a person reads of a verified document: facts under their official names, dates as dd/mm/yyyy, numbers in groups.

Spec: labels from certs/catalogue.py; Vietnamese writing of dates (Decree 30/2020/ND-CP, dd/mm/yyyy).
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from certs.catalogue import CATALOGUE, DocumentType, Field, Kind, Text, View
from certs.documents.words import joined, sentences
from certs.encoding import b64url_decode
from certs.errors import CertsError
from certs.formats import Verified
from certs.formats.elements import ISO_NAMESPACE, PORTRAIT
from verifier import presented
from verifier.result import Outcome

HANOI = timezone(timedelta(hours=7))  # no summer time
NAME = "full_name"

VERDICTS = {
    Outcome.ACCEPTED: Text("CHẤP NHẬN", "ACCEPTED"),
    Outcome.REJECTED: Text("TỪ CHỐI", "REJECTED"),
    Outcome.UNDETERMINED: Text("CHƯA XÁC ĐỊNH ĐƯỢC", "CANNOT TELL YET"),
}
_YES = Text("Có", "Yes")
_NO = Text("Không", "No")
_NONE = Text("Không có", "None")
# What decides at a counter, in this order; the first three that a view holds are shown large.
_MATTERS = (
    "age_over_18",
    "personal_identification_number",
    "tax_code",
    "card_number",
    "health_insurance_number",
    "birth_date",
    "classes",
    "insurance_until",
    "valid_until",
    "tax_office",
    "plate",
    "organisation_number",
    "account_number",
    "permanent_address",
    "spouse_name",
    "married_on",
    "sex",
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its official name, its value as people write it, and how it should look."""

    name: str
    label: Text
    value: Text
    number: bool = False
    sensitive: bool = False
    rows: tuple[Text, ...] = ()  # the sentences of a list


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes that the authority signed, and what they begin as."""

    media_type: str
    data: bytes

    @property
    def uri(self) -> str:
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode()}"


_PICTURES = {
    "image/webp": rb"RIFF.{4}WEBP",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/jp2": rb"\x00\x00\x00\x0cjP",
}
NOT_BOUND = Text(
    "Không chứng minh người đưa ra là chủ giấy tờ.",
    "There is no proof that the person showing it is its holder.",
)
PRINTED = Text(
    "Mã in trên giấy: ai cũng có thể giữ một bản sao.",
    "Printed: anyone may hold a copy.",
)
_COMPARE = Text(
    "So người trước mặt với ảnh và thông tin dưới đây.",
    "Compare the person with the portrait and the facts below.",
)
_COMPARE_ELSEWHERE = Text(
    "Mã này không có ảnh: so người trước mặt với một giấy tờ có ảnh.",
    "This code has no portrait: compare the person with a document that has one.",
)
NOT_A_DOCUMENT = Text("Không phải mã của một giấy tờ", "Not the code of a document")


def title(verified: Verified) -> Text:
    """The kind of document, with the view where it is not the whole name already."""
    kind = CATALOGUE.get(verified.document)
    if kind is None:
        return Text.same(verified.document)
    view = _view(kind, verified.view)
    if view is None or view.title == kind.title:
        return kind.title
    return Text(f"{kind.title.vi} – {view.title.vi}", f"{kind.title.en} – {view.title.en}")


def guess(text: str) -> Text:
    """What a code says of itself, UNVERIFIED: enough to tell two codes of one picture apart, and no fact of a person."""
    try:
        told = presented.peek(text)
    except CertsError:
        return NOT_A_DOCUMENT
    document, view = told.document.title, told.view.title if told.view else told.document.title
    return document if view == document else Text(f"{document.vi} – {view.vi}", f"{document.en} – {view.en}")


def person(verified: Verified) -> str | None:
    """The person's name, when the view tells it."""
    name = verified.claims.get(NAME)
    return name if isinstance(name, str) else None


def facts(verified: Verified) -> tuple[Fact, ...]:
    """Every fact but the name, in the order of the catalogue."""
    kind = CATALOGUE.get(verified.document)
    if kind is None:
        return ()
    return tuple(
        _fact(field, verified.claims[field.name])
        for field in kind.fields
        if field.name in verified.claims and field.name != NAME and field.kind is not Kind.PORTRAIT
    )


def matters(verified: Verified, asked: tuple[str, ...] = ()) -> tuple[Fact, ...]:
    """The two or three facts on which a decision at a counter rests; those that were asked for by name, all of them, where some were."""
    known = {fact.name: fact for fact in facts(verified)}
    wanted = [known[name] for name in asked if name in known]
    chosen = wanted or [known[name] for name in _MATTERS if name in known][:3]
    return tuple(chosen) or tuple(known.values())[:3]


def labels(names: tuple[str, ...]) -> tuple[Text, ...]:
    """Facts by their official names, where only the catalogue's names are at hand."""
    known = {field.name: field.label for kind in CATALOGUE.values() for field in kind.fields}
    return tuple(known.get(name, Text.same(name)) for name in names)


def portrait(verified: Verified) -> Picture | None:
    """The portrait, when what was shown has one: that of the catalogue, else ISO's."""
    kind = CATALOGUE.get(verified.document)
    fields = [field.name for field in kind.fields if field.kind is Kind.PORTRAIT] if kind else []
    told = next((verified.claims[name] for name in fields if isinstance(verified.claims.get(name), str)), None)
    data = b64url_decode(told) if told else verified.elements.get(ISO_NAMESPACE, {}).get(PORTRAIT)
    if not isinstance(data, bytes):
        return None
    media_type = next((each for each, start in _PICTURES.items() if re.match(start, data, re.DOTALL)), None)
    return Picture(media_type, data) if media_type else None


def cautions(verified: Verified) -> tuple[Text, ...]:
    """What whoever reads an accepted verdict has to know before relying on it."""
    if verified.holder_bound:
        return ()
    if not verified.printed:
        return (NOT_BOUND,)
    return (PRINTED, _COMPARE if portrait(verified) else _COMPARE_ELSEWHERE)


def day(text: str) -> str:
    """An ISO date of any precision as people here write it: 2001-05-09 is 09/05/2001, 2001-05 is 05/2001, 2001 is 2001."""
    return "/".join(reversed(text.split("-")))


def moment(seconds: int) -> str:
    """A Unix time in Vietnam's time, to the minute."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(HANOI).strftime("%d/%m/%Y %H:%M")


def stamp(seconds: int) -> str:
    """A Unix time's day in Vietnam, as it begins a number: 20260119."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(HANOI).strftime("%Y%m%d")


def age(seconds: int) -> Text:
    """How long ago, in the largest whole unit."""
    if seconds < 60:
        return Text("vừa xong", "just now")
    for size, vi, en in ((86_400, "ngày", "day"), (3_600, "giờ", "hour"), (60, "phút", "minute")):
        count = seconds // size
        if count:
            return Text(f"{count} {vi} trước", f"{count} {en}{'s' if count > 1 else ''} ago")
    raise AssertionError("unreachable")


def grouped(digits: str) -> str:
    """A number of twelve digits in groups of three, as people compare it."""
    return " ".join(digits[i : i + 3] for i in range(0, len(digits), 3)) if len(digits) == 12 else digits


def phone(number: str) -> str:
    """A Vietnamese mobile number in groups: +84 900 000 001."""
    if number.startswith("+84") and len(number) == 12 and number[1:].isdecimal():
        return f"+84 {number[3:6]} {number[6:9]} {number[9:]}"
    return number


def _view(kind: DocumentType, name: str) -> View | None:
    return next((view for view in kind.views if view.name == name), None)


def _fact(field: Field, value: Any) -> Fact:
    return Fact(
        field.name,
        field.label,
        _value(field, value),
        number=field.kind in (Kind.DIGITS, Kind.DATE, Kind.COUNT),
        sensitive=field.sensitive,
        rows=sentences(field, value, _value) if field.kind is Kind.ROWS and not field.lifetimes else (),
    )


def _value(field: Field, value: Any) -> Text:
    match field.kind, value:
        case Kind.YES, bool():
            return _YES if value else _NO
        case Kind.DATE, str():
            return Text.same(day(value))
        case Kind.DIGITS, str():
            return Text.same(grouped(value))
        case Kind.CHOICE, str():
            return field.word(value)
        case Kind.ROWS, list() | tuple() if field.lifetimes:
            return _classes(value)
        case Kind.ROWS, list() | tuple():
            return joined(sentences(field, value, _value)) if value else _NONE
        case Kind.TEXTS, list() | tuple():
            return Text.same("; ".join(map(str, value))) if value else _NONE
        case _:
            return Text.same(str(value))


def _classes(entries: list[Any] | tuple[Any, ...]) -> Text:
    vi, en = [], []
    for entry in entries:
        until = entry.get("expires")
        vi.append(f"{entry['class']} (đến {day(until)})" if until else f"{entry['class']} (không thời hạn)")
        en.append(f"{entry['class']} (until {day(until)})" if until else f"{entry['class']} (no expiry)")
    return Text("; ".join(vi), "; ".join(en)) if vi else _NONE
