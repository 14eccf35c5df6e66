"""The official rules of form that fields of documents obey, each with the sentence that says so.

Spec: each rule names its own. Where no rule was found in law, the form is what the papers show, and wide.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from certs.documents.model import Text


@dataclass(frozen=True, slots=True)
class Form:
    pattern: str  # compiled when it is first asked: a verifier that only reads documents judges no register
    says: Text


def _form(pattern: str, vi: str, en: str) -> Form:
    return Form(pattern, Text(vi, en))


# Letters of the Latin script with their marks: what safe text admits as a letter (certs/encoding.py).
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\u02bc\u0300-\u036f"
_PLATE = "Biển số viết như 30A-123.45 hoặc 29B1-123.45.", "A plate is written as 30A-123.45 or 29B1-123.45."

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        # Civil Code 91/2015/QH13 Art. 26(3): letters, no digits or signs; the apostrophe and hyphen of highland and foreign
        # names, and the dot of foreign ones, are in use.
        "person_name": _form(
            rf"(?=.{{1,100}}\Z)[{_LETTER}]+[.'’]*(?:[ '’-]+[{_LETTER}]+[.'’]*)*",
            "Họ tên có từ 1 đến 100 chữ cái, không có chữ số hay ký hiệu.",
            "A name has 1 to 100 letters, no digits and no signs.",
        ),
        # Circular 79/2024/TT-BCA: province, series of one or two, four or five figures.
        "number_plate": _form(r"[1-9]\d[A-ZĐ][A-ZĐ0-9]?-(?:\d{3}\.\d{2}|\d{4})", *_PLATE),
        "chassis_number": _form(
            r"[A-Z0-9*-]{5,20}",
            "Số khung có từ 5 đến 20 chữ in hoa và số.",
            "A chassis number has 5 to 20 capitals and digits.",
        ),
        "engine_number": _form(
            r"[A-Z0-9*-]{3,25}",
            "Số máy có từ 3 đến 25 chữ in hoa và số.",
            "An engine number has 3 to 25 capitals and digits.",
        ),
        # Decision 1351/QĐ-BHXH: group, benefit level, province, social-insurance number; its ten digits alone since 2021.
        "health_insurance_number": _form(
            r"(?:[A-Z]{2}[1-5]\d{2})?\d{10}",
            "Mã thẻ bảo hiểm y tế có 15 ký tự (2 chữ, mức hưởng 1-5, 12 chữ số) hoặc 10 chữ số.",
            "A health-insurance number has 15 characters (2 letters, level 1-5, 12 digits) or 10 digits.",
        ),
        # Circular 86/2024/TT-BTC: ten digits, thirteen for a dependent unit, or the personal identification number.
        "tax_code": _form(
            r"\d{10}(?:-\d{3})?|\d{12}",
            "Mã số thuế có 10 chữ số, 10 chữ số và 3 chữ số sau dấu gạch, hoặc 12 chữ số.",
            "A tax code has 10 digits, 10 and 3 with a hyphen, or 12 digits.",
        ),
        # Decision 20/2020/QĐ-TTg Art. 4: at most 35 characters in groups; businesses have their registration code.
        "organisation_number": _form(
            r"(?=.{1,35}\Z)[A-Z0-9]+(?:[.-][A-Z0-9]+)*",
            "Mã tổ chức có từ 1 đến 35 chữ in hoa, chữ số, dấu chấm hay gạch.",
            "An organisation's number has 1 to 35 capitals, digits, dots or hyphens.",
        ),
        "bank_account": _form(
            r"\d{6,19}", "Số tài khoản có từ 6 đến 19 chữ số.", "An account number has 6 to 19 digits."
        ),
        "phone": _form(
            r"(?:0|\+84)[35789]\d{8}",
            "Số điện thoại di động có 10 chữ số, bắt đầu bằng 03, 05, 07, 08 hoặc 09.",
            "A mobile number has 10 digits and begins with 03, 05, 07, 08 or 09.",
        ),
        # Civil status books: number and year of the entry.
        "civil_status_entry": _form(
            r"[1-9]\d{0,5}/(?:19|20)\d{2}", "Số đăng ký viết như 123/2024.", "An entry is written as 123/2024."
        ),
        "blood_group": _form(
            r"(?:A|B|AB|O)[+-]?",
            "Nhóm máu là A, B, AB hoặc O, có thể kèm + hay -.",
            "A blood group is A, B, AB or O, with + or -.",
        ),
        # Decision 1332/QĐ-BYT: ICD-10 codes, the main one first, with semicolons; HIV is filtered before a book is sent.
        "icd10": _form(
            r"(?!.*(?:B2[0-4]|Z21))[A-Z]\d{2}(?:\.\d{1,2})?(?:; ?[A-Z]\d{2}(?:\.\d{1,2})?)*",
            "Mã bệnh theo ICD-10 như E11.9, cách nhau bằng dấu chấm phẩy; không ghi nhóm bệnh phải giữ kín.",
            "Codes of ICD-10 such as E11.9, with semicolons between; none of those kept secret by law.",
        ),
    }
)

_ANY = Text("Không đúng dạng quy định.", "Not in the prescribed form.")


def is_pattern(form: str) -> bool:
    """A regular expression between slashes, which compiles."""
    if len(form) < 3 or form[0] != "/" or form[-1] != "/":
        return False
    try:
        re.compile(form[1:-1], re.ASCII)
    except re.error:
        return False
    return True


def broken(form: str, value: str) -> Text | None:
    """What the form says, where the value does not follow it."""
    rule = FORMS.get(form) or Form(form[1:-1], _ANY)
    return None if re.fullmatch(rule.pattern, value, re.ASCII) else rule.says
