"""The issuer's addresses for wallets: metadata, types, offers, nonces, credentials, what follows them. Programs call them, so errors are JSON.

Spec: OpenID for Verifiable Credential Issuance 1.0 §4.1.3, §7, §8, §9, §11, §12.2.2;
SD-JWT VC §5.3.2 (type metadata from a registry)
"""

import flask

from certs.encoding import json_encode
from certs.errors import Malformed
from certs.formats import type_metadata
from certs.jwe import EncryptionKey
from idp.issuance import credential, deferred, nonce, notification, offer, signers
from idp.issuance.metadata import TYPE_METADATA, issuer_metadata
from idp.oidc.request import json_response
from idp.web import errors
from idp.web.context import Web
from idp.web.exchange import answered, public, received
from idp.web.language import language

METADATA = "/.well-known/openid-credential-issuer"
PUBLISHED = "public, max-age=300"
OFFER_ID_LIMIT = 64  # ours have 43 characters


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("issuance", __name__)
    metadata = _Metadata(web)
    held = signers.load(web.config.data / "signers", web.config.tokens)
    errors.answers_programs(
        "/credential-offers", "/nonce", "/credential", "/deferred_credential", "/notification", TYPE_METADATA
    )

    @routes.get(METADATA)
    def publish() -> flask.Response:
        return public(metadata.read(), "application/json", caching=PUBLISHED)

    routes.add_url_rule(f"{TYPE_METADATA}/<vct>", view_func=_publish_type)

    @routes.get("/credential-offers/<offer_id>")
    def show_offer(offer_id: str) -> flask.Response:
        if len(offer_id) > OFFER_ID_LIMIT:
            flask.abort(404)
        with web.storage.reading() as ports:
            found = offer.published(
                ports, issuer=web.config.issuer, offer_id=offer_id, language=language(), now=web.clock()
            )
        if found is None:
            flask.abort(404)
        return answered(json_response(found))

    @routes.post("/nonce")
    def give_nonce() -> flask.Response:
        with web.storage.transaction() as ports:
            return answered(json_response(nonce.issue(ports.ephemeral, now=web.clock())))

    @routes.post("/credential")
    def give_credential() -> flask.Response:
        return answered(credential.respond(web.storage, received(), context=web.oidc, signers=held, now=web.clock()))

    _add_what_follows(routes, web, held)
    return routes


def _add_what_follows(routes: flask.Blueprint, web: Web, held: signers.Signers) -> None:
    @routes.post("/deferred_credential")
    def give_deferred() -> flask.Response:
        return answered(deferred.respond(web.storage, received(), context=web.oidc, signers=held, now=web.clock()))

    @routes.post("/notification")
    def hear() -> flask.Response:
        return answered(notification.respond(web.storage, received(), context=web.oidc, now=web.clock()))


class _Metadata:
    """Made anew only when the keys in it are others."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._keys: tuple[EncryptionKey, ...] | None = None
        self._bytes = b""

    def read(self) -> bytes:
        keys = self._web.oidc.encrypted_to()
        if keys != self._keys:
            self._bytes = json_encode(issuer_metadata(self._web.config.issuer, encrypted_to=keys))
            self._keys = keys
        return self._bytes


def _publish_type(vct: str) -> flask.Response:
    """The very bytes whose digest each credential of the type carries."""
    try:
        document = type_metadata.document_of(vct)
    except Malformed:
        flask.abort(404)
    return public(type_metadata.document_bytes(document), "application/json", caching=PUBLISHED)
