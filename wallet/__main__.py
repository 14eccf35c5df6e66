"""The wallet on the command line: `python -m wallet receive | list | show-qr`, with software keys in a folder.

Spec: none. Exit: 0 done, 1 refused, 64 usage, 70 internal. Errors go to stderr with the next step; `--json` for machines.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from certs import qr
from certs.fetch import Fetcher
from wallet import words
from wallet.config import ConfigError, HomeDefaults, home_defaults
from wallet.errors import WalletError
from wallet.folder import FolderWallet, key_folder
from wallet.formats import FORMATS
from wallet.keys import SoftwareKeys
from wallet.model import Document
from wallet.ports import Web
from wallet.present import for_qr, lead, type_of
from wallet.state import state_of
from wallet.storage.engine import open_engine
from wallet.storage.errors import StorageError
from wallet.storage.migrate import upgrade
from wallet.storage.sql import SqlStorage
from wallet.trust import TrustKeeper
from wallet.vault import Vault, load_or_create_key
from wallet.wallet import Wallet

DONE, REFUSED, USAGE, INTERNAL = 0, 1, 64, 70


def main(
    arguments: Sequence[str] | None = None, *, web: Web | None = None, clock: Callable[[], int] | None = None
) -> int:
    try:
        options = _parser().parse_args(arguments)
        folder = _open(options, home_defaults(), web=web, clock=clock or (lambda: int(time.time())))
        command: Callable[[FolderWallet, argparse.Namespace], None] = options.run
        command(folder, options)
        return DONE
    except SystemExit as leaving:
        return DONE if leaving.code in {0, None} else USAGE  # argparse has written its line
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except WalletError as error:
        print(f"error: {error.advice.happened.en} {error.advice.next_step.en}", file=sys.stderr)
        print(f"       {error.code}{f' ({error.detail})' if error.detail else ''}", file=sys.stderr)
        return REFUSED
    except (StorageError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return INTERNAL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m wallet", description="Receive, list and show documents.")
    parser.set_defaults(json=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    receive = commands.add_parser("receive", help="take what an offer holds")
    receive.add_argument("link", metavar="OFFER_LINK", help="openid-credential-offer://… or a wallet's web link")
    receive.add_argument("--tx-code", metavar="N", help="the transaction code that the issuer shows")
    receive.add_argument("--pid", metavar="PID", help="refuse documents of anybody else")
    receive.set_defaults(run=_receive)

    listing = commands.add_parser("list", help="what this wallet holds")
    listing.set_defaults(run=_list)

    show = commands.add_parser("show-qr", help="a fresh QR of a document")
    show.add_argument("document", metavar="DOC", help="id, beginning of an id, or type")
    show.add_argument("--view", help="which view (default: the type's first)")
    show.add_argument("--out", type=Path, metavar="FILE.png", help="write a picture")
    show.add_argument("--text", action="store_true", help="print the text (the default without --out)")
    show.add_argument("--audience", help="for whom the proof is made")
    show.add_argument("--challenge", metavar="HEX", type=bytes.fromhex, help="the verifier's challenge")
    show.set_defaults(run=_show)

    for command in (receive, listing, show):
        command.add_argument("--home", type=Path, default=Path.home() / ".vneid-wallet", metavar="DIR")
        command.add_argument("--json", action="store_true", help="for machines")
        command.add_argument("--issuer", metavar="URL", help="the credential issuer (remembered)")
        command.add_argument("--root-sha256", metavar="HEX", help="fingerprint of the nation's root (remembered)")
        command.add_argument("--simulation", action="store_true", default=None, help="allow http on this machine")
        command.add_argument("--ca-bundle", metavar="FILE", help="TLS roots in place of the system's")
    return parser


def _open(
    options: argparse.Namespace, defaults: HomeDefaults, *, web: Web | None, clock: Callable[[], int]
) -> FolderWallet:
    home: Path = options.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = _settings(home / "settings.json", options, defaults)
    engine = open_engine(f"sqlite:///{(home / 'wallet.sqlite').resolve()}")
    upgrade(engine)
    network = web or Fetcher(simulation=settings["simulation"], ca_bundle=settings["ca_bundle"])
    wallet = Wallet(SqlStorage(engine), Vault(load_or_create_key(home / "vault.key")), network)
    trust = TrustKeeper(
        web=network,
        url=f"{settings['issuer']}/bundle",
        path=home / "bundle.cbor",
        root_sha256=settings["root_sha256"],
    )
    return FolderWallet(wallet, SoftwareKeys(key_folder(home)), trust, settings["issuer"], clock)


def _settings(path: Path, options: argparse.Namespace, defaults: HomeDefaults) -> dict[str, Any]:
    """Option, else what was remembered in the folder, else the environment. Issuer and root must be known once."""
    kept: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    settings: dict[str, Any] = {}
    for name in ("issuer", "root_sha256", "simulation", "ca_bundle"):
        given = getattr(options, name)
        settings[name] = given if given is not None else kept.get(name, getattr(defaults, name))
    if not settings["issuer"] or not settings["root_sha256"]:
        raise ConfigError("give --issuer URL and --root-sha256 HEX once; this folder then remembers them")
    if settings != kept:
        path.write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
    return settings


def _receive(folder: FolderWallet, options: argparse.Namespace) -> None:
    documents = folder.receive(options.link, transaction_code=options.tx_code, pid=options.pid)
    if options.json:
        print(json.dumps([_described(each) for each in documents], ensure_ascii=False))
        return
    for each in documents:
        print(f"received  {each.document_id}  {each.type}  ({', '.join(_views(each))})  {_copies(each)}")


def _list(folder: FolderWallet, options: argparse.Namespace) -> None:
    documents, now = folder.documents(), folder.clock()
    try:
        statuses = folder.trust.current(now=now).statuses
    except WalletError:
        statuses = None
    states = [state_of(lead(each), statuses, now=now) for each in documents]
    if options.json:
        described = [
            {**_described(each), "state": state.standing} for each, state in zip(documents, states, strict=True)
        ]
        print(json.dumps(described, ensure_ascii=False))
        return
    if not documents:
        print("nothing yet: python -m wallet receive OFFER_LINK --tx-code N", file=sys.stderr)
    rows = [
        (
            each.document_id,
            type_of(each).title.en,
            state.word.en,
            words.day(lead(each).expires),
            ", ".join(_views(each)),
            _copies(each),
        )
        for each, state in zip(documents, states, strict=True)
    ]
    table = [("DOCUMENT", "TYPE", "STATE", "UNTIL", "VIEWS", "COPIES"), *rows] if rows else []
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))] if table else []
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _show(folder: FolderWallet, options: argparse.Namespace) -> None:
    text = folder.qr_text(options.document, view=options.view, audience=options.audience, challenge=options.challenge)
    if options.out:
        options.out.write_bytes(qr.draw_png(text))
    if options.json:
        print(
            json.dumps({"text": text, "version": qr.version(text), "file": str(options.out) if options.out else None})
        )
    elif options.text or not options.out:
        print(text)
    else:
        print(f"{options.out}: QR version {qr.version(text)}, fresh for a minute", file=sys.stderr)


def _described(document: Document) -> dict[str, Any]:
    formats = Counter(copy.format for copy in document.copies)
    return {"id": document.document_id, "type": document.type, "views": _views(document), "formats": formats}


def _views(document: Document) -> list[str]:
    return [copy.view for copy in for_qr(document)]


def _copies(document: Document) -> str:
    held = Counter(copy.format for copy in document.copies)
    return ", ".join(f"{FORMATS[name].title.en} {count}" for name, count in held.items())


if __name__ == "__main__":
    sys.exit(main())
