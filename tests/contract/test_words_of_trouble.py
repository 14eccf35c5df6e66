"""What storage says when the database fails, and what is left of what was broken off: no row in the words, nothing in the pool.

Spec: attacks OP-05; OWASP ASVS 5.0 V16.5.1 (errors tell nothing of what they were about)
"""

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from idp.model import Person
from idp.ports import Storage
from idp.storage.errors import Conflict, StorageError, Unavailable
from tests.contract.rows import CLIENT, PERSON, another

PEOPLE = tuple(another(PERSON, person_id=f"p{number}", pid=f"99919600000{number}", phone=None) for number in range(5))
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN new; END $$;
CREATE TRIGGER slow BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION slow();
"""
NO_LONGER_SLOW = "DROP TRIGGER slow ON people; DROP FUNCTION slow()"
END_ALL = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def left_open(storage: Storage) -> Iterator[Person]:
    """A stream whose transaction was broken off."""
    with suppress(KeyError), storage.reading() as ports:
        people = iter(ports.population.each())
        next(people)
        raise KeyError
    return people


@pytest.fixture
def server(migrated: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(migrated.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def test_a_stream_that_is_left_open_ends_with_its_transaction_and_disturbs_no_other(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.population.add(PEOPLE)
    people = left_open(storage)
    with storage.transaction() as ports:
        ports.clients.add(CLIENT)
        del people
        assert ports.population.count() == len(PEOPLE)
    with storage.reading() as ports:
        assert ports.clients.get(CLIENT.client_id) == CLIENT


def test_two_streams_at_once(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.population.add(PEOPLE)
        assert [*zip(ports.population.each(), ports.population.each(), strict=True)] == [
            *zip(PEOPLE, PEOPLE, strict=True)
        ]


@pytest.mark.parametrize("storage", ["sqlite", "postgresql"], indirect=True)
def test_what_a_stream_had_not_read_is_not_passed_over(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.population.add(PEOPLE)
    people = left_open(storage)
    with pytest.raises(StorageError):
        list(people)


@pytest.mark.parametrize("storage", ["sqlite", "postgresql"], indirect=True)
def test_an_error_that_was_passed_over_commits_nothing(storage: Storage) -> None:
    """PostgreSQL answers the COMMIT of such a transaction with a ROLLBACK, and calls that no error."""
    with storage.transaction() as ports:
        ports.clients.add(CLIENT)
    with pytest.raises(StorageError), storage.transaction() as ports:
        ports.clients.add(another(CLIENT, client_id="other"))
        with suppress(Conflict):
            ports.clients.add(CLIENT)
    with storage.reading() as ports:
        assert ports.clients.get("other") is None


@pytest.mark.parametrize("storage", ["postgresql"], indirect=True)
def test_the_words_of_a_load_that_took_too_long_quote_no_row(storage: Storage, server: psycopg.Connection) -> None:
    server.execute(SLOW)
    try:
        with pytest.raises(Unavailable) as caught, storage.transaction() as ports:
            ports.population._work.say("SET LOCAL statement_timeout = 200")  # type: ignore[attr-defined]
            ports.population.add(PEOPLE)
    finally:
        server.execute(NO_LONGER_SLOW)
    assert "timeout" in str(caught.value)
    for value in (PERSON.name, PERSON.birth_date, "COPY", "p0"):
        assert value not in str(caught.value)


@pytest.mark.parametrize("storage", ["postgresql"], indirect=True)
def test_a_stream_whose_server_went_away_is_told_in_our_words(storage: Storage, server: psycopg.Connection) -> None:
    with storage.transaction() as ports:
        ports.population.add(PEOPLE)
    with pytest.raises(Unavailable), storage.reading() as ports:
        server.execute(END_ALL)
        list(ports.population.each())
    with storage.reading() as ports:  # the pool kept nothing of the lost server
        assert ports.population.count() == len(PEOPLE)
