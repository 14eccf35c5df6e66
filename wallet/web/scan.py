"""Scan a code: by the camera, from a picture, or as a pasted link; what it asks for decides which page comes next.

Spec: Media Capture and Streams, Shape Detection API (the page's script); the rules stand in `wallet.scan`; attacks QL-07, HD-07.

    GET  /scan
    POST /scan         form or multipart: picture | text → 303 to the page, or the form again with what was wrong
    POST /scan/frame   multipart: picture | text, several where the browser read several
         → {"location": path, or null while no code is seen}; a code that is not for this wallet is refused
"""

import logging

import flask

from certs.log import event
from wallet import scan
from wallet.errors import WalletError
from wallet.web import frame
from wallet.web.asked import open_link
from wallet.web.log import request_id
from wallet.web.rooms import rooms

log = logging.getLogger(__name__)
pages = flask.Blueprint("scan", __name__)


@pages.get("/scan")
def form() -> flask.typing.ResponseReturnValue:
    frame.signed_in()
    return flask.render_template("scan.html", error=None, link="")


@pages.post("/scan")
def read() -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    try:
        return flask.redirect(_page(_texts()), 303)
    except WalletError as error:
        event(log, logging.INFO, "code_refused", request=request_id(), code=error.code, cause=error.detail)
        link = flask.request.form.get("text", "")
        return flask.render_template("scan.html", error=error, link=link), 422


@pages.post("/scan/frame")
def read_frame() -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    texts = _texts()
    return flask.jsonify({"location": _page(texts) if texts else None})


def _page(texts: tuple[str, ...]) -> str:
    at, session = rooms(), frame.signed_in()
    found = scan.understand(scan.only(texts), issuer=at.config.issuer, wallet=at.config.url)
    if isinstance(found, scan.ReaderLink):
        return open_link(found.link, here=False)
    if isinstance(found, scan.OfferLink):
        return found.page
    if isinstance(found, scan.CounterCode):
        return flask.url_for("challenged.consent", question=found.text)
    scanned = at.phone.scanned(found.request, session.person, now=at.clock())
    return flask.url_for("approve.scanned", scanned=scanned)


def _texts() -> tuple[str, ...]:
    """The codes of the picture, else what was pasted or read by the browser."""
    picture = flask.request.files.get("picture")
    data = picture.read() if picture else b""
    return scan.read_picture(data) if data else tuple(filter(None, flask.request.form.getlist("text")))
