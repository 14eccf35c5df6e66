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
from idp.oidc.clients import dynamic_registration, outward
from idp.oidc.context import Admits, Context
from idp.oidc.keys import signing_keys
from idp.oidc.request import FORM, Request, Response
from idp.ports import Ports
from idp.web import errors, security, walk
from idp.web.context import Web
from idp.web.exchange import answered, public, received

PUBLISHED = "public, max-age=300"

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
    }

    @routes.before_app_request
    def read_keys() -> None:
        """Here, since no transaction is open yet."""
        web.keys.refreshed()

    @routes.get(endpoints.OPENID_CONFIGURATION)
    @routes.get(endpoints.AUTHORIZATION_SERVER)
    def publish() -> flask.Response:
        return public(published[flask.request.path], "application/json", caching=PUBLISHED)

    @routes.get(endpoints.JWKS)
    def publish_keys() -> flask.Response:
        keys = json_encode(discovery.jwks(web.oidc))
        return public(keys, "application/json", caching=f"public, max-age={signing_keys.CACHED}")

    @routes.route(endpoints.AUTHORIZE, methods=["GET", "POST"])
    def authorize_() -> flask.Response:
        return _authorize(web)

    if web.oidc.admits is not Admits.NOBODY:
        registering, managing = dynamic_registration.register, dynamic_registration.manage
        routes.post(endpoints.REGISTER_CLIENT, endpoint="register_client")(_endpoint(web, registering))
        own = f"{endpoints.REGISTER_CLIENT}/<client_id>"
        routes.route(own, methods=["GET", "PUT", "DELETE"], endpoint="own_client")(_endpoint(web, managing))
    for path, methods, respond in ENDPOINTS:
        routes.add_url_rule(path, path.strip("/"), _endpoint(web, respond), methods=methods)
    return routes


def _endpoint(web: Web, respond: Respond) -> Callable[..., flask.Response]:
    def view(**_: str) -> flask.Response:
        request, now = received(), web.clock()

        def run(context: Context) -> Response:
            with web.storage.transaction() as ports:
                return respond(request, ports, context, now)

        return answered(outward.answered(web.oidc, run))

    return view


def _authorize(web: Web) -> flask.Response:
    request, now = received(), web.clock()
    if request.method == "POST" and request.media_type != FORM:
        flask.abort(415, "a posted request is no form")  # OpenID Connect Core 1.0 §3.1.2.1
    return outward.answered(web.oidc, lambda context: _asked(web, request, context, now))


def _asked(web: Web, request: Request, context: Context, now: int) -> flask.Response:
    cookie = security.cookie(security.SESSION)
    with web.storage.transaction() as ports:
        checked = authorize.read(request, ports, context, now=now)
        if not isinstance(checked, Refused):
            pending = Interaction(
                browser=browser_hash(security.browser()),
                authorization=checked.payload(),
                locales=checked.ui_locales,
                begun=now,
            )
            return walk.step(pending, session.current(ports, cookie, now=now), ports, now=now)
    return answered(checked.response) if checked.response else errors.refused_page(checked)
