"""Changes in the registers against each other, against issuing, suspending and locking; and a process that is killed in one.

Spec: attacks OP-01, OP-16
"""

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from certs.keys import MemorySigner
from certs.status import Status
from idp.issuance import documents, offer
from idp.issuance.documents import status_of
from idp.model import Address, DocumentState
from idp.ports import Storage
from idp.registries import changes, points
from idp.storage import place
from tests.databases import Postgres, fresh_name
from tests.idp.issuance.office import NOW, Office, body, build
from tests.idp.registries.civil import BY, HAN, SON, done, fetch, papers, person_of, settle
from tests.smoke import ROOT

TURNS = 12
REFUSED = ("credential_request_denied", "invalid_token")  # suspended meanwhile; locked, or another number
NAMES = ("Trần Thị Hân", "Trần Thị Ngọc Hân", "Trần Thị Bảo Hân")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/races.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(fresh_name())


def _issue(office: Office, account: str, kind: str, number: int) -> None:
    with office.storage.transaction() as ports:
        made = offer.create(ports, account_id=account, kind=kind.partition(".")[0], now=NOW)
    if not isinstance(made, offer.Offer):
        return  # suspended or locked at this moment
    answer = office.redeem(offer.code_of(made.offer_id), made.tx_code)
    if answer.status == 200:
        proof = office.proof(key=MemorySigner.generate())
        answer = office.ask(body(answer)["access_token"], office.request(proof, configuration=kind))
        assert answer.status == 200 or body(answer)["error"] in REFUSED, (number, answer)


def _rename(storage: Storage, number: int) -> None:
    with storage.transaction() as ports:
        changes.rename(ports, person_id=HAN.person_id, name=NAMES[number % 3], by=BY)


def _move(storage: Storage, person_id: str, number: int) -> None:
    home = Address(f"Thôn {number}", "Xã Ea Kao", "Đắk Lắk")
    with storage.transaction() as ports:
        changes.move(ports, person_id=person_id, home=home, by=BY)


def _rename_son(storage: Storage, number: int) -> None:
    with storage.transaction() as ports:
        changes.rename(ports, person_id=SON.person_id, name=f"Lê Văn {('Sơn', 'Sơn Ca')[number % 2]}", by=BY)


def _renumber(storage: Storage, number: int) -> None:
    with storage.transaction() as ports:
        changes.renumber(ports, person_id=HAN.person_id, pid=f"9991900007{number:02}", reason="x", by=BY)


def _suspend(storage: Storage, number: int) -> None:
    act = documents.suspend if number % 2 else documents.reinstate
    with storage.transaction() as ports:
        act(ports, document_id=f"{HAN.person_id}.citizen_identity", by="clerk", now=NOW)


def _lock(storage: Storage, number: int) -> None:
    with storage.transaction() as ports:
        documents.set_lock(ports, person_id=HAN.person_id, locked=number % 2 == 0, by="clerk", now=NOW)


def _in_turns(job: Callable[[int], None]) -> None:
    for number in range(TURNS):
        job(number)


def test_op_16_changes_beside_issuing_suspending_and_locking(database: str, tmp_path: Path) -> None:
    with place.opened(database) as storage:
        office = build(tmp_path, storage)
        settle(office)
        jobs: list[Callable[[int], None]] = [
            partial(_issue, office, "a-han", "citizen_identity.identity"),
            partial(_issue, office, "a-son", "marriage_certificate.marriage"),
            partial(_rename, storage),
            partial(_rename_son, storage),
            partial(_move, storage, HAN.person_id),
            partial(_renumber, storage),
            partial(_suspend, storage),
            partial(_lock, storage),
        ]
        with ThreadPoolExecutor(len(jobs)) as pool:
            for one in [pool.submit(_in_turns, job) for job in jobs]:
                one.result()
        her, his = person_of(office), person_of(office, SON)
        assert her.residence.detail == f"Thôn {TURNS - 1}" and her.pid == f"9991900007{TURNS - 1:02}"
        for person, spouse in ((her, his), (his, her)):
            held = papers(office, person)
            assert {one.record["full_name"] for one in held.values()} == {person.name}
            assert {one.record["personal_identification_number"] for one in held.values()} == {person.pid}
            assert held["marriage_certificate"].record["spouse_name"] == spouse.name
            assert held["marriage_certificate"].record["spouse_identification_number"] == spouse.pid
        assert papers(office)["citizen_identity"].record["residence"].startswith(f"Thôn {TURNS - 1},")
        _every_copy_tells_the_state(storage, office)


