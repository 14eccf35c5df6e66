"""The protocol's addresses. Each takes a value from the request, calls the plain function, and answers its value.

Spec: OpenID Connect Core 1.0 §3.1.2.1, §3.1.3, §5.3; OpenID Connect Discovery 1.0 §4; RFC 8414 §3
"""

import flask

from certs.encoding import json_encode
from idp.login import session
from idp.login.interaction import Interaction, browser_hash
from idp.oidc import authorize, discovery, endpoints, revocation, token, userinfo
from idp.oidc.authorize import Refused
from idp.oidc.request import FORM
from idp.web import errors, security, walk
from idp.web.context import Web
from idp.web.exchange import answered, public, received

PUBLISHED = "public, max-age=300"  # Relying parties look for new keys at once when a key id is new.


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("oidc", __name__)
    published = {
        endpoints.OPENID_CONFIGURATION: json_encode(discovery.metadata(web.oidc)),
        endpoints.AUTHORIZATION_SERVER: json_encode(discovery.metadata(web.oidc)),
        endpoints.JWKS: json_encode(discovery.jwks(web.oidc)),
    }

    @routes.get(endpoints.OPENID_CONFIGURATION)
    @routes.get(endpoints.AUTHORIZATION_SERVER)
    @routes.get(endpoints.JWKS)
    def publish() -> flask.Response:
        return public(published[flask.request.path], "application/json", caching=PUBLISHED)

    @routes.route(endpoints.AUTHORIZE, methods=["GET", "POST"])
    def authorize_() -> flask.Response:
        return _authorize(web)

    @routes.post(endpoints.TOKEN)
    def token_() -> flask.Response:
        request, now = received(), web.clock()
        with web.storage.transaction() as ports:
            return answered(token.respond(request, ports, web.oidc, now))

    @routes.post(endpoints.REVOKE)
    def revoke_() -> flask.Response:
        request, now = received(), web.clock()
        with web.storage.transaction() as ports:
            return answered(revocation.respond(request, ports, web.oidc, now))

    @routes.route(endpoints.USERINFO, methods=["GET", "POST"])
    def userinfo_() -> flask.Response:
        request, now = received(), web.clock()
        with web.storage.transaction() as ports:
            return answered(userinfo.respond(request, ports, web.oidc, now))

    return routes


def _authorize(web: Web) -> flask.Response:
    request, now = received(), web.clock()
    if request.method == "POST" and request.media_type != FORM:
        flask.abort(415)  # OpenID Connect Core 1.0 §3.1.2.1
    cookie = security.cookie(security.SESSION)
    with web.storage.transaction() as ports:
        checked = authorize.read(request, ports, web.oidc, now=now)
        if not isinstance(checked, Refused):
            pending = Interaction(browser=browser_hash(security.browser()), authorization=checked.payload())
            return walk.step(pending, session.current(ports, cookie, now=now), ports, now=now)
    return answered(checked.response) if checked.response else errors.refused_page(checked)
