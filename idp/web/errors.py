"""The one place where an error becomes HTTP: a page that a person understands, or JSON where a program asked.

Spec: RFC 9110 §15.5; RFC 6749 §5.2 (JSON errors); RFC 9110 §10.2.3 (`Retry-After`)

The page says what happened and what to do, with an id to read out; the cause stands under that id in the operator's log.
"""

import logging
from collections.abc import Mapping

import flask
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed

from certs.catalogue import Text
from certs.log import event
from idp.login.attempts import TooMany
from idp.login.hashing import RETRY_SECONDS, HashingBusy
from idp.oidc import endpoints
from idp.oidc.authorize import Refused
from idp.oidc.keys.key_safe import Unusable
from idp.oidc.request import json_response
from idp.storage.errors import Unavailable, Unstorable
from idp.web.exchange import answered
from idp.web.language import say
from idp.web.log import method, request_id, route

log = logging.getLogger("idp.errors")

# Where programs call, an error is JSON. Other rooms add theirs with `answers_programs`.
_PROGRAMS: set[str] = {
    endpoints.TOKEN,
    endpoints.REVOKE,
    endpoints.USERINFO,
    endpoints.JWKS,
    endpoints.REGISTER_CLIENT,
    "/.well-known",
}

_TRY_AGAIN = Text("Bạn hãy quay lại trang trước và thử lại.", "Go back to the previous page and try again.")
_RESTART = Text(
    "Bạn hãy quay lại ứng dụng hoặc trang dịch vụ và bắt đầu lại từ đó.",
    "Return to the application or service that you came from and start again there.",
)

# status: (what happened, what the person can do)
PAGES: Mapping[int, tuple[Text, Text]] = {
    400: (Text("Yêu cầu này không thể thực hiện", "This request cannot be carried out"), _RESTART),
    403: (
        Text("Trang này đã hết hiệu lực", "This page is no longer valid"),
        Text(
            "Biểu mẫu đã được gửi rồi, hoặc không phải do trình duyệt này mở. Chưa có gì được chia sẻ thêm. "
            "Bạn hãy quay lại dịch vụ và bắt đầu lại.",
            "The form was sent before, or was not opened by this browser. Nothing more was shared. "
            "Return to the service and start again.",
        ),
    ),
    404: (
        Text("Không tìm thấy trang", "Page not found"),
        Text(
            "Bạn hãy kiểm tra lại địa chỉ, hoặc bắt đầu từ trang chủ.",
            "Check the address, or start from the home page.",
        ),
    ),
    405: (Text("Trang này không nhận yêu cầu kiểu đó", "This page does not take that kind of request"), _TRY_AGAIN),
    413: (
        Text("Dữ liệu gửi lên quá lớn", "What was sent is too large"),
        Text("Bạn hãy gửi ít dữ liệu hơn.", "Send less at once."),
    ),
    415: (Text("Kiểu dữ liệu này không được nhận", "This kind of data is not accepted"), _TRY_AGAIN),
    421: (
        Text("Địa chỉ này không thuộc hệ thống", "This address does not belong to the system"),
        Text("Bạn hãy dùng địa chỉ chính thức.", "Use the official address."),
    ),
    503: (
        Text("Hệ thống đang bận", "The system is busy"),
        Text("Chưa có gì thay đổi. Bạn hãy thử lại sau ít phút.", "Nothing was changed. Try again in a few minutes."),
    ),
    500: (
        Text("Hệ thống gặp lỗi", "Something went wrong here"),
        Text(
            "Lỗi ở phía hệ thống, không phải do bạn. Bạn hãy thử lại sau ít phút.",
            "The fault is ours, not yours. Try again in a few minutes.",
        ),
    ),
}

# What the authorization endpoint shows when the client or its address cannot be trusted, or a page is too old.
UNTRUSTED = (
    Text("Không thể mở trang đăng nhập", "The sign-in page cannot be opened"),
    Text(
        "Ứng dụng hoặc trang web đưa bạn tới đây chưa được đăng ký, hoặc yêu cầu của họ sai. Chưa có thông tin nào được gửi đi. "
        "Bạn hãy báo cho bên đó biết.",
        "The application or website that sent you here is not registered, or its request is wrong. Nothing was sent to it. "
        "Please tell them.",
    ),
)
EXPIRED = (
    Text("Trang này không còn dùng được", "This page can no longer be used"),
    Text(
        "Trang đã quá 30 phút, đã hoàn tất, hoặc được mở từ trình duyệt khác. Chưa có gì được chia sẻ thêm. "
        "Bạn hãy quay lại dịch vụ và bắt đầu lại.",
        "It is older than 30 minutes, already completed, or was opened in another browser. Nothing more was shared. "
        "Return to the service and start again.",
    ),
)
CROWDED = (
    Text("Đang có rất nhiều người đăng nhập", "Very many people are signing in right now"),
    Text(
        "Chưa có gì thay đổi. Bạn hãy quay lại trang trước, đợi vài giây rồi gửi lại.",
        "Nothing was changed. Go back to the previous page, wait a few seconds, and send it again.",
    ),
)

