"""A history whose lines were changed, removed, put in or moved says where it breaks; whole ones hold, and export themselves."""

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from wallet import chain, ledger
from wallet.errors import WalletError
from wallet.folder import OWNER, FolderWallet
from wallet.history import Kind, declined, failed, presented, refused, word_of
from wallet.model import Entry


@pytest.fixture
def told(folder: FolderWallet) -> FolderWallet:
    for at in range(1, 6):
        for owner in (OWNER, "other"):
            folder.wallet.note(owner, presented("driving_licence", ["full_name"], format="f", audience=owner, now=at))
    return folder


def change(folder: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(folder / "wallet.sqlite") as connection:
        assert connection.execute(statement, values).rowcount > 0
    connection.close()


CHANGES = {
    "altered claims": (
        "update history set details = replace(details, 'full_name', 'x') where owner = 'folder' and place = 3",
        3,
    ),
    "altered time": ("update history set at = 99 where owner = 'folder' and place = 1", 1),
    "altered kind": ("update history set kind = 'shown' where owner = 'folder' and place = 5", 5),
    "altered hash": ("update history set link = zeroblob(32) where owner = 'folder' and place = 4", 4),
    "removed": ("delete from history where owner = 'folder' and place = 2", 2),
    "last removed": ("delete from history where owner = 'folder' and place = 5", 5),
    "all removed": ("delete from history where owner = 'folder'", 1),
    "end removed": ("delete from history_heads where owner = 'folder'", 6),
    "end moved": ("update history_heads set place = 4 where owner = 'folder'", 6),
    "another's line": (
        (
            "update history set details = (select details from history where owner = 'other' and place = 2) "
            "where owner = 'folder' and place = 2"
        ),
        2,
    ),
    "added": (
        (
            "insert into history (owner, at, kind, details, place, link) "
            "select owner, at, kind, details, 6, link from history where owner = 'folder' and place = 5"
        ),
        6,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_shows_at_its_place(told: FolderWallet, tmp_path: Path, name: str) -> None:
    statement, place = CHANGES[name]
    assert told.wallet.chain(OWNER)[1] == chain.Checked(5)
    change(tmp_path, statement)
    checked = told.wallet.chain(OWNER)[1]
    assert checked.broken_at == place and checked.lines == place - 1 and checked.why
    assert told.wallet.chain("other")[1] == chain.Checked(5)


def test_a_chain_that_was_computed_anew_is_caught_by_an_export_that_was_kept(told: FolderWallet) -> None:
    lines, _ = told.wallet.chain(OWNER)
    kept = ledger.read(ledger.write(lines, now=1))
    assert kept == lines
    assert chain.against(kept, lines) is None
    without = [line.entry for line in lines if line.place != 3]
    again = chain.extend(None, without)
    assert chain.check(again, chain.Head(4, again[-1].link)) == chain.Checked(4)
    assert chain.against(kept, again) == 3


def test_a_line_that_says_it_was_restored_does_not_stand_for_one_that_said_something_else(told: FolderWallet) -> None:
    """Who has the database computes the chain anew, and gives each altered line the hash of the true one as its first."""
    lines, _ = told.wallet.chain(OWNER)
    kept = ledger.read(ledger.write(lines, now=1))
    other = presented("driving_licence", ["age_over_18"], format="f", audience="nobody", now=3)
    for third, missing in ((lines[2].entry, None), (other, 3)):
        said = [third if line.place == 3 else line.entry for line in lines]
        marks = [{chain.RESTORED: {"place": line.place, "link": line.link.hex()}} for line in lines]
        entries = [Entry(one.at, one.kind, {**one.details, **mark}) for one, mark in zip(said, marks, strict=True)]
        again = chain.extend(None, entries)
        assert chain.check(again, chain.Head(5, again[-1].link)) == chain.Checked(5)
        assert chain.against(kept, again) == missing


def test_anybody_can_compute_an_export_by_the_rule_in_it(told: FolderWallet) -> None:
    exported = json.loads(ledger.write(told.wallet.chain(OWNER)[0], now=1))
    before = bytes(32)
    for line in exported["lines"]:
        link = line.pop("link")
        text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        before = hashlib.sha256(exported["format"].encode() + before + text.encode()).digest()
        assert before.hex() == link
    assert exported["end"] == before.hex() and "zeros before the first" in exported["rule"]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b'{"format":"x","lines":[]}', b'{"format":"vneid-wallet history 1","lines":[{}]}']
)
def test_what_is_no_export_is_refused(data: bytes) -> None:
    with pytest.raises(WalletError, match="backup_malformed"):
        ledger.read(data)


def test_kinds_say_who_refused_and_what_failed() -> None:
    assert refused("https://issuer", "not_my_key", now=1).kind is Kind.REFUSED
    assert refused("https://issuer", "issuer_unreachable", now=1).kind is Kind.FAILED
    assert failed("x509_hash:a", "issuer_unreachable", now=1).details["to"] == "x509_hash:a"
    words = [word_of(each) for each in (refused("i", "not_my_key", now=1), declined("v", now=1), Entry(1, "later"))]
    assert [word.en if word else None for word in words] == ["Refused", "Not presented", None]
