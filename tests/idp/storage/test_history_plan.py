"""A page of an account's history reads its own kinds alone, whatever the statistics of the table say."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from idp.model import Event
from idp.storage import migrations
from idp.storage.engine import WRITES, open_engine
from idp.storage.sql import SqlStorage
from idp.storage.statements import Work
from idp.storage.tables import events
from tests.databases import Postgres, fresh_name

PAST = 20_000  # log-ins of the one account
INDEX = "ix_events_account_id_kind_event_id"


def with_past_log_ins(engine: Engine) -> None:
    """With statistics of a time when there was but one kind: to them each index is as good as the other."""
    row = {"at": 1, "kind": "signed_in", "account_id": "a", "details": json.dumps({})}
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        Work(connection.connection, connection.dialect).load(events, [row] * PAST)
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    with SqlStorage(engine).transaction() as ports:
        ports.journal.append(Event(2, "claims_released", "a"))


def asked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the database goes about the very statement that a page runs."""
    seen: list[tuple[object, object]] = []
    run = Work.run

    def spy(self: Work, statement: object, parameters: object = None, **named: object) -> object:
        seen.append((statement, parameters))
        return run(self, statement, parameters, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Work, "run", spy)
    with SqlStorage(engine).reading() as ports:
        found = ports.journal.history("a", kinds=("claims_released", "never"), limit=20)
    assert [one.event.kind for one in found] == ["claims_released"]
    ((statement, parameters),) = seen
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        rows = connection.execute(text(f"{explain} {statement}"), parameters).all()  # type: ignore[call-overload]
    return "\n".join(str(tuple(row)) for row in rows)


def test_on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/idp.sqlite")
    migrations.upgrade(engine)
    with_past_log_ins(engine)
    assert asked(engine, monkeypatch).count(f"{INDEX} (account_id=? AND kind=? AND event_id<?)") == 2
    engine.dispose()


def test_on_postgresql(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(postgres.migrated(fresh_name()))
    with_past_log_ins(engine)
    assert asked(engine, monkeypatch).count(INDEX) == 2
    engine.dispose()
