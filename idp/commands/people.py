"""`people` lists them; `person lock` and `person unlock` change one."""

import argparse
import time

from idp.commands import changes, importing
from idp.commands.opening import BY, find_person, reading, writing
from idp.commands.terminal import REFUSED, Failed, Words, command, group, show
from idp.issuance import documents
from idp.issuance.entitlement import Refusal
from idp.model import Person


def add(words: Words) -> None:
    people = command(words, "people", _people, "list people of the population register")
    people.add_argument("--find", default="", metavar="TEXT", help="part of a name or number")
    people.add_argument("--limit", type=int, default=20, help="rows at most (default 20)")
    actions = people.add_subparsers(dest="action", parser_class=type(people), metavar="[ACTION]")
    importing.add_people(actions)
    changes.add_people(actions)
    actions = group(words, "person", "lock or unlock a person's electronic identity")
    for name, about in (
        ("lock", "end their sessions and mark all their documents as locked"),
        ("unlock", "let them sign in again and show their documents"),
    ):
        command(actions, name, _lock, about).add_argument("person", metavar="PID", help="12 digits")


def _people(options: argparse.Namespace) -> int:
    wanted, rows = options.find.casefold(), []
    with reading(options) as ports:
        for person in ports.population.each():
            if wanted in person.name.casefold() or wanted in person.pid:
                rows.append({"pid": person.pid, "name": person.name, "born": person.birth_date, "note": _note(person)})
            if len(rows) == options.limit:
                break
    return show(rows, options, "Nobody is found. Try a shorter part of the name: python -m idp people --find TEXT")


def _lock(options: argparse.Namespace) -> int:
    locked = options.action == "lock"
    with writing(options) as ports:
        person = find_person(ports, options.person)
        answer = documents.set_lock(ports, person_id=person.person_id, locked=locked, by=BY, now=int(time.time()))
    if isinstance(answer, Refusal):
        raise Failed(answer.text.en, REFUSED)
    state = "locked" if locked else "not locked"
    return show([{"pid": person.pid, "name": person.name, "state": state, "credentials": answer}], options)


def _note(person: Person) -> str:
    notes = (
        ("deceased", person.deceased_on is not None),
        ("locked", person.locked),
        ("foreigner", person.nationality != "VN"),
    )
    return ", ".join(word for word, holds in notes if holds) or "–"
