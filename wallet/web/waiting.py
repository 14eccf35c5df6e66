"""Documents that an issuer has promised: ask whether one is here, or wait for it no longer.

Spec: OpenID4VCI 1.0 §9; the rules stand in `wallet.promises`. What shows it asks nothing by itself.

    GET  /waiting/<id>                         since when it is waited for, and from when it may be asked for
    POST /waiting/<id>/ask                     ask the issuer; on to the document, or back to its page
    GET, POST /waiting/<id>/forget             ask first, then wait no longer
"""

from dataclasses import dataclass

import flask

from certs.catalogue import CATALOGUE, DocumentType
from wallet import promises, words
from wallet.model import Document
from wallet.waiting import Waiting
from wallet.web import asking, frame
from wallet.web.rooms import rooms

pages = flask.Blueprint("waiting", __name__)


@dataclass(frozen=True, slots=True)
class Awaiting:
    """What is waited for, as people see it."""

    waiting: Waiting
    type: DocumentType
    asked: str
    again: str  # from when it may be asked for again
    due: bool


def awaiting() -> list[Awaiting]:
    now = rooms().clock()
    return [_shown(each, now=now) for each in promises.all_of(rooms().wallet, frame.owner())]


@pages.get("/waiting/<waiting_id>")
def show(waiting_id: str) -> flask.typing.ResponseReturnValue:
    return flask.render_template("waiting.html", each=_mine(waiting_id))


@pages.post("/waiting/<waiting_id>/ask")
def ask(waiting_id: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    at, owner, person = rooms(), frame.owner(), frame.signed_in().person
    promises.find(at.wallet, owner, waiting_id)
    now, before = at.clock(), at.wallet.documents(owner)
    trust = at.trust.current(now=now).trust
    found = promises.ask(at.wallet, owner, waiting_id, person=person, trust=trust, client=asking.client(), now=now)
    asking.give_back(before, at.wallet.documents(owner))
    if isinstance(found, Document):
        return flask.redirect(flask.url_for("documents.details", document_id=found.document_id), 303)
    return flask.redirect(flask.url_for("waiting.show", waiting_id=waiting_id), 303)


@pages.get("/waiting/<waiting_id>/forget")
def ask_forget(waiting_id: str) -> flask.typing.ResponseReturnValue:
    return flask.render_template("waiting_forget.html", awaited=_mine(waiting_id))


@pages.post("/waiting/<waiting_id>/forget")
def forget(waiting_id: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    promises.forget(rooms().wallet, frame.owner(), waiting_id, now=rooms().clock())
    return flask.redirect(frame.HOME, 303)


def _mine(waiting_id: str) -> Awaiting:
    return _shown(promises.find(rooms().wallet, frame.owner(), waiting_id), now=rooms().clock())


def _shown(waiting: Waiting, *, now: int) -> Awaiting:
    asked, again = words.day(waiting.asked_at), words.moment(waiting.again_at)
    return Awaiting(waiting, CATALOGUE[waiting.type], asked, again, waiting.again_at <= now)
