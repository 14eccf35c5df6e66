"""Where the citizen is signed in: each browser with its place and times; end one, or all the others.

Spec: OWASP ASVS 5.0 V7.4.5, V7.5.2; NIST SP 800-63B-4 §5.1. A session is looked up at each request, in the one database of all
processes: what is ended here is over everywhere with the next request.
"""

from dataclasses import dataclass

import flask

from idp.login import session
from idp.login.acr import level_of
from idp.model import Session
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.moments import minute
from idp.web.session import require_session

HOME = "/account/sessions"


@dataclass(frozen=True, slots=True)
class Shown:
    sid: str
    device: str
    place: str
    since: str
    seen: str
    level: int
    this: bool


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("account_sessions", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        here = require_session().session
        with web.storage.reading() as ports:
            held = ports.sessions.of_account(here.account_id, now=web.clock())
        shown = sorted((_shown(one, here) for one in held), key=lambda one: not one.this)  # this one first
        return flask.render_template("account_sessions.html", shown=shown)

    @routes.post("/end")
    def end() -> flask.Response:
        here = require_session(HOME).session
        security.check_form()
        sid = form().get("sid") or ""
        with web.storage.transaction() as ports:
            if sid.isprintable():
                session.end_one(ports, here.account_id, sid, now=web.clock())
        if sid != here.sid:
            return see_other(HOME)
        answer = see_other("/")
        security.drop_cookie(answer, security.SESSION)
        return answer

    @routes.post("/end-others")
    def end_others() -> flask.Response:
        here = require_session(HOME).session
        security.check_form()
        with web.storage.transaction() as ports:
            session.end_others(ports, here, now=web.clock())
        return see_other(HOME)

    return routes


def _shown(one: Session, here: Session) -> Shown:
    return Shown(
        one.sid,
        one.device,
        one.place,
        minute(one.authenticated_at),
        minute(one.seen_at),
        level_of(one.acr),
        one.session_hash == here.session_hash,
    )
