"""`export` and `import`: a backup under a passphrase, without keys and without anything that could be shown."""

import argparse
from pathlib import Path

from certs.catalogue import CATALOGUE
from wallet import backup, restoring
from wallet.commands.terminal import (
    DONE,
    Words,
    command,
    passphrase,
    progress,
    say,
    show_json,
    show_rows,
    write_private,
)
from wallet.errors import WalletError
from wallet.folder import FolderWallet


def add(words: Words) -> None:
    export = command(words, "export", _export, "write a backup: which documents, and the history; no keys")
    restore = command(words, "import", _import, "take a backup back; its documents are then issued anew")
    for made in (export, restore):
        made.add_argument("file", type=Path, metavar="FILE")
        made.add_argument("--passphrase-file", type=Path, metavar="FILE", help="in place of asking on the terminal")


def _export(folder: FolderWallet, options: argparse.Namespace) -> int:
    secret = backup.checked_passphrase(passphrase(options, twice=True))
    contents = folder.back_up()
    with progress() as tell:
        tell("sealing")
        sealed = backup.seal(restoring.write(contents), secret)
    write_private(options.file, sealed)
    if options.json:
        told = {"documents": len(contents.documents), "lines": len(contents.lines)}
        show_json({"file": str(options.file), "bytes": len(sealed), **told})
    else:
        say(f"{options.file}: {len(contents.documents)} documents by name, {len(contents.lines)} lines of history")
        say("without the passphrase nobody can open it, and nobody can give it back to you")
    return DONE


def _import(folder: FolderWallet, options: argparse.Namespace) -> int:
    if options.file.stat().st_size > backup.FILE_LIMIT:  # before it is read
        raise WalletError("backup_malformed", "too large")
    sealed, secret = options.file.read_bytes(), passphrase(options, twice=False)
    with progress() as tell:
        tell("opening")
        contents = restoring.read(backup.open_(sealed, secret))
    done = folder.restore(contents)
    if options.json:
        documents = [{"type": each.type, "id": each.document_id, "held": held} for each, held in done.documents]
        show_json({"documents": documents, "lines": done.lines, "chain_held": done.checked.broken_at is None})
        return DONE
    rows = [
        (CATALOGUE[each.type].title.en, "in this wallet" if held else "to be issued anew")
        for each, held in done.documents
    ]
    show_rows(("DOCUMENT", "STATE"), rows)
    say(f"{done.lines} lines of history restored")
    if done.checked.broken_at is not None:
        say(f"the chain of that history was broken at line {done.checked.broken_at} when the backup was made")
    if any(not held for _, held in done.documents):
        say("ask the issuer for new offers, then: python -m wallet receive OFFER_LINK --tx-code N")
    return DONE
