"""The page on which a person lets another device in: type the code that it shows, see who asks for what, then the usual consent.

Spec: RFC 8628 §3.3, §3.3.1 (the code is compared even where an address carries it), §5.1, §5.4; attacks.md QL-05, BF-06

Who types a code is signed in, and wrong ones are counted for this person: nobody guesses in anybody's name but their own. The
consent is asked each time, also where this client has one: the device is another, and a stranger may have begun it.
"""

import flask
from markupsafe import Markup

from certs import qr
from certs.catalogue import Text
from idp.login import interaction
from idp.login.attempts import TooMany
from idp.login.interaction import Interaction
from idp.login.origin import source
from idp.login.session import SignedIn
from idp.model import Event
from idp.oidc import device_flow, endpoints, resources
from idp.oidc.authorization import Authorization
from idp.oidc.claims import released_by
from idp.oidc.device_flow import FROM_ADDRESS, GUESSES, Asking, Decided
from idp.oidc.scopes import OFFLINE
from idp.web import security, walk
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.login import asker
from idp.web.session import require_session

HOME = endpoints.DEVICE
CONTINUE, STOP = "continue", "stop"
MAX_TYPED = 32

NO_CODE = Text("Nhập mã đang hiện trên thiết bị kia", "Enter the code that the other device shows")
UNKNOWN = Text(
    "Mã này không dùng được: sai, đã dùng hoặc đã hết hạn. Kiểm tra lại, hoặc lấy mã mới trên thiết bị kia.",
    "This code does not work: it is wrong, was used, or has expired. Check it, or get a new one on the other device.",
)


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("another_device", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        require_session(HOME)
        return _form("")

    @routes.get("/<user_code>")
    def complete(user_code: str) -> str:
        known = device_flow.typed(user_code[:MAX_TYPED])
        require_session(f"{HOME}/{device_flow.shown(known)}" if known else HOME)
        return _form(device_flow.shown(known) if known else "", drawn=_drawn(web, known) if known else None)

    @routes.get("/<user_code>/qr")
    def picture(user_code: str) -> flask.Response:
        """For a device that cannot draw the complete address itself. It says nothing about the code, not even that there is one."""
        known = device_flow.typed(user_code[:MAX_TYPED])
        if known is None:
            flask.abort(404)
        return flask.Response(qr.draw_svg(_address(web, known)), mimetype="image/svg+xml")

    @routes.post("")
    def submit() -> flask.typing.ResponseReturnValue:
        signed_in = require_session(HOME)
        security.check_form()
        return _submitted(web, signed_in)

    @routes.post("/confirm")
    def confirm() -> flask.typing.ResponseReturnValue:
        signed_in = require_session(HOME)
        security.check_form()
        return _confirmed(web, signed_in)

    @routes.get("/done")
    def done() -> str:
        return flask.render_template("device_done.html", approved=flask.request.args.get("result") == "approved")

    return routes


def _submitted(web: Web, signed_in: SignedIn) -> flask.typing.ResponseReturnValue:
    text = (form().get("user_code") or "")[:MAX_TYPED]
    asking = _look_up(web, signed_in, text)
    if asking is None:
        return _form(text, problem=UNKNOWN if text else NO_CODE), 422
    with web.storage.reading() as ports:
        client = ports.clients.get(asking.client_id)
    if client is None:
        return _form(text, problem=UNKNOWN), 422
    return flask.render_template(
        "device_confirm.html",
        asker=asker(client, "", device=asking.user_code),
        code=device_flow.shown(asking.user_code),
        claims=released_by(asking.scopes),
        offline=OFFLINE in asking.scopes,
        action=flask.url_for("another_device.confirm"),
    )


def _confirmed(web: Web, signed_in: SignedIn) -> flask.typing.ResponseReturnValue:
    sent, now = form(), web.clock()
    if sent.get("decision") not in (CONTINUE, STOP):
        flask.abort(400)
    asking = _look_up(web, signed_in, sent.get("user_code") or "")
    if asking is None:
        return _form("", problem=UNKNOWN), 422
    with web.storage.transaction() as ports:
        if sent.get("decision") == CONTINUE:
            return walk.step(_pending(web, asking, signed_in), signed_in, ports, now=now)
        if device_flow.decide(ports, asking.user_code, Decided(None), now=now):
            ports.journal.append(Event(now, "device_denied", signed_in.session.account_id, asking.client_id))
    return see_other(flask.url_for("another_device.done"))


def _pending(web: Web, asking: Asking, signed_in: SignedIn) -> Interaction:
    authorization = Authorization(
        client_id=asking.client_id,
        redirect_uri=web.oidc.at(f"{HOME}/done"),
        scopes=(*asking.scopes, *resources.scopes(asking.resources, web.oidc)),
        resources=asking.resources,
        state=None,
        nonce=None,
        challenge=None,
        prompt=("consent",),
        device=asking.user_code,
    )
    return Interaction(
        browser=interaction.browser_hash(security.browser()),
        authorization=authorization.payload(),
        account_id=signed_in.session.account_id,
    )


def _look_up(web: Web, signed_in: SignedIn, text: str) -> Asking | None:
    """Counted before it is looked up; a right one takes its try back, and no more: who has one code must not clear the way
    to others. Raises TooMany."""
    code, now, account_id = device_flow.typed(text), web.clock(), signed_in.session.account_id
    if code is None:
        return None  # no guess: there can be no such code
    address = source(flask.request.remote_addr or "")
    with web.storage.transaction() as ports:
        wait = ports.attempts.count(FROM_ADDRESS, address, now=now) or ports.attempts.count(
            GUESSES, account_id, now=now
        )
        found = None if wait else device_flow.find(ports, code, now=now)
        if found is not None:
            ports.attempts.refund(GUESSES, account_id, now=now)
            ports.attempts.refund(FROM_ADDRESS, address, now=now)
        else:
            details = {"reason": "limit" if wait else "unknown"}
            ports.journal.append(Event(now, "user_code_refused", account_id, details=details))
    if wait:
        raise TooMany(wait)
    return found


def _form(text: str, *, problem: Text | None = None, drawn: Markup | None = None) -> str:
    return flask.render_template("device.html", user_code=text, problem=problem, qr=drawn, action=HOME)


def _drawn(web: Web, code: str) -> Markup:
    drawn = qr.draw_svg(_address(web, code))
    return Markup(drawn[drawn.index("<svg") :])  # noqa: S704 - our own drawing, without its XML declaration


def _address(web: Web, code: str) -> str:
    return f"{web.oidc.at(HOME)}/{device_flow.shown(code)}"
