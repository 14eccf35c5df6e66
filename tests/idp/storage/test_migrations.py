"""The migrations give exactly the tables that the code names, upwards and downwards."""

import re
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect

from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.tables import metadata


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{tmp_path}/a.sqlite")
    yield opened
    opened.dispose()


def schema(engine: Engine) -> dict[str, list[str]]:
    """Each table's and index's definition, as an ordered list of its parts."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    return {name: sorted(part.strip(" ,()") for part in re.split(r"\n", sql)) for name, sql in rows}


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


def migrate(url: str) -> None:
    engine = open_engine(url)
    migrations.upgrade(engine)
    engine.dispose()


def test_processes_that_start_together(engine: Engine) -> None:
    spawn = get_context("spawn")
    starters = [spawn.Process(target=migrate, args=(str(engine.url),)) for _ in range(2)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(timeout=60)
        assert starter.exitcode == 0
    assert migrations.current(engine) == migrations.newest()
