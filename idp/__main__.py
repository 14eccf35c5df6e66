"""The authority's command line: the demonstration, people, documents, offers, clients, the database, the journal.

Exit codes (sysexits): 0 done, 1 refused, 64 wrong usage, 70 our fault, 78 not configured.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from certs.catalogue import CATALOGUE
from idp import clients, config, demo, nation
from idp.config import Config, UnsafeConfiguration
from idp.issuance import documents, offer
from idp.issuance.documents import Changed
from idp.issuance.entitlement import VIETNAM, Refusal
from idp.model import Event, Person
from idp.nation import NotANation
from idp.oidc.registration import RegistrationError
from idp.oidc.secrets import new_secret
from idp.ports import Ports
from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.errors import StorageError
from idp.storage.sql import SqlStorage
from idp.terminal import CONFIGURATION, DONE, INTERNAL, REFUSED, USAGE, Failed, Parser, show, show_one

BY = "command line"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except Failed as failed:
        print(f"idp: {failed}", file=sys.stderr)
        return failed.code
    except (StorageError, OSError) as error:
        print(f"idp: {error}. Is the database there? Start the demonstration once: make demo", file=sys.stderr)
        return INTERNAL
    except BrokenPipeError:
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m idp", description="The state's side of the reference, from the command line.")
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=Parser, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], about: str, to: Any = verbs) -> Any:
        made = to.add_parser(name, help=about, description=about)
        made.add_argument(
            "--data", type=Path, help="folder of a demonstration (default: the environment, else instance)"
        )
        made.add_argument("--json", action="store_true", help="one JSON value instead of columns")
        made.set_defaults(run=run)
        return made

    shown = command("demo", _demo, "build a small nation where there is none, and serve its three roles")
    for name, port in (("idp", 5000), ("wallet", 5001), ("verifier", 5002)):
        shown.add_argument(f"--{name}-port", type=int, default=port, metavar="PORT", help=f"default {port}")
    shown.add_argument("--tls", action="store_true", help="serve over https, with certificates of the nation's own")
    shown.add_argument("--reset", action="store_true", help="make the nation anew; what was in it is gone")
    shown.add_argument("--ready-file", type=Path, help="write this file when everything answers")
    people = command("people", _people, "list people of the population register")
    people.add_argument("--find", default="", metavar="TEXT", help="part of a name or number")
    people.add_argument("--limit", type=int, default=20, help="rows at most (default 20)")
    _registers(verbs, command)
    client = verbs.add_parser("client", help="register the applications that may ask citizens to sign in")
    kinds = client.add_subparsers(dest="action", required=True, parser_class=Parser, metavar="ACTION")
    clients.arguments(command("add", _add_client, "register an application; its secret is shown this once", kinds))
    command("list", _list_clients, "list the registered applications", kinds)
    offered = command("offer", _offer, "offer a document to a person's wallet")
    offered.add_argument("person", metavar="PID", help="12 digits")
    offered.add_argument("kind", metavar="TYPE", choices=sorted(CATALOGUE), help=", ".join(sorted(CATALOGUE)))
    command("migrate", _migrate, "bring the database to the version of this code")
    journal = command("journal", _journal, "show what happened, newest first")
    journal.add_argument("--kind", help="only this kind of event")
    journal.add_argument("--limit", type=int, default=20, help="rows at most (default 20)")
    return parser


def _registers(verbs: Any, command: Callable[..., Any]) -> None:
    """What an authority does to documents and people, one word more each."""
    document = verbs.add_parser("document", help="list, suspend, reinstate or revoke documents")
    kinds = document.add_subparsers(dest="action", required=True, parser_class=Parser, metavar="ACTION")
    listed = command("list", _list_documents, "list a person's documents", kinds)
    listed.add_argument("person", metavar="PID", help="12 digits")
    for name, about in (
        ("suspend", "take a document out of force for a time"),
        ("reinstate", "put a suspended document back in force"),
        ("revoke", "take a document out of force for good"),
    ):
        command(name, _change, about, kinds).add_argument("document", metavar="DOCUMENT_ID", help="see: document list")
    person = verbs.add_parser("person", help="lock or unlock a person's electronic identity")
    actions = person.add_subparsers(dest="action", required=True, parser_class=Parser, metavar="ACTION")
    for name, about in (
        ("lock", "end their sessions and mark all their documents as locked"),
        ("unlock", "let them sign in again and show their documents"),
    ):
        command(name, _lock, about, actions).add_argument("person", metavar="PID", help="12 digits")


def _demo(options: argparse.Namespace) -> int:
    data = options.data or Path("instance")
    ports = (options.idp_port, options.wallet_port, options.verifier_port)
    if not all(0 < port < 65536 for port in ports):
        raise Failed("a port is a number from 1 to 65535", USAGE)
    return demo.run(demo.Options(data, *ports, tls=options.tls, reset=options.reset, ready_file=options.ready_file))


def _people(options: argparse.Namespace) -> int:
    wanted, rows = options.find.casefold(), []
    with _reading(options) as ports:
        for person in ports.population.each():
            if wanted in person.name.casefold() or wanted in person.pid:
                rows.append({"pid": person.pid, "name": person.name, "born": person.birth_date, "note": _note(person)})
            if len(rows) == options.limit:
                break
    return show(rows, options, "Nobody is found. Try a shorter part of the name: python -m idp people --find TEXT")


def _list_documents(options: argparse.Namespace) -> int:
    with _reading(options) as ports:
        person = _person(ports, options.person)
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
    change = {"suspend": documents.suspend, "reinstate": documents.reinstate, "revoke": documents.revoke}
    with _writing(options) as ports:
        answer = change[options.action](ports, document_id=options.document, by=BY, now=int(time.time()))
    if not isinstance(answer, Changed):
        raise Failed(f"{answer.text.en} See: python -m idp document list PID", REFUSED)
    return show([{"id": answer.document_id, "state": answer.state.value, "credentials": answer.credentials}], options)


def _lock(options: argparse.Namespace) -> int:
    locked = options.action == "lock"
    with _writing(options) as ports:
        person = _person(ports, options.person)
        answer = documents.set_lock(ports, person_id=person.person_id, locked=locked, by=BY, now=int(time.time()))
    if isinstance(answer, Refusal):
        raise Failed(answer.text.en, REFUSED)
    state = "locked" if locked else "not locked"
    return show([{"pid": person.pid, "name": person.name, "state": state, "credentials": answer}], options)


def _offer(options: argparse.Namespace) -> int:
    with _writing(options) as ports:
        account = ports.accounts.by_person(_person(ports, options.person).person_id)
        if account is None:
            raise Failed("this person has no account; choose one of the personas: see personas.json", REFUSED)
        made = offer.create(ports, account_id=account.account_id, kind=options.kind, now=int(time.time()))
    if isinstance(made, Refusal):
        raise Failed(made.text.en, REFUSED)
    link = offer.wallet_link(_config(options).issuer, made.offer_id)
    row = {"link": link, "transaction code": made.tx_code, "until": _time(made.expires)}
    return show([row], options)


def _add_client(options: argparse.Namespace) -> int:
    simulation, asked = _config(options).simulation, clients.metadata(options)
    try:
        added, secret = clients.new(asked, secret=new_secret, entitled_to_pid=options.pid, simulation=simulation)
    except RegistrationError as error:
        raise Failed(f"{clients.reason(error)} See: python -m idp client add --help", REFUSED) from error
    with _writing(options) as ports:
        ports.clients.add(added)
        ports.journal.append(Event(int(time.time()), "client_added", client_id=added.client_id))
    if not options.json and secret:
        print("This secret is shown once and never again: only its hash is kept.", file=sys.stderr)
    return show_one(clients.row(added) | {"client_secret": secret or "–"}, options)


def _list_clients(options: argparse.Namespace) -> int:
    with _reading(options) as ports:
        rows = [clients.row(client) for client in ports.clients.all()]
    return show(rows, options, "No application is registered. Add one: python -m idp client add --help")


def _migrate(options: argparse.Namespace) -> int:
    engine = open_engine(_config(options).database_url)
    try:
        before = migrations.current(engine)
        migrations.upgrade(engine)
        return show([{"before": before or "empty", "now": migrations.current(engine)}], options)
    finally:
        engine.dispose()


def _journal(options: argparse.Namespace) -> int:
    with _reading(options) as ports:
        events = ports.journal.read(kind=options.kind, limit=options.limit)
    if options.json:
        print(json.dumps([asdict(event) for event in events], ensure_ascii=False))
        return DONE
    rows = [
        {
            "at": _time(event.at),
            "kind": event.kind,
            "account": event.account_id or "–",
            "client": event.client_id or "–",
            "details": " ".join(f"{name}={value}" for name, value in event.details.items()),
        }
        for event in events
    ]
    return show(rows, options, "Nothing has happened yet. Start with: make demo")


# --- where, and how it is shown ---------------------------------------------------------------------------------------


def _config(options: argparse.Namespace) -> Config:
    """`--data` names a demonstration; else the provider's own settings; else the demonstration in `instance`."""
    if options.data is None:
        try:
            return config.from_environment()
        except UnsafeConfiguration:
            pass  # no settings: look for the demonstration
    folder = options.data or Path("instance")
    try:
        here = nation.open_nation(folder)
    except NotANation as error:
        raise Failed(str(error), CONFIGURATION) from error
    if here is None:
        raise Failed(f"there is no nation in {folder}; make one with: make demo, or name it by --data", CONFIGURATION)
    settings = {"IDP_ISSUER": here.issuer, "IDP_DATA": str(here.idp), "IDP_SIMULATION": "1"}
    return config.from_environment({**settings, "IDP_DATABASE_URL": config.database_url(here.idp)})


