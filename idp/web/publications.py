"""What verifiers fetch: status lists, trust list, revocation lists, bundle. Public, cacheable, each with an ETag.

Spec: Token Status List (draft-ietf-oauth-status-list-20) §8.1, §8.2, §8.4, §9; RFC 9110 §8.4 (Content-Encoding), §12.5.3,
§13.1.2 (If-None-Match), §15.4.5 (304), §15.6.2 (501)
"""

import gzip
from collections.abc import Callable
from dataclasses import replace

import flask

from certs.x509 import load
from idp.issuance import signers
from idp.issuance.publication import STATUS_CWT, STATUS_JWT, Files, Published, Publisher
from idp.issuance.signers import SigningUnavailable
from idp.web import errors
from idp.web.context import Web
from idp.web.exchange import public


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("publications", __name__)
    publisher = _publisher(web)
    errors.answers_programs("/status-lists", "/trust-list", "/crls", "/bundle")

    def publish(make: Callable[[Publisher], Published]) -> flask.Response:
        if publisher is None:
            flask.abort(503)
        try:
            return _answer(make(publisher))
        except SigningUnavailable:
            flask.abort(503)

    _status_lists(routes, web, publish)

    @routes.get("/trust-list")
    def trust_list() -> flask.Response:
        """All of it, or with `from` what changed since the list of that number."""
        return publish(lambda held: held.trust_list(_base()))

    @routes.get("/crls/<name>.crl")
    def crl(name: str) -> flask.Response:
        try:
            return publish(lambda held: held.crl(name))
        except KeyError:
            flask.abort(404)

    @routes.get("/bundle")
    def bundle() -> flask.Response:
        """All of it, or with `from` what changed since the bundle of that number."""
        base = _base()
        if base is not None:
            return publish(lambda held: held.delta(base, now=web.clock()))
        return publish(lambda held: held.bundle(now=web.clock()))

    return routes


_Publish = Callable[[Callable[[Publisher], Published]], flask.Response]


def _status_lists(routes: flask.Blueprint, web: Web, publish: _Publish) -> None:
    @routes.get("/status-lists")
    def status_lists() -> flask.Response:
        return publish(lambda held: held.aggregation())

    @routes.get("/status-lists/<int:number>")
    def status_list(number: int) -> flask.Response:
        if "time" in flask.request.args:  # §8.4: no history is kept, and §12.7 advises against it
            flask.abort(501)
        wanted = flask.request.accept_mimetypes.best_match([STATUS_CWT, STATUS_JWT], default=STATUS_CWT) or STATUS_CWT
        zipped = wanted == STATUS_JWT and flask.request.accept_encodings.quality("gzip") > 0

        def make(held: Publisher) -> Published:
            published = held.status_list(number, wanted, now=web.clock())
            return replace(published, body=_gzip(published.body)) if zipped else published

        try:
            answer = publish(make)
        except KeyError:
            flask.abort(404)
        if zipped:
            answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Vary"] = "Accept, Accept-Encoding"
        return answer


def _publisher(web: Web) -> Publisher | None:
    """None where no nation was built: the provider then signs people in and publishes nothing."""
    root = web.config.data / "root.der"
    if not root.exists():
        return None
    return Publisher(
        web.storage,
        issuer=web.config.issuer,
        signers=signers.load(web.config.data / "signers", web.config.tokens),
        root=load(root.read_bytes()),
        files=Files.of(web.config.data),
        step=web.config.publish_every,
    )


_DIGITS = 18  # of a sequence number: what a row can hold


def _base() -> int | None:
    base = flask.request.args.get("from", "")
    return int(base) if base.isdecimal() and base.isascii() and len(base) <= _DIGITS else None


def _answer(published: Published) -> flask.Response:
    caching = f"public, max-age={published.max_age}" if published.max_age else "public, no-cache"
    return public(published.body, published.media_type, caching=caching)


def _gzip(body: bytes) -> bytes:
    """§8.2: a list as JWT is text, of which a quarter can be saved; one as CWT is deflated to the end. The same bytes each
    time, for the ETag."""
    return gzip.compress(body, 6, mtime=0)
