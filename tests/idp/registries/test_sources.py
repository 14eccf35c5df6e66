"""The registers together: every kind of document, no fault in any of them, families that agree, a source more as data.

Spec: Law on Marriage and Family 52/2014/QH13 Art. 8; Law on Civil Status 60/2014/QH13
"""

import inspect
from collections import Counter
from collections.abc import Iterator
from datetime import date
from random import Random

import pytest

from certs.catalogue import CATALOGUE, faults
from idp.accounts.ages import age
from idp.model import Document, DocumentState, Person
from idp.registries import families, vehicles
from idp.registries.families import ROW
from idp.registries.personas import PERSONAS
from idp.registries.population import residence
from idp.registries.records import SOURCES
from idp.registries.source import Source, Subject
from idp.registries.synthetic import current_people, documents, part, somebody

SEED, TODAY, COUNT = 11, date(2026, 11, 21), 4_096
Nation = dict[str, tuple[Person, dict[str, Document]]]


@pytest.fixture(scope="module")
def nation() -> Nation:
    found = {}
    for person in current_people(SEED, COUNT, TODAY):
        held = {paper.type: paper for paper in documents(person, seed=SEED, today=TODAY)}
        found[person.person_id] = (person, held)
    return found


def _each(nation: Nation, kind: str) -> Iterator[tuple[Person, Document]]:
    for person, held in nation.values():
        if kind in held:
            yield person, held[kind]


def test_every_kind_is_in_one_register_and_is_made(nation: Nation) -> None:
    kept = Counter(type_ for source in SOURCES for type_ in source.types)
    assert set(kept) == set(CATALOGUE) and set(kept.values()) == {1}
    assert len({source.name for source in SOURCES}) == len(SOURCES)
    made = Counter(kind for _, held in nation.values() for kind in held)
    assert set(made) == set(CATALOGUE) and min(made.values()) >= 50, made


def test_each_source_keeps_to_its_types() -> None:
    person = somebody(SEED, 700, TODAY)
    for source in SOURCES:
        made = tuple(documents(person, seed=SEED, today=TODAY, sources=(source,)))
        assert {one.type for one in made} <= set(source.types)
        assert list(inspect.signature(source.records).parameters) == ["subject", "dice", "today"]


def test_no_record_has_a_fault(nation: Nation) -> None:
    found = [
        (paper.document_id, fault.field, fault.code)
        for _, held in nation.values()
        for paper in held.values()
        for fault in faults(CATALOGUE[paper.type], paper.record)
    ]
    assert not found


@pytest.mark.parametrize("day", [date(2026, 2, 28), date(2028, 2, 29), date(2031, 12, 31)])
def test_no_fault_on_other_days(day: date) -> None:
    made = part(5, range(640), day, papers=True)
    assert [paper for paper in made.documents if faults(CATALOGUE[paper.type], paper.record)] == []


def test_who_is_asked_alone_is_as_in_the_row(nation: Nation) -> None:
    """Whatever was looked at before, in any order."""
    for place in (COUNT - 1, 12, 777, ROW, ROW - 1, 3_000):
        person, held = nation[f"person-{place:07}"]
        assert somebody(SEED, place, TODAY).name == person.name
        assert {one.type: one for one in documents(person, seed=SEED, today=TODAY)} == held
    cut = part(SEED, range(70, 140), TODAY, papers=True)  # across two rows, from the middle of one
    assert cut.documents == tuple(
        paper for place in range(70, 140) for paper in nation[f"person-{place:07}"][1].values()
    )


def test_couples_are_the_same_on_another_day() -> None:
    """A nation grows on many days: who was written yesterday names the one who is written today."""
    later = date(2027, 3, 1)
    for place in range(10, 640):
        one, other = (families.family(somebody(SEED, place, day), seed=SEED, today=day) for day in (TODAY, later))
        assert (one.spouse and one.spouse.person_id) == (other.spouse and other.spouse.person_id)
        assert somebody(SEED, place, TODAY).name == somebody(SEED, place, later).name


def test_marriages_agree_and_are_legal(nation: Nation) -> None:
    by_pid = {person.pid: (person, held) for person, held in nation.values()}
    seen = 0
    for person, paper in _each(nation, "marriage_certificate"):
        spouse, held = by_pid[paper.record["spouse_identification_number"]]
        theirs = held["marriage_certificate"]
        assert theirs.record["spouse_identification_number"] == person.pid
        assert (theirs.record["spouse_name"], theirs.record["spouse_birth_date"]) == (person.name, person.birth_date)
        assert paper.record["spouse_name"] == spouse.name
        for told in ("married_on", "registered_at", "entry_number"):
            assert paper.record[told] == theirs.record[told]
        wed = date.fromisoformat(paper.record["married_on"])
        assert age(person.birth_date, wed) >= (20 if person.sex == "male" else 18)
        assert {person.sex, spouse.sex} == {"male", "female"} and spouse.person_id != person.person_id
        ended = bool(person.deceased_on or spouse.deceased_on)
        assert paper.state is theirs.state is (DocumentState.REVOKED if ended else DocumentState.VALID)
        assert not person.deceased_on or wed.isoformat() < person.deceased_on
        if len(PERSONAS) <= int(person.person_id[7:]):
            assert person.residence == spouse.residence
        seen += 1
    assert seen > 1_000 and seen % 2 == 0


