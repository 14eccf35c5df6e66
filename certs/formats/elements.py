"""What an mdoc calls the fields of the catalogue: document types, namespaces, and the elements of ISO's driving licence.

Spec: ISO/IEC 18013-5:2021 §7.1 (document type, namespaces), §7.2.1 table 5 (elements), §7.2.4 (driving privileges),
§7.2.8 (domestic namespace); RFC 8943 (full-date, tag 1004).

Every document has a namespace of ours in which each field keeps its catalogue name and its JSON value; only full dates are
tagged, and pictures are bytes. A kind that ISO knows (the driving licence) tells the same in ISO's words beside, so that any
reader in the world can use it: the catalogue says which element is made of which field, `_ISO` how. What has no honest ISO
word (classes that only Vietnam has, points) stands in ours alone.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from certs.catalogue import AUTHORITIES, CATALOGUE, DocumentType, Field, Kind, Text, View
from certs.cbor import Tag, Value
from certs.documents.faults import PORTRAIT_LIMIT, is_webp
from certs.encoding import b64url_decode, b64url_encode, safe_text
from certs.errors import Malformed
from certs.formats.compact import to_compact
from certs.transliteration import plain as plain_text

DATE_TIME, FULL_DATE = 0, 1004  # CBOR tags
ISO_NAMESPACE = "org.iso.18013.5.1"
COUNTRY = "VN"
ISSUING_COUNTRY = "issuing_country"
PORTRAIT = "portrait"

Elements = Mapping[str, Mapping[str, Any]]  # namespace -> element -> value

_ISO_NATIONALITIES = MappingProxyType({"Việt Nam": "VN"})  # ISO 3166-1 alpha-2
# The classes that the Vienna Convention and ISO/IEC 18013-1 Annex B have too; a reader would not know the others.
_ISO_CATEGORIES = frozenset({"A1", "A", "B1", "B", "C1", "C", "D1", "D", "BE", "C1E", "CE", "D1E", "DE"})
_FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


def doc_type(document: DocumentType) -> str:
    return document.iso or f"vn.vneid-reference.{document.name}.1"


def namespace(document: DocumentType) -> str:
    """Our namespace of a document; for one that ISO knows, the domestic namespace that ISO gives to its country."""
    return f"{ISO_NAMESPACE}.{COUNTRY}" if document.iso else doc_type(document)


BY_DOC_TYPE: Mapping[str, DocumentType] = MappingProxyType({doc_type(each): each for each in CATALOGUE.values()})


def to_elements(
    document: DocumentType, record: Mapping[str, Any], *, authority: str, portrait: bytes | None
) -> dict[str, dict[str, Value]]:
    """All elements of a record; `portrait`, if given, stands in place of the record's own small one. Raises ValueError when
    the record does not fit the catalogue, Malformed when a text of it could deceive its reader."""
    to_compact(
        document, _view_of(field.name for field in document.fields), record
    )  # one judge of records in all formats
    shown = [field for field in document.fields if record.get(field.name) is not None]
    own = {field.name: _tagged(field, record[field.name]) for field in shown}
    own |= {field.name: portrait for field in shown if portrait and field.kind is Kind.PORTRAIT}
    if not document.iso:
        return {namespace(document): own | ({PORTRAIT: portrait} if portrait else {})}
    made = ((name, _ISO[name].make(record[field.name])) for field in shown for name in field.iso)
    iso = {name: value for name, value in made if value is not None}
    iso |= {ISSUING_COUNTRY: COUNTRY, "un_distinguishing_sign": COUNTRY}
    iso["issuing_authority"] = AUTHORITIES[authority].name.en
    if portrait:
        iso[PORTRAIT] = portrait
    return {ISO_NAMESPACE: iso, namespace(document): own}


def to_claims(document: DocumentType, shown: Elements, told: Elements) -> dict[str, Any]:
    """The catalogue's fields among `shown`, as the catalogue has them; `told` is `plain` of the same. ISO's words for a field
    count where ours is not shown, and must agree with it where it is. Raises Malformed."""
    fields, same = _fields(document), _same(document)
    own = namespace(document)
    values = {name: value for name, value in shown.get(own, {}).items() if name != PORTRAIT or _is_small(value)}
    claims = {name: _claim(told[own][name]) for name in values}
    if not claims.keys() <= fields.keys():
        raise Malformed("malformed", "element beyond the catalogue in a namespace of ours")
    if document.iso:
        for name, value in shown.get(ISO_NAMESPACE, {}).items():
            if name not in same or (name == PORTRAIT and not _is_small(value)):
                continue
            claim = _claim(told[ISO_NAMESPACE][name])
            if claims.setdefault(same[name], claim) != claim:
                raise Malformed("claim_conflict", f"{name} and {same[name]}")
            values.setdefault(same[name], value)
    _judge(document, fields, claims, values)
    return claims


def view_of(document: DocumentType, claims: Mapping[str, Any]) -> str:
    """The largest view of which nothing required is missing; '' when what was shown makes no view of the catalogue."""
    whole = [view for view, needed in _needed(document) if claims.keys() >= needed]
    return max(whole, key=lambda view: len(view.fields)).name if whole else ""


@cache
def _fields(document: DocumentType) -> Mapping[str, Field]:
    return {field.name: field for field in document.fields}


@cache
def _same(document: DocumentType) -> Mapping[str, str]:
    """ISO's words that say just what a field says: element, field."""
    return {name: field.name for field in document.fields for name in field.iso if _ISO[name].same}


