"""Bring the wallet's database to the newest schema: Alembic's migrations, run in one transaction that holds the writer's lock."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from wallet.storage.engine import WRITES

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Safe to call in every process at its start: the second one waits for the first and then finds nothing to do."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with engine.connect() as connection:
        connection.execution_options(**{WRITES: True})
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
