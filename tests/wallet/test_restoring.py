"""A backup taken back: on a new device, twice, of another person, by a hostile file, with a full disk, killed in the middle."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.wallet.issuer import ISSUER, TX_CODE, IssuerDesk
from tests.world import PID
from wallet import carried, chain, deletion, restoring
from wallet.errors import WalletError
from wallet.folder import OWNER, FolderWallet
from wallet.history import Kind
from wallet.keys import SoftwareKeys
from wallet.model import Document, Linked
from wallet.restoring import Contents
from wallet.storage.engine import open_engine
from wallet.storage.errors import Unavailable
from wallet.storage.migrate import upgrade
from wallet.storage.sql import SqlStorage
from wallet.trust import TrustKeeper
from wallet.vault import Vault, load_or_create_key
from wallet.wallet import Wallet

ANOTHER = "999090000111"


@contextmanager
def device(home: Path, desk: IssuerDesk, *, pages: int | None = None) -> Iterator[FolderWallet]:
    """A wallet of its own, with keys of its own; `pages` is how large its database may grow."""
    home.mkdir(exist_ok=True)
    engine = open_engine(f"sqlite:///{home}/wallet.sqlite")
    upgrade(engine)
    if pages is not None:
        engine.dispose()
        with engine.connect() as connection:  # the pool hands out this very connection again
            used = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {used + pages}")
    wallet = Wallet(SqlStorage(engine), Vault(load_or_create_key(home / "vault.key")), desk)
    root = desk.world.root_sha256
    trust = TrustKeeper(web=desk, url=f"{ISSUER}/bundle", path=home / "bundle.cbor", root_sha256=root)
    yield FolderWallet(wallet, SoftwareKeys(home / "keys"), trust, ISSUER, lambda: desk.world.now)
    engine.dispose()


@pytest.fixture
def licence(folder: FolderWallet, desk: IssuerDesk) -> Document:
    return folder.receive(desk.link, transaction_code=TX_CODE)[0]


@pytest.fixture
def contents(folder: FolderWallet, licence: Document) -> Contents:
    folder.qr_text("driving_licence")
    return restoring.read(restoring.write(folder.back_up()))


def test_a_new_device_learns_what_there_was_and_receives_it_anew(
    contents: Contents, licence: Document, desk: IssuerDesk, tmp_path: Path
) -> None:
    with device(tmp_path / "new", desk) as fresh:
        done = fresh.restore(contents)
        assert [(each.type, held) for each, held in done.documents] == [("driving_licence", False)]
        assert fresh.documents() == () and done.lines == 3 and done.checked.broken_at is None
        (awaited,) = fresh.wallet.awaited(OWNER)
        assert set(awaited.configurations) == {copy.configuration for copy in licence.copies}
        desk.redeemed = False
        (again,) = fresh.receive(desk.link, transaction_code=TX_CODE)
        assert fresh.wallet.awaited(OWNER) == ()
        assert not {copy.thumbprint for copy in again.copies} & {copy.thumbprint for copy in licence.copies}
        kinds = [entry.kind for entry in fresh.wallet.history(OWNER)]
        assert kinds == [Kind.RECEIVED, Kind.RESTORED, Kind.EXPORTED, Kind.SHOWN, Kind.RECEIVED]
        assert fresh.wallet.chain(OWNER)[1] == chain.Checked(5)


def test_lines_keep_the_hash_that_they_had_first(contents: Contents, desk: IssuerDesk, tmp_path: Path) -> None:
    with device(tmp_path / "new", desk) as fresh:
        fresh.wallet.note(OWNER, restoring.Entry(1, "forgotten"))
        fresh.restore(contents)
        assert chain.against(contents.lines, fresh.wallet.chain(OWNER)[0]) is None
        second = restoring.read(restoring.write(fresh.back_up()))
    with device(tmp_path / "newer", desk) as newer:
        newer.restore(second)
        assert chain.against(contents.lines, newer.wallet.chain(OWNER)[0]) is None
        assert newer.wallet.chain(OWNER)[1].broken_at is None


def test_done_twice_nothing_is_doubled(
    contents: Contents, folder: FolderWallet, desk: IssuerDesk, tmp_path: Path
) -> None:
    with device(tmp_path / "new", desk) as fresh:
        fresh.restore(contents)
        done = fresh.restore(contents)
        assert done.lines == 0 and len(fresh.wallet.awaited(OWNER)) == 1
        assert [entry.kind for entry in fresh.wallet.history(OWNER)].count(Kind.SHOWN) == 1
    done = folder.restore(contents)  # where it came from: an older state loses nothing of the newer
    assert done.lines == 0 and [held for _, held in done.documents] == [True]
    assert folder.wallet.awaited(OWNER) == () and len(folder.documents()) == 1
    folder.wallet.remove(OWNER, folder.documents()[0].document_id, now=1)
    assert [held for _, held in folder.restore(contents).documents] == [False]


def test_of_another_person_it_changes_nothing(contents: Contents, folder: FolderWallet) -> None:
    before = folder.wallet.history(OWNER)
    with pytest.raises(WalletError, match="backup_of_another"):
        restoring.restore(folder.wallet, OWNER, replace(contents, pid=ANOTHER), pid=PID, now=1)
    with pytest.raises(WalletError, match="backup_of_another"):
        restoring.restore(folder.wallet, OWNER, replace(contents, pid=None), pid=PID, now=1)
    with pytest.raises(WalletError, match="backup_of_another"):
        folder.restore(replace(contents, pid=ANOTHER))
    assert folder.wallet.history(OWNER) == before


def test_a_broken_chain_is_told_and_restored_all_the_same(contents: Contents, desk: IssuerDesk, tmp_path: Path) -> None:
    lines = (contents.lines[0], *contents.lines[2:])
    with device(tmp_path / "new", desk) as fresh:
        done = fresh.restore(replace(contents, lines=lines))
        assert done.checked.broken_at == 2 and done.lines == 2
        assert fresh.wallet.chain(OWNER)[1].broken_at is None


HOSTILE: dict[str, Any] = {
    "version": {"version": 2},
    "no version": {"version": None},
    "pid": {"pid": "../../etc"},
    "pid of digits of another script": {"pid": "٩" * 12},
    "documents": {"documents": {}},
    "too many documents": {"documents": [{}] * 201},
    "a document": {"documents": [{"type": "driving_licence"}]},
    "history": {"history": "x"},
    "a line": {"history": [[]]},
    "made": {"made": -1},
    "made true": {"made": True},
}
DOCUMENTS: dict[str, Any] = {
    "unknown type": {"type": "passport_of_elsewhere"},
    "type is a list": {"type": []},
    "no configurations": {"configurations": []},
    "configurations": {"configurations": "abc"},
    "surplus": {"credential": "x"},
    "renewal": {"renewal": "x" * 3_000},
    "id": {"document_id": 7},
    "control characters": {"about": "51A\x00\x1b[2J"},
    "expires": {"expires": 1 << 40},
}
LINES: dict[str, Any] = {
    "kind": {"kind": "<script>"},
    "kind is no text": {"kind": 1},
    "link": {"link": "00"},
    "place": {"place": 0},
    "large place": {"place": 1 << 40},
    "at": {"at": "now"},
    "details": {"details": []},
    "deep details": {"details": {"a": {"b": {"c": {}}}}},
    "endless names": {"details": {"claims": ["x"] * 201}},
    "long text": {"details": {"to": "x" * 1_025}},
    "float": {"details": {"lines": 1.5}},
    "control characters": {"details": {"to": "a\u202eb"}},
}


@pytest.mark.parametrize(
    "name", [*HOSTILE, *(f"document: {one}" for one in DOCUMENTS), *(f"line: {one}" for one in LINES)]
)
def test_hostile_contents_are_refused_as_a_whole(contents: Contents, name: str) -> None:
    value = json.loads(restoring.write(contents))
    part, _, one = name.rpartition(": ")
    if part == "document":
        value["documents"][0] |= DOCUMENTS[one]
    elif part == "line":
        value["history"][1] |= LINES[one]
    else:
        value |= HOSTILE[name]
    with pytest.raises(WalletError, match=r"backup_newer|backup_malformed"):
        restoring.read(json.dumps(value).encode())


def test_a_false_line_keeps_no_true_one_out(contents: Contents, desk: IssuerDesk, tmp_path: Path) -> None:
    """A hostile file said first that its line was the one that a true backup brings later."""
    true = contents.lines[0]
    claim = {chain.RESTORED: {"place": true.place, "link": true.link.hex()}}
    false = Linked(1, replace(true.entry, kind="forgotten", details=claim), bytes(32))
    with device(tmp_path / "new", desk) as fresh:
        fresh.restore(replace(contents, documents=(), lines=(false,)))
        assert fresh.restore(contents).lines == len(contents.lines)
        assert chain.against(contents.lines, fresh.wallet.chain(OWNER)[0]) is None


@pytest.mark.parametrize("details", [{"views": 5}, {"claims": 5}, {"type": ["x"]}, {"type": {"x": 1}}, {"claims": [1]}])
def test_a_line_of_another_shape_stops_no_page(
    contents: Contents, desk: IssuerDesk, tmp_path: Path, details: dict[str, Any]
) -> None:
    """A phone that can fetch its documents no more is worse than a line that says little."""
    first = contents.lines[0]
    odd = replace(
        first,
        entry=replace(first.entry, kind="shown", details={"type": first.entry.details["type"], "to": "x", **details}),
    )
    try:
        hostile = restoring.read(restoring.write(replace(contents, lines=(odd,))))
    except WalletError:
        return  # never kept
    with device(tmp_path / "new", desk) as fresh:
        fresh.restore(hostile)
        assert len(carried.history(fresh.wallet.history(OWNER))) == 2
        line = fresh.wallet.chain(OWNER)[0][0]
        assert deletion.prepare(line, ()).body.vi


def test_names_that_look_like_paths_are_names(contents: Contents, desk: IssuerDesk, tmp_path: Path) -> None:
    """Ids of a backup name no file and no row of somebody else."""
    tricky = replace(
        contents.documents[0], document_id="../../../tmp/x", configurations=("../keys/new.pem",), issuer="/etc"
    )
    with device(tmp_path / "new", desk) as fresh:
        before = sorted(path.name for path in tmp_path.rglob("*"))
        fresh.restore(replace(contents, documents=(tricky,)))
        (awaited,) = fresh.wallet.awaited(OWNER)
        assert awaited.document_id == "../../../tmp/x"
        assert sorted(path.name for path in tmp_path.rglob("*")) == before
    with sqlite3.connect(tmp_path / "new" / "wallet.sqlite") as connection:
        ((id_,),) = connection.execute("select document_id from awaited")
    connection.close()
    assert len(id_) == 64 and ".." not in id_


def test_with_a_full_disk_nothing_changes_and_later_it_works(
    contents: Contents, desk: IssuerDesk, tmp_path: Path
) -> None:
    many = replace(
        contents, lines=tuple(replace(contents.lines[0], link=bytes([n % 256, n // 256] * 16)) for n in range(2_000))
    )
    with device(tmp_path / "new", desk, pages=8) as fresh:
        with pytest.raises(Unavailable, match="full"):
            fresh.restore(many)
        assert fresh.wallet.awaited(OWNER) == () and fresh.wallet.history(OWNER) == ()
        assert fresh.wallet.chain(OWNER)[1] == chain.Checked(0)
    with device(tmp_path / "new", desk) as fresh:
        assert fresh.restore(many).lines == 2_000
        assert fresh.wallet.chain(OWNER)[1] == chain.Checked(2_001)


KILLED = """
import os, pathlib, signal, sys
from sqlalchemy import event
from wallet import restoring
from wallet.storage.engine import open_engine
from wallet.storage.sql import SqlStorage
from wallet.vault import Vault, load_or_create_key
from wallet.wallet import Wallet

