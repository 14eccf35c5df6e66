"""Which documents come into a sector's register: those of people who are known, that agree with the population register."""

import json
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from certs.catalogue import CATALOGUE, DocumentType
from certs.status import Status
from idp.issuance import documents as act
from idp.issuance import status
from idp.issuance.entitlement import Refusal
from idp.model import Document, DocumentState, IssuedCredential, Person
from idp.ports import Storage
from idp.registries import synthetic
from idp.registries.changes import By
from idp.registries.importing import documents, rewriting
from tests.idp.registries.importing.files import (
    LICENCE,
    NOW,
    SEED,
    TODAY,
    bring_in,
    held_document,
    licence_of,
    of_documents,
    persons,
    write_csv,
    write_parquet,
)

DRIVER = replace(persons(1)[0], birth_date="1990-05-06", deceased_on=None, nationality="VN")


@pytest.fixture(autouse=True)
def _known(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.population.add([DRIVER, *persons(20, 2_000)])


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    """As CSV has them."""
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()}


def _bring(storage: Storage, folder: Path, *rows: dict[str, Any], **how: Any) -> list[tuple[int, str, str]]:
    return bring_in(storage, write_csv(folder / "d.csv", map(_cells, rows)), of_documents(**how)).codes


def test_a_licence_as_the_register_keeps_it(storage: Storage, tmp_path: Path) -> None:
    assert _bring(storage, tmp_path, licence_of(DRIVER)) == []
    held = held_document(storage, DRIVER)
    record = licence_of(DRIVER) | {"age_over_18": True}
    assert held == Document(
        f"{DRIVER.person_id}.{LICENCE}", DRIVER.person_id, LICENCE, record, valid_until="2035-02-03"
    )


def test_parquet_says_the_same(storage: Storage, tmp_path: Path) -> None:
    done = bring_in(storage, write_parquet(tmp_path / "d.parquet", [licence_of(DRIVER)]), of_documents())
    assert done.counts == {"written": 1}
    assert bring_in(storage, write_csv(tmp_path / "d.csv", [_cells(licence_of(DRIVER))]), of_documents()).counts == {
        "already there": 1
    }


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=lambda kind: kind.name)
def test_every_kind_of_the_synthetic_nation_comes_back(
    storage: Storage, tmp_path: Path, kind: DocumentType, form: str
) -> None:
    """Written out as a file and read in again: no fault, and the very same record."""
    somebody = {person.person_id: person for person in synthetic.current_people(SEED, 400, TODAY)}
    papers = [
        paper
        for person in somebody.values()
        if person.deceased_on is None
        for paper in synthetic.documents(person, seed=SEED, today=TODAY)
        if paper.type == kind.name
    ][:20]
    assert papers, "nobody of the nation has one"
    with storage.transaction() as ports:
        ports.population.add(somebody[paper.person_id] for paper in papers)
    rows = [{field.name: paper.record.get(field.name) for field in kind.fields} for paper in papers]
    path = tmp_path / f"d.{form}"
    write = write_csv if form == "csv" else write_parquet
    rows = [_cells(row) for row in rows] if form == "csv" else rows
    done = bring_in(storage, write(path, rows), of_documents(kind.name))  # type: ignore[operator]
    assert done.codes == [] and done.counts == {"written": len(papers)}
    for paper in papers:
        held = held_document(storage, somebody[paper.person_id], kind.name)
        assert held is not None
        wanted = {name: value for name, value in paper.record.items() if value is not None}
        assert held.record == wanted
        if kind.name in ("citizen_identity", LICENCE, "health_insurance_card"):
            assert held.valid_until == paper.valid_until


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"personal_identification_number": "999199999999"}, ("personal_identification_number", "unknown_person")),
        ({"personal_identification_number": "001190000001"}, ("personal_identification_number", "real")),
        ({"personal_identification_number": "12"}, ("personal_identification_number", "kind")),
        ({"full_name": "Trần Văn Khác"}, ("full_name", "disagrees")),
        ({"birth_date": "1990-05-07"}, ("birth_date", "disagrees")),
        ({"birth_date": "1990"}, ("birth_date", "disagrees")),
        ({"nationality": "KR"}, ("nationality", "disagrees")),
        ({"licence_number": "12"}, ("licence_number", "kind")),
        ({"points": "twelve"}, ("points", "kind")),
        ({"classes": "B"}, ("classes", "kind")),
        (
            {"classes": [{"class": "Z", "issued": "2025-02-03", "expires": "2035-02-03"}]},
            ("classes[1].class", "choice"),
        ),
        ({"classes": [{"class": "B", "issued": "2025-02-03", "expires": None}]}, ("classes[1].expires", "form")),
        ({"issued_on": ""}, ("issued_on", "missing")),
        ({"state": "lost"}, ("state", "choice")),
    ],
)
def test_each_fault_is_named(storage: Storage, tmp_path: Path, changes: dict[str, Any], fault: tuple[str, str]) -> None:
    assert _bring(storage, tmp_path, licence_of(DRIVER, **changes)) == [(2, *fault)]
    assert held_document(storage, DRIVER) is None


