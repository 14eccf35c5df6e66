"""One good record of each kind that the first five nations of the tests did not have, and the picture that some views need."""

from collections.abc import Mapping
from typing import Any

from certs.catalogue import View
from certs.encoding import b64url_encode

PID = "999203001234"  # prefix 999 is nobody's
_WHO = {"personal_identification_number": PID, "full_name": "Nguyễn Thị Thuỳ Dương"}


def picture(data: bytes) -> str:
    """A container that says WebP, with any bytes in it (RFC 9649 §2.4)."""
    return b64url_encode(b"RIFF" + (len(data) + 4).to_bytes(4, "little") + b"WEBP" + data)


PORTRAIT = picture(bytes(range(200)))

RECORDS: Mapping[str, dict[str, Any]] = {
    "vehicle_registration": {
        **_WHO,
        "plate": "29B1-123.45",
        "vehicle_type": "motorcycle",
        "brand": "HONDA",
        "model": "WAVE ALPHA",
        "colour": "Xanh đen",
        "chassis_number": "RLHJA3900PY000001",
        "engine_number": "JA39E0000001",
        "seats": 2,
        "first_registered": "2023-09-01",
        "issued_on": "2023-09-01",
    },
    "social_security_account": {
        **_WHO,
        "social_insurance_number": "0123456789",
        "bank": "Ngân hàng Thử nghiệm",
        "account_number": "0000123456789",
        "linked_on": "2025-08-20",
    },
    "residence_registration": {
        **_WHO,
        "birth_date": "2003-05-09",
        "sex": "female",
        "permanent_address": "12 Ngõ Huế, Phường Cửa Nam, Thành phố Hà Nội",
        "permanent_since": "2003-06-01",
        "temporary_address": "5 Đường Láng, Phường Láng, Thành phố Hà Nội",
        "temporary_until": "2027-01-31",
        "household_head": "Nguyễn Văn Thành",
        "relation_to_head": "child",
    },
    "birth_certificate": {
        **_WHO,
        "birth_date": "2003-05-09",
        "sex": "female",
        "nationality": "Việt Nam",
        "place_of_birth": "Bệnh viện Phụ sản Hà Nội",
        "ethnicity": "Kinh",
        "mother_name": "Trần Thị Hoà",
        "father_name": "Nguyễn Văn Thành",
        "registered_on": "2003-05-20",
        "registered_at": "Ủy ban nhân dân phường Cửa Nam",
        "entry_number": "123/2003",
    },
    "marriage_certificate": {
        **_WHO,
        "birth_date": "2003-05-09",
        "nationality": "Việt Nam",
        "spouse_name": "Y-Bhik Êban",
        "spouse_birth_date": "2001-02",
        "spouse_identification_number": "999201000777",
        "married_on": "2026-01-10",
        "registered_at": "Ủy ban nhân dân phường Cửa Nam",
        "entry_number": "7/2026",
    },
    "organisation_certificate": {
        **_WHO,
        "organisation_number": "9900000001",
        "organisation_name": "Công ty TNHH Thử nghiệm Sông Hồng",
        "international_name": "SONG HONG TRIAL CO., LTD",
        "legal_form": "limited_liability",
        "founded_on": "2025-02-03",
        "head_office": "12 Ngõ Huế, Phường Cửa Nam, Thành phố Hà Nội",
        "tax_code": "9900000001",
        "role": "Giám đốc",
    },
}

BOOK: Mapping[str, Any] = {  # what a health book holds beyond the least
    "nationality": "Việt Nam",
    "residence": "12 Ngõ Huế, Phường Cửa Nam, Thành phố Hà Nội",
    "ethnicity": "Kinh",
    "occupation": "Kỹ sư",
    "phone": "0900000001",
    "representative": [{"name": "Trần Thị Hoà", "relation": "parent", "pid": None, "phone": "0900000002"}],
    "allergy_details": [{"type": "drug", "agent": "Penicillin", "reaction": "Nổi mề đay"}],
    "diagnosis_details": [{"diagnosis": "Hen phế quản", "icd10": "J45.9", "diagnosed_on": "2019", "facility": None}],
    "vaccination_details": [
        {"vaccine": "MVVac", "antigen": "Sởi", "dose": 1, "given_on": "2004-02-10", "facility": "Trạm y tế"}
    ],
    "visits": [
        {
            "facility": "Bệnh viện Đa khoa Đống Đa",
            "admitted": "2026-01-15",
            "discharged": "2026-01-16",
            "kind": "inpatient",
            "reason": "Khó thở",
            "outcome": "improved",
            "diagnoses": "J45.9; J30.4",
            "height_cm": 160,
            "weight_kg": 52,
            "results": None,
            "drugs": "Salbutamol 100 mcg",
            "procedures": None,
        }
    ],
    "record_summary": [
        {
            "facility": "Bệnh viện Đa khoa Đống Đa",
            "written_on": "2026-01-16",
            "course": "Cơn hen nhẹ",
            "results": None,
            "treatment": "Giãn phế quản",
            "prescription": "Salbutamol 100 mcg",
            "follow_up": "Tái khám khi khó thở",
            "revisit_on": "2026-04-16",
            "doctor": "Lê Văn Bình",
        }
    ],
}


def for_view(record: Mapping[str, Any], view: View) -> Mapping[str, Any]:
    """The record, with the portrait that the view is about."""
    return {**record, "portrait": PORTRAIT} if "portrait" in view.needs else record
