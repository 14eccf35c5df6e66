"""The three roles with one page more, which fails with a secret in its hands: what a fault shows outside and in the log."""

import flask

import idp.app
import verifier.app
import wallet.app
from verifier.web import gate

SECRET = "khong-ai-duoc-biet-999196000346"


def _with_fault(app: flask.Flask) -> flask.Flask:
    @app.get("/broken/<path:rest>")
    def broken(rest: str) -> str:
        raise RuntimeError(f"{SECRET} {rest} {flask.request.query_string!r}")

    return app


def create_idp() -> flask.Flask:
    return _with_fault(idp.app.create_app_from_environment())


def create_wallet() -> flask.Flask:
    return _with_fault(wallet.app.create_app_from_environment())


def create_verifier() -> flask.Flask:
    gate.TABLE = {**gate.TABLE, "broken": gate.EVERYBODY}  # else it is refused before it fails
    return _with_fault(verifier.app.create_app_from_environment())
