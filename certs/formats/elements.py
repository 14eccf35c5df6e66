"""What an mdoc calls the fields of the catalogue: document types, namespaces, and the elements of ISO's driving licence.

Spec: ISO/IEC 18013-5:2021 §7.1 (document type, namespaces), §7.2.1 table 5 (elements), §7.2.4 (driving privileges),
§7.2.8 (domestic namespace); RFC 8943 (full-date, tag 1004).

Every document has a namespace of ours in which each field keeps its catalogue name and its JSON value; only full dates are
tagged. The driving licence tells the same in ISO's words beside, so that any reader in the world can use it: `_ISO` is that
mapping, one line an element. What has no honest ISO word (classes that only Vietnam has, points) stands in ours alone.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from certs.catalogue import AUTHORITIES, CATALOGUE, DocumentType, Field, Kind, Text, View
from certs.cbor import Tag, Value
from certs.encoding import safe_text
from certs.errors import Malformed
from certs.formats.compact import to_compact

DATE_TIME, FULL_DATE = 0, 1004  # CBOR tags
ISO_NAMESPACE = "org.iso.18013.5.1"
COUNTRY = "VN"
ISSUING_COUNTRY = "issuing_country"
PORTRAIT = "portrait"

Elements = Mapping[str, Mapping[str, Any]]  # namespace -> element -> value

_ISO_TYPES = MappingProxyType({"driving_licence": "org.iso.18013.5.1.mDL"})
_ISO_NATIONALITIES = MappingProxyType({"Việt Nam": "VN"})  # ISO 3166-1 alpha-2
# The classes that the Vienna Convention and ISO/IEC 18013-1 Annex B have too; a reader would not know the others.
_ISO_CATEGORIES = frozenset({"A1", "A", "B1", "B", "C1", "C", "D1", "D", "BE", "C1E", "CE", "D1E", "DE"})
_FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


def doc_type(document: DocumentType) -> str:
    return _ISO_TYPES.get(document.name, f"vn.vneid-reference.{document.name}.1")


def namespace(document: DocumentType) -> str:
    """Our namespace of a document; for one that ISO knows, the domestic namespace that ISO gives to its country."""
    return f"{ISO_NAMESPACE}.{COUNTRY}" if document.name in _ISO_TYPES else doc_type(document)


BY_DOC_TYPE: Mapping[str, DocumentType] = MappingProxyType({doc_type(each): each for each in CATALOGUE.values()})


def to_elements(
    document: DocumentType, record: Mapping[str, Any], *, authority: str, portrait: bytes | None
) -> dict[str, dict[str, Value]]:
    """All elements of a record. Raises ValueError when it does not fit the catalogue, Malformed when a text of it could
    deceive its reader."""
    to_compact(
        document, _view_of(field.name for field in document.fields), record
    )  # one judge of records in all formats
    shown = [field for field in document.fields if record.get(field.name) is not None]
    own = {field.name: _tagged(field, record[field.name]) for field in shown}
    if document.name not in _ISO_TYPES:
        return {namespace(document): own | ({PORTRAIT: portrait} if portrait else {})}
    iso = {name: value for each in _ISO for name, value in [(each.name, each.made(record))] if value is not None}
    iso |= {ISSUING_COUNTRY: COUNTRY, "un_distinguishing_sign": COUNTRY}
    iso["issuing_authority"] = AUTHORITIES[authority].name.en
    if portrait:
        iso[PORTRAIT] = portrait
    return {ISO_NAMESPACE: iso, namespace(document): own}


def to_claims(document: DocumentType, shown: Elements, told: Elements) -> dict[str, Any]:
    """The catalogue's fields among `shown`, as the catalogue has them; `told` is `plain` of the same. ISO's words for a field
    count where ours is not shown, and must agree with it where it is. Raises Malformed."""
    fields = {field.name: field for field in document.fields}
    own = namespace(document)
    values = {name: value for name, value in shown.get(own, {}).items() if name != PORTRAIT}
    claims = {name: told[own][name] for name in values}
    if not claims.keys() <= fields.keys():
        raise Malformed("malformed", "element beyond the catalogue in a namespace of ours")
    if document.name in _ISO_TYPES:
        for name, value in shown.get(ISO_NAMESPACE, {}).items():
            field = _ISO_SAME.get(name)
            if field and claims.setdefault(field, told[ISO_NAMESPACE][name]) != told[ISO_NAMESPACE][name]:
                raise Malformed("claim_conflict", f"{name} and {field}")
            if field:
                values.setdefault(field, value)
    _judge(document, fields, claims, values)
    return claims


def view_of(document: DocumentType, claims: Mapping[str, Any]) -> str:
    """The largest view of which nothing required is missing; '' when what was shown makes no view of the catalogue."""
    required = {field.name for field in document.fields if field.required}
    whole = [view for view in document.views if required.intersection(view.fields) <= claims.keys()]
    return max(whole, key=lambda view: len(view.fields)).name if whole else ""


def plain(value: Value) -> Any:
    """An element's value as a person or a program reads it: dates as text. Raises Malformed for what no element may hold."""
    if isinstance(value, str):
        return safe_text(value)
    if value is None or isinstance(value, bool | int | bytes):
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
    if field.kind is Kind.CLASSES:
        return [
            {"class": item["class"], "issued": _day(item["issued"]), "expires": _day(item["expires"])} for item in value
        ]
    return value


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
        if all(_tagged(fields[name], told) == values[name] for name, told in claims.items()):
            return
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise Malformed("malformed", "element that does not fit its field")


