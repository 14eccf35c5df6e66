"""The developer inbox: the short messages of a simulation, which no network carries. Elsewhere this page does not exist."""

from dataclasses import dataclass
from datetime import datetime

import flask

from certs.catalogue import Text
from idp.accounts import phones
from idp.issuance.entitlement import VIETNAM
from idp.model import Message
from idp.web.context import Web

MOST = 50
MAX_TYPED = 32


@dataclass(frozen=True, slots=True)
class Shown:
    phone: str
    at: str
    text: Text


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("messages", __name__)
    if web.config.simulation:
        routes.add_url_rule("/simulation/messages", "page", lambda: _page(web), methods=["GET"])
    return routes


def _page(web: Web) -> flask.typing.ResponseReturnValue:
    typed = flask.request.args.get("phone", "").strip()[:MAX_TYPED]
    phone = phones.normalise(typed) if typed else None
    wrong = bool(typed) and phone is None
    with web.storage.reading() as ports:
        found = () if wrong else ports.messages.recent(now=web.clock(), phone=phone, limit=MOST)
    html = flask.render_template(
        "messages.html", messages=[_shown(each) for each in found], phone=typed, wrong=wrong, most=MOST
    )
    return html, 422 if wrong else 200


def _shown(message: Message) -> Shown:
    at = datetime.fromtimestamp(message.sent_at, VIETNAM).strftime("%d/%m/%Y %H:%M:%S")
    return Shown(phones.national(message.phone), at, message.text)
