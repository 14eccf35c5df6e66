"""The page that waits for a phone: a QR and a number for the phone beside it, a link for the app in this very browser.

Spec: RFC 10027 §6.1; attacks.md QL-01 to QL-03, QL-06, QL-09, QL-10. The rules are in `idp.login.approval`.

A link never leads into an asking of two screens. Links can be sent, and who opens one sees no other screen with a number, or
one that the sender shows: so its address, opened in a browser that did not ask, only says to scan it with the app.
"""

import secrets
from urllib.parse import urlencode, urlsplit

import flask
from markupsafe import Markup

from certs import qr
from idp.login import approval, interaction
from idp.login.approval import APPROVED, EXPIRED, FACTORS, LIFETIME, SEEN, WAITING, Asking, Standing
from idp.login.interaction import Interaction
from idp.login.origin import device, network
from idp.oidc.authorization import Authorization
from idp.ports import Ports
from idp.web import errors, form_target, language, security
from idp.web.context import Web
from idp.web.exchange import see_other
from idp.web.proven import Proof, proven

ALIVE = (WAITING, SEEN)
MAX_ID = 64  # ours have 43 characters or fewer


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("approval", __name__)

    @routes.get("/login/<identifier>/phone")
    def page(identifier: str) -> flask.typing.ResponseReturnValue:
        return _begin(web, identifier)

    @routes.get("/login/<identifier>/phone/<asking_id>")
    def show(identifier: str, asking_id: str) -> flask.typing.ResponseReturnValue:
        return _show(web, identifier, asking_id[:MAX_ID])

    @routes.post("/login/<identifier>/phone/<asking_id>")
    def go_on(identifier: str, asking_id: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        return _go_on(web, identifier, asking_id[:MAX_ID])

    @routes.get("/login/<identifier>/phone/<asking_id>/state")
    def state(identifier: str, asking_id: str) -> flask.typing.ResponseReturnValue:
        return _state(web, identifier, asking_id[:MAX_ID])

    @routes.get("/login/<identifier>/phone/here")
    def here(identifier: str) -> flask.typing.ResponseReturnValue:
        return _here(web, identifier)

    @routes.get("/login/<identifier>/phone/return")
    def returned(identifier: str) -> flask.typing.ResponseReturnValue:
        return _returned(web, identifier, flask.request.args.get("result", "")[:MAX_ID])

    @routes.get("/phone/<request>")
    def scanned(request: str) -> flask.typing.ResponseReturnValue:
        return _scanned(web, request[:MAX_ID])

    return routes


def _begin(web: Web, identifier: str) -> flask.Response:
    with web.storage.transaction() as ports:
        pending = _pending(ports, web, identifier)
        asking = _ask(ports, web, identifier, pending, same_device=False) if pending else None
    if asking is None:
        return _gone()
    return see_other(flask.url_for("approval.show", identifier=identifier, asking_id=asking.asking_id))


def _go_on(web: Web, identifier: str, asking_id: str) -> flask.Response:
    """The button that works without a script: it takes an approval, and otherwise shows how it stands now."""
    with web.storage.reading() as ports:
        pending = _pending(ports, web, identifier)
        found = approval.standing(ports, asking_id, identifier, now=web.clock())
    if pending is None:
        return _gone()
    if found.state != APPROVED:
        return see_other(flask.url_for("approval.show", identifier=identifier, asking_id=asking_id))
    return _take(web, identifier, pending, found)


def _here(web: Web, identifier: str) -> flask.Response:
    with web.storage.transaction() as ports:
        pending = _pending(ports, web, identifier)
        link = _link_here(ports, web, identifier, pending) if pending else None
    return see_other(link) if link else _gone()


def _returned(web: Web, identifier: str, result: str) -> flask.Response:
    """What the app on the same device was given, brought by its browser: if that is the asking one, it is signed in."""
    with web.storage.reading() as ports:
        pending = _pending(ports, web, identifier)
        found = approval.returned(ports, result, identifier, now=web.clock())
    if pending is None or found.state != APPROVED:
        return _gone()
    return _take(web, identifier, pending, found)


def _pending(ports: Ports, web: Web, identifier: str) -> Interaction | None:
    return interaction.find(ports, identifier, browser=security.cookie(security.BROWSER), now=web.clock())


def _gone() -> flask.Response:
    """Another browser, or all over: told apart by nobody (QL-03, QL-10)."""
    security.refused("interaction")
    return errors.expired_page(404)


def _ask(ports: Ports, web: Web, identifier: str, pending: Interaction, *, same_device: bool) -> Asking:
    now, wanted = web.clock(), Authorization.of(pending.authorization) if pending.authorization else None
    asking = Asking(
        asking_id=web.oidc.new_secret(),
        interaction_id=identifier,
        browser=pending.browser,
        account_id=pending.account_id if pending.adds or pending.recovers else None,
        recovers=pending.recovers,
        client_id=wanted.client_id if wanted else None,
        redirect_uri=wanted.redirect_uri if wanted else None,
        scopes=wanted.scopes if wanted else (),
        place=network(flask.request.remote_addr or ""),
        device=device(flask.request.user_agent.string),
        asked_at=now,
        expires=now + LIFETIME,
    )
    return approval.ask(ports, asking, new_secret=web.oidc.new_secret, below=secrets.randbelow, same_device=same_device)


def _link_here(ports: Ports, web: Web, identifier: str, pending: Interaction) -> str | None:
    """To the app in this browser; None where nobody told us where that is."""
    if web.config.wallet_url is None:
        return None
    asking = _ask(ports, web, identifier, pending, same_device=True)
    return f"{web.config.wallet_url}/approve?" + urlencode({"request": approval.request_here(ports, asking)})


def _scanned(web: Web, request: str) -> flask.typing.ResponseReturnValue:
    """The address in the QR, opened: in the asking browser the app is on the same device (QL-06)."""
    now = web.clock()
    with web.storage.transaction() as ports:
        asking = approval.of_code(ports, request, now=now)
        pending = _pending(ports, web, asking.interaction_id) if asking else None
        if asking is not None and pending is not None:
            link = _link_here(ports, web, asking.interaction_id, pending)
            if link is not None:
                if not asking.same_device:
                    approval.withdraw(ports, asking, now=now)
                return see_other(link)
    return flask.render_template("phone_link.html")  # the same for every address, known or not


def _show(web: Web, identifier: str, asking_id: str) -> flask.typing.ResponseReturnValue:
    now, code = web.clock(), None
    with web.storage.transaction() as ports:
        pending = _pending(ports, web, identifier)
        found = approval.standing(ports, asking_id, identifier, now=now)
        if pending is not None and found.state in ALIVE and found.asking is not None:
            code = approval.code(ports, found.asking, now=now)
    if pending is None:
        return _gone()
    if pending.authorization is not None:
        form_target.allow(Authorization.of(pending.authorization).redirect_uri)
    language.prefer(pending.locales, since=pending.begun)
    return flask.render_template(
        "phone.html",
        identifier=identifier,
        asking_id=asking_id,
        state=found.state,
        asking=found.asking,
        qr=_drawn(web, code) if code else None,
        turn=approval.turn(found.asking, now=now) if found.asking else 0,
        minutes=max(1, -(-(found.asking.expires - now) // 60)) if found.asking else 0,
        interval=approval.INTERVAL,
        here=web.config.wallet_url is not None,
        adds=pending.adds,
        host=urlsplit(web.config.issuer).netloc,
    )


def _state(web: Web, identifier: str, asking_id: str) -> flask.Response:
    """For the page's script. RFC 8628 §3.5: too early is refused, and the pace slows down."""
    now, told = web.clock(), {}
    with web.storage.transaction() as ports:
        found = Standing(EXPIRED)
        if _pending(ports, web, identifier) is not None:
            found = approval.standing(ports, asking_id, identifier, now=now)
        if found.asking is None:
            return _json({"error": "not_found"}, 404)
        slower = approval.too_early(ports, asking_id, now=now)
        if slower:
            return _json({"error": "slow_down", "interval": slower}, 400)
        told = {"state": found.state, "turn": approval.turn(found.asking, now=now)}
        if found.state in ALIVE and flask.request.args.get("turn") != str(told["turn"]):
            told["qr"] = str(_drawn(web, approval.code(ports, found.asking, now=now)))
    return _json(told, 200)


def _take(web: Web, identifier: str, pending: Interaction, found: Standing) -> flask.Response:
    now = web.clock()
    proof = Proof(
        account_id=found.account_id,
        factors=FACTORS,
        use=lambda ports: approval.take_result(ports, found, now=now),
    )
    return proven(web, identifier, pending, proof) or errors.expired_page(403)


def _drawn(web: Web, code: str) -> Markup:
    drawn = qr.draw_svg(f"{web.config.issuer}/phone/{code}")
    return Markup(drawn[drawn.index("<svg") :])  # noqa: S704 - our own drawing, without its XML declaration


def _json(content: dict[str, object], status: int) -> flask.Response:
    answer = flask.jsonify(content)
    answer.status_code = status
    return answer
