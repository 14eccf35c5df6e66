"""The synthetic nation: deterministic, plausible, nobody's, quick."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import islice

import pytest

from certs.catalogue import CATALOGUE
from idp.accounts.ages import age
from idp.accounts.personal_id import disagreements, parse
from idp.accounts.phones import normalise
from idp.model import Document, DocumentState, Person
from idp.ports import Storage
from idp.registries.personas import PERSONAS
from idp.registries.social_insurance import CARD_NUMBER
from idp.registries.synthetic import MOST, current_people, documents, people, populate, resets
from idp.registries.transport import MINIMUM_AGE
from idp.storage.memory import MemoryStorage
from tests.idp.registries.records import faults

TODAY = date(2026, 11, 21)
COUNT = 4_000


@pytest.fixture(scope="module")
def nation() -> tuple[Person, ...]:
    return tuple(current_people(7, COUNT, TODAY))


@pytest.fixture(scope="module")
def papers(nation: tuple[Person, ...]) -> tuple[tuple[Person, Document], ...]:
    return tuple((person, paper) for person in nation for paper in documents(person, seed=7, today=TODAY))


def test_the_same_seed_gives_the_same_nation_of_any_size(nation: tuple[Person, ...]) -> None:
    again = tuple(current_people(7, 100, TODAY))
    assert again == nation[:100]
    assert tuple(documents(again[50], seed=7, today=TODAY)) == tuple(documents(nation[50], seed=7, today=TODAY))
    other = tuple(current_people(8, 100, TODAY))
    assert other[: len(PERSONAS)] == nation[: len(PERSONAS)]  # the personas are always there
    assert other[len(PERSONAS) :] != nation[len(PERSONAS) : 100]


def test_people_are_a_stream() -> None:
    rows: Iterator[Person] = people(7, MOST, TODAY)
    assert len(list(islice(rows, 3))) == 3
    with pytest.raises(ValueError, match="at most"):
        list(people(7, MOST + 1, TODAY))


def test_every_number_is_one_of_nobody_s(nation: tuple[Person, ...]) -> None:
    first = {person.person_id: person for person in people(7, COUNT, TODAY)}
    changed = {reset.person_id: reset for reset in resets(7, COUNT, TODAY)}
    for person in nation:
        number = parse(person.pid, year=TODAY.year, simulation=True)
        assert number.synthetic
        assert disagreements(number, birth_date=person.birth_date, sex=person.sex) == ()
        if person.person_id in changed:
            reset = changed[person.person_id]
            assert person.pid == reset.pid != first[person.person_id].pid
            # The first number was wrong about the year or the sex; that is why it was set anew.
            old = parse(first[person.person_id].pid, year=TODAY.year, simulation=True)
            assert len(disagreements(old, birth_date=person.birth_date, sex=person.sex)) == 1
        else:
            assert person == first[person.person_id]
    every = [person.pid for person in nation] + [first[person_id].pid for person_id in changed]
    assert len(set(every)) == len(every)
    phones = [person.phone for person in nation if person.phone]
    assert len(set(phones)) == len(phones)
    assert all(normalise(phone) == phone and phone.startswith("+8430") for phone in phones)


def test_all_kinds_of_people(nation: tuple[Person, ...]) -> None:
    kinds = Counter[str]()
    for person in nation:
        kinds["minor"] += age(person.birth_date, TODAY) < 18
        kinds["foreigner"] += person.nationality != "VN"
        kinds["locked"] += person.locked
        kinds["deceased"] += person.deceased_on is not None
        kinds["year"] += len(person.birth_date) == 4
        kinds["month"] += len(person.birth_date) == 7
        kinds["apostrophe"] += "'" in person.name or "’" in person.name
        kinds["no phone"] += person.phone is None
        assert unicodedata.is_normalized("NFC", person.name)
        assert person.residence.commune.split()[0] in {"Phường", "Xã", "Đặc"}
    kinds["reset"] = sum(1 for _ in resets(7, COUNT, TODAY))
    assert all(kinds[kind] >= 5 for kind in kinds), kinds
    assert 0.2 < kinds["minor"] / COUNT < 0.4
    families = Counter(person.name.split()[0] for person in nation)
    assert families.most_common(1)[0][0] == "Nguyễn"


def test_every_record_follows_the_catalogue(papers: tuple[tuple[Person, Document], ...]) -> None:
    wrong = {paper.document_id: found for _, paper in papers if (found := faults(paper))}
    assert wrong == {}
    assert {paper.type for _, paper in papers} == set(CATALOGUE)
    assert len({paper.document_id for _, paper in papers}) == len(papers)


def test_every_record_is_about_its_person(papers: tuple[tuple[Person, Document], ...]) -> None:
    for person, paper in papers:
        record = paper.record
        assert paper.person_id == person.person_id
        assert record["personal_identification_number"] == person.pid
        assert record["full_name"] == person.name
        for name, value in (("birth_date", person.birth_date), ("sex", person.sex)):
            assert record.get(name, value) == value
        if "age_over_18" in record:
            assert record["age_over_18"] is (age(person.birth_date, TODAY) >= 18)
        if person.deceased_on and paper.document_id.split("-")[1][:7] >= f"{len(PERSONAS):07}":
            assert paper.state is DocumentState.REVOKED


def test_licences(papers: tuple[tuple[Person, Document], ...]) -> None:
    """Domain B.8: number, classes, points."""
    seen = Counter[str]()
    for person, paper in papers:
        if paper.type != "driving_licence":
            continue
        record = paper.record
        issued = date.fromisoformat(record["issued_on"])
        number = record["licence_number"]
        assert re.fullmatch(rf"99{person.pid[3]}{issued.year % 100:02}[0-9]{{7}}", number)
        assert 0 <= record["points"] <= 12
        assert CATALOGUE["driving_licence"].issuer_on(issued) is not None
        assert issued <= TODAY
        for one in record["classes"]:
            passed = date.fromisoformat(one["issued"])
            assert age(person.birth_date, passed) >= MINIMUM_AGE[one["class"]]
            assert (one["class"] == "B2") == (passed < date(2025, 1, 1)) or one["class"] == "A1"
            seen[one["class"]] += 1
        ends = [one["expires"] for one in record["classes"]]
        assert paper.valid_until == (None if None in ends else max(ends))
    assert {"A1", "B", "B2", "C", "C1"} <= set(seen)


def test_health_insurance(papers: tuple[tuple[Person, Document], ...]) -> None:
    numbers: dict[str, str] = {}
    for person, paper in papers:
        key = {"health_insurance_card": "card_number", "health_record": "health_insurance_number"}.get(paper.type)
        if key is not None:
            number = paper.record[key]
            assert CARD_NUMBER.fullmatch(number)
            assert numbers.setdefault(person.person_id, number) == number  # the same in both
        if paper.type == "health_insurance_card":
            assert paper.record["benefit_level"] == int(paper.record["card_number"][2])
            assert paper.record["valid_from"] <= TODAY.isoformat() <= paper.record["valid_until"]


def test_identity_and_tax(papers: tuple[tuple[Person, Document], ...]) -> None:
    for person, paper in papers:
        if paper.type == "citizen_identity":
            assert person.nationality == "VN"
            assert paper.record["valid_from"] <= TODAY.isoformat()
            assert paper.valid_until is None or paper.valid_until > TODAY.isoformat()
        if paper.type == "tax_registration":
            assert paper.record["tax_code"] == person.pid
            assert "2025-07-01" <= paper.record["registered_on"] <= TODAY.isoformat()


def test_a_nation_is_stored() -> None:
    storage: Storage = MemoryStorage()
    with storage.transaction() as ports:
        made = populate(ports, seed=7, count=1_000, today=TODAY)
    with storage.reading() as ports:
        assert ports.population.count() == made.people == 1_000
        assert {person.person_id: person for person in ports.population.each()} == {
            person.person_id: person for person in current_people(7, 1_000, TODAY)
        }
        assert made.documents > 2_500 and made.resets >= 1
        for reset in resets(7, 1_000, TODAY):
            (cancelled,) = ports.population.cancelled(reset.person_id)
            assert ports.population.by_pid(cancelled.pid) is None
            assert all(
                paper.record["personal_identification_number"] == reset.pid
                for paper in ports.documents.of_person(reset.person_id)
            )
