"""Whatever is done to the journal behind the provider's back is found, and where: on both databases, by their own means."""

import json
import struct
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from idp.__main__ import main
from idp.journal import chain, sealing
from idp.journal.chain import block_after, event_hash, is_whole
from idp.journal.verification import Break, Fault, Verified, verify
from idp.model import Block, Event, Recorded
from idp.storage import migrations
from idp.storage.engine import WRITES, open_engine
from idp.storage.sql import SqlStorage
from tests.databases import Postgres

NOW = 1_780_000_000
BLOCKS, EVENTS = 3, 10  # three blocks of ten


class Journal:
    """A sealed journal, and somebody who owns the database."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.storage = engine, SqlStorage(engine)
        self.ids: list[int] = []

    def fill(self) -> None:
        for number in range(BLOCKS):
            with self.storage.transaction() as ports:
                for n in range(EVENTS):
                    ports.journal.append(Event(NOW + n, "signed_in", f"a-{number}", "bank", {"n": n, "text": "Hà Nội"}))
            assert len(list(sealing.seal(self.storage, now=NOW + number, sleep=lambda _: None))) == 1
        with self.storage.transaction() as ports:
            ports.journal.append(Event(NOW, "not_sealed"))
        with self.engine.connect() as connection:
            self.ids = list(connection.execute(text("SELECT event_id FROM events ORDER BY event_id")).scalars())

    def tamper(self, *statements: str, **values: Any) -> None:
        """As the owner, who takes the refusals away first."""
        with self.engine.execution_options(**{WRITES: True}).begin() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            else:
                for table in ("events", "blocks"):
                    for verb in ("update", "delete"):
                        connection.execute(text(f"DROP TRIGGER {table}_refuse_{verb}"))
            for statement in statements:
                self._run(connection, statement, values)

    @staticmethod
    def _run(connection: Connection, statement: str, values: dict[str, Any]) -> None:
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        connection.execute(text(statement), used)

    def event(self, block: int, place: int) -> int:
        return self.ids[(block - 1) * EVENTS + place]

    def verify(self, expect: bytes | None = None) -> Verified:
        return verify(self.storage, expect=expect)

    def blocks(self) -> tuple[Block, ...]:
        with self.storage.reading() as ports:
            return ports.chain.blocks(after=0, limit=99)


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path}/idp.sqlite")
        migrations.upgrade(engine)
    else:
        server: Postgres = request.getfixturevalue("postgres")
        engine = open_engine(server.empty(request.getfixturevalue("made_on_server")))
    made = Journal(engine)
    made.fill()
    yield made
    engine.dispose()


def test_untouched(journal: Journal) -> None:
    found = journal.verify()
    assert (found.blocks, found.events, found.waiting, found.broken) == (BLOCKS, BLOCKS * EVENTS, 1, None)
    assert found.newest == journal.blocks()[-1]
    for block in journal.blocks():
        assert journal.verify(expect=block.hash).broken is None


COLUMNS = {
    "at": "at = at + 1",
    "kind": "kind = 'signed_out'",
    "account": "account_id = 'a-9'",
    "client": "client_id = NULL",
    "details": """details = '{"n": 3, "text": "Hải Phòng"}'""",
    "more details": """details = '{"n": 3, "text": "Hà Nội", "x": null}'""",
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("block", [1, 2, 3])
def test_changed(journal: Journal, column: str, block: int) -> None:
    event_id = journal.event(block, 3)
    journal.tamper(f"UPDATE events SET {COLUMNS[column].replace(':', chr(92) + ':')} WHERE event_id = {event_id}")
    found = journal.verify()
    assert found.broken == Break(Fault.CHANGED, block, event_id)
    assert found.blocks == block - 1


@pytest.mark.parametrize("details", ["[]", "7", '"x"', "{}"])
def test_changed_to_what_is_no_details(journal: Journal, details: str) -> None:
    journal.tamper(
        "UPDATE events SET details = :d WHERE event_id = :e".replace(":d", f"'{details}'"), e=journal.event(2, 0)
    )
    assert journal.verify().broken == Break(Fault.CHANGED, 2, journal.event(2, 0))


def test_changed_to_what_no_json_is(tmp_path: Path) -> None:
    """SQLite takes anything in any column."""
    engine = open_engine(f"sqlite:///{tmp_path}/idp.sqlite")
    migrations.upgrade(engine)
    for column, value in (("details", "'{'"), ("details", "x'00ff'"), ("at", "'soon'"), ("kind", "x'ff'")):
        made = Journal(engine)
        if not made.blocks():
            made.fill()
            made.tamper()
        else:
            made.ids = list(range(1, 32))
        with engine.execution_options(**{WRITES: True}).begin() as connection:
            held = connection.execute(text(f"SELECT {column} FROM events WHERE event_id = 5")).scalar()
            connection.execute(text(f"UPDATE events SET {column} = {value} WHERE event_id = 5"))
        assert made.verify().broken == Break(Fault.CHANGED, 1, 5)
        with engine.execution_options(**{WRITES: True}).begin() as connection:
            connection.execute(text(f"UPDATE events SET {column} = :held WHERE event_id = 5"), {"held": held})
        assert made.verify().broken is None
    engine.dispose()


@pytest.mark.parametrize(("block", "place"), [(1, 0), (2, 4), (2, EVENTS - 1), (3, EVENTS - 1)])
def test_removed(journal: Journal, block: int, place: int) -> None:
    event_id = journal.event(block, place)
    journal.tamper("DELETE FROM events WHERE event_id = :e", e=event_id)
    assert journal.verify().broken == Break(Fault.REMOVED, block, event_id)


def test_all_of_a_block_removed(journal: Journal) -> None:
    journal.tamper("DELETE FROM events WHERE event_id BETWEEN :a AND :z", a=journal.event(2, 0), z=journal.event(2, 9))
    assert journal.verify().broken == Break(Fault.REMOVED, 2, journal.event(2, 0))


INSERT = "INSERT INTO events (event_id, at, kind, details) VALUES (:e, 1, 'signed_in', '{}')"


def test_inserted_into_a_gap(journal: Journal) -> None:
    """Also what an honest transaction would have committed too late: sealing waits, so that there is none."""
    event_id = journal.event(2, 5)
    journal.tamper("DELETE FROM events WHERE event_id = :e", e=event_id)
    sealed = journal.blocks()[1]
    with journal.storage.reading() as ports:
        left = ports.chain.after(journal.event(1, 9), until=journal.event(2, 9), limit=99)
    remade = block_after(journal.blocks()[0], left, now=sealed.sealed_at)
    third = block_after(remade, _events(journal, 3), now=journal.blocks()[2].sealed_at)
    _write_blocks(journal, remade, third)
    assert journal.verify().broken is None  # a chain made anew from the second block on; and now into its gap:
    _run(journal, INSERT, e=event_id)
    assert journal.verify().broken == Break(Fault.INSERTED, 2, event_id)


def test_inserted_before_all(journal: Journal) -> None:
    first = min(journal.ids[0] - 1, 0)
    journal.tamper(INSERT, e=first)
    assert journal.verify().broken == Break(Fault.INSERTED, 1, first)


def test_many_inserted(journal: Journal) -> None:
    journal.tamper(*(INSERT.replace(":e", str(-n)) for n in range(100)))
    found = journal.verify().broken
    assert found is not None
    assert (found.fault, found.block, found.event_id) == (Fault.INSERTED, 1, -99)


def test_reordered(journal: Journal) -> None:
    first, second = journal.event(2, 2), journal.event(2, 7)
    journal.tamper(
        "UPDATE events SET event_id = -1 WHERE event_id = :a",
        "UPDATE events SET event_id = :a WHERE event_id = :b",
        "UPDATE events SET event_id = :b WHERE event_id = -1",
        a=first,
        b=second,
    )
    assert journal.verify().broken == Break(Fault.REORDERED, 2, first)


def test_moved_to_another_block(journal: Journal) -> None:
    journal.tamper("UPDATE events SET event_id = 1000000000 WHERE event_id = :a", a=journal.event(1, 4))
    assert journal.verify().broken == Break(Fault.REMOVED, 1, journal.event(1, 4))


@pytest.mark.parametrize(
    "change",
    [
        "sealed_at = sealed_at + 1",
        "previous = :x",
        "hash = :x",
        "leaves = :leaves",
        "leaves = :short",
        "leaves = :none",
        "last_event_id = last_event_id - 1",
    ],
)
def test_a_seal_altered(journal: Journal, change: str) -> None:
    leaves = journal.blocks()[1].leaves
    journal.tamper(
        f"UPDATE blocks SET {change} WHERE number = 2",
        x=bytes(range(32)),
        leaves=leaves[:-1] + bytes([leaves[-1] ^ 1]),
        short=leaves[:-3],
        none=b"",
    )
    found = journal.verify().broken
    assert found is not None
    assert (found.fault, found.block) == (Fault.BLOCK_ALTERED, 2)
    assert found.event_id == (None if change.endswith(":none") else journal.event(2, 0))


def test_a_seal_made_anew_over_a_changed_event_does_not_fit_the_next(journal: Journal) -> None:
    journal.tamper("UPDATE events SET kind = 'other' WHERE event_id = :e", e=journal.event(2, 3))
    first, second, _ = journal.blocks()
    _write_blocks(journal, block_after(first, _events(journal, 2), now=second.sealed_at))
    assert journal.verify().broken == Break(Fault.BLOCK_ALTERED, 2, journal.event(2, 0))


@pytest.mark.parametrize("number", [1, 2])
def test_a_seal_removed(journal: Journal, number: int) -> None:
    journal.tamper("DELETE FROM blocks WHERE number = :n", n=number)
    found = journal.verify().broken
    assert found is not None
    assert (found.fault, found.block) == (Fault.BLOCK_REMOVED, number)


def test_the_end_cut_off_is_found_by_a_kept_hash_alone(journal: Journal) -> None:
    kept = journal.blocks()[-1].hash
    journal.tamper(
        "DELETE FROM blocks WHERE number = 3", "DELETE FROM events WHERE event_id > :e", e=journal.event(2, 9)
    )
    assert journal.verify().broken is None
    assert journal.verify(expect=kept).broken == Break(Fault.NOT_THE_KEPT_ONE, 2, None)


def test_all_made_anew_is_found_by_a_kept_hash_alone(journal: Journal) -> None:
    kept = journal.blocks()[-1].hash
    journal.tamper("UPDATE events SET kind = 'other' WHERE event_id = :e", e=journal.event(1, 0))
    made: Block | None = None
    anew = []
    for held in journal.blocks():
        made = block_after(made, _events(journal, held.number), now=held.sealed_at)
        anew.append(made)
    _write_blocks(journal, *anew)
    assert journal.verify().broken is None
    assert journal.verify(expect=kept).broken == Break(Fault.NOT_THE_KEPT_ONE, 3, None)


@pytest.mark.parametrize("table", ["events", "blocks"])
@pytest.mark.parametrize("verb", ["DELETE FROM {}", "UPDATE {} SET {} = 1", "TRUNCATE {}"])
def test_the_database_refuses_to_change_it(journal: Journal, table: str, verb: str) -> None:
    statement = verb.format(table, {"events": "at", "blocks": "sealed_at"}[table])
    why = "append-only"
    if statement.startswith("TRUNCATE") and journal.engine.dialect.name == "sqlite":
        why = "syntax"  # it knows no such word
    with (
        pytest.raises(DatabaseError, match=why),
        journal.engine.execution_options(**{WRITES: True}).begin() as connection,
    ):
        connection.execute(text(statement))
    assert journal.verify().broken is None


def _events(journal: Journal, block: int) -> tuple[Recorded, ...]:
    with journal.storage.reading() as ports:
        return ports.chain.after(journal.event(block, 0) - 1, until=journal.event(block, 9), limit=99)


def _run(journal: Journal, statement: str, **values: Any) -> None:
    with journal.engine.execution_options(**{WRITES: True}).begin() as connection:
        connection.execute(text(statement), values)


def _write_blocks(journal: Journal, *blocks: Block) -> None:
    for block in blocks:
        values = {
            name: getattr(block, name)
            for name in ("number", "last_event_id", "sealed_at", "leaves", "previous", "hash")
        }
        with journal.engine.execution_options(**{WRITES: True}).begin() as connection:
            if journal.engine.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("DELETE FROM blocks WHERE number = :number"), {"number": block.number})
            connection.execute(
                text("INSERT INTO blocks VALUES (:number, :last_event_id, :sealed_at, :leaves, :previous, :hash)"),
                values,
            )


# --- the rules by themselves ------------------------------------------------------------------------------------------


def test_the_bytes_of_an_event() -> None:
    event = Event(7, "kind", "a", None, {"b": [1, "ệ"], "a": None})
    written = '[7,"kind","a",null,{"a":null,"b":[1,"\\u1ec7"]}]'
    assert event_hash(event) == sha256(written.encode()).digest()


def test_the_bytes_of_a_block() -> None:
    block = block_after(None, [Recorded(5, Event(7, "k")), Recorded(9, Event(8, "l"))], now=11)
    leaves = b"".join(struct.pack(">q", n) + event_hash(e) for n, e in ((5, Event(7, "k")), (9, Event(8, "l"))))
    assert block.leaves == leaves
    assert block.hash == sha256(chain.DOMAIN + struct.pack(">qq", 1, 11) + bytes(32) + sha256(leaves).digest()).digest()
    assert is_whole(block)
    following = block_after(block, [Recorded(10, Event(9, "m"))], now=12)
    assert (following.number, following.previous) == (2, block.hash)


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def command(journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    url = journal.engine.url.render_as_string(hide_password=False)
    for name, value in {
        "IDP_ISSUER": "http://localhost:5000",
        "IDP_DATA": str(tmp_path),
        "IDP_SIMULATION": "1",
        "IDP_DATABASE_URL": url,
    }.items():
        monkeypatch.setenv(name, value)
    return lambda *words: main(["journal", *words])


def test_the_command(journal: Journal, command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert command("seal", "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    newest = journal.blocks()[-1]
    assert (told["blocks sealed"], told["newest block"], told["hash"]) == (1, 4, newest.hash.hex())
    assert command("verify") == 0
    assert "OK" in capsys.readouterr().out
    assert command("verify", "--expect", newest.hash.hex(), "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["outcome"], told["blocks"], told["events"], told["not sealed yet"]) == ("OK", 4, 31, 0)
    assert command("verify", "--expect", newest.hash.hex(":", 4)) == 0
    assert command("verify", "--expect", "ab" * 32) == 1
    assert "cut off" in capsys.readouterr().out
    assert command("verify", "--expect", "zz") == 64
    journal.tamper("UPDATE events SET kind = 'x' WHERE event_id = :e", e=journal.event(2, 1))
    capsys.readouterr()
    assert command("--json", "verify") == 1
    answer = capsys.readouterr()
    (told,) = json.loads(answer.out)
    assert (told["outcome"], told["breaks at block"], told["first event"], told["fault"]) == (
        "BROKEN",
        2,
        journal.event(2, 1),
        "changed",
    )
    assert "does not hold" in answer.err