def test_capitals_are_the_same_name(storage: Storage, tmp_path: Path) -> None:
    assert _bring(storage, tmp_path, licence_of(DRIVER, full_name=DRIVER.name.upper())) == []


def test_whoever_died_has_revoked_documents_only(storage: Storage, tmp_path: Path) -> None:
    with storage.transaction() as ports:
        ports.population.update(replace(DRIVER, deceased_on="2026-01-02"))
    assert _bring(storage, tmp_path, licence_of(DRIVER)) == [(2, "personal_identification_number", "deceased")]
    assert _bring(storage, tmp_path, licence_of(DRIVER, state="Đã thu hồi")) == []
    held = held_document(storage, DRIVER)
    assert held is not None and held.state is DocumentState.REVOKED


def test_a_suspended_licence_comes_as_one_and_is_reinstated_by_its_own_command(
    storage: Storage, tmp_path: Path
) -> None:
    assert _bring(storage, tmp_path, licence_of(DRIVER, state="suspended")) == []
    held = held_document(storage, DRIVER)
    assert held is not None and held.state is DocumentState.SUSPENDED and "state" not in held.record
    assert _bring(storage, tmp_path, licence_of(DRIVER)) == []
    assert _bring(storage, tmp_path, licence_of(DRIVER, state="valid")) == [(2, "state", "state")]


def test_another_record_is_refused(storage: Storage, tmp_path: Path) -> None:
    _bring(storage, tmp_path, licence_of(DRIVER))
    assert _bring(storage, tmp_path, licence_of(DRIVER, points=2, residence="Huế")) == [
        (2, "residence; points", "differs")
    ]
    held = held_document(storage, DRIVER)
    assert held is not None and held.record["points"] == 12


BY = By("test", NOW, simulation=True)
REWRITE = partial(rewriting.rewrite, by=BY)


def _signed(storage: Storage, person: Person) -> tuple[int, int]:
    """That a copy of the person's licence was signed: where its status stands."""
    with storage.transaction() as ports:
        number, index = status.allocate(ports.statuses, CATALOGUE[LICENCE].code)
        document_id = f"{person.person_id}.{LICENCE}"
        ports.documents.record_issue(
            IssuedCredential(f"c-{index}", document_id, "licence", "thumb", number, index, NOW, NOW + 86_400)
        )
    return number, index


def test_replaced_and_the_copies_that_were_signed_are_invalid(storage: Storage, tmp_path: Path) -> None:
    other = replace(persons(1, 2_000)[0])
    _bring(storage, tmp_path, licence_of(DRIVER), licence_of(other))
    number, index = _signed(storage, DRIVER)
    elsewhere = _signed(storage, other)
    newer = [{"class": "B", "issued": "2025-02-03", "expires": "2034-02-03"}]
    rows = [_cells(licence_of(DRIVER, points=2, classes=newer)), _cells(licence_of(other))]
    path = write_csv(tmp_path / "d.csv", rows)
    dry = bring_in(storage, path, of_documents(dry_run=True, rewrite=REWRITE))
    held = held_document(storage, DRIVER)
    assert dry.counts == {"replaced": 1, "already there": 1} and held is not None and held.record["points"] == 12
    assert bring_in(storage, path, of_documents(rewrite=REWRITE)).counts == {"replaced": 1, "already there": 1}
    held = held_document(storage, DRIVER)
    assert held is not None and (held.record["points"], held.valid_until) == (2, "2034-02-03")
    with storage.reading() as ports:
        assert ports.statuses.read(number)[2][index] is Status.INVALID
        assert elsewhere[1] not in ports.statuses.read(elsewhere[0])[2]
        (event,) = ports.journal.read(kind="documents_rewritten")
        assert event.details["credentials"] == 1 and DRIVER.pid not in str(event)
    assert bring_in(storage, path, of_documents(rewrite=REWRITE)).counts == {"already there": 2}


