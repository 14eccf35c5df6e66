"""What a transaction holds stays as it is until it ends: whoever changes it comes after, and finds what was done meanwhile."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from idp.model import Authenticator, AuthenticatorKind, Consent, DocumentState
from idp.ports import Ports, Storage
from tests.contract.rows import ACCOUNT, CLIENT, DOCUMENT, GRANT, ISSUED, NOW, PERSON, REFRESH

HEAD_START = 0.15  # for the second to run into the first; without it the test would pass more often, never fail wrongly


def populate(ports: Ports) -> None:
    ports.accounts.add(ACCOUNT)
    ports.clients.add(CLIENT)
    ports.consents.record(Consent("account-1", "bank", ("openid",), NOW))
    ports.population.add([PERSON])
    ports.documents.add([DOCUMENT])


def in_turn(storage: Storage, first: Callable[[Ports], Callable[[], None]], second: Callable[[Ports], Any]) -> Any:
    """`first` holds, lets `second` begin, and ends its own work; what `second` saw is returned."""
    holds, started = Event(), Event()

    def holder() -> None:
        with storage.transaction() as ports:
            end = first(ports)
            holds.set()
            started.wait(HEAD_START)  # longer than any lock would be missed by
            end()

    def changer() -> Any:
        assert holds.wait(10)
        with storage.transaction() as ports:
            return second(ports)

    with ThreadPoolExecutor(2) as pool:
        results: list[Future[Any]] = [pool.submit(holder), pool.submit(changer)]
        return [result.result(timeout=20) for result in results][1]


def test_a_suspension_finds_the_credential_that_is_being_issued(storage: Storage) -> None:
    def issue(ports: Ports) -> Callable[[], None]:
        assert ports.documents.hold("document-1") == DOCUMENT
        return lambda: ports.documents.record_issue(ISSUED)

    def suspend(ports: Ports) -> Any:
        assert ports.documents.set_state("document-1", DocumentState.SUSPENDED)
        return ports.documents.issued("document-1")

    with storage.transaction() as ports:
        populate(ports)
    assert in_turn(storage, issue, suspend) == (ISSUED,)


def test_a_lock_finds_the_credential_that_is_being_issued(storage: Storage) -> None:
    def issue(ports: Ports) -> Callable[[], None]:
        assert ports.population.hold("person-1") == PERSON
        return lambda: ports.documents.record_issue(ISSUED)

    def lock(ports: Ports) -> Any:
        assert ports.population.update(replace(PERSON, locked=True))
        return ports.documents.issued("document-1")

    with storage.transaction() as ports:
        populate(ports)
    assert in_turn(storage, issue, lock) == (ISSUED,)


def test_a_withdrawal_finds_the_grant_that_is_being_opened(storage: Storage) -> None:
    def redeem(ports: Ports) -> Callable[[], None]:
        assert ports.consents.hold("account-1", "bank") is not None
        return lambda: ports.grants.open(GRANT, [REFRESH])

    def withdraw(ports: Ports) -> Any:
        assert ports.consents.withdraw("account-1", "bank")
        return ports.grants.close_account("account-1", now=NOW, client_id="bank")

    with storage.transaction() as ports:
        populate(ports)
    assert in_turn(storage, redeem, withdraw) == 1


def test_who_changes_a_person_waits_for_who_issues_and_finds_it(storage: Storage) -> None:
    def issue(ports: Ports) -> Callable[[], None]:
        assert ports.population.hold("person-1") == PERSON
        return lambda: ports.documents.record_issue(ISSUED)

    def change(ports: Ports) -> Any:
        assert ports.population.hold("person-1", to_change=True) == PERSON
        return ports.documents.issued("document-1")

    with storage.transaction() as ports:
        populate(ports)
    assert in_turn(storage, issue, change) == (ISSUED,)


def test_who_comes_after_a_change_sees_the_new_number_too(storage: Storage) -> None:
    def renumber(ports: Ports) -> Callable[[], None]:
        assert ports.population.hold("person-1", to_change=True) == PERSON
        return lambda: ports.population.reset_pid("person-1", "999196000999", on="2026-05-01", reason="wrong year")

    def hold(ports: Ports) -> Any:
        return ports.population.hold("person-1", to_change=True)

    with storage.transaction() as ports:
        populate(ports)
    assert in_turn(storage, renumber, hold) == replace(PERSON, pid="999196000999")


def test_who_holds_many_people_sees_the_new_number_of_one(storage: Storage) -> None:
    def renumber(ports: Ports) -> Callable[[], None]:
        assert ports.population.hold("person-1", to_change=True) == PERSON
        return lambda: ports.population.reset_pid("person-1", "999196000999", on="2026-05-01", reason="wrong year")

    def hold(ports: Ports) -> Any:
        return ports.population.known([PERSON.pid, "999000000000"], hold=True)

    with storage.transaction() as ports:
        populate(ports)
    assert in_turn(storage, renumber, hold) == {PERSON.pid: replace(PERSON, pid="999196000999")}


@pytest.mark.parametrize("to_change", [False, True])
def test_who_changes_one_of_many_who_are_held_waits(storage: Storage, to_change: bool) -> None:
    def bring_in(ports: Ports) -> Callable[[], None]:
        assert ports.population.known([PERSON.pid], hold=True, to_change=to_change)
        return lambda: ports.documents.record_issue(ISSUED)

    def change(ports: Ports) -> Any:
        assert ports.population.update(replace(PERSON, locked=True))
        return ports.documents.issued("document-1")

    with storage.transaction() as ports:
        populate(ports)
    assert in_turn(storage, bring_in, change) == (ISSUED,)


@pytest.mark.parametrize("held", ["person", "document", "consent"])
def test_who_comes_second_sees_what_the_first_one_did(storage: Storage, held: str) -> None:
    def change(ports: Ports) -> Callable[[], None]:
        ports.population.update(replace(PERSON, locked=True))
        ports.documents.set_state("document-1", DocumentState.SUSPENDED)
        ports.consents.withdraw("account-1", "bank")
        return lambda: None

    def hold(ports: Ports) -> Any:
        return {
            "person": ports.population.hold,
            "document": ports.documents.hold,
            "consent": lambda _: ports.consents.hold("account-1", "bank"),
        }[held](f"{held}-1")

    wanted = {
        "person": replace(PERSON, locked=True),
        "document": replace(DOCUMENT, state=DocumentState.SUSPENDED),
        "consent": None,
    }
    with storage.transaction() as ports:
        populate(ports)
    assert in_turn(storage, change, hold) == wanted[held]


def test_what_is_not_there_is_not_held(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.population.hold("nobody") is None
        assert ports.population.hold("nobody", to_change=True) is None
        assert ports.documents.hold("nothing") is None
        assert ports.consents.hold("nobody", "nothing") is None


def test_of_two_who_hold_the_authenticators_of_an_account_the_second_finds_what_the_first_added(
    storage: Storage,
) -> None:
    """While others may add what names the account: `hold` stands in nobody's way who does not ask for it."""
    one = Authenticator("t-1", "account-1", AuthenticatorKind.TOTP, "", NOW)

    def add(ports: Ports) -> Callable[[], None]:
        assert ports.authenticators.hold("account-1")
        return lambda: ports.authenticators.add(one)

    def count(ports: Ports) -> Any:
        assert not ports.authenticators.hold("nobody")
        assert ports.authenticators.hold("account-1")
        return ports.authenticators.of_account("account-1")

    with storage.transaction() as ports:
        populate(ports)
    assert in_turn(storage, add, count) == (one,)
