"""The record as it is signed: the age of the day, and a small face where the catalogue has room for one.

Spec: ISO/IEC 18013-5 §7.2.1 (portrait); RFC 9649 (WebP)
"""

from datetime import date

import pytest

from certs.catalogue import CATALOGUE, faults
from certs.encoding import b64url_decode
from idp.issuance.entitlement import as_of
from idp.model import Document
from idp.registries import portraits
from idp.registries.synthetic import current_people, documents
from tests.contract.rows import PERSON, another

TODAY = date(2026, 11, 21)
WITH_A_FACE = sorted(kind.name for kind in CATALOGUE.values() if any(field.name == "portrait" for field in kind.fields))


def test_identity_and_licence_have_a_face() -> None:
    assert WITH_A_FACE == ["citizen_identity", "driving_licence"]


def test_the_face_is_the_persons_and_small() -> None:
    seen = set()
    for person in current_people(7, 40, TODAY):
        for paper in documents(person, seed=7, today=TODAY):
            kind = CATALOGUE[paper.type]
            record = as_of(paper, kind, person, day=TODAY)
            assert ("portrait" in record) == (paper.type in WITH_A_FACE) and "portrait" not in paper.record
            if "portrait" in record:
                picture = b64url_decode(record["portrait"])
                assert picture == portraits.small(person) and len(picture) <= portraits.SMALL_BYTES
                assert faults(kind, record) == ()
                seen.add(picture)
    assert len(seen) > 30


def test_only_what_is_wanted_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    person = another(PERSON, person_id="p-of-this-test")
    card = Document("c", person.person_id, "citizen_identity", {"age_over_18": False})

    def small(_: object) -> bytes:
        raise AssertionError("a face was drawn for nobody")

    monkeypatch.setattr(portraits, "small", small)
    kind = CATALOGUE["citizen_identity"]
    assert as_of(card, kind, person, day=TODAY, fields=("age_over_18",)) == {"age_over_18": True}
    assert as_of(card, kind, person, day=TODAY, fields=("full_name",)) == card.record


def test_a_picture_of_the_register_stays_and_nobody_real_is_drawn() -> None:
    kind, given = CATALOGUE["citizen_identity"], {"portrait": "given"}
    card = Document("c", PERSON.person_id, "citizen_identity", given)
    assert as_of(card, kind, PERSON, day=TODAY)["portrait"] == "given"
    real = another(PERSON, pid="001196000346")
    assert "portrait" not in as_of(another(card, record={}), kind, real, day=TODAY)


def test_an_age_is_that_of_the_day() -> None:
    young = another(PERSON, birth_date="2008-11-22")
    card = Document("c", PERSON.person_id, "citizen_identity", {"age_over_18": False})
    kind = CATALOGUE["citizen_identity"]
    ages = [as_of(card, kind, young, day=day, fields=("age_over_18",)) for day in (TODAY, date(2026, 11, 22))]
    assert [one["age_over_18"] for one in ages] == [False, True]
