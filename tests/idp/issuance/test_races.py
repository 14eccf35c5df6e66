"""Issuing, suspending and locking at the same time: whoever comes last, register and status say the same, and nobody waits in a ring.

Spec: attacks OP-16, OP-29; Decree 69/2024/NĐ-CP Art. 15
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from certs.keys import MemorySigner
from certs.status import Status
from idp.issuance import documents, offer, printing
from idp.issuance.documents import status_of
from idp.issuance.printing import MOST
from idp.storage import place
from tests.databases import Postgres, fresh_name
from tests.idp.issuance.office import ISSUER, NOW, Office, body, build

TURNS = 40
HELD = {"licence-1": "driving_licence", "health-1": "health_record"}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/races.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(fresh_name())


def issue(office: Office, kind: str, number: int) -> None:
    view = {"driving_licence": "licence", "health_record": "summary"}[kind]
    with office.storage.transaction() as ports:
        made = offer.create(ports, account_id="account-1", kind=kind, now=office.now)
    if not isinstance(made, offer.Offer):
        return  # suspended or locked at this moment
    answer = office.redeem(offer.code_of(made.offer_id), made.tx_code)
    if answer.status != 200:
        return
    proof = office.proof(key=MemorySigner.generate())
    answer = office.ask(body(answer)["access_token"], office.request(proof, configuration=f"{kind}.{view}"))
    assert answer.status == 200 or body(answer)["error"] == "credential_request_denied", (number, answer)


def change(office: Office, document_id: str, number: int) -> None:
    act = documents.suspend if number % 4 == 1 else documents.reinstate
    with office.storage.transaction() as ports:
        act(ports, document_id=document_id, by="clerk", now=NOW)


def lock(office: Office, number: int) -> None:
    with office.storage.transaction() as ports:
        person = ports.population.get("person-1")
        assert person is not None
        changed = replace(person, locked=number % 4 == 1)
        ports.population.update(changed)
        documents.follow_lock(ports, person=changed, now=NOW)


def _in_turns(job: Callable[[int], None]) -> None:
    for number in range(TURNS):
        job(number)


def test_op_29_issuing_suspending_and_locking(database: str, tmp_path: Path) -> None:
    with place.opened(database) as storage:
        office = build(tmp_path, storage)
        for view in ("driving_licence.licence", "health_record.summary"):
            office.receive(MemorySigner.generate(), view)
        jobs: list[Callable[[int], None]] = [
            *(partial(issue, office, kind) for kind in HELD.values()),
            *(partial(change, office, document_id) for document_id in HELD),
            partial(lock, office),
        ]
        with ThreadPoolExecutor(len(jobs)) as pool:
            for done in [pool.submit(_in_turns, job) for job in jobs]:
                done.result()
        with storage.reading() as ports:
            person = ports.population.get("person-1")
            assert person is not None
            reached = 0
            for document_id in HELD:
                document = ports.documents.get(document_id)
                assert document is not None
                for issued in ports.documents.issued(document_id):
                    reached += 1
                    found = ports.statuses.read(issued.status_list)[2].get(issued.status_index, Status.VALID)
                    assert found is status_of(document.state, locked=person.locked)
        assert reached >= len(HELD)


def test_who_prints_at_once_gets_no_more_than_one_may_have(database: str, tmp_path: Path) -> None:
    with place.opened(database) as storage:
        office = build(tmp_path, storage)
        start = Barrier(8)

        def print_some(_: int) -> None:
            start.wait(10)
            for _again in range(3):
                with storage.transaction() as ports:
                    printing.for_citizen(
                        ports,
                        account_id="account-1",
                        document_id="licence-1",
                        view="licence",
                        issuer=ISSUER,
                        signers=office.signers,
                        now=office.now,
                    )

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(print_some, range(8)))
        with storage.reading() as ports:
            assert len(printing.made(ports, "person-1", now=office.now)) == MOST
