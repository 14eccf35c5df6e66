"""All effects of one request are kept together, or none is."""

from contextlib import suppress

import pytest

from certs.status import Status
from idp.model import AccountState, Event
from idp.ports import Ports, Storage
from idp.storage.errors import StorageError
from tests.contract.rows import CLIENT, DOCUMENT, NOW, PERSON, SESSION, another, drawn, with_grant


class Trouble(Exception):
    pass


def everything(ports: Ports) -> None:
    """One write of each kind, over what `before` wrote."""
    ports.ephemeral.take("code", "c", now=NOW)
    ports.ephemeral.put("code", "d", {}, expires=NOW + 60)
    ports.ephemeral.once("jti", "j", expires=NOW + 60)
    ports.ephemeral.sweep(now=NOW)
    ports.grants.rotate("refresh-1", [], now=NOW)
    ports.grants.close_family("grant-1", now=NOW)
    ports.sessions.end("session-1")
    ports.accounts.set_state("account-1", AccountState.LOCKED)
    ports.clients.add(another(CLIENT, client_id="wallet"))
    ports.population.update(another(PERSON, locked=True))
    ports.population.reset_pid("person-1", "999196000999", on="2025-01-01", reason="x")
    ports.population.add([another(PERSON, person_id="person-2", pid="999196000888")])
    ports.documents.add([another(DOCUMENT, document_id="document-2")])
    ports.statuses.set(1, drawn(ports, 1), Status.INVALID)
    ports.publications.next_sequence("bundle")
    ports.journal.append(Event(NOW, "second"))


def before(ports: Ports) -> None:
    with_grant(ports)
    ports.ephemeral.put("code", "c", {"x": 1}, expires=NOW + 60)
    ports.ephemeral.put("code", "old", {}, expires=NOW)
    ports.sessions.add(SESSION)
    ports.clients.add(CLIENT)
    ports.population.add([PERSON])
    ports.documents.add([DOCUMENT])
    ports.statuses.add(1, kind=1, size=4)
    ports.publications.next_sequence("bundle")
    ports.journal.append(Event(NOW, "first"))


def seen(ports: Ports) -> list[object]:
    return [
        ports.ephemeral.read("code", "c", now=NOW),
        ports.ephemeral.read("code", "old", now=NOW - 1),
        ports.ephemeral.read("code", "d", now=NOW),
        ports.grants.live("refresh-1", "refresh", now=NOW),
        ports.sessions.find("session-1", now=NOW),
        ports.accounts.get("account-1"),
        ports.clients.all(),
        list(ports.population.each()),
        ports.population.cancelled("person-1"),
        ports.documents.of_person("person-1"),
        ports.statuses.read(1),
        ports.publications.current_sequence("bundle"),
        ports.journal.read(),
    ]


def test_an_exception_takes_everything_back(storage: Storage) -> None:
    with storage.transaction() as ports:
        before(ports)
    with storage.reading() as ports:
        state = seen(ports)
    with pytest.raises(Trouble), storage.transaction() as ports:
        everything(ports)
        assert seen(ports) != state
        raise Trouble
    with storage.transaction() as ports:
        assert seen(ports) == state
        # And what was used up by the failed attempt is there to be used.
        assert ports.ephemeral.once("jti", "j", expires=NOW + 60)
        assert sorted(drawn(ports, 1) for _ in range(4)) == [0, 1, 2, 3]


def test_nothing_written_while_reading_is_kept(storage: Storage) -> None:
    with storage.transaction() as ports:
        before(ports)
    with storage.reading() as ports:
        state = seen(ports)
    with suppress(StorageError), storage.reading() as ports:  # an adapter may also refuse at once
        everything(ports)
    with storage.reading() as ports:
        assert seen(ports) == state


def test_what_was_committed_is_kept(storage: Storage) -> None:
    with storage.transaction() as ports:
        before(ports)
    with storage.transaction() as ports:
        everything(ports)
        state = seen(ports)
    with storage.reading() as ports:
        assert seen(ports) == state
