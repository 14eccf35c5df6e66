"""`documents print`, `documents prints` and `documents take-back`: codes on paper, made at an office."""

import argparse
import os
import time
from pathlib import Path

from idp.commands.opening import BY, find_person, opened, reading, settings, writing
from idp.commands.terminal import CONFIGURATION, REFUSED, USAGE, Failed, Words, command, moment, show, show_one
from idp.issuance import paper, printing, signers
from idp.issuance.entitlement import Refusal
from idp.issuance.paper import Paper
from idp.issuance.printing import Made, Print
from idp.issuance.signers import SigningUnavailable

_LEAST = 8  # characters of a print's number: as many as stand on the paper


def add(actions: Words) -> None:
    printed = command(actions, "print", _print, "print a document's code: signed for paper, bound to nobody's key")
    printed.add_argument("document", metavar="DOCUMENT_ID", help="see: document list")
    printed.add_argument("--view", metavar="VIEW", help="what it tells (default: the first view of its kind)")
    printed.add_argument("--pdf", type=Path, metavar="FILE", help="a page to print")
    printed.add_argument("--png", type=Path, metavar="FILE", help="the card as a picture")
    sizes = [size.value for size in Paper]
    printed.add_argument("--paper", choices=sizes, default=Paper.A4.value, help="size of the page (default: a4)")
    command(actions, "prints", _prints, "list a person's prints").add_argument(
        "person", metavar="PID", help="12 digits"
    )
    back = command(actions, "take-back", _take_back, "take a print back for good")
    back.add_argument("person", metavar="PID", help="12 digits")
    back.add_argument("number", metavar="NUMBER", help="as it stands on the paper, or see: documents prints")


def _print(options: argparse.Namespace) -> int:
    if options.pdf is None and options.png is None:
        raise Failed("name a file: --pdf FILE or --png FILE", USAGE)
    config = settings(options)
    held = signers.load(config.data / "signers")
    try:
        with opened(options) as storage, storage.transaction() as ports:
            made = printing.for_officer(
                ports,
                document_id=options.document,
                view=options.view,
                by=BY,
                issuer=config.issuer,
                signers=held,
                now=int(time.time()),
            )
    except SigningUnavailable as error:
        raise Failed(f"the key of {error} is away; start from the folder that has it: --data", CONFIGURATION) from error
    if isinstance(made, Refusal):
        raise Failed(f"{made.text.en} See: python -m idp document list PID", REFUSED)
    written = [path for path in (options.pdf, options.png) if path is not None]
    try:
        if options.pdf is not None:
            _write(options.pdf, paper.pdf(made, Paper(options.paper)))
        if options.png is not None:
            _write(options.png, paper.png(made))
    except OSError as error:
        what = f"{error.filename} cannot be written: {error.strerror}. The print {paper.number(made.number)} was made"
        raise Failed(f"{what}; take it back: python -m idp documents take-back PID {made.number}", REFUSED) from error
    return show_one({**_told(made), "files": ", ".join(map(str, written))}, options)


def _write(path: Path, drawn: bytes) -> None:
    """For whoever printed alone: who reads the file can show the print."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(drawn)


def _prints(options: argparse.Namespace) -> int:
    now = int(time.time())
    with reading(options) as ports:
        found = printing.made(ports, find_person(ports, options.person).person_id, now=now)
    rows = [{**_told(each), "state": each.state.name.lower()} for each in found]
    return show(rows, options, "This person has no prints in force.")


def _take_back(options: argparse.Namespace) -> int:
    now, wanted = int(time.time()), options.number.replace(" ", "").lower()
    if len(wanted) < _LEAST:
        raise Failed(
            f"a print's number has {_LEAST} characters at least; see: python -m idp documents prints PID", USAGE
        )
    with writing(options) as ports:
        person = find_person(ports, options.person)
        found = [one for one in printing.made(ports, person.person_id, now=now) if one.number.startswith(wanted)]
        if len(found) != 1:
            raise Failed("there is no such print; see: python -m idp documents prints PID", REFUSED)
        answer = printing.take_back(ports, number=found[0].number, person_id=person.person_id, by=BY, now=now)
    if isinstance(answer, Refusal):
        raise Failed(answer.text.en, REFUSED)
    return show([{**_told(answer), "state": answer.state.name.lower()}], options)


def _told(each: Print | Made) -> dict[str, object]:
    return {
        "number": paper.number(each.number),
        "document": each.kind.name,
        "view": each.view.name,
        "printed": moment(each.issued),
        "until": moment(each.expires),
    }
