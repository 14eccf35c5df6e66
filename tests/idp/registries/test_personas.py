"""The named people: each tells the story that it says."""

from datetime import date

import pytest

from idp.accounts.ages import age
from idp.accounts.locks import Ground, ground
from idp.accounts.personal_id import parse
from idp.login.password import hash_password, verify_password
from idp.model import Document, DocumentState
from idp.registries.personas import PERSONAS, Persona, account, persona
from idp.registries.synthetic import current_people, documents
from tests.idp.registries.records import faults

TODAY = date(2026, 11, 21)


def papers(one: Persona) -> dict[str, Document]:
    person = next(
        person for person in current_people(7, len(PERSONAS), TODAY) if person.person_id == one.person.person_id
    )
    assert person.pid == one.pid
    return {paper.type: paper for paper in documents(person, seed=7, today=TODAY)}


def why(key: str) -> Ground | None:
    one = persona(key)
    theirs = account(one, password_hash="", created_at=0)
    return ground(theirs, one.person, identity=papers(one).get("citizen_identity"), today=TODAY)


@pytest.mark.parametrize("one", PERSONAS, ids=lambda one: one.key)
def test_each_is_sound(one: Persona) -> None:
    assert parse(one.pid, year=TODAY.year, simulation=True).synthetic
    found = papers(one)
    assert sorted(found) == sorted(one.holds)
    assert {type_: faults(paper) for type_, paper in found.items() if faults(paper)} == {}
    made = account(one, password_hash=hash_password(one.password), created_at=0)
    assert verify_password(made.password_hash, one.password)
    assert one.password not in repr(one)
    assert one.about.vi and one.about.en


def test_no_two_are_alike() -> None:
    for names in (
        [one.key for one in PERSONAS],
        [one.pid for one in PERSONAS] + [one.person.pid for one in PERSONAS if one.reset],
        [one.person.phone for one in PERSONAS],
        [one.password for one in PERSONAS],
        [one.person.name for one in PERSONAS],
    ):
        assert len(set(names)) == len(names)


def test_their_stories() -> None:
    anh = papers(persona("minh-anh"))
    assert anh["driving_licence"].record["points"] == 12
    assert anh["health_record"].record["blood_group"] == "O+"
    assert persona("minh-anh").level == 2
    assert age(persona("gia-han").person.birth_date, TODAY) in range(14, 18)
    assert persona("anne-marie").person.nationality == "FR"
    assert persona("h-lim").person.birth_date == "1958"
    assert persona("thanh-truc").reset is not None
    assert persona("duc-hoa").level == 1
    assert papers(persona("ngoc-diep"))["driving_licence"].state is DocumentState.SUSPENDED


def test_a_couple_a_company_and_a_child() -> None:
    his, hers = (papers(persona(key))["marriage_certificate"].record for key in ("van-binh", "minh-anh"))
    assert (his["spouse_name"], hers["spouse_name"]) == (hers["full_name"], his["full_name"])
    assert his["spouse_identification_number"] == persona("minh-anh").pid
    told = ("married_on", "registered_at", "entry_number")
    assert [his[name] for name in told] == [hers[name] for name in told]
    company = papers(persona("van-binh"))["organisation_certificate"].record
    assert company["legal_form"] == "limited_liability" and company["full_name"] == "Trần Văn Bình"
    minor = papers(persona("gia-han"))
    assert minor["residence_registration"].record["relation_to_head"] == "child"
    assert minor["residence_registration"].record["household_head"] == minor["birth_certificate"].record["father_name"]
    (parent,) = minor["health_record"].record["representative"]
    assert parent["name"] == minor["birth_certificate"].record["mother_name"]


def test_who_may_sign_in() -> None:
    refused = {one.key: why(one.key) for one in PERSONAS if why(one.key)}
    assert refused == {"quoc-khoa": Ground.ACCOUNT_LOCKED, "huu-phuc": Ground.DECEASED}


def test_an_unknown_persona() -> None:
    with pytest.raises(KeyError):
        persona("nobody")