def test_parents_and_households_are_plausible(nation: Nation) -> None:
    by_name = Counter(person.name for person, _ in nation.values())
    known = 0
    for person, held in nation.values():
        family = families.family(person, seed=SEED, today=TODAY)
        record = held["birth_certificate"].record if "birth_certificate" in held else None
        if family.mother is not None and family.father is not None:
            known += 1
            assert int(family.mother.birth_date[:4]) + 18 <= int(person.birth_date[:4])
            assert int(family.father.birth_date[:4]) + 19 <= int(person.birth_date[:4])
            assert person.name.split()[0] == family.father.name.split()[0]
            assert by_name[family.mother.name] and family.mother.sex == "female"
            if record:
                assert (record["mother_name"], record["father_name"]) == (family.mother.name, family.father.name)
        if record:
            assert record["registered_on"] >= person.birth_date and record["mother_name"] != record["father_name"]
    assert known > 500


def test_residence_is_that_of_the_population_register(nation: Nation) -> None:
    relations = Counter[str]()
    for person, paper in _each(nation, "residence_registration"):
        record = paper.record
        assert record["permanent_address"] == residence(person)
        relations[record["relation_to_head"]] += 1
        assert (record["household_head"] == person.name) == (record["relation_to_head"] == "head") or (
            families.family(person, seed=SEED, today=TODAY).head is not None
        )
        if "temporary_until" in record:
            assert record["temporary_until"] >= TODAY.isoformat() and record["temporary_address"]
        if age(person.birth_date, TODAY) < 18:
            assert record["relation_to_head"] == "child"
    assert relations["spouse"] > 200 and relations["child"] > 500


def test_health_books_have_four_groups(nation: Nation) -> None:
    seen = Counter[str]()
    for person, paper in _each(nation, "health_record"):
        record = paper.record
        seen.update(record.keys())
        visits = [visit["admitted"] for visit in record.get("visits", ())]
        assert visits == sorted(visits, reverse=True)
        assert record.get("last_visit") == (visits[0] if visits else None)
        assert [f"{one['agent']}: {one['reaction']}" for one in record.get("allergy_details", ())] == record[
            "allergies"
        ]
        assert [one["diagnosis"] for one in record.get("diagnosis_details", ())] == record["conditions"]
        assert bool(record.get("representative")) == (age(person.birth_date, TODAY) < 18)
        stays = [one for one in record.get("visits", ()) if one["kind"] == "inpatient"]
        assert len(record.get("record_summary", ())) == len(stays)
    for name in ("visits", "vaccination_details", "record_summary", "representative", "occupation", "ethnicity"):
        assert seen[name] > 20, name


def test_vehicles_and_organisations(nation: Nation) -> None:
    for person, paper in _each(nation, "vehicle_registration"):
        first = date.fromisoformat(paper.record["first_registered"])
        assert paper.record["plate"].startswith(vehicles.PROVINCE) and age(person.birth_date, first) >= 18
        assert (paper.valid_until is not None) == (paper.record["vehicle_type"] in ("truck", "bus"))
        assert paper.valid_until == paper.record.get("valid_until")
    forms = Counter[str]()
    for person, paper in _each(nation, "organisation_certificate"):
        forms[paper.record["legal_form"]] += 1
        household = paper.record["legal_form"] == "business_household"
        assert paper.record["tax_code"] == (person.pid if household else paper.record["organisation_number"])
    assert len(forms) >= 3


def test_one_source_more_is_an_entry_and_no_code() -> None:
    def library(subject: Subject, dice: Random, *, today: date) -> Iterator[Document]:
        number = f"{dice.randrange(10**6):06}"
        yield Document(f"{subject.person.person_id}.card", subject.person.person_id, "card", {"number": number})

    person = somebody(SEED, 700, TODAY)
    more = (*SOURCES, Source("library", ("card",), library))
    made = list(documents(person, seed=SEED, today=TODAY, sources=more))
    assert made[-1].type == "card" and made[:-1] == list(documents(person, seed=SEED, today=TODAY))
