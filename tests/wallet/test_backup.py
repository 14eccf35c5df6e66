"""The file of a backup: what is damaged, foreign, newer, older or hostile is refused before it costs anything."""

import unicodedata

import pytest

from certs.encoding import b64url_encode
from tests.wallet.issuer import TX_CODE, IssuerDesk
from wallet import backup, restoring
from wallet.backup import Cost
from wallet.errors import WalletError
from wallet.folder import FolderWallet

PASSPHRASE = "bốn từ không liên quan"
CHEAP = Cost(14, 8, 1)


@pytest.fixture(scope="module")
def sealed() -> bytes:
    return backup.seal(b"the contents", PASSPHRASE, cost=CHEAP)


def refusal(data: bytes, passphrase: str = PASSPHRASE) -> str:
    with pytest.raises(WalletError) as caught:
        backup.open_(data, passphrase)
    return caught.value.code


def test_what_was_sealed_opens_and_looks_like_nothing(sealed: bytes) -> None:
    assert backup.open_(sealed, PASSPHRASE) == b"the contents"
    assert b"contents" not in sealed
    assert backup.seal(b"the contents", PASSPHRASE, cost=CHEAP)[9:] != sealed[9:]


def test_a_letter_may_be_written_in_either_of_its_forms(sealed: bytes) -> None:
    """A telephone writes `ố` as one character, a keyboard as three."""
    decomposed = unicodedata.normalize("NFD", PASSPHRASE)
    assert decomposed != PASSPHRASE
    assert backup.open_(sealed, decomposed) == b"the contents"


def test_the_cost_that_is_written_is_the_one_that_protects() -> None:
    assert Cost(17, 8, 1) == backup.COST and backup.COST.bearable
    written = backup.seal(b"x", PASSPHRASE)
    assert written[:9] == b"VNWB" + bytes((1, 1, 17, 8, 1))
    assert backup.open_(written, PASSPHRASE) == b"x"


@pytest.mark.parametrize("passphrase", ["", "short", "x" * 1_001, "bốn từ không liên quan ", "\ud800"])
def test_another_passphrase_opens_nothing(sealed: bytes, passphrase: str) -> None:
    assert refusal(sealed, passphrase) == "backup_unopened"


@pytest.mark.parametrize("passphrase", ["", "eleven char", "é" * 11, "x" * 1_001])
def test_a_passphrase_that_protects_nothing_is_refused(passphrase: str) -> None:
    with pytest.raises(WalletError, match="passphrase_short"):
        backup.seal(b"x", passphrase, cost=CHEAP)


@pytest.mark.parametrize("place", [9, 24, 25, 36, 37, -17, -16, -1])
def test_one_bit_of_it_damaged_opens_nothing(sealed: bytes, place: int) -> None:
    damaged = bytearray(sealed)
    damaged[place] ^= 1
    assert refusal(bytes(damaged)) == "backup_unopened"


@pytest.mark.parametrize("length", [0, 3, 9, 36, 52])
def test_one_that_is_cut_off_is_no_backup(sealed: bytes, length: int) -> None:
    assert refusal(sealed[:length]) == "backup_malformed"
    assert refusal(sealed[:-1]) == "backup_unopened"


def test_a_foreign_file_is_no_backup(sealed: bytes) -> None:
    assert refusal(b"PK\x03\x04" + sealed[4:]) == "backup_malformed"
    assert refusal(b"VNWB" * 3 * 1024 * 1024) == "backup_malformed"  # 12 MiB


def test_versions(sealed: bytes) -> None:
    assert refusal(sealed[:4] + b"\x02" + sealed[5:]) == "backup_newer"
    assert refusal(sealed[:4] + b"\xff" + sealed[5:]) == "backup_newer"
    assert refusal(sealed[:4] + b"\x00" + sealed[5:]) == "backup_malformed"  # there was none


@pytest.mark.parametrize(
    "cost", [(2, 14, 8, 1), (1, 19, 8, 1), (1, 63, 8, 1), (1, 255, 255, 255), (1, 18, 64, 1), (1, 14, 8, 255), (1, 14, 8, 0),
             (1, 1, 8, 1), (1, 13, 8, 1), (1, 14, 0, 1), (1, 0, 0, 0)]
)  # fmt: skip
def test_no_file_decides_what_it_costs_to_open_it(sealed: bytes, cost: tuple[int, ...]) -> None:
    """Refused by the header alone: the dearest of these would take 128 · 255 · 2^255 bytes."""
    assert refusal(sealed[:5] + bytes(cost) + sealed[9:]) == "backup_malformed"


def test_an_altered_cost_within_bounds_does_not_open(sealed: bytes) -> None:
    assert refusal(sealed[:6] + bytes((15, 8, 1)) + sealed[9:]) == "backup_unopened"


def test_a_wallet_that_is_too_large_is_told_so() -> None:
    with pytest.raises(WalletError, match="backup_too_large"):
        backup.seal(bytes(backup.FILE_LIMIT), PASSPHRASE, cost=CHEAP)


def test_nothing_that_could_be_shown_is_in_it(folder: FolderWallet, desk: IssuerDesk) -> None:
    desk.configurations = ("driving_licence.licence", "driving_licence.sd_jwt")
    (licence,) = folder.receive(desk.link, transaction_code=TX_CODE)
    contents = restoring.write(folder.back_up())
    for copy in licence.copies:
        assert copy.credential not in contents
        assert copy.thumbprint.encode() not in contents
        assert b64url_encode(copy.credential).encode() not in contents
    assert "Dương".encode() not in contents and b"PRIVATE" not in contents
    assert licence.document_id.encode() in contents
