"""`staff grant`, `staff list`, `staff withdraw`: which members of the state's staff may administer what."""

import argparse
import re
import time

from idp.accounts import staff
from idp.accounts.proofing import NO_ACCOUNT, Refused
from idp.commands.opening import BY, find_person, reading, writing
from idp.commands.terminal import REFUSED, Failed, Words, command, group, moment, show, show_one
from idp.model import Account, Role
from idp.ports import Ports

_PID = re.compile(r"[0-9]{12}", re.ASCII)


def add(words: Words) -> None:
    actions = group(words, "staff", "say who of the state's staff may administer what, with their own account")
    granted = command(actions, "grant", _grant, "give a role")
    command(actions, "list", _list, "list who holds which role")
    withdrawn = command(actions, "withdraw", _withdraw, "take a role back; it counts at once")
    for each in (granted, withdrawn):
        each.add_argument("who", metavar="PID-OR-ACCOUNT", help="12 digits, or the id of an account")
        each.add_argument("role", choices=[role.value for role in Role], metavar="ROLE", help=", ".join(Role))


def _grant(options: argparse.Namespace) -> int:
    now = int(time.time())
    with writing(options) as ports:
        account = _account(ports, options.who)
        answer = staff.grant(ports, account, Role(options.role), by=BY, now=now)
    if isinstance(answer, Refused):
        raise Failed(answer.text, REFUSED)
    return show_one(_row(answer.account_id, answer.role, answer.since, answer.granted_by), options)


def _list(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        rows = [_row(one.account_id, one.role, one.since, one.granted_by) for one in ports.staff.all()]
    return show(rows, options, "Nobody has a role. Give one: python -m idp staff grant PID clients")


def _withdraw(options: argparse.Namespace) -> int:
    now = int(time.time())
    with writing(options) as ports:
        account = _account(ports, options.who)
        answer = staff.withdraw(ports, account.account_id, Role(options.role), by=BY, now=now)
    if isinstance(answer, Refused):
        raise Failed(answer.text, REFUSED)
    return show_one({"account": account.account_id, "role": options.role, "withdrawn": moment(now)}, options)


def _account(ports: Ports, who: str) -> Account:
    if _PID.fullmatch(who):
        found = ports.accounts.by_person(find_person(ports, who).person_id)
    else:
        found = ports.accounts.get(who)
    if found is None:
        raise Failed(NO_ACCOUNT.text, REFUSED)
    return found


def _row(account_id: str, role: Role, since: int, by: str) -> dict[str, object]:
    return {"account": account_id, "role": role.value, "since": moment(since), "by": by}
