"""What all kinds of documents share: the authorities that issue them, and the fields with keys 3 to 9.

Spec: `certs/qr.md` §4: keys 1 and 2 of the document map name the type and the view; keys 3 to 9 are the same in every type.
"""

from collections.abc import Mapping
from types import MappingProxyType

from certs.documents.model import Authority, Field, Kind, Text

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
            Authority(
                "business",
                Text("Cơ quan Đăng ký kinh doanh (mô phỏng)", "Business registration authority (simulated)"),
            ),
            Authority("civil-status", Text("Cơ quan Hộ tịch (mô phỏng)", "Civil status authority (simulated)")),
        )
    }
)

FIRST_OWN_KEY = 10

SHARED: Mapping[str, Field] = MappingProxyType(
    {
        field.name: field
        for field in (
            Field(
                "personal_identification_number",
                3,
                Kind.DIGITS,
                Text("Số định danh cá nhân", "Personal identification number"),
                width=12,
            ),
            Field(
                "full_name",
                4,
                Kind.TEXT,
                Text("Họ, chữ đệm và tên", "Full name"),
                form="person_name",
                iso=("family_name", "given_name", "family_name_national_character", "given_name_national_character"),
            ),
            Field("birth_date", 5, Kind.DATE, Text("Ngày, tháng, năm sinh", "Date of birth"), iso=("birth_date",)),
            Field(
                "sex",
                6,
                Kind.CHOICE,
                Text("Giới tính", "Sex"),
                choices=("male", "female"),
                words=(Text("Nam", "Male"), Text("Nữ", "Female")),
            ),
            Field("nationality", 7, Kind.TEXT, Text("Quốc tịch", "Nationality"), iso=("nationality",)),
            Field("residence", 8, Kind.TEXT, Text("Nơi cư trú", "Place of residence"), iso=("resident_address",)),
            Field("age_over_18", 9, Kind.YES, Text("Đủ 18 tuổi", "Aged 18 or over"), iso=("age_over_18",)),
        )
    }
)
