"""What a register says, as the consent page and My data tell it: for every kind, in both languages."""

import base64
from typing import Any

import pytest

from certs.catalogue import CATALOGUE, DocumentType, Kind
from idp.web.record import lines
from tests.certs.samples import BOOK, PORTRAIT
from tests.world import RECORDS


def whole(kind: DocumentType) -> dict[str, Any]:
    names = {field.name for field in kind.fields}
    more = {name: value for name, value in {"portrait": PORTRAIT, **BOOK}.items() if name in names}
    return {name: value for name, value in {**more, **RECORDS[kind.name]}.items() if value is not None}


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE)
def test_every_field_of_every_kind_is_told(kind: DocumentType) -> None:
    record = whole(kind)
    told = lines(kind.fields, record)
    assert [line.label for line in told] == [field.label for field in kind.fields if field.name in record]
    for line, field in zip(told, (field for field in kind.fields if field.name in record), strict=True):
        assert line.value.vi and line.value.en and line.sensitive == field.sensitive
        for text in (line.value, *line.rows):
            assert "{" not in text.vi + text.en and "None" not in text.vi
        if field.kind is Kind.CHOICE:
            assert line.value == field.word(record[field.name])
        assert bool(line.picture) == (field.kind is Kind.PORTRAIT)


def test_a_list_is_told_row_by_row() -> None:
    book = CATALOGUE["health_record"]
    told = {line.label.en: line for line in lines(book.fields, whole(book))}
    assert [row.vi for row in told["Allergies in detail"].rows] == [
        "Thuốc; Tác nhân: Penicillin; Biểu hiện: Nổi mề đay"
    ]
    assert [row.en for row in told["Conditions in detail"].rows] == ["Hen phế quản; ICD-10 code: J45.9; Date: 2019"]
    two = {**whole(book), "allergy_details": BOOK["allergy_details"] * 2, "visits": []}
    told = {line.label.en: line for line in lines(book.fields, two)}
    assert told["Allergies in detail"].value.en.count(" • ") == 1 and len(told["Allergies in detail"].rows) == 2
    assert (told["Visits"].value.en, told["Visits"].rows) == ("None", ())


def test_a_portrait_is_shown_as_a_picture() -> None:
    kind = CATALOGUE["citizen_identity"]
    (picture,) = (line.picture for line in lines(kind.fields, whole(kind)) if line.picture)
    assert base64.b64decode(picture)[:4] == b"RIFF"
