"""Approve a log-in on another screen, or in this browser: the page, and the two calls that its script makes.

Spec: RFC 10027; the rules stand in `wallet.approval`, what is signed in `certs/device.py`; attacks QL-01, QL-06, QL-07.

    GET  /approve?request=<id>                 from the log-in page in this very browser
    GET  /approve/<scanned>                    after a code was scanned (see `wallet.web.scan`)
    POST /approve/view      JSON {"request" | "scanned", "proof"}
         → {"asking": id, "client", "host", "purpose", "asks_for": […], "place", "device", "asked_at", "numbers": […]}
    POST /approve/decision  JSON {"asking", "proof", "passcode"?}: without a passcode it is a refusal
         → {"approved": bool, "location": address of the provider, or null}

`numbers` is empty where the log-in is in this very browser; there the person goes on to `location`. Both calls may be sent
again as they were. Each needs the session's cookie and its CSRF token, as in `wallet.web.receive`.
"""

import flask

from wallet import scan, words
from wallet.web import frame
from wallet.web.device import text
from wallet.web.language import say_text
from wallet.web.rooms import rooms

pages = flask.Blueprint("approve", __name__)


@pages.get("/approve")
def ask() -> flask.typing.ResponseReturnValue:
    frame.signed_in()
    request = scan.read_request(flask.request.args.get("request", ""))
    return flask.render_template("approve.html", owner=frame.owner(), request_id=request, scanned=None)


@pages.get("/approve/<scanned>")
def scanned(scanned: str) -> flask.typing.ResponseReturnValue:
    at, session = rooms(), frame.signed_in()
    request = at.phone.request_of(scanned, session.person, now=at.clock())
    return flask.render_template("approve.html", owner=frame.owner(), request_id=request, scanned=scanned)


@pages.post("/approve/view")
def view() -> flask.typing.ResponseReturnValue:
    at, session = rooms(), frame.signed_in_form()
    now, by_scan, proof = at.clock(), "scanned" in frame.sent(), text("proof")
    request = (
        at.phone.request_of(text("scanned"), session.person, now=now) if by_scan else scan.read_request(text("request"))
    )
    value, asking = at.phone.view(request, session.person, proof=proof, scanned=by_scan, now=now)
    return flask.jsonify(
        {
            "asking": value,
            "client": say_text(asking.client),
            "host": asking.host,
            "purpose": say_text(asking.purpose),
            "asks_for": [say_text(each) for each in asking.asks_for],
            "place": asking.place,
            "device": asking.device,
            "asked_at": words.moment(asking.asked_at),
            "numbers": list(asking.numbers),
        }
    )


@pages.post("/approve/decision")
def decide() -> flask.typing.ResponseReturnValue:
    at, session = rooms(), frame.signed_in_form()
    passcode = text("passcode") if "passcode" in frame.sent() else None
    outcome = at.phone.decide(text("asking"), session.person, proof=text("proof"), passcode=passcode, now=at.clock())
    return flask.jsonify({"approved": outcome.approved, "location": outcome.redirect_to})
