"""`client token`, `tokens`, `recall`: initial access tokens, by which applications register themselves.

Spec: RFC 7591 §3 (initial access token); the token is told once, and kept as its hash
"""

import argparse
import sys
import time

from idp.commands.opening import BY, reading, settings, writing
from idp.commands.terminal import REFUSED, USAGE, Failed, Words, command, moment, show, show_one
from idp.model import Event, InitialToken
from idp.oidc.context import Admits
from idp.oidc.profiles import PROFILES
from idp.oidc.scopes import OPENID, SCOPES
from idp.oidc.secrets import new_secret, token_hash

DAY = 86_400
MOST_USES, MOST_DAYS = 1_000, 90
SHOWN = 12  # characters of the hash, by which one is named


def add(actions: Words) -> None:
    token = command(actions, "token", _token, "let applications register themselves: a token, shown this once")
    token.add_argument("name", metavar="NAME", help="whom it is for, as the journal will say")
    token.add_argument("--profile", choices=sorted(PROFILES), default="agency", help="as what (default: agency)")
    token.add_argument(
        "--scope",
        action="append",
        default=[],
        metavar="SCOPE",
        help=f"the most they may ask for, of: {' '.join(SCOPES)}",
    )
    token.add_argument("--uses", type=int, default=1, metavar="N", help="how many applications (default: 1)")
    token.add_argument("--days", type=int, default=7, metavar="N", help="until when (default: 7 days)")
    token.add_argument("--pid", action="store_true", help="they are entitled to the personal identification number")
    command(actions, "tokens", _tokens, "list the tokens that can still be used")
    recall = command(actions, "recall", _recall, "end such a token; what was registered by it stays")
    recall.add_argument("token", metavar="ID", help="see: client tokens")


def _token(options: argparse.Namespace) -> int:
    scopes = tuple(dict.fromkeys((OPENID, *" ".join(options.scope).split())))
    if not set(scopes) <= set(SCOPES):
        raise Failed(f"--scope is of: {' '.join(SCOPES)}", USAGE)
    if not 1 <= options.uses <= MOST_USES or not 1 <= options.days <= MOST_DAYS:
        raise Failed(f"--uses is 1 to {MOST_USES}, --days 1 to {MOST_DAYS}", USAGE)
    if options.pid and not PROFILES[options.profile].entitlement:
        raise Failed(f"--pid is not for {options.profile}: its clients are not told the personal number", USAGE)
    if settings(options).registration is Admits.NOBODY:
        raise Failed("applications cannot register themselves here: IDP_REGISTRATION is off", REFUSED)
    now, secret = int(time.time()), new_secret()
    made = InitialToken(
        token_hash(secret),
        options.name,
        options.profile,
        scopes,
        entitled_to_pid=options.pid,
        uses=options.uses,
        expires=now + options.days * DAY,
    )
    with writing(options) as ports:
        ports.registrations.offer(made)
        ports.journal.append(Event(now, "initial_token_made", details={"for": made.name, "uses": made.uses, "by": BY}))
    if not options.json:
        print("This token is shown once and never again: only its hash is kept.", file=sys.stderr)
    return show_one(_row(made) | {"initial_access_token": secret}, options)


def _tokens(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        rows = [_row(token) for token in ports.registrations.offers(now=int(time.time()))]
    return show(rows, options, "No token can be used. Make one: python -m idp client token --help")


def _recall(options: argparse.Namespace) -> int:
    now = int(time.time())
    with writing(options) as ports:
        found = [one for one in ports.registrations.offers(now=now) if one.token_hash[:SHOWN] == options.token]
        for one in found:
            ports.registrations.recall(one.token_hash)
            ports.journal.append(Event(now, "initial_token_recalled", details={"for": one.name, "by": BY}))
    if not found:
        raise Failed("no token has this id; see: python -m idp client tokens", REFUSED)
    return show_one({"recalled": options.token}, options)


def _row(token: InitialToken) -> dict[str, object]:
    return {
        "id": token.token_hash[:SHOWN],
        "for": token.name,
        "profile": token.profile,
        "scope": " ".join(token.scopes),
        "pid": "yes" if token.entitled_to_pid else "no",
        "uses left": token.uses,
        "until": moment(token.expires),
    }