home, file, statements = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
engine, seen = open_engine(f"sqlite:///{home}/wallet.sqlite"), []

@event.listens_for(engine, "after_cursor_execute")
def _count(connection, cursor, statement, *_):
    seen.append(statement)
    if len(seen) == statements:
        os.kill(os.getpid(), signal.SIGKILL)

contents = restoring.read(file.read_bytes())
wallet = Wallet(SqlStorage(engine), Vault(load_or_create_key(home / "vault.key")), None)
restoring.restore(wallet, "folder", contents, pid=contents.pid, now=7)
"""


def test_killed_in_the_middle_it_did_nothing_and_then_does_all(
    contents: Contents, desk: IssuerDesk, tmp_path: Path
) -> None:
    home, file = tmp_path / "new", tmp_path / "contents"
    file.write_bytes(restoring.write(contents))
    with device(home, desk):
        pass
    codes = []
    for statements in (9, 12, 10_000):
        command = [sys.executable, "-c", KILLED, str(home), str(file), str(statements)]
        codes.append(subprocess.run(command, env={**os.environ, "PYTHONPATH": "."}, check=False, timeout=60).returncode)
        with device(home, desk) as fresh:
            assert fresh.wallet.chain(OWNER)[1].broken_at is None
            state = len(fresh.wallet.awaited(OWNER)), len(fresh.wallet.history(OWNER))
            assert state == ((0, 0) if codes[-1] else (1, 4)), statements
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