def test_a_file_does_not_replace_its_own_rows(storage: Storage, tmp_path: Path) -> None:
    rows = [licence_of(DRIVER), licence_of(DRIVER, points=2)]
    assert _bring(storage, tmp_path, *rows, rewrite=REWRITE) == [(3, "personal_identification_number", "duplicate")]


def test_what_was_revoked_is_not_replaced(storage: Storage, tmp_path: Path) -> None:
    _bring(storage, tmp_path, licence_of(DRIVER))
    with storage.transaction() as ports:
        ports.documents.set_state(f"{DRIVER.person_id}.{LICENCE}", DocumentState.REVOKED)
    assert _bring(storage, tmp_path, licence_of(DRIVER, points=2), rewrite=REWRITE) == [(2, "", "revoked")]


@pytest.mark.parametrize(
    ("ends", "until"),
    [(["2030-01-01", "2031-01-01"], "2031-01-01"), (["2030-01-01", None], None), ([None], None), ([], None)],
)
def test_a_licence_lives_as_long_as_any_class(ends: list[str | None], until: str | None) -> None:
    record = {"classes": [{"class": "B", "issued": "2025-01-01", "expires": end} for end in ends]}
    assert documents.valid_until(CATALOGUE[LICENCE], record) == until


def test_adult_is_reckoned_and_never_taken_from_a_file(storage: Storage, tmp_path: Path) -> None:
    child = replace(persons(1, 3_000)[0], birth_date=date(2015, 1, 1).isoformat(), deceased_on=None)
    with storage.transaction() as ports:
        ports.population.add([child])
    assert _bring(storage, tmp_path, licence_of(child, age_over_18="yes")) == []
    held = held_document(storage, child)
    assert held is not None and held.record["age_over_18"] is False


# --- several of a kind ------------------------------------------------------------------------------------------------

VEHICLE = "vehicle_registration"


def _vehicle(plate: str, **other: Any) -> dict[str, Any]:
    return {
        "personal_identification_number": DRIVER.pid,
        "full_name": DRIVER.name,
        "plate": plate,
        "vehicle_type": "car",
        "brand": "Trường Sơn",
        "model": "TS5",
        "colour": "Đen",
        "chassis_number": "RSM12345678901234",
        "engine_number": "SM00000001",
        "first_registered": "2024-08-01",
        "issued_on": "2024-08-01",
    } | other


def _vehicles(storage: Storage) -> dict[str, Document]:
    with storage.reading() as ports:
        held = ports.documents.of_person(DRIVER.person_id)
    return {str(one.record["plate"]): one for one in held if one.type == VEHICLE}


def test_a_person_has_several_vehicles(storage: Storage, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "v.csv", [_vehicle("10A-111.11"), _vehicle("10A-222.22"), _vehicle("10A-111.11")])
    done = bring_in(storage, path, of_documents(VEHICLE))
    assert done.codes == [] and done.counts == {"written": 2, "already there": 1}
    held = _vehicles(storage)
    assert set(held) == {"10A-111.11", "10A-222.22"}
    assert not any("11111" in one.document_id or "111.11" in one.document_id for one in held.values())
    assert bring_in(storage, path, of_documents(VEHICLE), size=1).counts == {"already there": 3}


