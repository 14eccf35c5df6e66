"""`history`: what happened, whether its chain holds, and the whole of it as a file."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from wallet import chain, ledger, words
from wallet.commands.terminal import DONE, REFUSED, Words, command, say, show_json, show_rows, write_private
from wallet.config import ConfigError
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.history import exported, word_of
from wallet.model import Entry, Linked


def add(words: Words) -> None:
    history = command(words, "history", _history, "what was received, shown, presented, refused")
    history.add_argument("--limit", type=int, default=50, metavar="N", help="newest lines (default 50)")
    history.add_argument("--verify", action="store_true", help="check the chain of lines, and say where it breaks")
    history.add_argument(
        "--against", type=Path, metavar="FILE", help="an export of before: are all its lines still there?"
    )
    history.add_argument("--export", type=Path, metavar="FILE", help="write all lines with their chain, as JSON")


def _history(folder: FolderWallet, options: argparse.Namespace) -> int:
    if options.export:
        folder.wallet.note(folder.owner, exported("history", now=folder.clock()))
    lines, checked = folder.wallet.chain(folder.owner)
    if options.export:
        write_private(options.export, ledger.write(lines, now=folder.clock()))
        say(f"{options.export}: {len(lines)} lines; nobody but you can read it")
        return DONE
    if options.verify or options.against:
        gone = chain.against(_kept(options.against), lines) if options.against else None
        return _verdict(checked, gone, options)
    newest = lines[::-1][: max(0, options.limit)]
    if options.json:
        show_json([ledger.as_json(line) for line in newest])
    else:
        _show(newest)
    return DONE


def _verdict(checked: chain.Checked, gone: int | None, options: argparse.Namespace) -> int:
    holds = checked.broken_at is None and gone is None
    if options.json:
        told = {"lines": checked.lines, "broken_at": checked.broken_at, "why": checked.why, "missing": gone}
        show_json({"holds": holds, **told})
    elif checked.broken_at is not None:
        print(f"the chain breaks at line {checked.broken_at}: {checked.why}")
    elif gone is not None:
        print(f"line {gone} of the earlier export is no longer here, or no longer the same")
    else:
        print(f"{checked.lines} lines, and the chain holds")
    return DONE if holds else REFUSED


def _kept(path: Path) -> tuple[Linked, ...]:
    try:
        return ledger.read(path.read_bytes())
    except WalletError as error:
        raise ConfigError(f"{path} is not a history that a wallet exported") from error


def _show(lines: Sequence[Linked]) -> None:
    if not lines:
        say("nothing yet: each document that is received, shown or presented leaves a line here")
    rows = [(str(line.place), words.moment(line.entry.at), _word(line.entry), *_told(line.entry)) for line in lines]
    show_rows(("LINE", "WHEN", "WHAT", "DOCUMENT", "WITH WHOM", "CLAIMS"), rows)


def _word(entry: Entry) -> str:
    word = word_of(entry)
    return word.en if word else entry.kind


def _told(entry: Entry) -> tuple[str, str, str]:
    details = entry.details
    whom = str(details.get("to") or details.get("from") or "")
    names = details.get("claims") or ()
    return str(details.get("type", "")), whom, ", ".join(map(str, names))
