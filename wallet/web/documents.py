"""One document: its details under official labels, its views, showing it, removing it; and the QR's picture.

Spec: `certs/qr.md`.

    GET  /documents/<id>                       details
    GET  /documents/<id>/show[?view=…]         the page whose script composes and signs the QR text; with `question`, the text of
                                               a verifier's challenge, as the answer to it (see `wallet.web.challenged`)
    GET  /documents/<id>/credentials           JSON [{"view", "credential": base64url, "thumbprint"}, …] for the QR
    POST /documents/<id>/refresh               new credentials in place of these (see `wallet.web.add`)
    GET, POST /documents/<id>/remove           ask first, then remove
    POST /qr                                   JSON {"text": "VN1:…", "shown": {"document", "view", "question"?}?} → image/svg+xml

`shown` comes with the first picture that a page draws, so that the history has one line for each time a document was shown.
"""

from collections import Counter
from typing import Any

import flask

from certs import qr
from certs.catalogue import AUTHORITIES, Text
from certs.challenge import Asked
from certs.encoding import b64url_encode
from certs.errors import Malformed
from wallet import challenged, history, words
from wallet.errors import WalletError
from wallet.formats import FORMATS, glance
from wallet.model import Copy, Document
from wallet.present import choose, disclosure, for_qr, lead, type_of
from wallet.state import state_of
from wallet.web import asking, frame
from wallet.web.home import card, known_statuses
from wallet.web.rooms import rooms

pages = flask.Blueprint("documents", __name__)


@pages.get("/documents/<document_id>")
def details(document_id: str) -> flask.typing.ResponseReturnValue:
    document = _mine(document_id)
    type_, now = type_of(document), rooms().clock()
    claims: dict[str, Any] = {}
    for copy in document.copies:
        claims.update(glance(copy.format, copy.credential).claims)
    frame.allow_form_to_issuer()
    return flask.render_template(
        "document.html",
        card=card(document, known_statuses(), now=now),
        facts=words.facts(type_, claims),
        views=[disclosure(type_, copy.view) for copy in for_qr(document)],
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


@pages.get("/documents/<document_id>/show")
def show(document_id: str) -> flask.typing.ResponseReturnValue:
    document = _mine(document_id)
    copy = choose(document, flask.request.args.get("view"))
    type_ = type_of(document)
    asked = _asked(flask.request.args.get("question"), document, copy)
    return flask.render_template(
        "show.html",
        asked=asked,
        challenge=b64url_encode(asked.challenge.challenge) if asked else "",
        question=flask.request.args.get("question", ""),
        document=document,
        type=type_,
        state=state_of(copy, known_statuses(), now=rooms().clock()),
        name=glance(copy.format, copy.credential).claims.get("full_name"),  # only where this view tells it anyway
        chosen=disclosure(type_, copy.view),
        views=[disclosure(type_, each.view) for each in for_qr(document)] if asked is None else [],
    )


def _asked(question: str | None, document: Document, copy: Copy) -> Asked | None:
    """Who asks, where the code answers somebody: with what they asked for, and nothing else."""
    if question is None:
        return None
    now = rooms().clock()
    asked = challenged.read(question, rooms().trust.current(now=now).trust, now=now)
    if not asked.challenge.takes(document.type, copy.view):
        raise WalletError("nothing_fits", f"{document.type}.{copy.view}")
    return asked


@pages.get("/documents/<document_id>/credentials")
def credentials(document_id: str) -> flask.typing.ResponseReturnValue:
    document = _mine(document_id)
    return flask.jsonify(
        [
            {"view": copy.view, "credential": b64url_encode(copy.credential), "thumbprint": copy.thumbprint}
            for copy in for_qr(document)
        ]
    )


@pages.get("/documents/<document_id>/remove")
def ask_remove(document_id: str) -> flask.typing.ResponseReturnValue:
    document = _mine(document_id)
    return flask.render_template("remove.html", document=document, type=type_of(document))


@pages.post("/documents/<document_id>/remove")
def remove(document_id: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    removed = rooms().wallet.remove(frame.owner(), document_id, now=rooms().clock())
    asking.give_back((removed,), (), removed=True)
    return flask.redirect("/", 303)


@pages.post("/qr")
def draw() -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    body = flask.request.get_json(silent=True)
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise WalletError("not_a_qr_text", "no text")
    try:
        qr.from_text(text)  # this server draws QR codes of our kind, not whatever it is handed
        picture = qr.draw_svg(text)
    except Malformed as error:
        raise WalletError("not_a_qr_text", str(error)) from error
    _note_shown(body.get("shown") if isinstance(body, dict) else None)
    return flask.Response(picture, mimetype="image/svg+xml")


def _note_shown(shown: object) -> None:
    if shown is None:
        return
    if not isinstance(shown, dict) or not all(isinstance(shown.get(name), str) for name in ("document", "view")):
        raise WalletError("request_malformed", "shown")
    question = shown.get("question")
    if question is not None and not isinstance(question, str):
        raise WalletError("request_malformed", "question")
    document, now = _mine(shown["document"]), rooms().clock()
    copy = choose(document, shown["view"])
    asked = _asked(question, document, copy)
    line = history.shown(document, copy.view, now=now, **(challenged.named(asked) if asked else {}))
    rooms().wallet.note(frame.owner(), line)


def _mine(document_id: str) -> Document:
    return rooms().wallet.document(frame.owner(), document_id)
