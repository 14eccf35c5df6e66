"""The provider for measurements of what a log-in costs: nobody is refused a place to hash, and no cheap hash is made dear."""

import flask

from idp import app, processes
from idp.login import hashing, sign_in


def create_app() -> flask.Flask:
    hashing._pool = hashing.Pool(workers=1, places=processes.THREADS, wait=60.0)
    sign_in.is_outdated = lambda _: False
    return app.create_app_from_environment()
