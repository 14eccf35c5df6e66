"""Bring a database's tables to the version that this code expects, or back; each step whole or not at all.

engine = idp.storage.engine.open_engine(url)
idp.storage.migrations.upgrade(engine)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from idp.storage.engine import WRITES
from idp.storage.errors import StorageError

FOLDER = Path(__file__).parent
HEAD = "head"
LOCK = 0x564E454944  # any number that is ours alone; PostgreSQL's advisory locks are named by numbers


def upgrade(engine: Engine, revision: str = HEAD) -> None:
    """Several processes may start at once: the first migrates, the others wait and find nothing to do. Nor does anybody who comes
    later: that costs one question, and no lock."""
    if revision == HEAD and current(engine) == newest():
        return
    _run(engine, lambda config: command.upgrade(config, revision))


def downgrade(engine: Engine, revision: str) -> None:
    _run(engine, lambda config: command.downgrade(config, revision))


def current(engine: Engine) -> str | None:
    """The revision of the database; None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def newest() -> str | None:
    """The revision that this code expects."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _run(engine: Engine, do: Callable[[Config], None]) -> None:
    with (
        engine.execution_options(**{WRITES: True}).connect() as connection,
        _tables_made_anew(connection),
        connection.begin(),
    ):
        if engine.dialect.name == "postgresql":
            # A table of a nation takes longer than a request may; and whoever waits here waits for such a one.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        do(_config(connection))
        if engine.dialect.name == "sqlite" and (
            broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        ):
            raise StorageError(f"a row of {broken[0]} would lose what it refers to")


@contextmanager
def _tables_made_anew(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew and dropping the old one, which other tables' rows refer to meanwhile: it looks at
    that again at the end of the step (https://www.sqlite.org/lang_altertable.html §7). Not within a transaction."""
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")
