"""Between Flask's request and response and our values. Parameters are parsed by our own strict parser."""

import hashlib
import io
from collections.abc import Mapping

import flask
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.formparser import FormDataParser

from idp.login.origin import source as network_of
from idp.oidc.request import FORM, MalformedParameters, Parameters, Request, Response
from idp.oidc.response import FormPost
from idp.web import form_target


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
            path=source.path,
            source=network_of(source.remote_addr or ""),
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


UPLOAD = "multipart/form-data"
MAX_PARTS, MAX_FIELDS = 8, 256 * 1024  # the parser looks at 64 kB at a time, whatever they are


def upload(name: str) -> tuple[Mapping[str, str], bytes]:
    """The fields of a form with one file, and the file. All in memory: Werkzeug's own way may write to a disk."""
    if flask.request.mimetype != UPLOAD:
        raise UnsupportedMediaType
    body = flask.request.get_data()
    parser = FormDataParser(
        stream_factory=lambda *_, **__: io.BytesIO(),
        max_form_memory_size=MAX_FIELDS,
        max_form_parts=MAX_PARTS,
        silent=False,
    )
    try:
        _, fields, files = parser.parse(io.BytesIO(body), UPLOAD, len(body), flask.request.mimetype_params)
    except ValueError as error:
        raise BadRequest("the form cannot be read") from error
    if len(list(fields.items(multi=True))) != len(fields) or len(list(files.items(multi=True))) != len(files):
        raise BadRequest("a field was sent twice")
    return dict(fields), files[name].read() if name in files else b""


def answered(response: Response) -> flask.Response:
    body: str | bytes = response.body
    if isinstance(response, FormPost):
        form_target.allow(response.action)
        body = flask.render_template("form_post.html", action=response.action, fields=response.fields)
    answer = flask.Response(body, response.status)
    if isinstance(response, FormPost):
        answer.headers.extend(response.headers)
        return answer
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
