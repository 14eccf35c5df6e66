"""The one place where an error of the service becomes an answer: problem details, with an id that the log has too.

Spec: RFC 9457 (problem details), RFC 6750 §3 (WWW-Authenticate), RFC 9110 §15.5.6 (Allow).
"""

import logging
from collections.abc import Mapping

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from certs.log import event
from verifier.web.log import method, request_id, route

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
# Of HTTP's own errors the status tells all (RFC 9457 §4.2.1); of ours the description of the service has the text.
PLAIN, OURS = "about:blank", "/openapi.json#/components/responses/"


class Problem(Exception):
    """Something that could not be judged; the members of its answer beyond those that every problem has."""

    status: int = 500
    name = "Problem"
    title = ""

    def __init__(self, **members: object) -> None:
        super().__init__(self.name)
        self.members = members


class Invalid(Problem):
    """`pointer` (RFC 6901) names the member of the body; none of what was sent is repeated."""

    status, name, title = 422, "Invalid", "The request is not as described"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail=detail, errors=[{"pointer": pointer, "detail": detail}])


class Unauthorized(Problem):
    status, name, title = 401, "Unauthorized", "A bearer token of this service is needed"


class NoTrustData(Problem):
    status, name, title = 503, "NoTrustData", "There is no trust data yet, so nothing can be judged"


def install(app: Flask) -> None:
    app.register_error_handler(Problem, _ours)
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(Exception, _unexpected)


def _ours(problem: Problem) -> Response:
    answer = _answer(problem.status, OURS + problem.name, problem.title, problem.members)
    if isinstance(problem, Unauthorized):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="verifier"'
    if isinstance(problem, NoTrustData):
        answer.headers["Retry-After"] = "5"
    return answer


def _plain(error: HTTPException) -> Response:
    answer = _answer(error.code or 500, PLAIN, error.name, {})
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> Response:
    event(log, logging.ERROR, "failed", request=request_id(), method=method(), route=route(), error=error)
    return _answer(500, PLAIN, "Internal Server Error", {})


def _answer(status: int, kind: str, title: str, members: Mapping[str, object]) -> Response:
    response = jsonify({"type": kind, "title": title, "status": status, "request_id": request_id(), **members})
    response.status_code = status
    response.mimetype = MEDIA_TYPE
    return response
