"""Bring the wallet's database to the newest schema: Alembic's migrations, run in one transaction that holds the writer's lock."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from wallet.storage.engine import WRITES

LOCK = 0x57414C4C4554  # any number that is ours alone; PostgreSQL's advisory locks are named by numbers
SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Safe to call in every process at its start: the second one waits for the first and then finds nothing to do."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with engine.connect() as connection:
        connection.execution_options(**{WRITES: True})
        with connection.begin():
            if engine.dialect.name == "postgresql":
                # A large table takes longer than a request may; and whoever waits here waits for such a one.
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
