"""The counter as a WSGI application: settings in, a Flask app out; the only file that knows every room of this role."""

import time
from collections.abc import Callable

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from certs import log as lines
from certs.fetch import Fetcher
from verifier import config as settings
from verifier import openapi
from verifier.config import Config, ServiceConfig
from verifier.keeper import Keeper, Source
from verifier.login import Client, SignIn
from verifier.once import MemoryOnce
from verifier.policy.composed import AllOf
from verifier.scan import FILE_LIMIT, TEXT_LIMIT
from verifier.staff.file import StaffFile
from verifier.staff.team import Team
from verifier.storage.alone import Alone
from verifier.storage.sqlite import SqliteOnce
from verifier.storage.staff import StaffRecord
from verifier.transactions import MemoryTransactions
from verifier.web import (
    book,
    challenge,
    check,
    customer,
    errors,
    frame,
    gate,
    log,
    logout,
    offline,
    online,
    problems,
    service,
    staff,
    verdicts,
)
from verifier.web.shelf import Shelf

SCOPE = "openid profile email phone address vneid"  # a bank has to know its customers
FORM_OVERHEAD = 64 * 1024  # bytes for the other fields and the boundaries


class _Json(DefaultJSONProvider):
    """Reports in the order in which they are written, and in Vietnamese letters."""

    ensure_ascii = False
    sort_keys = False


def create_app(config: Config) -> Flask:
    """The counter. With `refresh_seconds` above 0, trust data is renewed in the background from now on."""
    app = Flask(__name__, static_folder="web/static", template_folder="web/templates")
    app.config.update(
        SECRET_KEY=config.session_key,
        SESSION_COOKIE_NAME=frame.cookie_name("verifier_session", secure=config.secure),
        SESSION_COOKIE_SECURE=config.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=FILE_LIMIT + 4 * TEXT_LIMIT + FORM_OVERHEAD,  # a character of text may take four bytes
        MAX_FORM_MEMORY_SIZE=4 * TEXT_LIMIT + FORM_OVERHEAD,
        MAX_FORM_PARTS=16,
    )
    app.json = _Json(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    fetcher = Fetcher(simulation=config.simulation, ca_bundle=config.ca_bundle)
    keeper = Keeper(Source(config.bundle, config.bundle_url, config.root_sha256), fetcher)
    if config.lock is not None:
        app.extensions["alone"] = Alone(config.lock)
    app.extensions["counter"] = frame.Counter(
        config,
        keeper,
        _sign_in(config, fetcher),
        Shelf(),
        SqliteOnce(config.once) if config.once else MemoryOnce(),
        MemoryTransactions(),  # an answer is personal values: on no disk, as the shelf's verdicts
        {name: each for name, each in settings.policies(config.policies).items() if not isinstance(each, AllOf)},
        settings.anchors(config.foreign),
        _team(config),
    )
    log.install(app)
    frame.install(app)
    gate.install(app)
    errors.install(app)
    for room in (check, verdicts, challenge, online, customer, logout, offline, staff, book):
        app.register_blueprint(room.pages)
    if config.refresh_seconds:
        keeper.start(config.refresh_seconds)
    return app


def create_app_from_environment() -> Flask:
    """What a server calls: `granian --interface wsgi --factory verifier.app:create_app_from_environment`."""
    lines.install("verifier")
    return create_app(settings.from_environment())


def create_service(config: ServiceConfig, *, clock: Callable[[], float] = time.time) -> Flask:
    """The verifier as JSON (`verifier/openapi.py`). Raises ConfigError rather than start with half of what was asked for."""
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=openapi.BODY_LIMIT)
    app.json = _Json(app)
    keeper = Keeper(
        Source(config.bundle, config.bundle_url, config.root_sha256),
        Fetcher(simulation=config.simulation, ca_bundle=config.ca_bundle),
        clock,
    )
    once = SqliteOnce(config.once, clock=clock)
    app.extensions["service"] = service.Service(
        config,
        keeper,
        once,
        settings.policies(config.policies),
        settings.tokens(config.tokens),
        settings.anchors(config.foreign, clock),
    )
    log.install(app)
    problems.install(app)
    app.register_blueprint(service.api)
    if config.refresh_seconds:
        keeper.start(config.refresh_seconds)
    return app


def create_service_from_environment() -> Flask:
    """What a server calls: `granian --interface wsgi --factory verifier.app:create_service_from_environment`."""
    lines.install("verifier")
    return create_service(settings.service_from_environment())


def _sign_in(config: Config, fetcher: Fetcher) -> SignIn | None:
    if config.client_secret is None:
        return None
    client = Client(
        issuer=config.issuer,
        client_id=config.client_id,
        secret=config.client_secret,
        redirect_uri=config.url + "/callback",
        scope=SCOPE,
        after_logout=config.url + "/",
    )
    return SignIn(client, fetcher)


def _team(config: Config) -> Team | None:
    file = StaffFile(config.staff) if config.staff else None
    settings.check_staff(config, file)
    if config.staff is None or file is None:
        return None
    record = StaffRecord(config.staff.with_suffix(".sqlite"))
    return Team(file, attempts=record, sessions=record, book=record)
