"""The consent page: the very facts that would go, to whom, why, for how long, and how to take it back. For documents that a
wallet asks for it is another page: which documents, with what in them, go into which wallet.

Spec: OpenID Connect Core 1.0 §3.1.2.4, §11 (offline access); RFC 8707 §2.1; OpenID4VCI 1.0 §15.1; Law on Personal Data Protection 91/2025/QH15 (consent: informed, separate, withdrawn
as easily as given); attacks.md §4.12

The form carries a decision and nothing else. What is decided about stands in the interaction.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

import flask

from idp.issuance.entitlement import as_of
from idp.issuance.requested import Requested, requested
from idp.login import interaction, session
from idp.login.interaction import Interaction
from idp.login.session import SignedIn
from idp.login.standing import Holder, today
from idp.model import Client
from idp.oidc import authorization as authorizations
from idp.oidc import claims, resources
from idp.oidc.authorization import Authorization
from idp.oidc.family import OPENID_PURPOSE, access_lifetime
from idp.oidc.profiles import PROFILES
from idp.oidc.scopes import DEVICE, OFFLINE, for_documents
from idp.ports import Ports
from idp.web import errors, form_target, language, security, walk
from idp.web.context import Web
from idp.web.exchange import answered, form
from idp.web.facts import facts
from idp.web.login import asker
from idp.web.record import Line, lines

SHARE, DO_NOT_SHARE = "share", "do-not-share"


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("consent", __name__)

    @routes.get("/consent/<identifier>")
    def page(identifier: str) -> flask.typing.ResponseReturnValue:
        now = web.clock()
        with web.storage.reading() as ports:
            pending = interaction.find(ports, identifier, browser=security.cookie(security.BROWSER), now=now)
            signed_in = _signed_in(pending, ports, now=now)
            shown = _page(pending, signed_in, ports, web, now=now) if pending and signed_in else None
        if shown is None:
            security.refused("interaction")
        return shown or errors.expired_page()

    @routes.post("/consent/<identifier>")
    def submit(identifier: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        decision, now = form().get("decision"), web.clock()
        if decision not in (SHARE, DO_NOT_SHARE):
            flask.abort(400, "the form has no decision that there is")
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
    if pending is None or pending.authorization is None or pending.adds:
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
    if for_documents(authorization.scopes):
        wanted = requested(ports, signed_in.holder, authorization.scopes, now=now)
        if all(one.obstacle for one in wanted):
            flask.abort(400, "shared documents of which none can be had")  # the page had no button for it
        names = sorted({f"{one.kind.name}.{field.name}" for one in wanted for field in one.fields})
    else:
        names = claims.names(_released(authorization, signed_in, ports, web))
    authorizations.allow(authorization, account_id, names, ports, now=now)
    return walk.step(interaction.after_consent(pending), signed_in, ports, now=now)


def _released(authorization: Authorization, signed_in: SignedIn, ports: Ports, web: Web) -> dict[str, object]:
    client = ports.clients.get(authorization.client_id)
    if client is None:
        flask.abort(400, "the client is no longer registered")
    sub = claims.subject(client, signed_in.holder.person, key=web.oidc.subject_key)
    return claims.of_scopes(
        authorization.scopes, client=client, holder=signed_in.holder, acr=signed_in.session.acr, sub=sub
    )


def _page(pending: Interaction, signed_in: SignedIn, ports: Ports, web: Web, *, now: int) -> str:
    authorization = Authorization.of(pending.authorization or {})
    client = ports.clients.get(authorization.client_id)
    if client is None:
        flask.abort(400, "the client is no longer registered")
    form_target.allow(authorization.redirect_uri)
    language.prefer(pending.locales, since=pending.begun)
    if for_documents(authorization.scopes):
        return _documents_page(authorization, client, signed_in, ports, now=now)
    missing = authorizations.missing_consent(authorization, signed_in.session.account_id, ports)
    everything = facts(_released(authorization, signed_in, ports, web))
    asked = {claim.name for claim in claims.released_by(missing)}
    new = tuple(fact for fact in everything if asked.intersection(fact.claims))
    return flask.render_template(
        "consent.html",
        asker=asker(client, authorization.redirect_uri, device=authorization.device),
        name=signed_in.holder.person.name,
        new=new or everything,
        before=tuple(fact for fact in everything if fact not in new) if new else (),
        minutes=access_lifetime(client, OPENID_PURPOSE) // 60,
        resources=[(urlsplit(uri).netloc, uri) for uri in resources.of_scopes(authorization.scopes)],
        device=DEVICE in authorization.scopes,
        offline_days=_offline_days(authorization, client),
        action=flask.request.path,
    )


@dataclass(frozen=True, slots=True)
class Going:
    """A document that would go into the wallet, as the page shows it."""

    requested: Requested
    lines: tuple[Line, ...]


def _documents_page(
    authorization: Authorization, client: Client, signed_in: SignedIn, ports: Ports, *, now: int
) -> str:
    who = signed_in.holder
    wanted = requested(ports, who, authorization.scopes, now=now)
    return flask.render_template(
        "consent_documents.html",
        asker=asker(client, authorization.redirect_uri),
        name=who.person.name,
        documents=[Going(one, _lines(one, who, now=now)) for one in wanted],
        possible=not all(one.obstacle for one in wanted),
        offline_days=_offline_days(authorization, client),
        action=flask.request.path,
    )


def _lines(one: Requested, who: Holder, *, now: int) -> tuple[Line, ...]:
    if one.document is None or one.obstacle:
        return ()
    return lines(one.fields, as_of(one.document, one.kind, who.person, day=today(now)))


def _offline_days(authorization: Authorization, client: Client) -> int | None:
    return PROFILES[client.profile].lifetimes.offline // 86_400 if OFFLINE in authorization.scopes else None
