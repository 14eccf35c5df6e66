"""One document: its details under official labels, what each view tells, renewing and removing it. The app shows it (`/app`).

Spec: none.

    GET  /documents/<id>                       details
    POST /documents/<id>/refresh               new credentials in place of these (see `wallet.web.add`)
    GET, POST /documents/<id>/remove           ask first, then remove
"""

from collections import Counter
from typing import Any

import flask

from certs.catalogue import AUTHORITIES, Text
from wallet import words
from wallet.formats import FORMATS, glance
from wallet.model import Document
from wallet.present import disclosure, each_once, lead, type_of, views_of
from wallet.web import asking, frame
from wallet.web.home import card, known_statuses
from wallet.web.rooms import rooms

pages = flask.Blueprint("documents", __name__)


@pages.get("/documents/<document_id>")
def details(document_id: str) -> flask.typing.ResponseReturnValue:
    frame.proven_recently()
    document = _mine(document_id)
    type_, now = type_of(document), rooms().clock()
    claims: dict[str, Any] = {}
    for copy in each_once(document):
        claims.update(glance(copy.format, copy.credential).claims)
    frame.allow_form_to_issuer()
    return flask.render_template(
        "document.html",
        card=card(document, known_statuses(), now=now),
        facts=words.facts(type_, claims),
        views=[disclosure(type_, view) for view in views_of(document)],
        whole=_whole(document),
        issuer_name=AUTHORITIES[lead(document).issuer].name if lead(document).issuer in AUTHORITIES else None,
        issued=words.day(lead(document).issued),
        expires=words.day(lead(document).expires),
    )


def _whole(document: Document) -> list[tuple[Text, int]]:
    """The formats in which all of it is held, with how many copies are."""
    held = Counter(copy.format for copy in document.copies if not copy.view)
    return [(FORMATS[name].title, count) for name, count in held.items()]


@pages.post("/documents/<document_id>/refresh")
def refresh(document_id: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    return asking.refresh(_mine(document_id))


@pages.get("/documents/<document_id>/remove")
def ask_remove(document_id: str) -> flask.typing.ResponseReturnValue:
    frame.proven_recently()
    document = _mine(document_id)
    return flask.render_template("remove.html", document=document, type=type_of(document))


@pages.post("/documents/<document_id>/remove")
def remove(document_id: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    frame.proven_recently()
    removed = rooms().wallet.remove(frame.owner(), document_id, now=rooms().clock())
    asking.give_back((removed,), (), removed=True)
    return flask.redirect(frame.HOME, 303)


def _mine(document_id: str) -> Document:
    return rooms().wallet.document(frame.owner(), document_id)