def _every_copy_tells_the_state(storage: Storage, office: Office) -> None:
    """What is signed from the record of now says its state; whatever was signed from an older one is invalid."""
    with storage.transaction() as ports:  # now the newest copy of each is of the record of now
        documents.set_lock(ports, person_id=HAN.person_id, locked=False, by="clerk", now=NOW)
        documents.reinstate(ports, document_id=f"{HAN.person_id}.citizen_identity", by="clerk", now=NOW)
    fetch(office, "citizen_identity.identity")
    changed = done(office, "rename", name="Trần Thị Cuối Cùng")
    assert f"{HAN.person_id}.citizen_identity" in changed.documents
    with storage.reading() as ports:
        for person in (HAN, SON):
            for document in ports.documents.of_person(person.person_id):
                for copy in ports.documents.issued(document.document_id):
                    found = ports.statuses.read(copy.status_list)[2].get(copy.status_index, Status.VALID)
                    assert found in (Status.INVALID, status_of(document.state, locked=False))
        copies = ports.documents.issued(f"{HAN.person_id}.citizen_identity")
        states = [ports.statuses.read(one.status_list)[2].get(one.status_index, Status.VALID) for one in copies]
    assert states and set(states) == {Status.INVALID}


def test_two_spouses_change_at_once_and_nobody_waits_in_a_ring(database: str, tmp_path: Path) -> None:
    with place.opened(database) as storage:
        office = build(tmp_path, storage)
        settle(office)
        with ThreadPoolExecutor(4) as pool:
            jobs = [_rename, _rename_son, partial(_move, person_id=SON.person_id), _renumber]
            runs = [pool.submit(_in_turns, partial(_with, job, storage)) for job in jobs]
            for one in runs:
                one.result()


def _with(job: Callable[..., None], storage: Storage, number: int) -> None:
    job(storage, number=number)


def test_points_of_one_licence_are_deducted_by_many_and_none_is_lost(database: str, tmp_path: Path) -> None:
    with place.opened(database) as storage:
        build(tmp_path, storage)

        def deduct(_: int) -> None:
            with storage.transaction() as ports:
                points.deduct(ports, document_id="licence-1", points=1, by=BY)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(deduct, range(11)))
        with storage.reading() as ports:
            licence = ports.documents.get("licence-1")
            assert licence is not None and licence.record["points"] == 1 and licence.state is DocumentState.VALID
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(deduct, range(4)))
        with storage.reading() as ports:
            licence = ports.documents.get("licence-1")
            assert licence is not None and licence.record["points"] == 0 and licence.state is DocumentState.SUSPENDED
            assert len(ports.journal.read(kind="licence_points_deducted")) == 12


_KILLED = """
import os, signal, sys
from datetime import date
from idp.registries import changes
from idp.storage import place
from tests.idp.registries.civil import BY, HAN
with place.opened(sys.argv[1]) as storage, storage.transaction() as ports:
    if sys.argv[2] == "die":
        answer = changes.die(ports, person_id=HAN.person_id, on=date(2026, 9, 20), by=BY)
    else:
        answer = changes.rename(ports, person_id=HAN.person_id, name="Trần Thị Ngọc Hân", by=BY)
    assert answer.credentials == 1, answer
    print("written", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("verb", ["rename", "die"])
def test_op_01_killed_with_all_written_and_nothing_committed(database: str, tmp_path: Path, verb: str) -> None:
    with place.opened(database) as storage:
        office = build(tmp_path, storage)
        settle(office)
        fetch(office, "citizen_identity.identity")
        before = (papers(office), papers(office, SON), office.kinds())
        killed = subprocess.run(
            [sys.executable, "-c", _KILLED, database, verb],
            check=False,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert killed.returncode == -signal.SIGKILL and killed.stdout == "written\n", killed.stderr
        assert (papers(office), papers(office, SON), office.kinds()) == before and person_of(office) == HAN
        with storage.reading() as ports:
            (copy,) = ports.documents.issued(f"{HAN.person_id}.citizen_identity")
            assert ports.statuses.read(copy.status_list)[2] == {}
            assert ports.sessions.find("s-han", now=NOW) is not None
        done(office, "rename", name="Trần Thị Ngọc Hân")  # nothing is left that would stand in the way
        assert person_of(office) == replace(HAN, name="Trần Thị Ngọc Hân")
