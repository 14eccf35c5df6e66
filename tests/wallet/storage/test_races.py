"""Two tabs, two processes: one receipt is taken once, two that finish at once leave one document, each copy goes out once."""

from pathlib import Path

import pytest

from certs.formats import sd_jwt
from certs.keys import MemorySigner
from certs.proof import key_proof
from tests.wallet.issuer import ISSUER, TX_CODE, WHOLE, IssuerDesk
from tests.wallet.storage.test_contract import together
from tests.world import PID
from wallet import backup, chain, receive
from wallet import issuer as issuers
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.formats import SD_JWT
from wallet.keys import SoftwareKeys
from wallet.model import Person
from wallet.offer import resolve
from wallet.ports import Storage
from wallet.receive import Receipt
from wallet.trust import TrustKeeper
from wallet.vault import Vault
from wallet.wallet import Wallet

ME = Person(PID)


@pytest.fixture
def wallet(storage: Storage, desk: IssuerDesk) -> Wallet:
    return Wallet(storage, Vault(b"k" * 32), desk)


def receipt_of(desk: IssuerDesk) -> Receipt:
    desk.redeemed = False
    offer = resolve(desk.link, web=desk, issuers=(ISSUER,))
    issuer = issuers.discover(offer, web=desk)
    return receive.begin(offer, issuer, transaction_code=TX_CODE, web=desk, now=desk.world.now)


def proofs_for(receipt: Receipt, desk: IssuerDesk) -> dict[str, list[str]]:
    proofs: dict[str, list[str]] = {}
    for each in receipt.proofs:
        proof = key_proof(MemorySigner.generate(), audience=ISSUER, nonce=each.nonce, now=desk.world.now)
        proofs.setdefault(each.configuration, []).append(proof)
    return proofs


def test_one_receipt_is_taken_once(wallet: Wallet, desk: IssuerDesk, tmp_path: Path) -> None:
    receipt = receipt_of(desk)
    value, proofs = wallet.hold(receipt, ME), proofs_for(receipt, desk)
    trust = keeper(desk, tmp_path).current(now=desk.world.now).trust
    codes: list[str] = []

    def finish(_: int) -> None:
        try:
            wallet.finish(value, proofs, ME, trust=trust, now=desk.world.now)
            codes.append("done")
        except WalletError as error:
            codes.append(error.code)

    together(4, finish)
    assert sorted(codes) == ["done", *["receipt_unknown"] * 3]
    assert len(wallet.documents(wallet.vault.owner_of(PID))) == 1


def test_two_tabs_that_finish_at_once_leave_one_document(wallet: Wallet, desk: IssuerDesk, tmp_path: Path) -> None:
    receipts = [receipt_of(desk) for _ in range(2)]
    held = [(wallet.hold(each, ME), proofs_for(each, desk)) for each in receipts]
    trust = keeper(desk, tmp_path).current(now=desk.world.now).trust
    together(2, lambda number: finish(wallet, held[number], trust, desk.world.now))
    owner = wallet.vault.owner_of(PID)
    assert len(wallet.documents(owner)) == 1
    assert [entry.kind for entry in wallet.history(owner)] == ["received", "received"]
    assert wallet.chain(owner)[1] == chain.Checked(2)


def finish(wallet: Wallet, held: tuple[str, dict[str, list[str]]], trust: object, now: int) -> None:
    wallet.finish(held[0], held[1], ME, trust=trust, now=now)  # type: ignore[arg-type]


def test_each_copy_goes_out_once_and_then_none(wallet: Wallet, desk: IssuerDesk, tmp_path: Path) -> None:
    desk.configurations = WHOLE
    owner = wallet.vault.owner_of(PID)
    keys = SoftwareKeys(tmp_path / "keys")
    folder = FolderWallet(wallet, keys, keeper(desk, tmp_path), ISSUER, lambda: desk.world.now, owner, PID)
    (document,) = folder.receive(desk.link, transaction_code=TX_CODE)
    went: list[str] = []

    def present(number: int) -> None:
        try:
            named = {"format": SD_JWT, "claims": ["full_name"], "audience": f"bank {number}", "nonce": "n" * 16}
            data = folder.present(document.document_id, **named)  # type: ignore[arg-type]
            went.append(str(sd_jwt.peek(data.decode()).status_index))
        except WalletError as error:
            went.append(error.code)

    assert folder.unused(document, SD_JWT) == receive.COPIES
    together(receive.COPIES + 2, present)
    assert went.count("copies_used_up") == 2
    assert len(set(went)) == receive.COPIES + 1, "no two verifiers saw one copy"
    assert folder.unused(document, SD_JWT) == 0
    lines, checked = wallet.chain(owner)
    assert checked == chain.Checked(1 + receive.COPIES)
    assert {line.entry.details["to"] for line in lines[1:]} <= {
        f"bank {number}" for number in range(receive.COPIES + 2)
    }


def test_citizens_of_one_server_see_nothing_of_each_other(wallet: Wallet, desk: IssuerDesk, tmp_path: Path) -> None:
    trust = keeper(desk, tmp_path)
    owners = [wallet.vault.owner_of(pid) for pid in (PID, "999090000111")]
    mine, other = (
        FolderWallet(wallet, SoftwareKeys(tmp_path / owner), trust, ISSUER, lambda: desk.world.now, owner, pid)
        for owner, pid in zip(owners, (PID, "999090000111"), strict=True)
    )
    (document,) = mine.receive(desk.link, transaction_code=TX_CODE)
    assert other.documents() == () and other.wallet.history(other.owner) == ()
    with pytest.raises(WalletError, match="document_unknown"):
        other.qr_text(document.document_id)
    desk.redeemed = False
    with pytest.raises(WalletError, match="not_about_me"):  # their folder, another's document (an issuer by mistake)
        other.receive(desk.link, transaction_code=TX_CODE)
    assert not list((tmp_path / owners[1]).glob("*.pem"))


def test_a_person_burns_no_more_than_their_share_of_the_server(storage: Storage) -> None:
    """Each derivation of a backup's key takes 128 MiB and more: so many a person in a while, in all tabs and processes."""
    admitted: list[bool] = []

    def ask(number: int) -> None:
        try:
            backup.admit(storage, "me", now=1_000_000)
            admitted.append(True)
        except WalletError as error:
            assert error.code == "too_many_tries"

    together(backup.TRIES + 4, ask)
    assert len(admitted) == backup.TRIES
    backup.admit(storage, "somebody else", now=1_000_000)
    backup.admit(storage, "me", now=1_000_000 + backup.TRIES_SECONDS)


def keeper(desk: IssuerDesk, folder: Path) -> TrustKeeper:
    root = desk.world.root_sha256
    return TrustKeeper(web=desk, url=f"{ISSUER}/bundle", path=folder / "bundle.cbor", root_sha256=root)
