"""A scanned code that the phone does not answer by itself: what it asks for decides which page comes next.

Spec: none; the rules stand in `wallet.scan`, the camera and pictures are the phone's (`web/static/js/app/scan.js`); attacks QL-07.

    GET  /scan         303 to the phone's screen that scans
    POST /scan         JSON {"text"} → {"location": path}; a code that is not for this wallet is refused
"""

import flask

from wallet import scan
from wallet.errors import WalletError
from wallet.web import frame
from wallet.web.asked import open_link
from wallet.web.rooms import rooms

pages = flask.Blueprint("scan", __name__)


@pages.get("/scan")
def form() -> flask.typing.ResponseReturnValue:
    return flask.redirect(f"{frame.HOME}#/scan", 303)


@pages.post("/scan")
def read() -> flask.typing.ResponseReturnValue:
    session, text = frame.signed_in_form(), frame.sent().get("text")
    if not isinstance(text, str):
        raise WalletError("request_malformed", "text")
    at = rooms()
    found = scan.understand(text, issuer=at.config.issuer, wallet=at.config.url)
    if isinstance(found, scan.ReaderLink):
        location = open_link(found.link, here=False)
    elif isinstance(found, scan.OfferLink):
        location = found.page
    else:
        scanned = at.phone.scanned(found.request, session.person, now=at.clock())
        location = flask.url_for("approve.scanned", scanned=scanned)
    return flask.jsonify(location=location)
