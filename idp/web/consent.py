"""The consent page: the very facts that would go, to whom, why, for how long, and how to take it back.

Spec: OpenID Connect Core 1.0 §3.1.2.4; Law on Personal Data Protection 91/2025/QH15 (consent: informed, separate, withdrawn
as easily as given); attacks.md §4.12

The form carries a decision and nothing else. What is decided about stands in the interaction.
"""

import flask

from idp.login import interaction, session
from idp.login.interaction import Interaction
from idp.login.session import SignedIn
from idp.oidc import authorization as authorizations
from idp.oidc import claims
from idp.oidc.authorization import Authorization
from idp.oidc.code import ACCESS_TOKEN_LIFETIME
from idp.ports import Ports
from idp.web import errors, language, security, walk
from idp.web.context import Web
from idp.web.exchange import answered, form
from idp.web.facts import facts
from idp.web.login import asker

SHARE, DO_NOT_SHARE = "share", "do-not-share"


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("consent", __name__)

    @routes.get("/consent/<identifier>")
    def page(identifier: str) -> flask.typing.ResponseReturnValue:
        now = web.clock()
        with web.storage.reading() as ports:
            pending = interaction.find(ports, identifier, browser=security.cookie(security.BROWSER), now=now)
            signed_in = _signed_in(pending, ports, now=now)
            shown = _page(pending, signed_in, ports, web) if pending and signed_in else None
        if shown is None:
            security.refused("interaction")
        return shown or errors.expired_page()

    @routes.post("/consent/<identifier>")
    def submit(identifier: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        decision, now = form().get("decision"), web.clock()
        if decision not in (SHARE, DO_NOT_SHARE):
            flask.abort(400)
        with web.storage.transaction() as ports:
            browser = security.cookie(security.BROWSER)
            pending = interaction.finish(ports, identifier, browser=browser, now=now)
            signed_in = _signed_in(pending, ports, now=now)
            if pending is not None and signed_in is not None:
                return _decide(pending, signed_in, decision == SHARE, ports, web, now=now)
        security.refused("interaction")
        return errors.expired_page(403)

    return routes


def _signed_in(pending: Interaction | None, ports: Ports, *, now: int) -> SignedIn | None:
    """Who is signed in, if that is the person whom this page is for."""
    if pending is None or pending.authorization is None:
        return None
    found = session.current(ports, security.cookie(security.SESSION), now=now)
    return found if found and found.session.account_id == pending.account_id else None


def _decide(
    pending: Interaction, signed_in: SignedIn, shared: bool, ports: Ports, web: Web, *, now: int
) -> flask.Response:
    authorization = Authorization.of(pending.authorization or {})
    account_id = signed_in.session.account_id
    if not shared:
        return answered(authorizations.deny(authorization, account_id, ports, web.oidc, now=now))
    released = _released(authorization, signed_in, ports, web)
    authorizations.allow(authorization, account_id, claims.names(released), ports, now=now)
    return walk.step(interaction.after_consent(pending), signed_in, ports, now=now)


def _released(authorization: Authorization, signed_in: SignedIn, ports: Ports, web: Web) -> dict[str, object]:
    client = ports.clients.get(authorization.client_id)
    if client is None:
        flask.abort(400)
    sub = claims.subject(client, signed_in.holder.person, key=web.oidc.subject_key)
    return claims.of_scopes(
        authorization.scopes, client=client, holder=signed_in.holder, acr=signed_in.session.acr, sub=sub
    )


def _page(pending: Interaction, signed_in: SignedIn, ports: Ports, web: Web) -> str:
    authorization = Authorization.of(pending.authorization or {})
    client = ports.clients.get(authorization.client_id)
    if client is None:
        flask.abort(400)
    security.allow_form_target(authorization.redirect_uri)
    language.prefer(authorization.ui_locales)
    missing = authorizations.missing_consent(authorization, signed_in.session.account_id, ports)
    everything = facts(_released(authorization, signed_in, ports, web))
    new = tuple(fact for fact in everything if fact.scope in missing)
    return flask.render_template(
        "consent.html",
        asker=asker(client, authorization.redirect_uri),
        name=signed_in.holder.person.name,
        new=new or everything,
        before=tuple(fact for fact in everything if fact not in new) if new else (),
        minutes=ACCESS_TOKEN_LIFETIME // 60,
        action=flask.request.path,
    )
