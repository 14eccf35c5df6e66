"""This phone as a way to sign in: enrol it, see it, forget it.

Spec: RFC 9470 (level of log-in); the rules stand in `wallet.device`, what is signed in `certs/device.py`.

    GET  /device                               what it is; the state of this browser is found by the page's script
    POST /device/begin                         to the provider, asking for the right to enrol
    GET  /device/callback                      back from it
    GET  /device/new/<enrolment>               name and passcode; the script makes the key and signs
    POST /device/nonce      JSON {} → {"audience": provider, "nonce": text}
    POST /device/enrol      JSON {"enrolment", "name", "passcode", "proof"} → {"name": text}
         → 401 {"error": "level_needed", "location": address}: the provider wants a stronger log-in first
    POST /device/forgotten  JSON {}            the script forgot the key; a line of history

Each POST needs the session's cookie and its CSRF token, as in `wallet.web.receive`.
"""

import flask

from wallet import device, login
from wallet import issuer as issuers
from wallet.authorization import ClientCredentials
from wallet.device import LevelNeeded
from wallet.errors import WalletError
from wallet.issuer import Issuer
from wallet.web import frame
from wallet.web.language import language, say_text
from wallet.web.rooms import rooms

pages = flask.Blueprint("device", __name__)


@pages.get("/device")
def show() -> flask.typing.ResponseReturnValue:
    frame.signed_in()
    frame.allow_form_to_issuer()
    return flask.render_template("device.html", owner=frame.owner())


@pages.post("/device/begin")
def begin() -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    return flask.redirect(_away(device.LEVEL), 303)


@pages.get("/device/callback")
def come_back() -> flask.typing.ResponseReturnValue:
    at, session = rooms(), frame.current_session()
    if session is None:  # not to the sign-in: its address would carry the code along
        raise WalletError("enrolment_unknown", "nobody is signed in")
    answer, now = login.read_answer(flask.request.args.to_dict(flat=False)), at.clock()
    walk = at.phone.recall(answer.get("state", ""), session.person, now=now)
    enrolment = device.arrive(walk, answer, session.person, _issuer(), _client(), web=at.wallet.web, now=now)
    value = at.phone.hold(enrolment, session.person, now=now)
    return flask.redirect(flask.url_for("device.name", enrolment=value), 303)


@pages.get("/device/new/<enrolment>")
def name(enrolment: str) -> flask.typing.ResponseReturnValue:
    at, session = rooms(), frame.signed_in()
    at.phone.held(enrolment, session.person, now=at.clock())
    return flask.render_template("device_new.html", owner=frame.owner(), enrolment=enrolment)


@pages.post("/device/nonce")
def nonce() -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    issuer = rooms().config.issuer
    return flask.jsonify({"audience": issuer, "nonce": device.nonce(issuer, web=rooms().wallet.web)})


@pages.post("/device/enrol")
def enrol() -> flask.typing.ResponseReturnValue:
    at, session = rooms(), frame.signed_in_form()
    value, proof, named, passcode = (text(each) for each in ("enrolment", "proof", "name", "passcode"))
    done = at.phone.enrol(value, session.person, proof=proof, name=named, passcode=passcode, now=at.clock())
    if isinstance(done, LevelNeeded):
        advice = WalletError("level_needed").advice
        message = f"{say_text(advice.happened)} {say_text(advice.next_step)}"
        return flask.jsonify(error="level_needed", message=message, location=_away(done.acr_values)), 401
    return flask.jsonify({"name": done.name})


@pages.post("/device/forgotten")
def forgotten() -> flask.typing.ResponseReturnValue:
    session = frame.signed_in_form()
    rooms().phone.note_forgotten(session.person, now=rooms().clock())
    return flask.jsonify({})


def text(name: str) -> str:
    """A member of the JSON that a page's script sent."""
    value = frame.sent().get(name)
    if not isinstance(value, str):
        raise WalletError("request_malformed", name)
    return value


def _away(acr_values: tuple[str, ...]) -> str:
    """The provider's address for this person; `/device/callback` is where they come back."""
    at = rooms()
    address, state, walk = device.begin(_issuer(), _client(), language=language(), acr_values=acr_values)
    at.phone.remember(state, walk, frame.signed_in().person, now=at.clock())
    return address


def _issuer() -> Issuer:
    return issuers.look_up(rooms().config.issuer, web=rooms().wallet.web)


def _client() -> ClientCredentials:
    config = rooms().config
    return ClientCredentials(config.client_id, config.client_secret, f"{config.url}/device/callback")