def _view_of(names: Iterable[str]) -> View:
    return View("", 0, _UNTITLED, _UNTITLED, tuple(names))


_UNTITLED = Text("", "")


# --- ISO's words for a driving licence --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Iso:
    """An element, the catalogue's field that it is made of, and how; `same` where it says just what the field says."""

    name: str
    field: str
    make: Callable[[Any], Value]
    same: bool = False

    def made(self, record: Mapping[str, Any]) -> Value:
        value = record.get(self.field)
        return None if value is None else self.make(value)


def _as_is(value: Any) -> Value:
    return value


def _only_full(text: str | None) -> Value:
    day = _day(text)
    return day if isinstance(day, Tag) else None


def _family(name: str) -> Value:
    """The first word, as in the passport's line for the machine."""
    return (name.split() or [""])[0] or None


def _given(name: str) -> Value:
    return " ".join(name.split()[1:]) or None


def _latin(part: Callable[[str], Value]) -> Callable[[str], Value]:
    """ISO's plain names have Latin-1 letters only: marks fall away, as in the machine-readable zone (ICAO 9303-3 §6)."""

    def made(name: str) -> Value:
        text = unicodedata.normalize("NFD", part(name) or "").translate(_STROKES)
        return "".join(letter for letter in text if letter.isascii()) or None

    return made


_STROKES = str.maketrans("Đđ", "Dd")


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


_ISO = (
    _Iso("family_name", "full_name", _latin(_family)),
    _Iso("given_name", "full_name", _latin(_given)),
    _Iso("family_name_national_character", "full_name", _family),
    _Iso("given_name_national_character", "full_name", _given),
    _Iso("birth_date", "birth_date", _only_full, same=True),
    _Iso("age_over_18", "age_over_18", _as_is, same=True),
    _Iso("nationality", "nationality", _ISO_NATIONALITIES.get),
    _Iso("document_number", "licence_number", _as_is, same=True),
    _Iso("issue_date", "issued_on", _only_full, same=True),
    _Iso("expiry_date", "classes", _last_day),
    _Iso("driving_privileges", "classes", _privileges),
)
_ISO_SAME = MappingProxyType({each.name: each.field for each in _ISO if each.same})
