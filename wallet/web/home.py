"""The first page for newcomers, and the list of a citizen's documents, which needs no script. Home is the app (`wallet.web.offline`).

Spec: none.

    GET  /               the newcomer's page; 303 to the app for who is signed in
    GET  /documents      what is held and waited for, to look at, refresh and remove
"""

from dataclasses import dataclass

import flask

from certs.catalogue import CATALOGUE, DocumentType
from certs.status import StatusLists
from wallet import words
from wallet.errors import WalletError
from wallet.model import Document
from wallet.present import lead, type_of
from wallet.receive import distinguished
from wallet.state import State, state_of
from wallet.web import frame
from wallet.web.rooms import rooms
from wallet.web.waiting import awaiting

pages = flask.Blueprint("home", __name__)


@dataclass(frozen=True, slots=True)
class Card:
    """A document as it lies in the list."""

    document: Document
    type: DocumentType
    state: State
    received: str
    expires: str
    about: str  # what tells it from others of its kind


@pages.get("/")
def show() -> flask.typing.ResponseReturnValue:
    if frame.current_session() is None:
        return flask.render_template("newcomer.html")
    return flask.redirect(frame.HOME, 303)


@pages.get("/documents")
def documents() -> flask.typing.ResponseReturnValue:
    now, statuses = rooms().clock(), known_statuses()
    cards = [card(each, statuses, now=now) for each in rooms().wallet.documents(frame.owner())]
    awaited = len(rooms().wallet.awaited(frame.owner()))
    return flask.render_template("documents.html", cards=cards, awaiting=awaiting(), awaited=awaited)


@pages.get("/colours.css")
def colours() -> flask.typing.ResponseReturnValue:
    """Each kind of document in its own colour, from the catalogue: the strict policy admits no style in a page."""
    rules = (f".document-{type_.name} {{ --document: {type_.colour}; }}" for type_ in CATALOGUE.values())
    return flask.Response("\n".join(rules) + "\n", mimetype="text/css")


def card(document: Document, statuses: StatusLists | None, *, now: int) -> Card:
    state = state_of(lead(document), statuses, now=now)
    expires = words.day(lead(document).expires)
    return Card(document, type_of(document), state, words.day(document.received_at), expires, distinguished(document))


def known_statuses() -> StatusLists | None:
    """None when no bundle is at hand: the pages then say that the state is not known, and still open."""
    try:
        return rooms().trust.current(now=rooms().clock()).statuses
    except WalletError:
        return None
