"""Put the provider together: settings, database, keys, rules, pages. The only file that knows every room."""

import threading
import time
from collections.abc import Callable
from typing import Any

import flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import Rule

from certs import log as lines
from certs.fetch import Fetcher
from certs.keys import MemorySigner
from idp import master_key, provider_keys
from idp.config import Config, from_environment
from idp.courier import Courier
from idp.issuance import pre_authorized
from idp.login.face import Faces
from idp.login.factors import WITH_SIMULATION, WITHOUT_SIMULATION
from idp.login.sealed import Sealer
from idp.login.simulated_face import SimulatedFaceComparer
from idp.oidc.backchannel import Desk
from idp.oidc.clients import client_keys
from idp.oidc.clients.remote import Remote
from idp.oidc.context import Context
from idp.oidc.discovery import PRE_AUTHORIZED
from idp.oidc.grants import authorization_code, client_credentials, device_code, refresh_token
from idp.oidc.keys import encryption_keys
from idp.oidc.secrets import new_secret
from idp.ports import Storage
from idp.registries import portraits
from idp.storage import migrations, redis
from idp.storage.engine import flask_settings, prepare
from idp.storage.known_clients import ClientsRemembered
from idp.storage.redis import RedisStorage, Spent
from idp.storage.sql import SqlStorage
from idp.storage.tables import db
from idp.web import (
    account,
    account_activity,
    account_data,
    account_export,
    account_notices,
    account_prints,
    account_sessions,
    account_wallets,
    admin,
    admin_clients,
    admin_forms,
    another_device,
    applications,
    approval,
    code,
    consent,
    consents,
    cors,
    devices,
    documents,
    errors,
    face,
    faces,
    factors,
    home,
    issuance,
    language,
    log,
    login,
    logout,
    messages,
    more,
    oidc,
    passcode,
    passkeys,
    password,
    publications,
    recovery,
    recovery_codes,
    register,
    security,
    totp,
)
from idp.web.context import Web
from idp.web.facts import grouped
from idp.web.ready import ReadyBytes
from idp.web.session import current_session

BLUEPRINTS = (
    oidc.blueprint,
    login.blueprint,
    logout.blueprint,
    recovery.blueprint,
    register.blueprint,
    password.blueprint,
    more.blueprint,
    approval.blueprint,
    devices.blueprint,
    passkeys.blueprint,
    code.blueprint,
    face.blueprint,
    faces.blueprint,
    messages.blueprint,
    totp.blueprint,
    recovery_codes.blueprint,
    passcode.blueprint,
    factors.blueprint,
    consent.blueprint,
    another_device.blueprint,
    consents.blueprint,
    account.blueprint,
    account_data.blueprint,
    account_sessions.blueprint,
    account_activity.blueprint,
    account_notices.blueprint,
    account_export.blueprint,
    account_prints.blueprint,
    account_wallets.blueprint,
    applications.blueprint,
    admin.blueprint,
    admin_clients.blueprint,
    admin_forms.blueprint,
    home.blueprint,
    documents.blueprint,
    issuance.blueprint,
    publications.blueprint,
)

GRANTS = {
    authorization_code.GRANT_TYPE: authorization_code.redeem,
    refresh_token.GRANT_TYPE: refresh_token.redeem,
    client_credentials.GRANT_TYPE: client_credentials.give,
    device_code.GRANT_TYPE: device_code.redeem,
    PRE_AUTHORIZED: pre_authorized.redeem,
}


class ExactRule(Rule):
    """Only the methods that a page declares: no HEAD beside every GET (attacks AR-23)."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if self.methods is not None and self.endpoint != "static":
            self.methods.discard("HEAD")


class Provider(flask.Flask):
    url_rule_class = ExactRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Nothing of ours is asynchronous, and Flask would look anew at every function of every request."""
        return func


def create_app_from_environment() -> flask.Flask:
    """What a server calls: `granian --interface wsgi --factory idp.app:create_app_from_environment`."""
    lines.install("idp")
    config = from_environment()
    app = create_app(config)
    courier(app.extensions["vneid"]).start(threading.Event())
    return app


