"""My applications: those that let people begin a sign-in from here, each a link to where the application begins it.

Spec: OpenID Connect Core 1.0 §4 (initiating login from a third party); OpenID Connect Dynamic Client Registration 1.0 §2
"""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import flask

from idp.model import Client
from idp.web.context import Web
from idp.web.session import require_session

HOME = "/applications"
INITIATE = "initiate_login_uri"


@dataclass(frozen=True, slots=True)
class Application:
    client: Client
    link: str
    host: str
    allowed: bool  # the person has allowed it something


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("applications", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        account_id = require_session().session.account_id
        with web.storage.reading() as ports:
            allowed = {consent.client_id for consent in ports.consents.of_account(account_id)}
            clients = [client for client in ports.clients.all() if client.metadata.get(INITIATE)]
        shown = [_application(client, web.config.issuer, client.client_id in allowed) for client in clients]
        shown.sort(key=lambda one: (not one.allowed, one.client.name.vi, one.client.client_id))
        return flask.render_template("applications.html", applications=shown)

    return routes


def _application(client: Client, issuer: str, allowed: bool) -> Application:
    """`iss` alone is added (OpenID Connect Core 1.0 §4).

    Never `login_hint`: what would tell the application who comes is the personal number, and it would stand in an address,
    in logs and histories, before the person has agreed to anything; who it is comes with the sign-in that follows. Nor
    `target_link_uri`: nobody registers one, and an address of our making would make the application an open redirector.
    """
    uri = str(client.metadata[INITIATE])
    link = f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode({'iss': issuer})}"
    return Application(client, link, urlsplit(uri).netloc, allowed)
