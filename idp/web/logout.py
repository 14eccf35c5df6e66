"""The pages of logging out: relying parties send people here; who cannot be sure of the wish asks the person.

Spec: OpenID Connect RP-Initiated Logout 1.0 §2, §3, §4; Front-Channel Logout 1.0 §2, §3; the table is in `idp.oidc.logout`

A form of another site comes without our cookies (SameSite=Lax): it is kept, and the browser sent on to an address of ours,
where they come along. Nobody is signed out by a link alone: without a hint of their own the person confirms.
"""

import flask

from certs.catalogue import Text
from idp.login import session
from idp.login.interaction import browser_hash
from idp.login.session import SignedIn
from idp.model import Event
from idp.oidc import endpoints, logout
from idp.oidc.logout import Asked
from idp.oidc.request import FORM
from idp.ports import Ports
from idp.web import errors, form_target, language, security
from idp.web.context import Web
from idp.web.exchange import form, received, see_other
from idp.web.session import current_session

SENT, CONFIRMING = "logout_request", "logout_confirmation"  # purposes of what is kept meanwhile
SENT_SECONDS, CONFIRMING_SECONDS = 300, 1800
CONFIRM = f"{endpoints.END_SESSION}/confirm"

FAULT = (
    Text("Không thể quay lại ứng dụng", "We cannot take you back to the application"),
    Text(
        "Bạn không còn đăng nhập ở đây. Ứng dụng đưa bạn tới có yêu cầu sai nên chúng tôi không mở địa chỉ mà họ nêu. "
        "Bạn có thể đóng trang này.",
        "You are no longer signed in here. The request of the application that sent you is wrong, so we do not open the "
        "address that it names. You can close this page.",
    ),
)


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("logout", __name__, url_prefix=endpoints.END_SESSION)

    @routes.get("")
    def asked() -> flask.Response:
        with web.storage.reading() as ports:
            read = logout.read(received().query, ports, web.oidc)
        return _answer(web, read)

    @routes.post("")
    def posted() -> flask.Response:
        request = received()
        if request.media_type != FORM:
            flask.abort(415)
        identifier, until = web.oidc.new_secret(), web.clock() + SENT_SECONDS
        with web.storage.transaction() as ports:
            read = logout.read(request.form, ports, web.oidc)
            ports.ephemeral.put(SENT, identifier, read.payload(), expires=until)
        return see_other(flask.url_for("logout.brought", identifier=identifier))

    @routes.get("/<identifier>")
    def brought(identifier: str) -> flask.Response:
        with web.storage.reading() as ports:
            kept = ports.ephemeral.read(SENT, identifier, now=web.clock())
        return errors.expired_page() if kept is None else _answer(web, Asked.of(kept))

    @routes.post("/confirm")
    def confirm() -> flask.Response:
        security.check_form()
        identifier, now = form().get("request") or "", web.clock()
        with web.storage.transaction() as ports:
            taken = ports.ephemeral.take(CONFIRMING, identifier, now=now)
            if taken is None or taken.payload["browser"] != browser_hash(security.browser()):
                return errors.expired_page()
            asked = Asked.of(taken.payload["asked"])
            return end_here(web, asked, ports, now=now)

    return routes


def _answer(web: Web, asked: Asked) -> flask.Response:
    language.prefer(asked.locales)
    signed_in, now = current_session(), web.clock()
    with web.storage.transaction() as ports:
        if asked.fault is not None:
            ports.journal.append(
                Event(now, "logout_refused", client_id=asked.client_id, details={"reason": asked.fault})
            )
        if signed_in is None:
            to = logout.location(asked, ports)
            return see_other(to) if to and asked.subject else _signed_out(asked, to)
        if logout.proven(asked, signed_in, ports, web.oidc):
            return end_here(web, asked, ports, now=now)
        return _ask(web, asked, signed_in, ports, now=now)


def _ask(web: Web, asked: Asked, signed_in: SignedIn, ports: Ports, *, now: int) -> flask.Response:
    identifier = web.oidc.new_secret()
    kept = {"asked": dict(asked.payload()), "browser": browser_hash(security.browser())}
    ports.ephemeral.put(CONFIRMING, identifier, kept, expires=now + CONFIRMING_SECONDS)
    to = logout.location(asked, ports)
    if to is not None:
        form_target.allow(to)
    client = ports.clients.get(asked.client_id) if asked.client_id else None
    flask.g.page_stays = False
    html = flask.render_template(
        "logout.html",
        action=CONFIRM,
        request_id=identifier,
        asking=client.name if client else None,
        person=signed_in.holder.person.name,
    )
    return flask.Response(html)


def end_here(web: Web, asked: Asked, ports: Ports, *, now: int, otherwise: str | None = None) -> flask.Response:
    """Sign this browser out. First the relying parties that it has to tell, then on to where it was asked for."""
    cookie = security.cookie(security.SESSION)
    ended = None
    if cookie is not None:
        ended = session.end(ports, cookie, now=now, reason="asked", client_id=asked.client_id)
    frames, to = logout.frames(ended, ports, web.oidc), logout.location(asked, ports) or otherwise
    stays = to is None or frames or asked.fault is not None
    answer = _signed_out(asked, to, frames) if stays else see_other(to or "/")
    security.drop_cookie(answer, security.SESSION)
    return answer


def _signed_out(asked: Asked, to: str | None, frames: tuple[str, ...] = ()) -> flask.Response:
    """Our own page: nobody is signed in here any more."""
    if asked.fault is not None and not frames:
        return errors.page(400, *FAULT, cause=asked.fault)
    flask.g.signed_in = None
    flask.g.page_stays = False
    flask.g.form_target = None
    if frames:
        flask.g.frame_sources = logout.frame_sources(frames)
    html = flask.render_template("signed_out.html", frames=frames, to=to, fault=asked.fault is not None)
    return flask.Response(html, 400 if asked.fault else 200)
