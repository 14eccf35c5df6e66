"""Open the wallet that a command is about: a folder of one person, or one citizen of many in a database."""

import argparse
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from certs.fetch import Fetcher
from wallet.config import ConfigError, HomeDefaults
from wallet.folder import OWNER, FolderWallet, key_folder
from wallet.keys import SoftwareKeys
from wallet.ports import Web
from wallet.storage.engine import open_engine
from wallet.storage.migrate import upgrade
from wallet.storage.sql import SqlStorage
from wallet.trust import TrustKeeper
from wallet.vault import Vault, load_or_create_key
from wallet.wallet import Wallet


@contextmanager
def opened(
    options: argparse.Namespace, defaults: HomeDefaults, *, web: Web | None, clock: Callable[[], int]
) -> Iterator[FolderWallet]:
    home: Path = options.home
    if options.citizen is not None and re.fullmatch(r"[0-9]{12}", options.citizen, re.ASCII) is None:
        raise ConfigError("a personal identification number has 12 digits")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = _settings(home / "settings.json", options, defaults)
    network = web or Fetcher(simulation=settings["simulation"], ca_bundle=settings["ca_bundle"])
    vault = Vault(load_or_create_key(home / "vault.key"))
    owner = OWNER if options.citizen is None else vault.owner_of(options.citizen)
    trust = TrustKeeper(
        web=network,
        url=f"{settings['issuer']}/bundle",
        path=home / "bundle.cbor",
        root_sha256=settings["root_sha256"],
    )
    keys = SoftwareKeys(key_folder(home, owner))
    engine = open_engine(_database(options, defaults, home))
    try:
        upgrade(engine)
        wallet = Wallet(SqlStorage(engine), vault, network)
        simulation = bool(settings["simulation"])
        yield FolderWallet(wallet, keys, trust, settings["issuer"], clock, owner, options.citizen, simulation)
    finally:
        engine.dispose()


def _database(options: argparse.Namespace, defaults: HomeDefaults, home: Path) -> str:
    return options.database or defaults.database_url or f"sqlite:///{(home / 'wallet.sqlite').resolve()}"


def _settings(path: Path, options: argparse.Namespace, defaults: HomeDefaults) -> dict[str, Any]:
    """Option, else what was remembered in the folder, else the environment. Issuer and root must be known once."""
    kept: dict[str, Any] = _kept(path)
    settings: dict[str, Any] = {}
    for name in ("issuer", "root_sha256", "simulation", "ca_bundle"):
        given = getattr(options, name)
        settings[name] = given if given is not None else kept.get(name, getattr(defaults, name))
    if not settings["issuer"] or not settings["root_sha256"]:
        raise ConfigError("give --issuer URL and --root-sha256 HEX once; this folder then remembers them")
    if settings != kept:
        path.write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
    return settings


def _kept(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is damaged; remove it and give --issuer and --root-sha256 again") from error
    if not isinstance(kept, dict):
        raise ConfigError(f"{path} is damaged; remove it and give --issuer and --root-sha256 again")
    return kept
