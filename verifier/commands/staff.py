"""`staff`: who works at the counter. Nothing here needs a network, and no password stands on a command line.

python -m verifier staff add NAME --title PERSON --role ROLE [--role ROLE] [--ask]     exit 0 done, 1 refused
python -m verifier staff list
python -m verifier staff role NAME --role ROLE [--role ROLE]
python -m verifier staff password NAME [--ask]
python -m verifier staff disable NAME | enable NAME

A counter that runs takes each change at its next request.
"""

import argparse
import getpass
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from verifier import config
from verifier.commands.terminal import DONE, UsageError, Words, command, dump, group
from verifier.facts import HANOI
from verifier.staff import change, password
from verifier.staff.file import StaffFile, read
from verifier.staff.model import ROLE_NAMES, Account, Role, StaffError
from verifier.staff.password import PasswordRefused

REFUSED = 1


def add(words: Words) -> None:
    actions = group(words, "staff", "who works at the counter: accounts, roles, passwords")
    made = command(actions, "add", _refusing(_add), "make an account")
    made.add_argument("--title", required=True, metavar="PERSON", help="the person's name, as the counter shows it")
    listed = command(actions, "list", _refusing(_list), "who has an account")
    role = command(actions, "role", _refusing(_role), "say what someone may do; counts at once")
    new = command(actions, "password", _refusing(_password), "give a new password, and end all sessions")
    off = command(actions, "disable", _refusing(_disable), "shut an account, and end its sessions")
    on = command(actions, "enable", _refusing(_enable), "open it again")
    for each in (made, role, new, off, on):
        each.add_argument("name", metavar="NAME", help="small letters, digits, '.', '-', '_'")
    for each in (made, role):
        each.add_argument("--role", dest="roles", action="append", required=True, choices=list(Role), metavar="ROLE")
    for each in (made, new):
        each.add_argument(
            "--ask", action="store_true", help="type the password here, twice; else a one-time one is made"
        )
    for each in (made, listed, role, new, off, on):
        each.add_argument(
            "--staff", type=Path, metavar="FILE", help="default: VERIFIER_STAFF, or beside the counter's data"
        )


def _refusing(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    def tried(options: argparse.Namespace) -> int:
        try:
            return run(options)
        except StaffError as error:
            print(f"verifier: {error}", file=sys.stderr)
            return REFUSED

    return tried


def _add(options: argparse.Namespace) -> int:
    now = int(time.time())
    wanted = change.added(options.name, options.title, options.roles, "", must_change=not options.ask, now=now)
    if _there(options):  # before a password is asked for
        wanted(read(_path(options)))
    secret = _new_password(options, options.name, options.title)
    rule = change.added(
        options.name,
        options.title,
        options.roles,
        password.hashed(secret),
        must_change=not options.ask,
        now=now,
    )
    return _told(options, StaffFile(_path(options)).change(rule), secret)


def _list(options: argparse.Namespace) -> int:
    accounts = read(_path(options)).values() if _there(options) else ()
    if options.json:
        print(dump([_row(each) for each in accounts]))
    elif not accounts:
        print("Nobody has an account. Make one: python -m verifier staff add NAME --title PERSON --role teller")
    for each in accounts if not options.json else ():
        roles = ", ".join(ROLE_NAMES[role].of(options.lang) for role in sorted(each.roles))
        print(f"{each.name:<20} {_state(each):<20} {roles:<28} {each.title}")
    return DONE


def _role(options: argparse.Namespace) -> int:
    return _told(options, StaffFile(_path(options)).change(change.given_roles(options.name, options.roles)))


def _password(options: argparse.Namespace) -> int:
    account = read(_path(options)).get(options.name)
    if account is None:
        raise StaffError(f"there is no {options.name}; see: staff list")
    secret = _new_password(options, account.name, account.title)
    rule = change.given_password(account.name, password.hashed(secret), must_change=not options.ask)
    return _told(options, StaffFile(_path(options)).change(rule), secret)


def _disable(options: argparse.Namespace) -> int:
    return _told(options, StaffFile(_path(options)).change(change.disabled(options.name, off=True)))


def _enable(options: argparse.Namespace) -> int:
    return _told(options, StaffFile(_path(options)).change(change.disabled(options.name, off=False)))


def _path(options: argparse.Namespace) -> Path:
    return options.staff or config.staff_file()


def _there(options: argparse.Namespace) -> bool:
    return _path(options).exists()


def _new_password(options: argparse.Namespace, *names: str) -> str:
    """Typed by its owner, never echoed; or made here, for one use."""
    if not options.ask:
        return password.one_time()
    if not sys.stdin.isatty():
        raise UsageError("--ask: there is no terminal to ask on; leave it out, and a one-time password is made")
    typed = getpass.getpass("Password: ")
    try:
        password.check_new(typed, *names)
    except PasswordRefused as refused:
        raise StaffError(refused.text.of(options.lang)) from refused
    if getpass.getpass("Once more: ") != typed:
        raise StaffError("the two are not the same; nothing was changed")
    return typed


def _told(options: argparse.Namespace, account: Account, secret: str | None = None) -> int:
    shown = secret if secret is not None and not options.ask else None
    if options.json:
        print(dump({**_row(account), **({"one_time_password": shown} if shown else {})}))
        return DONE
    print(f"{account.name}: {_state(account)}; {', '.join(sorted(account.roles))}; {_path(options)}")
    if shown:
        print(f"one-time password: {shown}")
        print("It is shown once. Hand it over in person; it is to be changed at the first sign-in.", file=sys.stderr)
    return DONE


def _row(account: Account) -> dict[str, object]:
    """Never the hash."""
    return {
        "name": account.name,
        "title": account.title,
        "roles": sorted(account.roles),
        "state": _state(account),
        "created": datetime.fromtimestamp(account.created, UTC).astimezone(HANOI).isoformat(),
    }


def _state(account: Account) -> str:
    if account.disabled:
        return "disabled"
    return "password to change" if account.must_change else "active"
