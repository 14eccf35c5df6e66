"""`client add`, `list`, `show`, `update`, `secret`, `remove`: applications that the state's staff registers.

Spec: RFC 7591 §2, §3.2.1 (the secret is told once); RFC 7592 §2.2, §2.3; RFC 8252 §8.4 (native applications are public)
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TypeVar

from certs.fetch import Fetcher
from idp.commands import client_options, client_tokens
from idp.commands.opening import BY, reading, settings, writing
from idp.commands.terminal import REFUSED, USAGE, Failed, Words, command, group, moment, show, show_one
from idp.model import Client
from idp.oidc.clients import client_changes, token_metadata
from idp.oidc.clients.client_changes import Change, Desk
from idp.oidc.clients.client_secrets import HASHED, Secret
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.clients.remote import Needed, Remote
from idp.oidc.errors import OAuthError
from idp.oidc.profiles import PUBLIC
from idp.oidc.secrets import new_secret, token_hash
from idp.ports import Ports

T = TypeVar("T")

PURPOSE = "Đăng nhập"
DEFAULT_PROFILE = "agency"
_ADDRESSES = (
    "This redirect URI cannot be registered: https with a host and no fragment; in a simulation also "
    "http://localhost:PORT/… ; with --native also http://127.0.0.1/… or com.example.app:/… ."
)
_UNKNOWN = "no application has this id; see: python -m idp client list"
_ONCE = "This secret is shown once and never again: only its hash is kept."


def add(words: Words) -> None:
    actions = group(words, "client", "register and administer the applications that may ask citizens to sign in")
    new = command(actions, "add", _add, "register an application; its secret is shown this once")
    new.add_argument("name", metavar="NAME", help="as citizens read it when they are asked for their consent")
    client_options.describe(new)
    command(actions, "list", _list, "list the registered applications")
    shown = command(actions, "show", _show, "show all that is registered of one, and what was changed last")
    update = command(actions, "update", _update, "change what is named; the rest stays as it is")
    update.add_argument("--name", metavar="TEXT", help="as citizens read it, in Vietnamese")
    client_options.describe(update)
    update.add_argument(
        "--without", action="append", default=[], metavar="MEMBER", help="leave this member out; repeatable"
    )
    secret = command(actions, "secret", _secret, "give a new secret, shown this once; the old one ends")
    remove = command(actions, "remove", _remove, "remove one for good, with all that it was allowed")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    for each in (shown, update, secret, remove):
        each.add_argument("client", metavar="ID", help="see: client list")
    client_tokens.add(actions)


def _add(options: argparse.Namespace) -> int:
    members = client_options.complete(client_options.named(options), purpose=PURPOSE) | {"client_name": options.name}
    if not members["redirect_uris"] and token_metadata.has_browsers(members):
        raise Failed("A --redirect-uri is needed. See: python -m idp client add --help", USAGE)
    try:
        added, secret = client_changes.new(
            members,
            profile=options.profile or DEFAULT_PROFILE,
            entitled_to_pid=bool(options.pid),
            secret=new_secret,
            simulation=settings(options).simulation,
        )
        _writing(options, lambda ports, desk: client_changes.add(ports, added, desk))
    except RegistrationError as error:
        raise Failed(f"{_reason(error)} See: python -m idp client add --help", REFUSED) from error
    if not options.json and secret:
        print(_ONCE, file=sys.stderr)
    return show_one(_row(added) | {"client_secret": secret or "–"}, options)


def _list(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        rows = [_row(client) for client in ports.clients.all()]
    return show(rows, options, "No application is registered. Add one: python -m idp client add --help")


def _show(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        client = ports.clients.get(options.client)
        if client is None:
            raise Failed(_UNKNOWN, REFUSED)
        last = ports.journal.of_client(client.client_id, limit=1)
        people = ports.consents.count(client.client_id)
    members = client_changes.metadata_of(client)
    row = {
        "client_id": client.client_id,
        **(members if options.json else {name: _written(value) for name, value in members.items()}),
        "profile": client.profile,
        "entitled_to_pid": client.entitled_to_pid if options.json else "yes" if client.entitled_to_pid else "no",
        "people who allowed it": people,
        "last change": moment(last[0].event.at) if last else "–",
    }
    return show_one(row, options)


def _update(options: argparse.Namespace) -> int:
    members = client_options.named(options) | ({"client_name": options.name} if options.name is not None else {})
    wanted = Change(members=members, without=options.without, profile=options.profile, entitled_to_pid=options.pid)
    if not (members or options.without or options.profile is not None or options.pid is not None):
        raise Failed("name what to change. See: python -m idp client update --help", USAGE)
    try:
        done = _writing(options, lambda ports, desk: client_changes.change(ports, options.client, wanted, desk))
    except RegistrationError as error:
        raise Failed(f"{_reason(error)} Nothing was changed. See: python -m idp client show ID", REFUSED) from error
    if done is None:
        raise Failed(_UNKNOWN, REFUSED)
    client, names = done
    return show_one(_row(client) | {"changed": " ".join(names) or "nothing: it was so already"}, options)


def _secret(options: argparse.Namespace) -> int:
    try:
        with writing(options) as ports:
            renewed = client_changes.renew_secret(ports, options.client, _drawn, _desk(options))
    except RegistrationError as error:
        raise Failed(f"{error.text}; see: python -m idp client show ID", REFUSED) from error
    if renewed is None:
        raise Failed(_UNKNOWN, REFUSED)
    client, own = renewed
    if not options.json:
        print(f"{_ONCE} The old one stops working within five seconds.", file=sys.stderr)
    return show_one({"client_id": client.client_id, "name": client.name.vi, "client_secret": own}, options)


def _drawn(client: Client) -> Secret:
    """One that is kept as a hash. One that is a key is sealed by the running provider: see its page of administration."""
    if client.token_endpoint_auth_method not in HASHED:
        return Secret()
    own = new_secret()
    return Secret(told=own, hash=token_hash(own))


def _remove(options: argparse.Namespace) -> int:
    with reading(options) as ports:
        client = ports.clients.get(options.client)
        if client is None:
            raise Failed(_UNKNOWN, REFUSED)
        people = ports.consents.count(client.client_id)
    if not options.yes:
        _confirm(client, people)
    with writing(options) as ports:
        if not client_changes.remove(ports, client.client_id, _desk(options)):
            raise Failed(_UNKNOWN, REFUSED)
    return show_one({"client_id": client.client_id, "name": client.name.vi, "consents ended": people}, options)


def _confirm(client: Client, people: int) -> None:
    print(
        f"{client.name.vi} ({client.client_id}) is removed for good. At once there end:\n"
        "  - signing in to it through us\n"
        f"  - the consent of {people} {'person' if people == 1 else 'people'}\n"
        "  - every access that it was given\n"
        "  - the messages to it that people signed out",
        file=sys.stderr,
    )
    print("Remove it? Type yes: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise Failed("nothing was removed. Without a question: --yes", REFUSED)


def _writing(options: argparse.Namespace, do: Callable[[Ports, Desk], T]) -> T:
    """In one transaction; where that needs what stands at an address, it is fetched, and done anew."""
    desk = _desk(options)
    try:
        with writing(options) as ports:
            return do(ports, desk)
    except Needed as needed:
        url, config = needed.url, settings(options)
    with closing(Fetcher(simulation=config.simulation, ca_bundle=config.ca_bundle)) as web:
        found = Remote(web, time.monotonic).read(url)
    with writing(options) as ports:
        return do(ports, replace(desk, fetched={url: found}))


def _desk(options: argparse.Namespace) -> Desk:
    return Desk(by={"by": BY}, now=int(time.time()), simulation=settings(options).simulation)


def _reason(error: OAuthError) -> str:
    if error.code == "invalid_redirect_uri":
        return _ADDRESSES
    return f"This application cannot be registered: {error.text}."


def _row(client: Client) -> dict[str, object]:
    return {
        "client_id": client.client_id,
        "name": client.name.vi,
        "kind": f"{client.application_type}, {_kind(client)}",
        "scope": " ".join(client.scopes),
        "redirect_uris": " ".join(client.redirect_uris),
    }


def _kind(client: Client) -> str:
    method = client.token_endpoint_auth_method
    return "with a secret" if method.startswith("client_secret_") else "public" if method == PUBLIC else "with a key"


def _written(value: object) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
