"""The protocol's addresses. Each takes a value from the request, calls the plain function, and answers its value.

Spec: OpenID Connect Core 1.0 §3.1.2.1, §3.1.3, §5.3; OpenID Connect Discovery 1.0 §4; RFC 8414 §3
"""

from collections.abc import Callable

import flask

from certs.encoding import json_encode
from idp.login import session
from idp.login.interaction import Interaction, browser_hash
from idp.oidc import (
    authorize,
    device_authorization,
    discovery,
    endpoints,
    introspection,
    par,
    revocation,
    token,
    userinfo,
)
from idp.oidc.authorize import Refused
from idp.oidc.context import Context
from idp.oidc.request import FORM, Request, Response
from idp.ports import Ports
from idp.web import errors, security, walk
from idp.web.context import Web
from idp.web.exchange import answered, public, received

PUBLISHED = "public, max-age=300"  # Relying parties look for new keys at once when a key id is new.

Respond = Callable[[Request, Ports, Context, int], Response]
ENDPOINTS: tuple[tuple[str, tuple[str, ...], Respond], ...] = (
    (endpoints.PAR, ("POST",), par.respond),
    (endpoints.TOKEN, ("POST",), token.respond),
    (endpoints.REVOKE, ("POST",), revocation.respond),
    (endpoints.DEVICE_AUTHORIZATION, ("POST",), device_authorization.respond),
    (endpoints.INTROSPECT, ("POST",), introspection.respond),
    (endpoints.USERINFO, ("GET", "POST"), userinfo.respond),
)


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

    for path, methods, respond in ENDPOINTS:
        routes.add_url_rule(path, path.strip("/"), _endpoint(web, respond), methods=methods)
    return routes


def _endpoint(web: Web, respond: Respond) -> Callable[[], flask.Response]:
    def view() -> flask.Response:
        request, now = received(), web.clock()
        with web.storage.transaction() as ports:
            return answered(respond(request, ports, web.oidc, now))

    return view


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
