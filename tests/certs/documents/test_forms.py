"""The official rules of form: what each takes and what it does not."""

import pytest

from certs.documents.forms import FORMS, broken, is_pattern

EXAMPLES = {
    "person_name": (["Nguyễn An", "Đỗ", "H'Hen Niê", "Y-Bhik Êban"], ["", "An 2", "An!", "A" * 101, "An\n"]),
    "number_plate": (
        ["30A-123.45", "29B1-123.45", "51F-1234", "29MĐ-123.45"],
        ["30A-12345", "0A-123.45", "30A 123.45", "30A-123.456", "30a-123.45", "30A-123.4５"],
    ),
    "chassis_number": (["RLHJA3900PY000001"], ["RLH", "rlhja3900", "RLHJA3900 PY"]),
    "engine_number": (["JA39E0000001"], ["J", "ja39e"]),
    "health_insurance_number": (["DN4011234567890", "1234567890"], ["DN6011234567890", "DN401123456789", "123456789"]),
    "tax_code": (["0101234567", "0101234567-001", "999203001234"], ["010123456", "0101234567-1", "01012345678"]),
    "organisation_number": (["9900000001", "G22.01.A"], ["", "g22", "A..B", ".A", "A" * 36]),
    "bank_account": (["0123456789"], ["12345", "1" * 20, "12345x"]),
    "phone": (["0912345678", "+84312345678"], ["0112345678", "091234567", "84912345678", "0912 345678"]),
    "civil_status_entry": (["123/2003", "7/1999"], ["0/2003", "123", "123/03", "123/2103"]),
    "blood_group": (["O", "AB+", "B-"], ["C", "O++", "o", "0"]),
    "icd10": (
        ["J45.9", "E11", "J45.9; J30.4", "A00;B00.1"],
        ["J4", "j45.9", "J45.", "J45.9, J30", "B20", "J45.9; B24", "Z21"],
    ),
}


def test_every_form_has_examples() -> None:
    assert EXAMPLES.keys() == FORMS.keys()
    for form in FORMS.values():
        assert form.says.vi.endswith(".") and form.says.en.endswith(".") and form.says.en.isascii()


@pytest.mark.parametrize("name", FORMS)
def test_what_a_form_takes(name: str) -> None:
    good, bad = EXAMPLES[name]
    assert [value for value in good if broken(name, value)] == []
    assert [value for value in bad if broken(name, value) is None] == []
    assert next(broken(name, value) for value in bad) is FORMS[name].says


def test_a_pattern_stands_between_slashes_and_takes_the_whole_value() -> None:
    assert is_pattern("/[A-Z]+/") and not any(map(is_pattern, ("[A-Z]+", "/", "//", "/[/", "")))
    assert broken("/[A-Z]+/", "AB") is None
    for value in ("AB1", "", "Ả", "AB\n"):
        assert broken("/[A-Z]+/", value) is not None
