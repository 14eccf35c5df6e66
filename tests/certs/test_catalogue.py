"""The document types as data: what every entry owes to the formats, the pages and the law's languages."""

import unicodedata
from datetime import date

import pytest

from certs.catalogue import AUTHORITIES, CATALOGUE, DocumentType, Kind, Text, document_type
from certs.encoding import safe_text
from certs.formats import elements
from certs.trust import Service

TYPES = list(CATALOGUE.values())
each = pytest.mark.parametrize("document", TYPES, ids=CATALOGUE)
SHARED = {
    3: "personal_identification_number",
    4: "full_name",
    5: "birth_date",
    6: "sex",
    7: "nationality",
    8: "residence",
    9: "age_over_18",
}


def test_no_two_types_share_a_code_or_a_name() -> None:
    assert len({document.code for document in TYPES}) == len(TYPES)
    assert all(CATALOGUE[name].name == name for name in CATALOGUE)
    with pytest.raises(KeyError):
        document_type("passport")


@each
def test_keys_are_unique_and_the_shared_ones_mean_the_same_everywhere(document: DocumentType) -> None:
    keys = {field.key: field.name for field in document.fields}
    assert len(keys) == len(document.fields) == len({field.name for field in document.fields})
    for key, name in keys.items():
        assert key >= 3
        assert SHARED.get(key, name) == name
        assert key > 9 or key in SHARED
        assert name not in SHARED.values() or key <= 9


@each
def test_views_have_codes_and_fields_that_exist(document: DocumentType) -> None:
    assert document.views
    assert (
        len({view.code for view in document.views})
        == len(document.views)
        == len({view.name for view in document.views})
    )
    names = {field.name for field in document.fields}
    for view in document.views:
        assert view.code >= 1 and view.fields and set(view.fields) <= names
        assert len(set(view.fields)) == len(view.fields)
        assert document.view(view.name) is view
    with pytest.raises(KeyError):
        document.view("everything")


@each
def test_a_view_on_age_tells_nothing_else(document: DocumentType) -> None:
    for view in document.views:
        if view.name == "age_over_18":
            assert view.fields == ("age_over_18",)


def texts_of(document: DocumentType) -> list[Text]:
    return [
        document.title,
        *(field.label for field in document.fields),
        *(text for view in document.views for text in (view.title, view.about)),
    ]


@each
def test_everything_a_person_reads_is_there_in_both_languages(document: DocumentType) -> None:
    for text in texts_of(document):
        for language in (text.vi, text.en):
            assert language.strip() == language != ""
            assert safe_text(language) == unicodedata.normalize("NFC", language)
        assert text.of("vi") == text.vi and text.of("en") == text.en and text.of("fr") == text.vi
        assert text.en.isascii()


@each
def test_fields_have_what_their_kind_needs(document: DocumentType) -> None:
    for field in document.fields:
        assert (field.width > 0) == (field.kind is Kind.DIGITS)
        assert bool(field.choices) == (field.kind is Kind.CHOICE)
        assert bool(field.columns) == (field.kind is Kind.ROWS)
        assert len(set(field.choices)) == len(field.choices)
        assert document.field(field.name) is field


@each
def test_at_every_date_at_most_one_authority_issues(document: DocumentType) -> None:
    assert all(issuer.authority in AUTHORITIES for issuer in document.issuers)
    for before, after in zip(document.issuers, document.issuers[1:], strict=False):
        assert before.until is not None and before.until <= after.since
    assert document.issuers[-1].until is None
    assert document.issuer_on(date(2026, 1, 1)) == document.issuers[-1].authority
    assert document.issuer_on(date(1990, 1, 1)) is None
    for issuer in document.issuers:
        assert document.issuer_on(issuer.since) == issuer.authority


def test_driving_licences_went_to_public_security_on_the_first_of_march_2025() -> None:
    licence = document_type("driving_licence")
    assert licence.issuer_on(date(2025, 2, 28)) == "transport"
    assert licence.issuer_on(date(2025, 3, 1)) == "public-security"


@each
def test_a_document_lives_and_looks_like_something(document: DocumentType) -> None:
    assert 1 <= document.credential_days <= 365
    assert document.account_level in (1, 2)
    assert len(document.colour) == 7 and document.colour[0] == "#" and int(document.colour[1:], 16) >= 0
    assert len(document.glyph) == 1


@each
def test_what_iso_calls_a_field_is_a_word_that_we_can_make(document: DocumentType) -> None:
    assert {name for field in document.fields for name in field.iso} <= elements.ISO_ELEMENTS
    assert bool(document.iso) == (document.name == "driving_licence")


KINDS = (
    *("citizen_identity", "driving_licence", "health_record", "health_insurance_card", "tax_registration"),
    *("vehicle_registration", "social_security_account", "residence_registration", "birth_certificate"),
    *("marriage_certificate", "organisation_certificate"),
)


def test_the_kinds_and_their_codes_as_published() -> None:
    assert [(document.code, document.name) for document in TYPES] == list(enumerate(KINDS, 1))


def test_a_health_book_has_its_four_groups_and_tells_them_apart() -> None:
    """Decision 1332/QĐ-BYT: administrative, history, visits, summary of records."""
    book = document_type("health_record")
    groups = {name: set(book.view(name).fields) for name in ("administrative", "history", "visits", "full")}
    assert {"ethnicity", "occupation", "phone", "representative"} <= groups["administrative"]
    assert {"allergy_details", "diagnosis_details", "vaccination_details"} <= groups["history"]
    assert {"visits", "record_summary"} <= groups["visits"]
    assert groups["full"] == {field.name for field in book.fields}
    assert not any(book.field(name).sensitive for name in groups["administrative"])


def test_a_licence_has_the_classes_of_today_and_those_of_before() -> None:
    (classes, *_) = document_type("driving_licence").field("classes").columns
    today = ("A1", "A", "B1", "B", "C1", "C", "D1", "D2", "D", "BE", "C1E", "CE", "D1E", "D2E", "DE")
    assert classes.choices[: len(today)] == today and len(today) == 15
    assert set(classes.choices[15:]) == {"A2", "A3", "A4", "B2", "E", "FB2", "FC", "FD", "FE"}


@each
def test_every_choice_has_words(document: DocumentType) -> None:
    columns = (column for field in document.fields for column in field.columns)
    for each_one in (*document.fields, *columns):
        assert len(each_one.words) == len(each_one.choices)
        for word in each_one.words:
            assert safe_text(word.vi) and word.en.isascii()


def test_what_is_sensitive_by_law_is_marked() -> None:
    health = document_type("health_record")
    assert health.sensitive
    assert {field.name for field in health.fields if field.sensitive} == {
        "blood_group",
        "allergies",
        "conditions",
        "vaccinations",
        "last_visit",
        "allergy_details",
        "diagnosis_details",
        "vaccination_details",
        "visits",
        "record_summary",
    }
    insurance = health.view("insurance")
    assert not any(health.field(name).sensitive for name in insurance.fields)


def test_authorities_are_named_in_both_languages_and_as_simulated() -> None:
    for authority in AUTHORITIES.values():
        assert "(mô phỏng)" in authority.name.vi and "(simulated)" in authority.name.en
        assert authority.id.isascii() and authority.id == authority.id.lower()
    assert Service("health", AUTHORITIES["health"].name, "health_record", (), 0).covers(0)


def test_the_catalogue_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CATALOGUE["x"] = TYPES[0]  # type: ignore[index]
    with pytest.raises(AttributeError):
        TYPES[0].code = 9  # type: ignore[misc]
