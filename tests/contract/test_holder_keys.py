"""Whose a holder's key is: the first who shows it keeps it, among threads too."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from idp.ports import Storage
from idp.storage.errors import Conflict
from tests.contract.rows import PERSON, another

PEOPLE = [
    another(PERSON, person_id=f"person-{number}", pid=f"99919000000{number}", phone=None, email=None)
    for number in range(4)
]
ROUNDS = 20


def test_a_key_is_one_person_s(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.population.add(PEOPLE)
        assert ports.documents.claim_key("k1", "person-1")
        assert ports.documents.claim_key("k1", "person-1")  # asked for again after an answer that was lost
        assert not ports.documents.claim_key("k1", "person-2")
        assert ports.documents.claim_key("k2", "person-2")
    with storage.transaction() as ports:
        assert not ports.documents.claim_key("k1", "person-2")
        assert ports.documents.claim_key("k1", "person-1")


def test_what_is_rolled_back_was_not_claimed(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.population.add(PEOPLE)
    with pytest.raises(Conflict), storage.transaction() as ports:
        assert ports.documents.claim_key("k1", "person-1")
        raise Conflict("the rest did not succeed")
    with storage.transaction() as ports:
        assert ports.documents.claim_key("k1", "person-2")


def test_op_29_raced(storage: Storage) -> None:
    """Four people with one key, many times: each time one of them has it, and everybody knows whom."""
    with storage.transaction() as ports:
        ports.population.add(PEOPLE)
    start = Barrier(len(PEOPLE))

    def claim(person_id: str) -> list[int]:
        start.wait()
        won = []
        for number in range(ROUNDS):
            with storage.transaction() as ports:
                if ports.documents.claim_key(f"k{number}", person_id):
                    won.append(number)
        return won

    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        won = dict(zip(PEOPLE, pool.map(claim, [person.person_id for person in PEOPLE]), strict=True))
    assert sorted(number for numbers in won.values() for number in numbers) == list(range(ROUNDS))
    with storage.transaction() as ports:
        for person, numbers in won.items():
            assert all(ports.documents.claim_key(f"k{number}", person.person_id) for number in numbers)
