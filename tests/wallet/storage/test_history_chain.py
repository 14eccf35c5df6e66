"""The migration that chains a history: lines that were there before hold, on both databases, and it can be undone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from tests.databases import Postgres
from wallet import chain
from wallet.model import Entry
from wallet.storage.engine import WRITES, open_engine
from wallet.storage.migrate import SCRIPTS, upgrade
from wallet.storage.sql import SqlStorage


def run(engine: Engine, revision: str, *, down: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with engine.connect() as connection:
        connection.execution_options(**{WRITES: True})
        with connection.begin():
            config.attributes["connection"] = connection
            (command.downgrade if down else command.upgrade)(config, revision)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        made = open_engine(f"sqlite:///{tmp_path}/w.sqlite")
        yield made
        made.dispose()
        return
    server: Postgres = request.getfixturevalue("postgres")
    made = open_engine(server.create("wallet_before"))
    yield made
    made.dispose()
    server.drop("wallet_before")


def test_lines_of_before_become_a_chain(engine: Engine) -> None:
    run(engine, "0001")
    with engine.connect() as connection:
        connection.execution_options(**{WRITES: True})
        with connection.begin():
            for at, owner in enumerate(("an", "binh", "an", "an"), start=1):
                insert = "INSERT INTO history (owner, at, kind, details) VALUES (:owner, :at, 'shown', :details)"
                details = '{"views": ["licence"], "type": "driving_licence", "client": {"vi": "Ngân hàng"}}'
                connection.execute(text(insert), {"owner": owner, "at": at, "details": details})
    upgrade(engine)
    storage = SqlStorage(engine)
    with storage.transaction() as ports:
        ports.history.append("an", Entry(9, "removed"))
    with storage.reading() as ports:
        assert chain.check(*ports.history.chain("an")) == chain.Checked(4)
        assert chain.check(*ports.history.chain("binh")) == chain.Checked(1)
        assert [entry.at for entry in ports.history.read("an")] == [9, 4, 3, 1]
    run(engine, "0001", down=True)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM history")).scalar() == 5
    upgrade(engine)
    with storage.reading() as ports:
        assert chain.check(*ports.history.chain("an")) == chain.Checked(4)