def courier(web: Web) -> Courier:
    """Tells relying parties that sessions are over. It is started where requests are served, not in tests."""
    desk = Desk(
        issuer=web.oidc.issuer,
        signers=web.keys.refreshed,
        new_secret=web.oidc.new_secret,
        ready=lambda client: client_keys.refreshed(client, web.oidc.remote),
    )
    fetcher = Fetcher(simulation=web.config.simulation, ca_bundle=web.config.ca_bundle)
    return Courier(web.storage, fetcher, desk, web.clock)


def create_app(
    config: Config,
    *,
    clock: Callable[[], int] = lambda: int(time.time()),
    new_key: Callable[[str], MemorySigner] = MemorySigner.generate,
) -> flask.Flask:
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    app = Provider("idp", static_folder="web/static", template_folder="web/templates")
    app.url_map.merge_slashes = False  # `//token` is not `/token` (attacks HD-10)
    app.config.update(
        MAX_CONTENT_LENGTH=security.MAX_BODY,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        TEMPLATES_AUTO_RELOAD=False,
        **flask_settings(config.database_url),
    )
    web = _web(config, _storage(app, config), clock, new_key)
    app.extensions["vneid"] = web
    app.jinja_env.globals.update(current_session=current_session, grouped=grouped, administers=admin.administers)
    for install in (log.install, security.install, errors.install):
        install(app)
    language.install(app, web)
    cors.install(app, web, time.monotonic)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint(web))
    _put_in_front(app, config)
    return app


def _web(config: Config, storage: Storage, clock: Callable[[], int], new_key: Callable[[str], MemorySigner]) -> Web:
    master = master_key.load_or_create(config.data)
    safe = provider_keys.safe(master, new_key)
    keys = provider_keys.opened(storage, safe, config.data, clock=clock, steady=time.monotonic)
    sealer = Sealer(master_key.derive(master, "secrets at rest"))
    to_us = master_key.derive(master, "requests encrypted to us")
    return Web(
        config=config,
        storage=storage,
        keys=keys,
        oidc=Context(
            issuer=config.issuer,
            signers=keys,
            published=keys.published,
            encrypted_to=lambda: encryption_keys.published(to_us, now=clock()),
            opening=lambda: encryption_keys.opening(to_us, now=clock()),
            grants=GRANTS,
            subject_key=master_key.derive(master, "pairwise subjects"),
            nonce_key=master_key.derive(master, "nonces of proofs"),
            new_secret=new_secret,
            factors=WITH_SIMULATION if config.simulation else WITHOUT_SIMULATION,
            sealer=sealer,
            remote=Remote(Fetcher(simulation=config.simulation, ca_bundle=config.ca_bundle), time.monotonic),
            admits=config.registration,
            simulation=config.simulation,
        ),
        clock=clock,
        seal_key=master_key.derive(master, "form tokens"),
        sealer=sealer,
        code_key=master_key.derive(master, "one-time codes"),
        faces=Faces(SimulatedFaceComparer(), portraits.portrait) if config.simulation else None,
    )


def _put_in_front(app: flask.Flask, config: Config) -> None:
    """What a request passes before Flask: first who called us, as our proxies say, then the ready answers."""
    scheme = config.issuer.partition(":")[0]
    app.wsgi_app = ReadyBytes(  # type: ignore[method-assign]
        app.wsgi_app, scheme=scheme, netloc=config.netloc, clock=time.monotonic
    )
    if config.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=config.trusted_proxies, x_proto=config.trusted_proxies, x_host=0
        )


def _storage(app: flask.Flask, config: Config) -> Storage:
    db.init_app(app)
    with app.app_context():
        engine = prepare(db.engine)
    migrations.upgrade(engine)
    storage = ClientsRemembered(SqlStorage(engine), time.monotonic)
    if config.redis_url is None:
        return storage
    return RedisStorage(storage, Spent(redis.connect(config.redis_url), time.monotonic))
