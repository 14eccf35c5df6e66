"""The migrations give exactly the tables that the code names, upwards and downwards."""

import re
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect

from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.tables import metadata
from tests.databases import Postgres, fresh_name


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{tmp_path}/a.sqlite")
    yield opened
    opened.dispose()


def schema(engine: Engine) -> dict[str, list[str]]:
    """Each table's and index's definition, as an ordered list of its parts; SQLite writes a column added later without a line."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    return {
        name: sorted(part.strip(" \t,()") for part in re.split(r"\n|, (?=[a-z_]+ [A-Z]+\b)", sql)) for name, sql in rows
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
