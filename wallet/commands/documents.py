"""`receive` and `list`: documents come in, and how they stand."""

import argparse
from collections import Counter
from typing import Any

from certs.catalogue import CATALOGUE
from wallet import words
from wallet.commands.terminal import DONE, Words, command, progress, say, show_json, show_rows
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.formats import FORMATS, QR
from wallet.model import Awaited, Document
from wallet.present import for_qr, lead, type_of
from wallet.state import State, state_of


def add(words: Words) -> None:
    receive = command(words, "receive", _receive, "take what an offer holds")
    receive.add_argument("link", metavar="OFFER_LINK", help="openid-credential-offer://… or a wallet's web link")
    receive.add_argument("--tx-code", metavar="N", help="the transaction code that the issuer shows")
    receive.add_argument("--pid", metavar="PID", help="refuse documents of anybody else")
    command(words, "list", _list, "what this wallet holds")


def _receive(folder: FolderWallet, options: argparse.Namespace) -> int:
    with progress() as tell:
        documents = folder.receive(options.link, transaction_code=options.tx_code, pid=options.pid, tell=tell)
    if options.json:
        show_json([_described(each) for each in documents])
        return DONE
    for each in documents:
        print(f"received  {each.document_id}  {each.type}  ({', '.join(_views(each))})  {_copies(each)}")
    return DONE


def _list(folder: FolderWallet, options: argparse.Namespace) -> int:
    documents, awaited, now = folder.documents(), folder.wallet.awaited(folder.owner), folder.clock()
    try:
        statuses = folder.trust.current(now=now).statuses
    except WalletError:
        statuses = None
    states = [state_of(lead(each), statuses, now=now) for each in documents]
    left = [_left(folder, each) for each in documents]
    if options.json:
        held = [
            {**_described(each), "state": state.standing, "unused": unused}
            for each, state, unused in zip(documents, states, left, strict=True)
        ]
        show_json(held + [_described_awaited(each) for each in awaited])
        return DONE
    if not documents and not awaited:
        say("nothing yet: python -m wallet receive OFFER_LINK --tx-code N")
    rows = [_row(*each) for each in zip(documents, states, left, strict=True)] + [
        _row_awaited(each) for each in awaited
    ]
    show_rows(("DOCUMENT", "TYPE", "STATE", "UNTIL", "VIEWS", "COPIES"), rows)
    if awaited:
        say("documents that a backup names: ask the issuer for a new offer, then: python -m wallet receive OFFER_LINK")
    return DONE


def _row(document: Document, state: State, unused: dict[str, int]) -> tuple[str, ...]:
    title, until = type_of(document).title.en, words.day(lead(document).expires)
    return document.document_id, title, state.word.en, until, ", ".join(_views(document)), _copies(document, unused)


def _row_awaited(awaited: Awaited) -> tuple[str, ...]:
    return (
        awaited.document_id,
        CATALOGUE[awaited.type].title.en,
        "To be issued anew",
        words.day(awaited.expires),
        "",
        "",
    )


def _described(document: Document) -> dict[str, Any]:
    formats = Counter(copy.format for copy in document.copies)
    return {"id": document.document_id, "type": document.type, "views": _views(document), "formats": formats}


def _described_awaited(awaited: Awaited) -> dict[str, Any]:
    return {"id": awaited.document_id, "type": awaited.type, "state": "awaited", "from": awaited.credential_issuer}


def _views(document: Document) -> list[str]:
    return list(dict.fromkeys(copy.view for copy in for_qr(document)))


def _left(folder: FolderWallet, document: Document) -> dict[str, int]:
    """Of each format that goes out once a copy, how many are left."""
    formats = {copy.format for copy in document.copies if copy.format != QR}
    return {name: folder.unused(document, name) for name in FORMATS if name in formats}


def _copies(document: Document, unused: dict[str, int] | None = None) -> str:
    held = Counter(copy.format for copy in document.copies)

    def one(name: str, count: int) -> str:
        used = unused is not None and name in unused and unused[name] != count
        return f"{FORMATS[name].title.en} {f'{(unused or {})[name]} of ' if used else ''}{count}"

    return ", ".join(one(name, count) for name, count in held.items())
