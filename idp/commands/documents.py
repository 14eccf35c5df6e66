"""`document list`, and what an authority does to one: `suspend`, `reinstate`, `revoke`, `review`, `release`; what is waited for."""

import argparse
import time

from certs.catalogue import CATALOGUE
from idp.commands import changes, importing, prints
from idp.commands.opening import BY, find_person, reading, writing
from idp.commands.terminal import REFUSED, Failed, Row, Words, command, group, moment, show
from idp.issuance import documents, holds
from idp.issuance.documents import Changed
from idp.model import Hold

_CHANGES = {"suspend": documents.suspend, "reinstate": documents.reinstate, "revoke": documents.revoke}


def add(words: Words) -> None:
    actions = group(words, "document", "list, suspend, reinstate or revoke documents")
    command(actions, "list", _list, "list a person's documents").add_argument("person", metavar="PID", help="12 digits")
    for name, about in (
        ("suspend", "take a document out of force for a time"),
        ("reinstate", "put a suspended document back in force"),
        ("revoke", "take a document out of force for good"),
    ):
        changed = command(actions, name, _change, about)
        changed.add_argument("document", metavar="DOCUMENT_ID", help="see: document list")
    for name, about in (
        ("review", "look at it before it goes into a wallet"),
        ("release", "it may go into a wallet: wallets that wait get it"),
    ):
        held = command(actions, name, _hold, about)
        held.add_argument("document", metavar="DOCUMENT_ID", help="see: document list")
    command(actions, "waiting", _waiting, "list what is waited for before documents go into wallets")
    registers = group(
        words, "documents", "bring a register's documents in from a file, change what stands in one, print one"
    )
    for name, about in (
        ("away", "the register of this kind does not answer: wallets wait for these documents"),
        ("back", "the register of this kind answers again"),
    ):
        command(registers, name, _register, about).add_argument("kind", metavar="KIND", choices=sorted(CATALOGUE))
    importing.add_documents(registers)
    changes.add_documents(registers)
    prints.add(registers)


def _list(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        person = find_person(ports, options.person)
        rows = [
            {
                "id": document.document_id,
                "type": document.type,
                "state": document.state.value,
                "valid until": document.valid_until or "–",
                "issued": len(ports.documents.issued(document.document_id)),
            }
            for document in ports.documents.of_person(person.person_id)
        ]
    return show(rows, options, "This person has no documents.")


def _change(options: argparse.Namespace) -> int:
    with writing(options) as ports:
        answer = _CHANGES[options.action](ports, document_id=options.document, by=BY, now=int(time.time()))
    if not isinstance(answer, Changed):
        raise Failed(f"{answer.text.en} See: python -m idp document list PID", REFUSED)
    return show([{"id": answer.document_id, "state": answer.state.value, "credentials": answer.credentials}], options)


def _hold(options: argparse.Namespace) -> int:
    act = holds.review if options.action == "review" else holds.release
    with writing(options) as ports:
        answer = act(ports, document_id=options.document, by=BY, now=int(time.time()))
    if not isinstance(answer, Hold):
        raise Failed(f"{answer.text.en} See: python -m idp document waiting", REFUSED)
    return show([_row(answer)], options)


def _register(options: argparse.Namespace) -> int:
    act = holds.register_away if options.action == "away" else holds.register_back
    with writing(options) as ports:
        answer = act(ports, kind=CATALOGUE[options.kind], by=BY, now=int(time.time()))
    if not isinstance(answer, Hold):
        raise Failed(f"{answer.text.en} See: python -m idp document waiting", REFUSED)
    return show([_row(answer)], options)


def _waiting(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        rows = [_row(each) for each in ports.holds.all()]
    return show(rows, options, "Nothing is waited for.")


def _row(hold: Hold) -> Row:
    return {"for": hold.subject, "ground": hold.ground.value, "since": moment(hold.since), "by": hold.by}
