"""The wallet as a WSGI application: settings in, a Flask app out; the only file that knows every room of this role."""

import time
from collections.abc import Callable

import flask

from certs import log as lines
from certs.fetch import Fetcher
from wallet import config as settings
from wallet.config import Config
from wallet.login import SignIn, Transport
from wallet.phone import Phone
from wallet.ports import Web
from wallet.storage import engine as engines
from wallet.storage.migrate import upgrade
from wallet.storage.sql import SqlStorage
from wallet.storage.tables import db
from wallet.trust import TrustKeeper
from wallet.vault import Vault, load_or_create_key
from wallet.wallet import Wallet
from wallet.web import (
    add,
    approve,
    asked,
    backup,
    device,
    documents,
    errors,
    frame,
    home,
    language,
    log,
    logout,
    offline,
    past,
    receive,
    scan,
    sign_in,
    waiting,
)
from wallet.web.rooms import Rooms


def create_app(
    config: Config,
    *,
    web: Web | None = None,
    transport: Transport | None = None,
    clock: Callable[[], int] = lambda: int(time.time()),
) -> flask.Flask:
    """The wallet. `web` and `transport` are how it reaches the issuer and the provider; `certs.fetch` where not given."""
    fetcher = Fetcher(simulation=config.simulation, ca_bundle=config.ca_bundle)
    app = flask.Flask(__name__, static_folder="web/static", template_folder="web/templates")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    config.data.mkdir(parents=True, exist_ok=True)
    wallet = Wallet(_open_database(app, config), Vault(load_or_create_key(config.data / "vault.key")), web or fetcher)
    app.extensions["wallet"] = Rooms(
        config=config,
        wallet=wallet,
        phone=Phone(wallet, config.issuer),
        trust=TrustKeeper(
            web=web or fetcher,
            url=f"{config.issuer}/bundle",
            path=config.data / "bundle.cbor",
            root_sha256=config.root_sha256,
        ),
        sign_in=SignIn(
            issuer=config.issuer,
            client_id=config.client_id,
            client_secret=config.client_secret,
            redirect_uri=f"{config.url}/callback",
            algorithm=settings.SIGN_IN_ALGORITHM,
            transport=transport or fetcher.transport(),
        ),
        clock=clock,
    )
    for room in (log, frame, language, errors):
        room.install(app)
    for room in (home, sign_in, logout, add, receive, waiting, documents, scan, device):
        app.register_blueprint(room.pages)
    for room in (approve, asked, offline, past, backup):
        app.register_blueprint(room.pages)
    return app


def create_app_from_environment() -> flask.Flask:
    """What a server calls: `granian --interface wsgi --factory wallet.app:create_app_from_environment`."""
    lines.install("wallet")
    return create_app(settings.from_environment())


def _open_database(app: flask.Flask, config: Config) -> SqlStorage:
    app.config.update(engines.flask_settings(config.database))
    db.init_app(app)
    with app.app_context():
        engine = engines.prepare(db.engine)
    upgrade(engine)
    return SqlStorage(engine)
