"""The migrations give exactly the tables that the code names, upwards and downwards."""

import re
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect

from certs.status import Status
from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage
from idp.storage.tables import metadata
from tests import alike
from tests.databases import Postgres, fresh_name


@pytest.fixture(autouse=True)
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "upgrade", alike.really_upgraded)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{tmp_path}/a.sqlite")
    yield opened
    opened.dispose()


def schema(engine: Engine) -> dict[str, list[str]]:
    """Each table's and index's definition, as an ordered list of its parts; SQLite writes a column added later without a line, and
    a table made anew with quotes."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    return {
        name: sorted(part.strip(" \t,()") for part in re.split(r"\n|, (?=[a-z_]+ [A-Z]+\b)", sql.replace('"', "")))
        for name, sql in rows
    }


def test_migrated_and_created_are_the_same(engine: Engine, tmp_path: Path) -> None:
    migrations.upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    # Alembic compares no checks and no partial indexes; the definitions themselves do.
    created = open_engine(f"sqlite:///{tmp_path}/b.sqlite")
    with created.begin() as connection:
        metadata.create_all(connection)
    found = schema(engine)
    found.pop("alembic_version")
    assert found == schema(created)
    created.dispose()


def test_down_and_up_again(engine: Engine) -> None:
    assert migrations.current(engine) is None
    migrations.upgrade(engine)
    there = schema(engine)
    assert migrations.current(engine) == migrations.newest()
    migrations.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    assert migrations.current(engine) is None
    migrations.upgrade(engine)
    assert schema(engine) == there


def test_a_step_that_fails_leaves_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE tokens (x INTEGER)")  # one of the last that the first step makes
    with pytest.raises(Exception, match="already exists"):
        migrations.upgrade(engine)
    assert set(inspect(engine).get_table_names()) == {"tokens"}


def test_on_postgresql(postgres: Postgres) -> None:
    engine = open_engine(postgres.create(fresh_name()))
    for _ in range(2):
        migrations.upgrade(engine)
        assert migrations.current(engine) == migrations.newest()
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            checks = {name for table in inspect(engine).get_table_names() for name in _checks(engine, table)}
        assert checks == {check for table in metadata.tables for check in _wanted_checks(table)}
        migrations.downgrade(engine, "base")
        assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    engine.dispose()


def _checks(engine: Engine, table: str) -> set[str | None]:
    return {check["name"] for check in inspect(engine).get_check_constraints(table)}


def _wanted_checks(table: str) -> set[object]:
    return {check.name for check in metadata.tables[table].constraints if isinstance(check, CheckConstraint)}


def _older(engine: Engine) -> None:
    """A nation of 0004: people, a document, copies of it, a full list and one that is not."""
    migrations.upgrade(engine, "0004")
    with engine.begin() as connection:
        for statement in _OF_0004.split(";"):
            connection.exec_driver_sql(statement)


_OF_0004 = """
INSERT INTO people (person_id, name, birth_date, sex, nationality, residence_detail, residence_commune,
 residence_province, place_of_birth, locked) VALUES ('p1', 'A', '1990', 'male', 'VN', '', 'B', 'C', 'D', false),
 ('p2', 'A', '1990', 'male', 'VN', '', 'B', 'C', 'D', false);
INSERT INTO documents (document_id, person_id, type, record, state) VALUES
 ('d1', 'p1', 'driving_licence', '{}', 'valid'), ('d2', 'p2', 'driving_licence', '{}', 'valid'),
 ('d3', 'p2', 'marriage_certificate', '{"spouse_identification_number": "999090000111"}', 'valid');
INSERT INTO status_lists (number, size, version) VALUES (2, 64, 5), (3, 64, 1);
INSERT INTO status_indexes (number, position) VALUES (2, 7), (2, 9), (3, 1);
INSERT INTO status_entries (number, position, status) VALUES (2, 7, 1);
INSERT INTO issued_credentials (credential_id, document_id, view, holder_thumbprint, status_list, status_index,
 issued_at, expires) VALUES ('c1', 'd1', 'licence', 'k1', 2, 7, 1, 2), ('c2', 'd1', 'full', 'k2', 2, 9, 1, 2),
 ('c3', 'd2', 'licence', 'k3', 3, 1, 1, 2)
"""


def bring_along(engine: Engine) -> None:
    _older(engine)
    migrations.upgrade(engine)
    storage = SqlStorage(engine)
    with storage.transaction() as ports:
        assert [ports.documents.claim_key(key, "p1") for key in ("k1", "k2", "k3", "new")] == [True, True, False, True]
        assert [one.document_id for one in ports.documents.naming_spouse("999090000111")] == ["d3"]
        assert (ports.statuses.current(2), ports.statuses.current(3)) == (2, 3)
        assert ports.statuses.look_up(2, 7) is Status.INVALID and ports.statuses.look_up(2, 9) is Status.VALID
        ports.statuses.add(1002, kind=2, size=64)
        ports.statuses.close(2)
        assert ports.statuses.current(2) == 1002
    migrations.downgrade(engine, "0004")
    migrations.upgrade(engine)
    with storage.reading() as ports:
        assert ports.statuses.current(2) == 2  # which is found to be full, and closed
        assert ports.statuses.look_up(2, 7) is Status.INVALID and len(ports.documents.issued("d1")) == 2
    with storage.transaction() as ports:
        ports.statuses.close(2)
        assert ports.statuses.current(2) == 1002 and ports.statuses.current(1002) is None


def test_an_older_nations_rows_come_along(engine: Engine) -> None:
    bring_along(engine)


def test_an_older_nations_rows_come_along_on_postgresql(postgres: Postgres) -> None:
    engine = open_engine(postgres.create(fresh_name()))
    bring_along(engine)
    engine.dispose()


def migrate(url: str) -> None:
    engine = open_engine(url)
    migrations.upgrade(engine)
    engine.dispose()


def test_processes_that_start_together_on_postgresql(postgres: Postgres) -> None:
    engine = open_engine(postgres.create(fresh_name()))
    start_together(engine)
    engine.dispose()


def test_processes_that_start_together(engine: Engine) -> None:
    start_together(engine)


def start_together(engine: Engine) -> None:
    spawn = get_context("spawn")
    starters = [
        spawn.Process(target=migrate, args=(engine.url.render_as_string(hide_password=False),)) for _ in range(2)
    ]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(timeout=60)
        assert starter.exitcode == 0
    assert migrations.current(engine) == migrations.newest()
