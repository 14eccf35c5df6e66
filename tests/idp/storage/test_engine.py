"""The settings that durability rests on are set, are read back, and a database without them is refused."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, event, text

from idp.storage import engine as engines
from idp.storage import migrations, sql
from idp.storage.engine import flask_settings, open_engine, prepare
from idp.storage.errors import Conflict, Unavailable, UnsafeDatabase
from idp.storage.sql import SqlStorage
from idp.storage.tables import db
from tests.contract.rows import NOW, PERSON, another, with_account


def pragmas(engine: Engine) -> dict[str, object]:
    with engine.connect() as connection:
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name, _, _ in engines.PRAGMAS}


def test_sqlite_is_opened_durable_and_exclusive(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/a.sqlite")
    assert pragmas(engine) == {"busy_timeout": 5_000, "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    # On every connection, not on the first alone: all but the journal's mode belong to the connection.
    with engine.connect() as first, engine.connect() as second:
        assert first.connection.dbapi_connection is not second.connection.dbapi_connection
        assert second.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


@pytest.mark.parametrize(
    "pragma", ["journal_mode = DELETE", "synchronous = NORMAL", "foreign_keys = OFF", "busy_timeout = 0"]
)
def test_a_database_without_one_setting_is_refused(tmp_path: Path, pragma: str) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/a.sqlite")
    prepared = prepare(engine)
    prepared.dispose()

    @event.listens_for(engine, "connect")
    def undo(connection: object, _entry: object) -> None:
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    with pytest.raises(UnsafeDatabase, match=pragma.split()[0]):
        prepare(engine)
    engine.dispose()


def test_sqlite_in_memory_is_no_place_for_a_nation() -> None:
    with pytest.raises(UnsafeDatabase, match="journal_mode"):
        prepare(create_engine("sqlite://"))


def test_a_place_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        open_engine(f"sqlite:///{tmp_path}/no/such/folder/a.sqlite")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"this is not a database, and it is long enough to be read as one" * 20)
    with pytest.raises(Unavailable):
        open_engine(f"sqlite:///{tmp_path}/a.sqlite")


def test_the_engine_that_flask_sqlalchemy_gives(tmp_path: Path) -> None:
    app = Flask(__name__)
    app.config.update(flask_settings(f"sqlite:///{tmp_path}/a.sqlite"))
    db.init_app(app)
    with app.app_context():
        engine = prepare(db.engine)
    migrations.upgrade(engine)
    storage = SqlStorage(engine)
    with storage.transaction() as ports:
        ports.population.add([PERSON])
    with storage.reading() as ports:
        assert ports.population.by_pid(PERSON.pid) == PERSON
    assert pragmas(engine)["synchronous"] == 2
    engine.dispose()


def test_a_writer_waits_and_then_says_that_it_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        engines, "PRAGMAS", (("busy_timeout", "50", 50), *(row for row in engines.PRAGMAS if row[0] != "busy_timeout"))
    )
    monkeypatch.setattr(sql, "BUSY_MS", 50)
    engine = open_engine(f"sqlite:///{tmp_path}/a.sqlite")
    migrations.upgrade(engine)
    storage = SqlStorage(engine)
    with storage.transaction() as first:
        with_account(first)
        # Of this process, which waits at a lock, and of another one, which waits at the file.
        for other in (storage, SqlStorage(engine)):
            with pytest.raises(Unavailable), other.transaction():
                raise AssertionError("never entered")
        with storage.reading() as reader:  # readers are not held up
            assert reader.accounts.get("account-1") is None
    with storage.reading() as reader:
        assert reader.accounts.get("account-1") is not None
    engine.dispose()


def test_a_reader_keeps_one_view(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/a.sqlite")
    migrations.upgrade(engine)
    storage = SqlStorage(engine)
    with storage.reading() as reader:
        assert reader.population.count() == 0
        with storage.transaction() as writer:
            writer.population.add([PERSON])
        assert reader.population.count() == 0
    with storage.reading() as reader:
        assert reader.population.count() == 1
    engine.dispose()


def test_no_error_text_holds_what_a_row_held(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/a.sqlite")
    migrations.upgrade(engine)
    storage = SqlStorage(engine)
    with storage.transaction() as ports:
        ports.population.add([PERSON])
    with pytest.raises(Conflict) as refusal, storage.transaction() as ports:
        ports.population.add([another(PERSON, person_id="person-2")])
    seen = repr(refusal.value) + str(refusal.value.__cause__)
    assert "personal_ids.pid" in seen
    assert PERSON.pid not in seen
    with pytest.raises(Exception) as failure, engine.connect() as connection:
        connection.execute(text("SELECT :pid FROM nowhere"), {"pid": PERSON.pid})
    assert PERSON.pid not in str(failure.value)
    engine.dispose()


def test_the_file_never_holds_a_code(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/a.sqlite")
    migrations.upgrade(engine)
    storage = SqlStorage(engine)
    with storage.transaction() as ports:
        ports.ephemeral.put("code", "a-code-worth-stealing", {}, expires=NOW)
        ports.ephemeral.once("nonce", "a-nonce-worth-stealing", expires=NOW)
    engine.dispose()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"ephemerals" in written
    assert b"worth-stealing" not in written
