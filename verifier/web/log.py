"""One line for each request: which page, which answer, how long. Never an address, a query, a field or a cookie.

Spec: attacks OP-35. The id of a request is also the id that an error page shows.
"""

import logging
import secrets
import time

import flask

from certs.log import event

log = logging.getLogger("verifier.requests")


def install(app: flask.Flask) -> None:
    """Before all others: what is asked first is answered last."""
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    found: str | None = flask.g.get("request_id")
    if found is None:
        found = flask.g.request_id = secrets.token_hex(4).upper()
    return found


def route() -> str | None:
    """The page as a pattern: what a person's address had in it stays out."""
    rule = flask.request.url_rule
    return rule.rule if rule else None


def method() -> str:
    """Any word may stand in a request's first line; only those that we know are repeated."""
    name = flask.request.method
    return name if name in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH") else "other"


def _begin() -> None:
    flask.g.began = time.perf_counter()


def _end(response: flask.Response) -> flask.Response:
    level = logging.ERROR if response.status_code >= 500 else logging.INFO
    took = time.perf_counter() - flask.g.began if "began" in flask.g else None
    event(
        log,
        level,
        "request",
        request=request_id(),
        method=method(),
        route=route(),
        status=response.status_code,
        ms=round(took * 1000, 1) if took is not None else None,
    )
    return response