@cache
def _needed(document: DocumentType) -> tuple[tuple[View, frozenset[str]], ...]:
    return tuple((view, frozenset(document.needed(view))) for view in document.views)


def plain(value: Value) -> Any:
    """An element's value as a person or a program reads it: dates as text. Raises Malformed for what no element may hold."""
    if isinstance(value, str):
        return safe_text(value)
    if value is None or isinstance(value, (bool, int, bytes)):  # a union would be made anew each time
        return value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {safe_text(_text(key)): plain(item) for key, item in value.items()}
    return full_date(value) if value.number == FULL_DATE else date_time(value)


def full_date(value: Value) -> str:
    """A full-date (RFC 8943 §2): a day that exists, written in one way."""
    return _dated(value, FULL_DATE, _FULL_DATE)


def date_time(value: Value) -> str:
    """A tdate (§7.2.1): whole seconds in UTC, ending in Z."""
    return _dated(value, DATE_TIME, _DATE_TIME)


def _dated(value: Value, tag: int, form: re.Pattern[str]) -> str:
    if not isinstance(value, Tag) or value.number != tag:
        raise Malformed("malformed", f"tag {tag} expected")
    text = _text(value.value)
    try:
        if form.fullmatch(text) and datetime.fromisoformat(text):
            return text
    except ValueError:
        pass
    raise Malformed("malformed", f"date under tag {tag}")


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise Malformed("malformed", "text expected")
    return value


# --- our own namespace ------------------------------------------------------------------------------------------------


def _tagged(field: Field, value: Any) -> Value:
    if field.kind is Kind.DATE:
        return _day(value)
    if field.kind is Kind.ROWS:
        return [
            {
                column.name: None if row[column.name] is None else _tagged(column, row[column.name])
                for column in field.columns
            }
            for row in value
        ]
    return b64url_decode(value) if field.kind is Kind.PORTRAIT else value


def _claim(value: Any) -> Any:
    return b64url_encode(value) if isinstance(value, bytes) else value


def _is_small(portrait: Value) -> bool:
    """A picture that the catalogue's own field may hold; a larger one is an element and no claim."""
    return isinstance(portrait, bytes) and len(portrait) <= PORTRAIT_LIMIT and is_webp(portrait)


def _day(text: Any) -> Value:
    """A full date is tagged; a year, or a year and month, is all that is known of some birthdays and stays text."""
    if text is None or len(text) in (len("2003"), len("2003-05")):
        return text
    if not _FULL_DATE.fullmatch(text):
        raise ValueError("a date in another spelling")
    return Tag(FULL_DATE, text)


def _judge(
    document: DocumentType, fields: Mapping[str, Field], claims: Mapping[str, Any], values: Mapping[str, Value]
) -> None:
    """Claims are judged as a record's are; and each has exactly the form in which it would be issued. Raises Malformed."""
    try:
        to_compact(document, _view_of(claims), claims)
        # What there is not is left out: no null is ever issued.
        if all(told is not None and _tagged(fields[name], told) == values[name] for name, told in claims.items()):
            return
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise Malformed("malformed", "element that does not fit its field")


def _view_of(names: Iterable[str]) -> View:
    return View("", 0, _UNTITLED, _UNTITLED, tuple(names))


_UNTITLED = Text("", "")


# --- ISO's words ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Iso:
    """How an element is made of the field's value; `same` where it says just what the field says."""

    make: Callable[[Any], Value]
    same: bool = False


def _as_is(value: Any) -> Value:
    return value


def _only_full(text: str | None) -> Value:
    day = _day(text)
    return day if isinstance(day, Tag) else None


def _family(name: str) -> str | None:
    """The first word, as in the passport's line for the machine."""
    return (name.split() or [""])[0] or None


def _given(name: str) -> str | None:
    return " ".join(name.split()[1:]) or None


def _latin(part: Callable[[str], str | None]) -> Callable[[str], Value]:
    """ISO's plain texts have at most 150 letters of Latin-1 (§7.2.1): marks fall away, as in the machine-readable zone."""

    def made(text: str) -> Value:
        return plain_text(part(text) or "")[:150] or None

    return made


def _privileges(classes: Any) -> Value:
    told = []
    for item in classes:
        if item["class"] in _ISO_CATEGORIES:
            days = {"issue_date": _only_full(item["issued"]), "expiry_date": _only_full(item["expires"])}
            told.append({"vehicle_category_code": item["class"], **{k: day for k, day in days.items() if day}})
    return told


def _last_day(classes: Any) -> Value:
    """ISO wants one day for the whole licence: the last on which a class that ends may still be driven."""
    days = [item["expires"] for item in classes if item["expires"] and _FULL_DATE.fullmatch(item["expires"])]
    return Tag(FULL_DATE, max(days)) if days else None


_ISO: Mapping[str, _Iso] = MappingProxyType(
    {
        "family_name": _Iso(_latin(_family)),
        "given_name": _Iso(_latin(_given)),
        "family_name_national_character": _Iso(_family),
        "given_name_national_character": _Iso(_given),
        "birth_date": _Iso(_only_full, same=True),
        "age_over_18": _Iso(_as_is, same=True),
        "nationality": _Iso(_ISO_NATIONALITIES.get),
        "resident_address": _Iso(_latin(_as_is)),
        "document_number": _Iso(_as_is, same=True),
        "issue_date": _Iso(_only_full, same=True),
        "expiry_date": _Iso(_last_day),
        "driving_privileges": _Iso(_privileges),
        PORTRAIT: _Iso(b64url_decode, same=True),
    }
)
ISO_ELEMENTS = frozenset(_ISO)
