"""The pages of the register of clients: the list, one of them whole, a new secret, the removal.

Spec: RFC 7591 §2, §3.2.1 (a secret is told once); RFC 7592 §2.3
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import flask
from werkzeug.exceptions import BadRequest

from idp.model import CLIENT_EVENTS, Client, ClientQuestion, Recorded
from idp.oidc.clients import client_changes, client_secrets
from idp.oidc.clients.client_changes import WITH_SECRET, Desk
from idp.oidc.clients.client_secrets import Secret
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.context import Context
from idp.oidc.profiles import PROFILES
from idp.ports import Ports
from idp.web import admin_list, security
from idp.web.admin import ROOT, in_charge, officer
from idp.web.consents import parts
from idp.web.context import Web
from idp.web.exchange import form, received, see_other
from idp.web.moments import minute

HOME = f"{ROOT}/clients"
CHANGES = 10  # that the page of one shows
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Done:
    """A line of what was done to a client: when, what, which members, and by whom."""

    at: str
    kind: str
    members: tuple[str, ...]
    by: str


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("admin_clients", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        officer(HOME)
        wanted = admin_list.asked(received().query, web.seal_key)
        with web.storage.reading() as ports:
            rows, following = admin_list.page(ports, wanted)
        return flask.render_template(
            "admin_clients.html",
            rows=rows,
            following=following,
            asked=wanted,
            profiles=[(name, name) for name in PROFILES],
        )

    @routes.get("/<client_id>")
    def one(client_id: str) -> str:
        officer(HOME)
        with web.storage.reading() as ports:
            client = kept(ports, client_id)
            told = ports.journal.of_client(client_id, limit=CHANGES)
            people = ports.consents.count(client_id)
        return flask.render_template(
            "admin_client.html",
            client=client,
            has_secret=client.token_endpoint_auth_method in WITH_SECRET,
            parts=parts(client.scopes),
            metadata=[(name, _written(value)) for name, value in client_changes.metadata_of(client).items()],
            done=[_done(each) for each in told],
            people=people,
        )

    _secret(web, routes)
    _removal(web, routes)
    return routes


def _secret(web: Web, routes: flask.Blueprint) -> None:
    @routes.get("/<client_id>/secret")
    def secret(client_id: str) -> str:
        officer(HOME)
        with web.storage.reading() as ports:
            client = kept(ports, client_id)
        if client.token_endpoint_auth_method not in WITH_SECRET:
            flask.abort(404)
        return flask.render_template("admin_client_secret.html", client=client, secret=None, once=web.oidc.new_secret())

    @routes.post("/<client_id>/secret")
    def renew(client_id: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        signed_in = officer(HOME)
        try:
            with web.storage.transaction() as ports:
                desk = desk_of(web, in_charge(ports, signed_in))
                if not first_time(web, ports):
                    return see_other(flask.url_for("admin_clients.one", client_id=client_id))
                renewed = client_changes.renew_secret(ports, _id(client_id), _drawn(web), desk)
        except RegistrationError:
            renewed = None
        if renewed is None:
            flask.abort(404)
        client, own = renewed
        return flask.render_template("admin_client_secret.html", client=client, secret=own, once=None)


def _removal(web: Web, routes: flask.Blueprint) -> None:
    @routes.get("/<client_id>/remove")
    def removal(client_id: str) -> str:
        officer(HOME)
        with web.storage.reading() as ports:
            client, people = kept(ports, client_id), ports.consents.count(client_id)
        return flask.render_template("admin_client_remove.html", client=client, people=people)

    @routes.post("/<client_id>/remove")
    def remove(client_id: str) -> flask.Response:
        security.check_form()
        signed_in = officer(HOME)
        with web.storage.transaction() as ports:
            if not client_changes.remove(ports, _id(client_id), desk_of(web, in_charge(ports, signed_in))):
                flask.abort(404)
        return see_other(HOME)


def _drawn(web: Web) -> Callable[[Client], Secret]:
    return lambda client: client_secrets.drawn(client.token_endpoint_auth_method, client.client_id, web.oidc)


def kept(ports: Ports, client_id: str) -> Client:
    """As storage has it now: who has just changed it sees the change, whatever process answers."""
    found = ports.clients.listed(ClientQuestion(client_id=_id(client_id)), limit=1)
    if not found:
        flask.abort(404)
    return found[0]


def desk_of(web: Web, by: dict[str, str], context: Context | None = None) -> Desk:
    """`context`: what was fetched for this request."""
    fetched = context.fetched if context is not None else {}
    return Desk(by=by, now=web.clock(), simulation=web.config.simulation, fetched=fetched)


def first_time(web: Web, ports: Ports) -> bool:
    """A page with a secret is the answer to a form: who loads it again must not make another one."""
    once = form().get("once")
    if once is None or len(once) > 64:
        raise BadRequest("no form of ours")
    return ports.ephemeral.once("admin_form", once, expires=web.clock() + DAY)


def _id(client_id: str) -> str:
    if not client_id.isprintable():
        flask.abort(404)
    return client_id


def _written(value: object) -> str:
    """A member as JSON, but for words, and words one below the other."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


def _done(one: Recorded) -> Done:
    event = one.event
    by = event.details.get("officer") or event.details.get("by") or "–"
    members = event.details.get("members") or ()
    return Done(minute(event.at), event.kind if event.kind in CLIENT_EVENTS else "", tuple(map(str, members)), str(by))
