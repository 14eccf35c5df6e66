"""`people rename`, `move`, `correct`, `renumber` and `death`, `documents points`: a register changes, and what follows from it."""

import argparse
import time
from collections.abc import Callable
from datetime import date

from certs.encoding import safe_text
from certs.errors import Malformed
from idp.accounts.personal_id import NotAPersonalId, disagreements, parse
from idp.commands.opening import BY, find_person, settings, writing
from idp.commands.terminal import REFUSED, USAGE, Failed, Words, command, show_one
from idp.issuance.entitlement import Refusal
from idp.login.standing import today
from idp.model import Address, Person
from idp.ports import Ports
from idp.registries import changes, points, population
from idp.registries.changes import By, Done
from idp.registries.transport import FULL_POINTS
from idp.storage.errors import Conflict

MAX_TEXT = 200  # of one part of an address, of a reason


def add_people(actions: Words) -> None:
    renamed = command(actions, "rename", _rename, "give a person another name", within=True)
    moved = command(actions, "move", _move, "register another permanent residence", within=True)
    corrected = command(actions, "correct", _correct, "correct date of birth or sex", within=True)
    renumbered = command(actions, "renumber", _renumber, "cancel a person's number and give another", within=True)
    died = command(actions, "death", _death, "record a death: documents, account and sessions end", within=True)
    for action in (renamed, moved, corrected, renumbered, died):
        action.add_argument("person", metavar="PID", help="12 digits")
    renamed.add_argument("name", metavar="NAME", help="the whole name: family, middle, given")
    moved.add_argument("--detail", required=True, metavar="TEXT", help="house and street, or hamlet")
    moved.add_argument("--commune", required=True, metavar="TEXT", help="commune, ward or special zone")
    moved.add_argument("--province", required=True, metavar="TEXT", help="province or city")
    corrected.add_argument("--born", metavar="DATE", help="YYYY-MM-DD; YYYY-MM or YYYY where no more is known")
    corrected.add_argument("--sex", choices=("female", "male"))
    renumbered.add_argument("number", metavar="NEW", help="12 digits that nobody ever had")
    renumbered.add_argument("--reason", required=True, metavar="TEXT", help="kept with the cancelled number")
    died.add_argument("on", metavar="DATE", help="YYYY-MM-DD")


def add_documents(actions: Words) -> None:
    changed = command(actions, "points", _points, "deduct points of a driving licence, or restore them")
    changed.add_argument("document", metavar="DOCUMENT_ID", help="see: document list")
    how = changed.add_mutually_exclusive_group(required=True)
    how.add_argument(
        "--deduct", type=int, choices=range(1, FULL_POINTS + 1), metavar="N", help="the last one suspends the licence"
    )
    how.add_argument("--restore", action="store_true", help="all twelve: a year without deduction, or a test passed")


def _rename(options: argparse.Namespace) -> int:
    name = population.name_of(options.name)
    if name is None:
        raise Failed("NAME has 1 to 100 letters of the Latin alphabet, no digits and no signs", USAGE)
    return _person(options, lambda ports, one, by: changes.rename(ports, person_id=one.person_id, name=name, by=by))


def _move(options: argparse.Namespace) -> int:
    home = Address(*(_text(options, part) for part in ("detail", "commune", "province")))
    return _person(options, lambda ports, one, by: changes.move(ports, person_id=one.person_id, home=home, by=by))


def _correct(options: argparse.Namespace) -> int:
    if options.born is None and options.sex is None:
        raise Failed("name what is corrected: --born DATE, --sex SEX or both", USAGE)
    born = None if options.born is None else population.birth_date_of(options.born, today=_today())
    if options.born is not None and born is None:
        raise Failed("--born takes a date that has been: YYYY-MM-DD, YYYY-MM or YYYY", USAGE)
    return _person(
        options,
        lambda ports, one, by: changes.correct(ports, person_id=one.person_id, birth_date=born, sex=options.sex, by=by),
    )


def _renumber(options: argparse.Namespace) -> int:
    reason = _text(options, "reason")
    try:
        return _person(
            options,
            lambda ports, one, by: changes.renumber(
                ports, person_id=one.person_id, pid=options.number, reason=reason, by=by
            ),
        )
    except Conflict as error:
        raise Failed("this number is, or was, another person's. Nothing was changed.", REFUSED) from error


def _death(options: argparse.Namespace) -> int:
    try:
        on = date.fromisoformat(options.on)
    except ValueError:
        raise Failed("DATE is a day, written YYYY-MM-DD", USAGE) from None
    return _person(options, lambda ports, one, by: changes.die(ports, person_id=one.person_id, on=on, by=by))


def _points(options: argparse.Namespace) -> int:
    by = _by(options)
    with writing(options) as ports:
        if options.restore:
            answer = points.restore(ports, document_id=options.document, by=by)
        else:
            answer = points.deduct(ports, document_id=options.document, points=options.deduct, by=by)
    if isinstance(answer, Refusal):
        raise Failed(f"{answer.text.en} See: python -m idp document list PID", REFUSED)
    row = {"id": answer.document_id, "points": answer.left, "state": answer.state.value}
    return show_one({**row, "copies no longer valid": answer.credentials}, options)


def _person(options: argparse.Namespace, change: Callable[[Ports, Person, By], Done | Refusal]) -> int:
    by = _by(options)
    with writing(options) as ports:
        person = find_person(ports, options.person)
        answer = change(ports, person, by)
    if isinstance(answer, Refusal):
        raise Failed(answer.text.en, REFUSED)
    row = {
        "pid": answer.person.pid,
        "name": answer.person.name,
        "documents": len(answer.documents),
        "copies no longer valid": answer.credentials,
    }
    warned = _number_says(answer.person, by)
    return show_one({**row, **({"number says otherwise": warned} if warned else {})}, options)


def _number_says(person: Person, by: By) -> str:
    """A number that tells another year or sex stays, until the citizen has it reset."""
    try:
        number = parse(person.pid, year=today(by.now).year, simulation=by.simulation)
    except NotAPersonalId:
        return ""
    return ", ".join(disagreements(number, birth_date=person.birth_date, sex=person.sex))


def _by(options: argparse.Namespace) -> By:
    return By(BY, int(time.time()), settings(options).simulation)


def _text(options: argparse.Namespace, name: str) -> str:
    try:
        text = safe_text(" ".join(str(getattr(options, name)).split()), limit=MAX_TEXT)
    except Malformed:
        text = ""
    if not text:
        raise Failed(f"--{name} takes text of at most {MAX_TEXT} characters", USAGE)
    return text


def _today() -> date:
    return today(int(time.time()))
