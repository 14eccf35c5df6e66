"""`account show`, and what an officer does for a person at the counter: `level`, `recover`, `unlock`."""

import argparse
import base64
import secrets
import sys
import time
from collections import Counter

from certs.encoding import safe_text
from certs.errors import Malformed
from idp.accounts import phones, proofing
from idp.accounts.proofing import Refused
from idp.commands.opening import BY, find_person, reading, settings, writing
from idp.commands.terminal import REFUSED, USAGE, Failed, Words, command, group, moment, show_one
from idp.login.password import hash_password
from idp.login.standing import obstacle
from idp.storage.errors import Conflict

MAX_OFFICER = 64
PASSWORD_BYTES = 15  # 24 letters and digits, in groups of six


def add(words: Words) -> None:
    actions = group(words, "account", "show an account; raise, recover or unlock it at the counter")
    shown = command(actions, "show", _show, "show level, state and ways to sign in; no secrets")
    level = command(
        actions, "level", _level, "raise to level 2, after card, data and biometrics were checked in person"
    )
    recover = command(actions, "recover", _recover, "give a new one-time password, and end all sessions and access")
    unlock = command(actions, "unlock", _unlock, "forget the counted tries: everything may be tried again at once")
    for action in (shown, level, recover, unlock):
        action.add_argument("person", metavar="PID", help="12 digits")
    level.add_argument("level", type=int, choices=(proofing.SECOND,), metavar="2", help="the level in person")
    for action in (level, recover):
        action.add_argument(
            "--officer", required=True, metavar="NAME", help="who checked the person; kept in the journal"
        )
    told = "the telephone that the person names as theirs"
    level.add_argument("--phone", required=True, metavar="NUMBER", help=f"{told}; it must be the account's")
    recover.add_argument(
        "--phone", metavar="NUMBER", help=f"{told}, if it is not the account's: all other ways are removed"
    )
    recover.add_argument(
        "--remove-factors", action="store_true", help="passkeys, devices, apps and codes are lost too: remove them"
    )


def _show(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        person, now = find_person(ports, options.person), int(time.time())
        account = ports.accounts.by_person(person.person_id)
        if account is None:
            raise Failed(proofing.NO_ACCOUNT.text, REFUSED)
        ground = obstacle(ports, account, now=now)
        held = Counter(one.kind.value for one in ports.authenticators.of_account(account.account_id))
        row = {
            "pid": person.pid,
            "name": person.name,
            "level": account.level,
            "state": "usable" if ground is None else ground.value,
            "registered": moment(account.created_at) if account.created_at else "–",
            "phone": phones.mask(account.phone),
            "ways to sign in": ", ".join(f"{kind} {count}" for kind, count in {"password": 1, **held}.items()),
            "sessions": len(ports.sessions.of_account(account.account_id, now=now)),
        }
    return show_one(row, options)


def _level(options: argparse.Namespace) -> int:
    officer, phone, simulation = _officer(options), _phone(options.phone), settings(options).simulation
    with writing(options) as ports:
        person = find_person(ports, options.person)
        answer = proofing.raise_level(
            ports, person, phone=phone, officer=officer, now=int(time.time()), simulation=simulation
        )
    if isinstance(answer, Refused):
        raise Failed(answer.text, REFUSED)
    return show_one({"pid": person.pid, "name": person.name, "level": options.level, "officer": officer}, options)


def _recover(options: argparse.Namespace) -> int:
    officer, simulation = _officer(options), settings(options).simulation
    password, phone = _one_time_password(), _phone(options.phone) if options.phone else None
    hashed = hash_password(password)  # before the transaction: nobody waits for a lock meanwhile
    try:
        with writing(options) as ports:
            person = find_person(ports, options.person)
            answer = proofing.recover(
                ports,
                person,
                hashed,
                officer=officer,
                remove_factors=options.remove_factors,
                phone=phone,
                now=int(time.time()),
                simulation=simulation,
            )
    except Conflict as error:
        raise Failed("this telephone is another account's", REFUSED) from error
    if isinstance(answer, Refused):
        raise Failed(answer.text, REFUSED)
    row = {
        "pid": person.pid,
        "name": person.name,
        "one-time password": password,
        "sessions ended": answer.sessions,
        "access ended": answer.grants,
        "ways removed": answer.factors,
    }
    shown = show_one(row, options)
    print(
        "The password is shown once. Hand it over in person; it is to be changed at the first sign-in, at /account/password.",
        file=sys.stderr,
    )
    return shown


def _unlock(options: argparse.Namespace) -> int:
    with writing(options) as ports:
        person = find_person(ports, options.person)
        answer = proofing.unlock(ports, person, by=BY, now=int(time.time()))
    if isinstance(answer, Refused):
        raise Failed(answer.text, REFUSED)
    return show_one({"pid": person.pid, "name": person.name, "counted tries": "forgotten"}, options)


def _officer(options: argparse.Namespace) -> str:
    try:
        name = safe_text(" ".join(options.officer.split()), limit=MAX_OFFICER)
    except Malformed:
        name = ""
    if not name:
        raise Failed(f"--officer takes a name of at most {MAX_OFFICER} characters", USAGE)
    return name


def _phone(typed: str) -> str:
    phone = phones.normalise(typed)
    if phone is None:
        raise Failed("--phone takes a mobile number, for example 0912345678", USAGE)
    return phone


def _one_time_password() -> str:
    letters = base64.b32encode(secrets.token_bytes(PASSWORD_BYTES)).decode().lower()
    return "-".join(letters[start : start + 6] for start in range(0, len(letters), 6))
