"""How every command is asked and speaks: words, columns or JSON, how far it is and what went wrong on the error stream.

Exit codes (sysexits): 0 done, 1 refused, 64 wrong usage, 70 our fault.
"""

import argparse
import getpass
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wallet.config import ConfigError
from wallet.folder import FolderWallet

DONE, REFUSED, USAGE, INTERNAL = 0, 1, 64, 70
PASSPHRASE_FILE_LIMIT = 8_192
Words = Any  # where words of the command line are added; argparse has no public name for it
Run = Callable[[FolderWallet, argparse.Namespace], int]


def command(words: Words, name: str, run: Run, about: str) -> argparse.ArgumentParser:
    """A word that does something, with the options that every command has."""
    made: argparse.ArgumentParser = words.add_parser(name, help=about, description=about)
    made.add_argument("--home", type=Path, default=Path.home() / ".vneid-wallet", metavar="DIR")
    made.add_argument("--json", action="store_true", help="one JSON value for machines")
    made.add_argument("--issuer", metavar="URL", help="the credential issuer (remembered)")
    made.add_argument("--root-sha256", metavar="HEX", help="fingerprint of the nation's root (remembered)")
    made.add_argument("--simulation", action="store_true", default=None, help="allow http on this machine")
    made.add_argument("--ca-bundle", metavar="FILE", help="TLS roots in place of the system's")
    made.add_argument("--citizen", metavar="PID", help="whose wallet, on a server of many citizens")
    made.add_argument("--database", metavar="URL", help="SQLite or PostgreSQL (default: wallet.sqlite in the folder)")
    made.set_defaults(run=run)
    return made


def show_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False))


def show_rows(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    table = [names, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(names))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def say(text: str) -> None:
    """For people, beside the output."""
    print(text, file=sys.stderr)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """One line that tells how far it is, on a terminal only, gone when it is done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        yield lambda text: print(f"\r\033[K{text} …", end="", file=sys.stderr, flush=True)
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def passphrase(options: argparse.Namespace, *, twice: bool) -> str:
    """From a file or the terminal; never an argument, which every process of the machine can read."""
    if options.passphrase_file is not None:
        with options.passphrase_file.open("rb") as file:
            data = file.read(PASSPHRASE_FILE_LIMIT)
        try:
            return str(data.decode("utf-8")).rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise ConfigError("the passphrase's file is not UTF-8 text") from error
    if not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on; give --passphrase-file FILE")
    given = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("Once more: ") != given:
        raise ConfigError("the two are not the same")
    return given


def write_private(path: Path, data: bytes) -> None:
    """Whole or not at all, readable by its owner only, and never over another file."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; choose another name") from None
    finally:
        draft.unlink(missing_ok=True)