TOO_MANY = Text("Đã thử quá nhiều lần", "Too many tries")
# After a hundred in a row there is no time to wait for (NIST SP 800-63B-4 §3.2.2).
ONLY_BY_PROOF = Text(
    "Cách đăng nhập này đã bị khóa. Bạn hãy đăng nhập bằng cách khác (khóa truy cập, ứng dụng trên điện thoại), "
    "hoặc chọn “Quên mật khẩu”; sau đó nó được mở lại.",
    "This way to sign in is locked. Sign in another way (passkey, the app on your phone), or choose “Forgot password”; "
    "after that it is open again.",
)
_DAY = 86_400


def answers_programs(*paths: str) -> None:
    """Paths (and what is below them) whose errors are JSON."""
    _PROGRAMS.update(paths)


def install(app: flask.Flask) -> None:
    @app.errorhandler(HTTPException)
    def _expected(error: HTTPException) -> flask.typing.ResponseReturnValue:
        if error.response is not None:  # an answer that a page chose itself
            return error.response
        return _answer(error.code or 500, error.description or "", _headers(error))

    @app.errorhandler(Unavailable)
    def _busy(error: Unavailable) -> flask.typing.ResponseReturnValue:
        return _answer(503, str(error), {"Retry-After": "5"})

    @app.errorhandler(Unusable)
    def _unsigned(error: Unusable) -> flask.typing.ResponseReturnValue:
        return _answer(503, str(error), {"Retry-After": "5"})

    @app.errorhandler(HashingBusy)
    def _crowded(error: HashingBusy) -> flask.typing.ResponseReturnValue:
        return _answer(503, "no place to hash", {"Retry-After": str(RETRY_SECONDS)}, said=CROWDED)

    @app.errorhandler(TooMany)  # RFC 6585 §4
    def _too_many(error: TooMany) -> flask.typing.ResponseReturnValue:
        said = (TOO_MANY, ONLY_BY_PROOF if error.wait > _DAY else _advice_to_wait(error.wait))
        return _answer(429, "too many tries", {"Retry-After": str(error.wait)}, said=said)

    @app.errorhandler(Unstorable)
    def _unstorable(error: Unstorable) -> flask.typing.ResponseReturnValue:
        return _answer(400, str(error), {})

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> flask.typing.ResponseReturnValue:
        return _answer(500, type(error).__name__, {}, error)

    app.register_error_handler(InternalServerError, _unexpected)


def refused_page(refused: Refused) -> flask.Response:
    """An authorization request whose client or address cannot be trusted."""
    return page(400, *UNTRUSTED, cause=str(refused.error), client=refused.client_id)


def expired_page(status: int = 400) -> flask.Response:
    return page(status, *EXPIRED, cause="interaction is unknown, expired, done or of another browser")


def page(
    status: int, what: Text, then: Text, *, cause: str, error: Exception | None = None, client: str | None = None
) -> flask.Response:
    """`client`: a registered one that the cause is about."""
    identifier = _record(status, cause, error, client)
    flask.g.page_stays = False
    flask.g.form_target = None
    html = flask.render_template(
        "error.html", title=say(what.vi, what.en), advice=say(then.vi, then.en), identifier=identifier
    )
    return flask.Response(html, status, {"Cache-Control": "no-store"}, mimetype="text/html")


def in_words(seconds: int) -> Text:
    """A time to wait: rounded up, so that who comes back after it is not too early."""
    for length, vi, en in ((3600, "giờ", "hour"), (60, "phút", "minute"), (1, "giây", "second")):
        if seconds >= length:
            number = -(-seconds // length)
            return Text(f"{number} {vi}", f"{number} {en}{'' if number == 1 else 's'}")
    return in_words(1)


def _advice_to_wait(seconds: int) -> Text:
    wait = in_words(seconds)
    return Text(
        f"Bạn hãy đợi {wait.vi} rồi thử lại. Không cần đợi nếu đăng nhập bằng cách khác: khóa truy cập hoặc ứng dụng trên "
        "điện thoại.",
        f"Wait {wait.en}, then try again. You need not wait if you sign in another way: with a passkey, or the app on your "
        "phone.",
    )


def _answer(
    status: int,
    cause: str,
    headers: Mapping[str, str],
    error: Exception | None = None,
    said: tuple[Text, Text] | None = None,
) -> flask.Response:
    what, then = said or PAGES[status if status in PAGES else (400 if status < 500 else 500)]
    path = flask.request.path
    if any(path == prefix or path.startswith(f"{prefix}/") for prefix in _PROGRAMS):
        _record(status, cause, error)
        code = {503: "temporarily_unavailable", 429: "too_many_attempts"}.get(
            status, "server_error" if status >= 500 else "invalid_request"
        )
        answer = answered(json_response({"error": code, "error_description": what.en}, status=status))
    else:
        answer = page(status, what, then, cause=cause, error=error)
    answer.headers.update(dict(headers))
    return answer


def _record(status: int, cause: str, error: Exception | None, client: str | None = None) -> str:
    """The id under which the log has the cause. Neither query nor body is written: they hold codes and passwords."""
    level = logging.WARNING if status < 500 else logging.ERROR
    event(
        log,
        level,
        "error_page",
        request=request_id(),
        method=method(),
        route=route(),
        status=status,
        cause=cause,
        client=client,
        error=error,
    )
    return request_id()


def _headers(error: HTTPException) -> dict[str, str]:
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        return {"Allow": ", ".join(sorted(error.valid_methods))}
    return {}
