"""The wallet over storage and vault: nothing readable at rest, nothing of one person for another, rows that do not move."""

import sqlite3
from pathlib import Path

import pytest

from tests.wallet.issuer import TX_CODE, IssuerDesk
from tests.world import DAY, PID, World
from wallet.errors import WalletError
from wallet.folder import OWNER, FolderWallet
from wallet.history import Kind
from wallet.login import Pending
from wallet.model import SESSION_SECONDS, Document, Person
from wallet.vault import Vault
from wallet.wallet import Wallet

ME = Person(PID, "Nguyễn Thị Thuỳ Dương", "2003-05-09")


@pytest.fixture
def licence(folder: FolderWallet, desk: IssuerDesk) -> Document:
    return folder.receive(desk.link, transaction_code=TX_CODE)[0]


def test_nothing_in_the_database_can_be_read(folder: FolderWallet, licence: Document, tmp_path: Path) -> None:
    folder.wallet.open_session(ME, now=folder.clock())
    folder.wallet.remember(Pending("the-state", "the-nonce", "the-verifier", "/"), now=folder.clock())
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("wallet.sqlite*"))
    credential = licence.copies[0].credential
    for secret in ("Thuỳ Dương", PID, "the-verifier", licence.copies[0].thumbprint):
        assert secret.encode() not in raw
    assert credential[100:140] not in raw


def test_with_another_key_a_wallet_says_that_it_cannot_open(folder: FolderWallet, licence: Document) -> None:
    other = Wallet(folder.wallet.storage, Vault(bytes(32)), folder.wallet.web)
    with pytest.raises(WalletError, match="vault_unreadable"):
        other.documents(OWNER)


def test_a_row_moved_to_another_person_does_not_open(folder: FolderWallet, licence: Document, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "wallet.sqlite") as connection:
        connection.execute("update documents set owner = 'somebody'")
    connection.close()
    with pytest.raises(WalletError, match="vault_unreadable"):
        folder.wallet.documents("somebody")


def test_a_row_under_another_id_does_not_open(folder: FolderWallet, licence: Document, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "wallet.sqlite") as connection:
        connection.execute("update documents set document_id = 'other'")
    connection.close()
    with pytest.raises(WalletError, match="vault_unreadable"):
        folder.documents()


def test_a_document_comes_back_as_it_was(folder: FolderWallet, licence: Document) -> None:
    assert folder.wallet.document(OWNER, licence.document_id) == licence
    with pytest.raises(WalletError, match="document_unknown"):
        folder.wallet.document("somebody", licence.document_id)


def test_a_document_is_removed_by_its_owner_once(folder: FolderWallet, licence: Document) -> None:
    for owner in ("somebody", OWNER, OWNER):
        if owner == OWNER and folder.documents():
            folder.wallet.remove(owner, licence.document_id, now=1)
            continue
        with pytest.raises(WalletError, match="document_unknown"):
            folder.wallet.remove(owner, licence.document_id, now=1)
    assert folder.documents() == ()


def test_history_has_names_of_claims_and_no_values(folder: FolderWallet, licence: Document) -> None:
    folder.qr_text("driving_licence", view="age_over_18")
    folder.wallet.remove(OWNER, licence.document_id, now=folder.clock())
    entries = folder.wallet.history(OWNER)
    assert [entry.kind for entry in entries] == [Kind.REMOVED, Kind.SHOWN, Kind.RECEIVED]
    assert entries[1].details == {"type": "driving_licence", "views": ["age_over_18"], "claims": ["age_over_18"]}
    assert PID not in repr(entries) and "Dương" not in repr(entries)


def test_a_session_ends_by_time_and_by_sign_out(folder: FolderWallet) -> None:
    wallet, now = folder.wallet, folder.clock()
    value = wallet.open_session(ME, now=now)
    session = wallet.session(value, now=now)
    assert session is not None and session.person == ME
    assert wallet.session(value, now=now + SESSION_SECONDS) is None
    assert wallet.session("x" * 43, now=now) is None
    wallet.end_session(value, now=now)
    assert wallet.session(value, now=now) is None


def test_a_sign_in_under_way_is_recalled_once(folder: FolderWallet) -> None:
    pending = Pending("s", "n", "v", "/receive")
    value = folder.wallet.remember(pending, now=folder.clock())
    assert folder.wallet.recall(value, now=folder.clock()) == pending
    with pytest.raises(WalletError, match="sign_in_failed"):
        folder.wallet.recall(value, now=folder.clock())


def test_a_folder_is_of_one_person(folder: FolderWallet, desk: IssuerDesk, licence: Document, world: World) -> None:
    desk.redeemed, asked = False, len(desk.asked)
    with pytest.raises(WalletError, match="not_about_me"):
        folder.receive(desk.link, transaction_code=TX_CODE, pid="999090000111")
    assert not [path for _, path, _ in desk.asked[asked:] if path == "/token"]
    world.now += DAY
    assert folder.receive(desk.link, transaction_code=TX_CODE)[0].received_at == world.now
