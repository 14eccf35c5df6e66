"""The one place where an error becomes HTTP: a page that a person understands, or JSON where a page's script asked.

Spec: RFC 9110 §15.5. What happened and what to do, with an id to read out; the cause stands under that id in the log.
"""

import logging
from collections.abc import Mapping

import flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from certs.catalogue import Text
from certs.log import event
from wallet.advice import Advice
from wallet.errors import WalletError
from wallet.storage.errors import StorageError, Unavailable
from wallet.web.frame import wants_json
from wallet.web.language import say_text
from wallet.web.log import method, request_id, route

log = logging.getLogger("wallet.errors")

_STATUS: Mapping[str, int] = {
    "document_unknown": 404,
    "view_unknown": 404,
    "form_expired": 403,
    "approval_gone": 404,
    "answering_gone": 404,
    "reader_untrusted": 403,
    "reader_overasks": 403,
    "reader_unreachable": 503,
    "enrolment_unknown": 404,
    "passcode_wrong": 403,
    "passcode_other": 403,
    "passcode_spent": 403,
    "number_mismatch": 403,
    "too_many_tries": 429,
    "issuer_unreachable": 503,
    "trust_unavailable": 503,
    "vault_unreadable": 500,
    "vault_key_unsafe": 500,
}
_HTTP: Mapping[int, Advice] = {
    404: Advice(
        Text("Không có trang này.", "There is no such page."),
        Text("Hãy kiểm tra địa chỉ, hoặc về trang chủ.", "Check the address, or go to the home page."),
    ),
    405: Advice(
        Text("Trang này không nhận yêu cầu kiểu đó.", "This page does not take that kind of request."),
        Text("Hãy quay lại trang trước rồi thử lại.", "Go back to the page before and try again."),
    ),
    413: Advice(Text("Dữ liệu gửi lên quá lớn.", "What was sent is too large."), Text("Hãy gửi ít hơn.", "Send less.")),
    415: Advice(
        Text("Kiểu dữ liệu này không được nhận.", "This kind of data is not accepted."),
        Text("Hãy quay lại trang trước rồi thử lại.", "Go back to the page before and try again."),
    ),
    421: Advice(
        Text("Địa chỉ này không thuộc về ví.", "This address does not belong to the wallet."),
        Text("Hãy dùng địa chỉ chính thức.", "Use the official address."),
    ),
}
_OTHER = Advice(
    Text("Ví gặp lỗi.", "Something went wrong in the wallet."),
    Text("Hãy thử lại sau ít phút.", "Try again in a few minutes."),
)
_MALFORMED = Advice(
    Text("Yêu cầu không hợp lệ.", "The request is not valid."),
    Text("Hãy quay lại trang trước rồi thử lại.", "Go back to the page before and try again."),
)


def install(app: flask.Flask) -> None:
    @app.errorhandler(WalletError)
    def _refused(error: WalletError) -> flask.typing.ResponseReturnValue:
        return _answer(_STATUS.get(error.code, 400), error.code, error.advice, error.detail)

    @app.errorhandler(StorageError)
    def _storage(error: StorageError) -> flask.typing.ResponseReturnValue:
        status = 503 if isinstance(error, Unavailable) else 500
        return _answer(status, error.code, _OTHER, error.detail)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> flask.typing.ResponseReturnValue:
        status = error.code or 500
        fallback = _MALFORMED if 400 <= status < 500 else _OTHER
        answer = flask.make_response(
            _answer(status, error.name.lower().replace(" ", "_"), _HTTP.get(status, fallback), "")
        )
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # RFC 9110 §15.5.6
        return answer

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> flask.typing.ResponseReturnValue:
        return _answer(500, "internal", _OTHER, type(error).__name__, error)


def _answer(
    status: int, code: str, advice: Advice, detail: str, error: Exception | None = None
) -> flask.typing.ResponseReturnValue:
    reference = request_id()
    level = logging.ERROR if status >= 500 else logging.INFO
    event(
        log,
        level,
        "error_page",
        request=reference,
        method=method(),
        route=route(),
        status=status,
        code=code,
        cause=detail,
        error=error,
    )
    headers = {"Retry-After": "5"} if status == 503 else {}
    if wants_json():
        message = f"{say_text(advice.happened)} {say_text(advice.next_step)}"
        return flask.jsonify({"error": code, "message": message, "reference": reference}), status, headers
    page = flask.render_template("error.html", advice=advice, reference=reference)
    return page, status, headers
