"""The first page: what this is and what to do next; who is signed in; signing out."""

import json
from pathlib import Path
from typing import Any

import flask

from idp.oidc.logout import Asked
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import see_other
from idp.web.logout import end_here
from idp.web.session import current_session, require_session, to_sign_in


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("home", __name__)
    personas = _personas(web.config.personas)

    @routes.get("/")
    def page() -> flask.typing.ResponseReturnValue:
        if current_session() is not None:
            return see_other(flask.url_for("account.page"))
        return flask.render_template("home.html", config=web.config, personas=personas)

    @routes.get("/sign-in")
    def sign_in() -> flask.Response:
        home = flask.url_for("account.page")
        return see_other(home) if current_session() else to_sign_in(home)

    @routes.get("/sign-out")
    def ask() -> str:
        require_session("/")
        return flask.render_template("sign_out.html")

    @routes.post("/sign-out")
    def sign_out() -> flask.Response:
        security.check_form()
        with web.storage.transaction() as ports:
            return end_here(web, Asked(), ports, now=web.clock(), otherwise="/")

    return routes


def _personas(path: Path | None) -> list[dict[str, Any]]:
    """People of the demonstration with their passwords; only where settings name the file, only in a simulation."""
    if path is None or not path.exists():
        return []
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return found
