"""Document types as data: claims, labels in Vietnamese and English, named views, who may issue, how long it lives.

Spec: Law on Identification 26/2023/QH15 Art. 22 (what is integrated); the claim keys are the registry of `certs/qr.md`.

A *record* is a plain mapping from field name to a JSON value; the `kind` of a field fixes both its JSON form and its
compact CBOR form (see `certs/formats/cwt.py`). Adding a kind of document means adding one entry here and no code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or name in both languages; Vietnamese is the first."""

    vi: str
    en: str

    def of(self, language: str) -> str:
        return self.en if language == "en" else self.vi


class Kind(StrEnum):
    """The form of a field's value: JSON form -> CBOR form."""

    TEXT = "text"  # str -> tstr
    DIGITS = "digits"  # str of `width` digits -> uint (the width is fixed, so leading zeros are implied)
    DATE = "date"  # 'YYYY-MM-DD' -> int days since 1970-01-01 (RFC 8943); 'YYYY' or 'YYYY-MM' -> tstr
    COUNT = "count"  # int >= 0 -> uint
    YES = "yes"  # bool -> bool
    CHOICE = "choice"  # str of `choices` -> its number in the list
    CLASSES = "classes"  # list of {"class", "issued", "expires"|null} -> array of arrays [class, day, day|null]
    TEXTS = "texts"  # list of str -> array of tstr


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    key: int
    kind: Kind
    label: Text
    width: int = 0
    choices: tuple[str, ...] = ()
    sensitive: bool = False
    required: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """A named cut of a document that the issuer signs apart, with its own status index."""

    name: str
    code: int
    title: Text
    about: Text
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority that may issue a type from `since` (inclusive) until `until` (exclusive)."""

    authority: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    id: str
    name: Text


@dataclass(frozen=True, slots=True)
class DocumentType:
    name: str
    code: int
    title: Text
    fields: tuple[Field, ...]
    views: tuple[View, ...]  # the first is shown by default
    issuers: tuple[Issuer, ...]
    credential_days: int  # how long one signed view lives before the wallet fetches it again
    account_level: int = 2
    sensitive: bool = False
    colour: str = "#1d4f91"
    glyph: str = "▤"

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def view(self, name: str) -> View:
        """Raises KeyError for a view that this type does not have."""
        for view in self.views:
            if view.name == name:
                return view
        raise KeyError(name)

    def issuer_on(self, day: date) -> str | None:
        """The id of the authority that may issue this type on that day."""
        for issuer in self.issuers:
            if issuer.since <= day and (issuer.until is None or day < issuer.until):
                return issuer.authority
        return None


AUTHORITIES: Mapping[str, Authority] = MappingProxyType(
    {
        authority.id: authority
        for authority in (
            Authority("public-security", Text("Cơ quan Công an (mô phỏng)", "Public security authority (simulated)")),
            Authority("transport", Text("Cơ quan Giao thông (mô phỏng)", "Transport authority (simulated)")),
            Authority("health", Text("Cơ quan Y tế (mô phỏng)", "Health authority (simulated)")),
            Authority(
                "social-insurance", Text("Cơ quan Bảo hiểm xã hội (mô phỏng)", "Social insurance authority (simulated)")
            ),
            Authority("tax", Text("Cơ quan Thuế (mô phỏng)", "Tax authority (simulated)")),
        )
    }
)

SEXES = ("male", "female")

# Keys 1 and 2 of the document map name the type and the view; keys 3 to 9 are the same in every type.
_PID = Field(
    "personal_identification_number",
    3,
    Kind.DIGITS,
    Text("Số định danh cá nhân", "Personal identification number"),
    width=12,
)
_NAME = Field("full_name", 4, Kind.TEXT, Text("Họ, chữ đệm và tên", "Full name"))
_BIRTH = Field("birth_date", 5, Kind.DATE, Text("Ngày, tháng, năm sinh", "Date of birth"))
_SEX = Field("sex", 6, Kind.CHOICE, Text("Giới tính", "Sex"), choices=SEXES)
_NATIONALITY = Field("nationality", 7, Kind.TEXT, Text("Quốc tịch", "Nationality"))
_RESIDENCE = Field("residence", 8, Kind.TEXT, Text("Nơi cư trú", "Place of residence"))
_ADULT = Field("age_over_18", 9, Kind.YES, Text("Đủ 18 tuổi", "Aged 18 or over"))

_SECURITY = Issuer("public-security", date(2024, 7, 1))

_IDENTITY = DocumentType(
    "citizen_identity",
    1,
    Text("Căn cước điện tử", "Electronic identity"),
    fields=(
        _PID,
        _NAME,
        _BIRTH,
        _SEX,
        _NATIONALITY,
        _RESIDENCE,
        _ADULT,
        Field("place_of_birth", 10, Kind.TEXT, Text("Nơi đăng ký khai sinh", "Place of birth registration")),
        Field("valid_from", 11, Kind.DATE, Text("Ngày cấp", "Date of issue")),
        Field("valid_until", 12, Kind.DATE, Text("Có giá trị đến", "Date of expiry"), required=False),
    ),
    views=(
        View(
            "identity",
            1,
            Text("Căn cước", "Identity"),
            Text("Cho biết các thông tin in trên thẻ căn cước.", "Tells what is printed on the identity card."),
            (
                "personal_identification_number",
                "full_name",
                "birth_date",
                "sex",
                "nationality",
                "residence",
                "valid_from",
                "valid_until",
            ),
        ),
        View(
            "age_over_18",
            2,
            Text("Đủ 18 tuổi", "Aged 18 or over"),
            Text(
                "Chỉ cho biết đã đủ 18 tuổi hay chưa; không cho biết tên, số hay ngày sinh.",
                "Tells only whether 18 or over; no name, no number, no date of birth.",
            ),
            ("age_over_18",),
        ),
    ),
    issuers=(_SECURITY,),
    credential_days=30,
    colour="#8a1c2b",
    glyph="☰",
)

LICENCE_CLASSES = (
    # Since 1 January 2025 (Road Traffic Order and Safety Law), then the classes still valid from before.
    *("A1", "A", "B1", "B", "C1", "C", "D1", "D2", "D", "BE", "C1E", "CE", "D1E", "D2E", "DE"),
    *("A2", "A3", "A4", "B2", "E", "FB2", "FC", "FD", "FE"),
)

_LICENCE = DocumentType(
    "driving_licence",
    2,
    Text("Giấy phép lái xe", "Driving licence"),
    fields=(
        _PID,
        _NAME,
        _BIRTH,
        _NATIONALITY,
        _RESIDENCE,
        _ADULT,
        Field("licence_number", 10, Kind.DIGITS, Text("Số giấy phép lái xe", "Licence number"), width=12),
        Field("classes", 11, Kind.CLASSES, Text("Hạng xe", "Classes"), choices=LICENCE_CLASSES),
        Field("points", 12, Kind.COUNT, Text("Điểm", "Points")),
        Field("issued_on", 13, Kind.DATE, Text("Ngày cấp", "Date of issue")),
    ),
    views=(
        View(
            "licence",
            1,
            Text("Giấy phép lái xe", "Driving licence"),
            Text(
                "Cho biết họ tên, ngày sinh, số giấy phép, các hạng và điểm; không cho biết nơi cư trú.",
                "Tells name, date of birth, licence number, classes and points; not the place of residence.",
            ),
            ("personal_identification_number", "full_name", "birth_date", "licence_number", "classes", "points"),
        ),
        View(
            "age_over_18",
            2,
            Text("Đủ 18 tuổi", "Aged 18 or over"),
            Text(
                "Chỉ cho biết đã đủ 18 tuổi hay chưa; không cho biết tên, số hay ngày sinh.",
                "Tells only whether 18 or over; no name, no number, no date of birth.",
            ),
            ("age_over_18",),
        ),
        View(
            "full",
            3,
            Text("Toàn bộ giấy phép", "Whole licence"),
            Text("Cho biết mọi thông tin trên giấy phép.", "Tells everything on the licence."),
            (
                "personal_identification_number",
                "full_name",
                "birth_date",
                "nationality",
                "residence",
                "licence_number",
                "classes",
                "points",
                "issued_on",
            ),
        ),
    ),
    issuers=(
        Issuer("transport", date(2013, 1, 1), date(2025, 3, 1)),
        Issuer("public-security", date(2025, 3, 1)),  # Circular 12/2025/TT-BCA
    ),
    credential_days=30,
    colour="#1f5fa8",
    glyph="◉",
)

_HEALTH = DocumentType(
    "health_record",
    3,
    Text("Sổ sức khỏe điện tử", "Electronic health book"),
    fields=(
        _PID,
        _NAME,
        _BIRTH,
        _SEX,
        Field("health_insurance_number", 10, Kind.TEXT, Text("Mã thẻ bảo hiểm y tế", "Health insurance number")),
        Field("first_facility", 11, Kind.TEXT, Text("Nơi đăng ký khám ban đầu", "First facility")),
        Field("insurance_until", 12, Kind.DATE, Text("Thẻ có giá trị đến", "Insured until")),
        Field("blood_group", 13, Kind.TEXT, Text("Nhóm máu", "Blood group"), sensitive=True, required=False),
        Field("allergies", 14, Kind.TEXTS, Text("Dị ứng", "Allergies"), sensitive=True),
        Field("conditions", 15, Kind.TEXTS, Text("Bệnh đã mắc", "Conditions"), sensitive=True),
        Field("vaccinations", 16, Kind.TEXTS, Text("Tiêm chủng", "Vaccinations"), sensitive=True),
        Field("last_visit", 17, Kind.DATE, Text("Lần khám gần nhất", "Last visit"), sensitive=True, required=False),
    ),
    views=(
        View(
            "summary",
            1,
            Text("Tóm tắt sức khỏe", "Health summary"),
            Text(
                "Cho biết họ tên, ngày sinh, nhóm máu, dị ứng, bệnh đã mắc và tiêm chủng. Đây là dữ liệu nhạy cảm.",
                "Tells name, date of birth, blood group, allergies, conditions and vaccinations. This is sensitive.",
            ),
            ("full_name", "birth_date", "sex", "blood_group", "allergies", "conditions", "vaccinations"),
        ),
        View(
            "insurance",
            2,
            Text("Bảo hiểm y tế", "Health insurance"),
            Text(
                "Cho biết họ tên, ngày sinh và thẻ bảo hiểm y tế; không cho biết bệnh sử.",
                "Tells name, date of birth and health insurance; no medical history.",
            ),
            ("full_name", "birth_date", "health_insurance_number", "first_facility", "insurance_until"),
        ),
    ),
    issuers=(Issuer("health", date(2024, 7, 1)),),
    credential_days=7,
    sensitive=True,
    colour="#0f7b5f",
    glyph="✚",
)

_INSURANCE = DocumentType(
    "health_insurance_card",
    4,
    Text("Thẻ bảo hiểm y tế", "Health-insurance card"),
    fields=(
        _PID,
        _NAME,
        _BIRTH,
        _SEX,
        Field("card_number", 10, Kind.TEXT, Text("Mã thẻ", "Card number")),
        Field("first_facility", 11, Kind.TEXT, Text("Nơi đăng ký khám ban đầu", "First facility")),
        Field("valid_from", 12, Kind.DATE, Text("Giá trị từ", "Valid from")),
        Field("valid_until", 13, Kind.DATE, Text("Giá trị đến", "Valid until")),
        Field("benefit_level", 14, Kind.COUNT, Text("Mức hưởng", "Benefit level")),
    ),
    views=(
        View(
            "card",
            1,
            Text("Thẻ bảo hiểm y tế", "Health-insurance card"),
            Text("Cho biết các thông tin trên thẻ.", "Tells what is on the card."),
            (
                "full_name",
                "birth_date",
                "sex",
                "card_number",
                "first_facility",
                "valid_from",
                "valid_until",
                "benefit_level",
            ),
        ),
    ),
    issuers=(Issuer("social-insurance", date(2024, 7, 1)),),
    credential_days=30,
    colour="#0b6fb0",
    glyph="♥",
)

_TAX = DocumentType(
    "tax_registration",
    5,
    Text("Đăng ký thuế", "Tax registration"),
    fields=(
        _PID,
        _NAME,
        Field("tax_code", 10, Kind.DIGITS, Text("Mã số thuế", "Tax code"), width=12),
        Field("tax_office", 11, Kind.TEXT, Text("Cơ quan thuế quản lý", "Tax office")),
        Field("registered_on", 12, Kind.DATE, Text("Ngày đăng ký", "Registered on")),
    ),
    views=(
        View(
            "registration",
            1,
            Text("Đăng ký thuế", "Tax registration"),
            Text("Cho biết họ tên, mã số thuế và cơ quan thuế.", "Tells name, tax code and tax office."),
            ("full_name", "tax_code", "tax_office", "registered_on"),
        ),
    ),
    # The personal identification number is the tax code since this day (Circular 86/2024/TT-BTC).
    issuers=(Issuer("tax", date(2025, 7, 1)),),
    credential_days=90,
    colour="#7a5200",
    glyph="₫",
)

CATALOGUE: Mapping[str, DocumentType] = MappingProxyType(
    {type_.name: type_ for type_ in (_IDENTITY, _LICENCE, _HEALTH, _INSURANCE, _TAX)}
)


def document_type(name: str) -> DocumentType:
    """Raises KeyError for a name that is not in the catalogue."""
    return CATALOGUE[name]
