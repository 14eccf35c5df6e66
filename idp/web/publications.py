"""What verifiers fetch: status lists, trust list, bundle. Public, cacheable, each with an ETag.

Spec: Token Status List (draft-ietf-oauth-status-list-20) §8.1, §8.2; RFC 9110 §13.1.2 (If-None-Match), §15.4.5 (304)
"""

from collections.abc import Callable

import flask

from certs.x509 import load
from idp.issuance import signers
from idp.issuance.publication import STATUS_CWT, STATUS_JWT, Published, Publisher
from idp.issuance.signers import SigningUnavailable
from idp.web import errors
from idp.web.context import Web
from idp.web.exchange import public


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("publications", __name__)
    publisher = _publisher(web)
    errors.answers_programs("/status-lists", "/trust-list", "/bundle")

    def publish(make: Callable[[Publisher], Published]) -> flask.Response:
        if publisher is None:
            flask.abort(503)
        try:
            return _answer(make(publisher))
        except SigningUnavailable:
            flask.abort(503)

    @routes.get("/status-lists/<int:number>")
    def status_list(number: int) -> flask.Response:
        wanted = flask.request.accept_mimetypes.best_match([STATUS_CWT, STATUS_JWT], default=STATUS_CWT) or STATUS_CWT
        try:
            answer = publish(lambda held: held.status_list(number, wanted, now=web.clock()))
        except KeyError:
            flask.abort(404)
        answer.headers["Vary"] = "Accept"
        return answer

    @routes.get("/trust-list")
    def trust_list() -> flask.Response:
        return publish(lambda held: held.trust_list())

    @routes.get("/bundle")
    def bundle() -> flask.Response:
        return publish(lambda held: held.bundle(now=web.clock()))

    return routes


def _publisher(web: Web) -> Publisher | None:
    """None where no nation was built: the provider then signs people in and publishes nothing."""
    root = web.config.data / "root.der"
    if not root.exists():
        return None
    return Publisher(
        web.storage,
        issuer=web.config.issuer,
        signers=signers.load(web.config.data / "signers"),
        root=load(root.read_bytes()),
        trust_list=web.config.data / "trust-list.jwt",
    )


def _answer(published: Published) -> flask.Response:
    caching = f"public, max-age={published.max_age}" if published.max_age else "public, no-cache"
    return public(published.body, published.media_type, caching=caching)