def test_only_the_vehicle_that_is_named_is_replaced(storage: Storage, tmp_path: Path) -> None:
    both = write_csv(tmp_path / "v.csv", [_vehicle("10A-111.11"), _vehicle("10A-222.22")])
    bring_in(storage, both, of_documents(VEHICLE))
    before = _vehicles(storage)
    red = write_csv(tmp_path / "r.csv", [_vehicle("10A-222.22", colour="Đỏ")])
    assert bring_in(storage, red, of_documents(VEHICLE, rewrite=REWRITE)).counts == {"replaced": 1}
    after = _vehicles(storage)
    assert after["10A-111.11"] == before["10A-111.11"] and after["10A-222.22"].record["colour"] == "Đỏ"


def test_two_rows_of_one_vehicle_that_differ(storage: Storage, tmp_path: Path) -> None:
    rows = [_vehicle("10A-111.11"), _vehicle("10A-111.11", colour="Đỏ")]
    for size in (1, 100):
        done = bring_in(storage, write_csv(tmp_path / "v.csv", rows), of_documents(VEHICLE), size=size)
        assert done.codes == [(3, "personal_identification_number", "duplicate")]


def test_a_vehicle_of_an_older_register_keeps_its_id(storage: Storage, tmp_path: Path) -> None:
    old = Document(f"{DRIVER.person_id}.{VEHICLE}", DRIVER.person_id, VEHICLE, _vehicle("10A-111.11"))
    with storage.transaction() as ports:
        ports.documents.add([old])
    rows = [_vehicle("10A-111.11"), _vehicle("10A-222.22")]
    done = bring_in(storage, write_csv(tmp_path / "v.csv", rows), of_documents(VEHICLE))
    assert done.counts == {"written": 1, "already there": 1} and _vehicles(storage)["10A-111.11"] == old


# --- what would not be signed, or would not be read ---------------------------------------------------------------------


def test_what_is_replaced_is_sound_together_with_what_the_file_is_silent_about(
    storage: Storage, tmp_path: Path
) -> None:
    bring_in(
        storage,
        write_csv(tmp_path / "v.csv", [_vehicle("10A-111.11", valid_until="2030-01-01")]),
        of_documents(VEHICLE),
    )
    later = _vehicle("10A-111.11", issued_on="2031-01-01")  # sound by itself, and after the end that is there
    done = bring_in(storage, write_csv(tmp_path / "l.csv", [later]), of_documents(VEHICLE, rewrite=REWRITE))
    assert done.codes == [(2, "valid_until", "order")]
    assert _vehicles(storage)["10A-111.11"].record["issued_on"] == "2024-08-01"


@pytest.mark.parametrize("end", ["2030", "2030-05"])
def test_an_end_is_a_day(storage: Storage, tmp_path: Path, end: str) -> None:
    done = bring_in(
        storage, write_csv(tmp_path / "v.csv", [_vehicle("10A-111.11", valid_until=end)]), of_documents(VEHICLE)
    )
    assert done.codes == [(2, "valid_until", "form")]


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ({"class": "B", "issued": "2025-02-03", "expires": "2034"}, "expires"),
        ({"class": "B", "issued": "2025", "expires": "2099-01-01"}, "issued"),  # of which no ten years can be told
    ],
)
def test_a_class_begins_and_ends_on_a_day(storage: Storage, tmp_path: Path, row: dict[str, str], where: str) -> None:
    assert _bring(storage, tmp_path, licence_of(DRIVER, classes=[row])) == [(2, f"classes[1].{where}", "form")]


def test_a_licence_without_points_is_in_force_for_nobody(storage: Storage, tmp_path: Path) -> None:
    assert _bring(storage, tmp_path, licence_of(DRIVER, points=0, state="valid")) == [(2, "state", "points")]
    assert _bring(storage, tmp_path, licence_of(DRIVER, points=0)) == []
    held = held_document(storage, DRIVER)
    assert held is not None and held.state is DocumentState.SUSPENDED
    with storage.transaction() as ports:
        answer = act.reinstate(ports, document_id=held.document_id, by="officer", now=NOW)
    assert isinstance(answer, Refusal) and answer.code == "no_points"


def test_points_are_not_taken_by_a_file(storage: Storage, tmp_path: Path) -> None:
    assert _bring(storage, tmp_path, licence_of(DRIVER)) == []
    assert _bring(storage, tmp_path, licence_of(DRIVER, points=0), rewrite=REWRITE) == [(2, "points", "points")]
