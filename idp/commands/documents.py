"""`document list`, and what an authority does to one: `suspend`, `reinstate`, `revoke`."""

import argparse
import time

from idp.commands import changes, importing, prints
from idp.commands.opening import BY, find_person, reading, writing
from idp.commands.terminal import REFUSED, Failed, Words, command, group, show
from idp.issuance import documents
from idp.issuance.documents import Changed

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
    registers = group(
        words, "documents", "bring a register's documents in from a file, change what stands in one, print one"
    )
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
