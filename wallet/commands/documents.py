"""`receive`, `again` and `list`: documents come in, at once or later, and how they stand."""

import argparse
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from certs.catalogue import CATALOGUE
from wallet import words
from wallet.authorization import ClientCredentials
from wallet.commands.loopback import Loopback
from wallet.commands.terminal import DONE, REFUSED, Words, command, progress, say, show_json, show_rows
from wallet.config import ConfigError
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.formats import FORMATS
from wallet.model import Awaited, Copy, Document
from wallet.present import each_once, lead, type_of, views_of
from wallet.receive import Completed
from wallet.state import State, state_of
from wallet.waiting import Waiting


def add(words: Words) -> None:
    receive = command(words, "receive", _receive, "take what an offer holds")
    receive.add_argument(
        "link",
        metavar="OFFER_LINK",
        help="openid-credential-offer://… or a wallet's web link; with --sign-in also a kind",
    )
    receive.add_argument("--tx-code", metavar="N", help="the transaction code that the issuer shows")
    receive.add_argument("--pid", metavar="PID", help="refuse documents of anybody else")
    receive.add_argument(
        "--sign-in", action="store_true", help="by signing in at the issuer in a browser on this machine"
    )
    again = command(words, "again", _again, "ask the issuer for what it promised")
    for each in (receive, again):
        each.add_argument(
            "--client-id", metavar="ID", help="as which this wallet is registered: native, without a secret"
        )
    command(words, "list", _list, "what this wallet holds")


def _receive(folder: FolderWallet, options: argparse.Namespace) -> int:
    if options.sign_in:
        return _signed_in(folder, options)
    with progress() as tell:
        done = folder.take(options.link, transaction_code=options.tx_code, pid=options.pid, tell=tell)
    return _told(done, options)


def _signed_in(folder: FolderWallet, options: argparse.Namespace) -> int:
    if options.client_id is None or options.tx_code is not None:
        raise ConfigError("--sign-in needs --client-id ID, and takes no --tx-code")
    with Loopback() as here:

        def come_back(address: str, state: str) -> Mapping[str, str]:
            say(f"open this address in a browser on this machine:\n\n  {address}\n")
            return here.wait(state, clock=folder.clock)

        client = ClientCredentials(options.client_id, None, here.redirect_uri)
        return _told(folder.ask(options.link, client, come_back, pid=options.pid), options)


def _told(done: Completed, options: argparse.Namespace) -> int:
    if options.json:
        show_json([*map(_described, done.documents), *map(_described_waiting, done.waiting)])
        return DONE
    for each in done.documents:
        print(f"received  {each.document_id}  {each.type}  ({', '.join(_views(each))})  {_copies(each)}")
    for one in done.waiting:
        print(f"waiting   {one.waiting_id}  {one.type}  ask again from {words.moment(one.again_at)}")
    if done.waiting:
        say("the issuer gives it later: python -m wallet again")
    return DONE


def _again(folder: FolderWallet, options: argparse.Namespace) -> int:
    """What is not due yet is not asked for. One that is refused does not stop the others."""
    client = None if options.client_id is None else ClientCredentials(options.client_id, None, "")
    documents: list[Document] = []
    waiting: list[Waiting] = []
    refused: list[WalletError] = []
    for each in folder.waiting():
        if folder.clock() < each.again_at:
            waiting.append(each)
            continue
        try:
            found = folder.ask_again(each, client=client)
        except WalletError as error:
            refused.append(error)
        else:
            documents.extend([found] if isinstance(found, Document) else [])
            waiting.extend([found] if isinstance(found, Waiting) else [])
    if refused and not documents and not waiting:
        raise refused[0]
    for each_error in refused:
        say(f"error: {each_error.advice.happened.en} {each_error.advice.next_step.en} {each_error.code}")
    told = _told(Completed(tuple(documents), tuple(waiting)), options)
    return REFUSED if refused else told


def _list(folder: FolderWallet, options: argparse.Namespace) -> int:
    documents, awaited, now = folder.documents(), folder.wallet.awaited(folder.owner), folder.clock()
    promised = folder.waiting()
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
        show_json([*held, *map(_described_waiting, promised), *map(_described_awaited, awaited)])
        return DONE
    if not documents and not awaited and not promised:
        say("nothing yet: python -m wallet receive OFFER_LINK --tx-code N")
    rows = [_row(*each) for each in zip(documents, states, left, strict=True)]
    rows += [*map(_row_waiting, promised), *map(_row_awaited, awaited)]
    show_rows(("DOCUMENT", "TYPE", "STATE", "UNTIL", "VIEWS", "COPIES"), rows)
    if promised:
        say("what the issuer has promised: python -m wallet again")
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


def _row_waiting(waiting: Waiting) -> tuple[str, ...]:
    title, again = CATALOGUE[waiting.type].title.en, words.moment(waiting.again_at)
    return waiting.waiting_id, title, f"Waiting, ask again from {again}", "", "", ""


def _described_waiting(waiting: Waiting) -> dict[str, Any]:
    told = {"id": waiting.waiting_id, "type": waiting.type, "state": "waiting"}
    return {**told, "from": waiting.credential_issuer, "ask_again_at": waiting.again_at}


def _described(document: Document) -> dict[str, Any]:
    formats = Counter(copy.format for copy in document.copies)
    return {"id": document.document_id, "type": document.type, "views": _views(document), "formats": formats}


def _described_awaited(awaited: Awaited) -> dict[str, Any]:
    return {"id": awaited.document_id, "type": awaited.type, "state": "awaited", "from": awaited.credential_issuer}


def _views(document: Document) -> list[str]:
    return list(views_of(document))


def _left(folder: FolderWallet, document: Document) -> dict[str, int]:
    """How many copies nobody was shown yet."""
    return _least(document, lambda copy: folder.unused(document, copy.format, copy.view))


def _least(document: Document, count: Callable[[Copy], int]) -> dict[str, int]:
    """Of each format; of the QR's views, what the one has that has least."""
    found: dict[str, int] = {}
    for copy in each_once(document):
        counted = count(copy)
        found[copy.format] = min(counted, found.get(copy.format, counted))
    return found


def _copies(document: Document, unused: dict[str, int] | None = None) -> str:
    each = Counter((copy.format, copy.view) for copy in document.copies)
    held = _least(document, lambda copy: each[copy.format, copy.view])

    def one(name: str, count: int) -> str:
        used = unused is not None and name in unused and unused[name] != count
        return f"{FORMATS[name].title.en} {f'{(unused or {})[name]} of ' if used else ''}{count}"

    return ", ".join(one(name, count) for name, count in held.items())
