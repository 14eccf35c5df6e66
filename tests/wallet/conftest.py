"""A nation, an issuer, and wallets for tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wallet.issuer import ISSUER, IssuerDesk
from tests.world import World
from wallet.folder import FolderWallet
from wallet.keys import SoftwareKeys
from wallet.storage.engine import open_engine
from wallet.storage.migrate import upgrade
from wallet.storage.sql import SqlStorage
from wallet.trust import TrustKeeper
from wallet.vault import Vault, load_or_create_key
from wallet.wallet import Wallet


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def desk(world: World) -> IssuerDesk:
    return IssuerDesk(world)


@pytest.fixture
def folder(desk: IssuerDesk, tmp_path: Path) -> Iterator[FolderWallet]:
    """A wallet with software keys, on SQLite."""
    engine = open_engine(f"sqlite:///{tmp_path}/wallet.sqlite")
    upgrade(engine)
    wallet = Wallet(SqlStorage(engine), Vault(load_or_create_key(tmp_path / "vault.key")), desk)
    trust = TrustKeeper(
        web=desk, url=f"{ISSUER}/bundle", path=tmp_path / "bundle.cbor", root_sha256=desk.world.root_sha256
    )
    yield FolderWallet(wallet, SoftwareKeys(tmp_path / "keys"), trust, ISSUER, lambda: desk.world.now)
    engine.dispose()
