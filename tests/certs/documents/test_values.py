"""Claims in Python's types: each kind of the catalogue in one, and no accessor answers in another."""

from datetime import date

import pytest

from certs.catalogue import CATALOGUE, Kind
from certs.documents.values import PartialDate, Typed
from tests.certs import samples
from tests.world import RECORDS

LICENCE = Typed(CATALOGUE["driving_licence"].fields, RECORDS["driving_licence"])
HEALTH = Typed(CATALOGUE["health_record"].fields, RECORDS["health_record"])


def test_each_kind_has_its_type() -> None:
    assert LICENCE["birth_date"] == LICENCE.day("birth_date") == date(2003, 5, 9)
    assert LICENCE["points"] == LICENCE.number("points") == 12
    assert LICENCE["age_over_18"] is LICENCE.yes("age_over_18") is True
    assert LICENCE.text("licence_number") == "012345678901"  # its zero is a digit of it
    assert HEALTH.text("sex") == "female"
    assert HEALTH.texts("vaccinations") == ("Sởi", "Uốn ván")
    first, second = LICENCE.rows("classes")
    assert (first.text("class"), first.day("issued"), first["expires"]) == ("A1", date(2021, 6, 1), None)
    assert second.day("expires") == date(2035, 3, 10)


def test_a_picture_is_bytes() -> None:
    identity = CATALOGUE["citizen_identity"]
    told = Typed(identity.fields, samples.for_view(RECORDS["citizen_identity"], identity.view("portrait")))
    assert told.picture("portrait")[8:12] == b"WEBP"


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.name)
def test_every_field_of_every_document_can_be_read(kind: object) -> None:
    document = CATALOGUE[kind.name]  # type: ignore[attr-defined]
    told = Typed(document.fields, {k: v for k, v in RECORDS[document.name].items() if v is not None})
    types = {
        Kind.TEXT: str,
        Kind.DIGITS: str,
        Kind.CHOICE: str,
        Kind.DATE: (date, PartialDate),
        Kind.COUNT: int,
        Kind.YES: bool,
        Kind.TEXTS: tuple,
        Kind.ROWS: tuple,
        Kind.PORTRAIT: bytes,
    }
    assert len(told) > 2
    for name, value in told.items():
        assert isinstance(value, types[document.field(name).kind]), name


def test_a_date_of_which_only_a_part_is_known() -> None:
    assert HEALTH.date_of("birth_date") == PartialDate(2003)
    assert (PartialDate(2003).first, PartialDate(2003).last) == (date(2003, 1, 1), date(2003, 12, 31))
    assert (PartialDate(2024, 2).first, PartialDate(2024, 2).last) == (date(2024, 2, 1), date(2024, 2, 29))
    with pytest.raises(TypeError, match="birth_date is PartialDate, not date"):
        HEALTH.day("birth_date")
    assert LICENCE.date_of("birth_date") == date(2003, 5, 9)


def test_an_accessor_answers_in_its_type_or_not_at_all() -> None:
    with pytest.raises(KeyError):
        LICENCE.text("blood_group")
    for wrong in (
        lambda: LICENCE.number("age_over_18"),
        lambda: LICENCE.number("full_name"),
        lambda: LICENCE.yes("points"),
        lambda: LICENCE.text("points"),
        lambda: LICENCE.rows("full_name"),
        lambda: HEALTH.rows("vaccinations"),
        lambda: LICENCE.picture("full_name"),
    ):
        with pytest.raises(TypeError):
            wrong()


def test_it_says_no_values_of_itself() -> None:
    assert "full_name" in repr(LICENCE) and "Nguyễn" not in repr(LICENCE)


def test_what_the_catalogue_does_not_know_stays_as_it_is() -> None:
    assert Typed((), {"dob": "1990"})["dob"] == "1990"
