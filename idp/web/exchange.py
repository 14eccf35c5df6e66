"""Between Flask's request and response and our values. Parameters are parsed by our own strict parser."""

import hashlib

import flask
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from idp.oidc.request import FORM, MalformedParameters, Parameters, Request, Response


def received() -> Request:
    """The present request as a value; raises BadRequest when its parameters cannot be read, 413 when it is too long."""
    source = flask.request
    body = source.get_data()  # bounded by MAX_CONTENT_LENGTH
    media_type = source.mimetype or None
    try:
        return Request(
            method=source.method,
            query=Parameters.parse(source.query_string),
            form=Parameters.parse(body) if media_type == FORM else Parameters(),
            headers={name.lower(): value for name, value in source.headers},
            media_type=media_type,
            body=body,
        )
    except MalformedParameters as error:
        raise BadRequest(str(error)) from error


def form() -> Parameters:
    """The fields of one of our own forms; each at most once."""
    request = received()
    if request.media_type != FORM:
        raise UnsupportedMediaType
    if request.form.repeated():
        raise BadRequest("a field was sent twice")
    return request.form


def answered(response: Response) -> flask.Response:
    answer = flask.Response(response.body, response.status)
    del answer.headers["Content-Type"]
    for name, value in response.headers:
        answer.headers.add(name, value)
    return answer


def public(body: bytes, media_type: str, *, caching: str) -> flask.Response:
    """What is the same for all, programs in browsers included; who has it already gets a 304 (RFC 9110 §15.4.5)."""
    answer = flask.Response(body, headers={"Cache-Control": caching, "Access-Control-Allow-Origin": "*"})
    answer.headers["Content-Type"] = media_type
    answer.set_etag(hashlib.sha256(body).hexdigest()[:32])
    return answer.make_conditional(flask.request)  # type: ignore[return-value]


def see_other(location: str) -> flask.Response:
    """To another page of ours: 303, so that a POST is never repeated."""
    answer = flask.Response(status=303)
    answer.headers["Location"] = location
    return answer