@contextmanager
def _open(options: argparse.Namespace) -> Iterator[SqlStorage]:
    engine = open_engine(_config(options).database_url)
    try:
        if migrations.current(engine) != migrations.newest():
            raise Failed("the database is of another version; run: python -m idp migrate", CONFIGURATION)
        yield SqlStorage(engine)
    finally:
        engine.dispose()


@contextmanager
def _reading(options: argparse.Namespace) -> Iterator[Ports]:
    with _open(options) as storage, storage.reading() as ports:
        yield ports


@contextmanager
def _writing(options: argparse.Namespace) -> Iterator[Ports]:
    with _open(options) as storage, storage.transaction() as ports:
        yield ports


def _person(ports: Ports, pid: str) -> Person:
    if re.fullmatch(r"[0-9]{12}", pid) is None:
        raise Failed("a personal identification number has 12 digits. Find people with: python -m idp people", USAGE)
    person = ports.population.by_pid(pid)
    if person is None:
        raise Failed("nobody has this number. Find people with: python -m idp people --find TEXT", REFUSED)
    return person


def _note(person: Person) -> str:
    notes = (
        ("deceased", person.deceased_on is not None),
        ("locked", person.locked),
        ("foreigner", person.nationality != "VN"),
    )
    return ", ".join(word for word, holds in notes if holds) or "–"


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, VIETNAM).strftime("%d/%m/%Y %H:%M:%S")


if __name__ == "__main__":
    raise SystemExit(main())
