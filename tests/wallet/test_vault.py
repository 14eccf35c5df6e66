"""The vault: what it seals only it opens, under the same owner and name; its key lies in a file of its owner alone."""

import os
import stat
import threading
from pathlib import Path

import pytest

from wallet.errors import WalletError
from wallet.vault import KEY_BYTES, Vault, load_or_create_key

KEY = bytes(range(KEY_BYTES))
SECRET = "Nguyễn Thị Thuỳ Dương".encode()


def unreadable(vault: Vault, sealed: bytes, owner: str = "an", name: str = "document/1") -> None:
    with pytest.raises(WalletError) as caught:
        vault.open(sealed, owner=owner, name=name)
    assert caught.value.code == "vault_unreadable"


def test_what_is_sealed_opens_again() -> None:
    sealed = Vault(KEY).seal(SECRET, owner="an", name="document/1")
    assert Vault(KEY).open(sealed, owner="an", name="document/1") == SECRET
    assert SECRET not in sealed


def test_the_same_twice_looks_different() -> None:
    vault = Vault(KEY)
    assert vault.seal(SECRET, owner="an", name="1") != vault.seal(SECRET, owner="an", name="1")


def test_another_key_owner_or_name_opens_nothing() -> None:
    sealed = Vault(KEY).seal(SECRET, owner="an", name="document/1")
    unreadable(Vault(bytes(32)), sealed)
    unreadable(Vault(KEY), sealed, owner="binh")
    unreadable(Vault(KEY), sealed, name="document/2")
    unreadable(Vault(KEY), sealed, owner="", name="andocument/1")  # the parts do not run together


@pytest.mark.parametrize("at", [0, 1, 12, 13, 20, -1])
def test_one_altered_bit_is_noticed(at: int) -> None:
    sealed = bytearray(Vault(KEY).seal(SECRET, owner="an", name="document/1"))
    sealed[at] ^= 1
    unreadable(Vault(KEY), bytes(sealed))


@pytest.mark.parametrize("kept", [0, 1, 12, 13, 28, -1])
def test_what_is_cut_off_is_noticed(kept: int) -> None:
    unreadable(Vault(KEY), Vault(KEY).seal(SECRET, owner="an", name="document/1")[:kept])


def test_an_owner_is_a_pseudonym_of_this_vault() -> None:
    owner = Vault(KEY).owner_of("999203001234")
    assert owner == Vault(KEY).owner_of("999203001234")
    assert owner not in {Vault(KEY).owner_of("999203001235"), Vault(bytes(32)).owner_of("999203001234")}
    assert "999203001234" not in owner and len(owner) == 64


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "vault.key"
    key = load_or_create_key(path)
    assert len(key) == KEY_BYTES and load_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["vault.key"]


def test_many_who_start_at_once_have_one_key(tmp_path: Path) -> None:
    found: list[bytes] = []
    start = threading.Barrier(8)

    def begin() -> None:
        start.wait()
        found.append(load_or_create_key(tmp_path / "vault.key"))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "vault.key"
    load_or_create_key(path)
    path.chmod(mode)
    with pytest.raises(WalletError, match="vault_key_unsafe"):
        load_or_create_key(path)


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_key_of_another_length_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vault.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(WalletError, match="vault_key_unsafe"):
        load_or_create_key(path)


def test_a_vault_does_not_print_its_key() -> None:
    assert repr(Vault(KEY)) == "Vault(…)"
