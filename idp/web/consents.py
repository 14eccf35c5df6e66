"""What a citizen has allowed whom, and taking it back: as easy as giving it, and at once.

Spec: Law on Personal Data Protection 91/2025/QH15; OpenID Connect Core 1.0 §3.1.2.4; attacks.md CN-06
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import flask

from certs.catalogue import DocumentType, View
from idp.issuance.requested import views_by_kind
from idp.model import Client, Event
from idp.oidc.claims import CLAIMS, Claim
from idp.oidc.scopes import OFFLINE
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.facts import HIDDEN
from idp.web.session import require_session

VIETNAM = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Allowed:
    client: Client
    claims: tuple[Claim, ...]
    documents: tuple[tuple[DocumentType, tuple[View, ...]], ...]  # that may be put into this wallet
    offline: bool  # also while the person is away
    since: str  # dd/mm/yyyy


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("consents", __name__)

    @routes.get("/consents")
    def page() -> str:
        account_id = require_session().session.account_id
        with web.storage.reading() as ports:
            pairs = [(client, ports.consents.get(account_id, client.client_id)) for client in ports.clients.all()]
        allowed = [
            Allowed(
                client,
                tuple(claim for claim in CLAIMS if claim.scope in consent.scopes and claim.name not in HIDDEN),
                views_by_kind(consent.scopes),
                OFFLINE in consent.scopes,
                datetime.fromtimestamp(consent.given_at, VIETNAM).strftime("%d/%m/%Y"),
            )
            for client, consent in pairs
            if consent is not None
        ]
        return flask.render_template("consents.html", allowed=allowed)

    @routes.post("/consents/withdraw")
    def withdraw() -> flask.Response:
        account_id = require_session("/consents").session.account_id
        security.check_form()
        client_id, now = form().get("client") or "", web.clock()
        with web.storage.transaction() as ports:
            if client_id.isprintable() and ports.consents.withdraw(account_id, client_id):
                closed = ports.grants.close_account(account_id, now=now, client_id=client_id)
                ports.journal.append(Event(now, "consent_withdrawn", account_id, client_id, {"grants": closed}))
        return see_other(flask.url_for("consents.page"))

    return routes
