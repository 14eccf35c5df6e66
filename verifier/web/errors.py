"""The one place where an error becomes a page: what happened, what to do, an id to read out; no code words, no blame."""

import logging

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from certs.catalogue import Text
from certs.log import event
from verifier.login import SignInFailed
from verifier.scan import TOO_LARGE
from verifier.transactions import TransactionsFull
from verifier.web.frame import PageExpired, language
from verifier.web.log import method, request_id, route

log = logging.getLogger(__name__)
RETRY_AFTER = 60  # seconds: some questions end in each minute

_TEXTS = {
    400: Text("Yêu cầu này không đúng. Hãy quay lại và thử lại.", "This request is not right. Go back and try again."),
    403: Text(
        "Trang này không thuộc phần việc của bạn. Nếu cần, hãy hỏi người giám sát.",
        "This page is not part of your work. If you need it, ask your supervisor.",
    ),
    404: Text(
        "Không có trang này. Hãy bắt đầu lại từ trang chủ.", "There is no such page. Start again from the home page."
    ),
    405: Text("Trang này không mở được theo cách đó.", "This page cannot be opened in that way."),
    413: TOO_LARGE,
    415: Text("Dữ liệu gửi lên không đúng loại.", "What was sent is not of a kind that is taken here."),
    421: Text(
        "Địa chỉ này không thuộc về quầy. Hãy dùng địa chỉ chính thức.",
        "This address does not belong to the counter. Use the official address.",
    ),
    503: Text(
        "Đang có quá nhiều câu hỏi chờ trả lời, nên chưa hỏi thêm được. Chờ vài phút rồi thử lại.",
        "Too many questions wait for an answer, so no more can be asked now. Wait some minutes, then try again.",
    ),
    500: Text(
        "Quầy gặp lỗi. Thử lại; nếu vẫn lỗi, báo bộ phận kỹ thuật kèm mã lỗi dưới đây.",
        "The counter failed. Try again; if it fails again, tell your technical team the id below.",
    ),
}
_TOO_LONG = Text(
    "Nội dung gửi lên quá dài: tối đa 512 KB. Tệp và ảnh phải gửi bằng biểu mẫu của trang.",
    "What was sent is too long: at most 512 KB. Files and pictures come by the form of the page.",
)
# At the counter it is a teller who reads, about somebody else.
_OF_A_CUSTOMER = {
    "denied": Text(
        "Khách đã không đồng ý chia sẻ thông tin. Không có gì được gửi đến quầy.",
        "The customer chose not to share. Nothing was sent to this counter.",
    ),
    "level_too_low": Text(
        "Khách chưa xác thực đủ mạnh cho việc này. Mời khách đăng nhập lại và làm đủ các bước, hoặc dùng cách khác.",
        "The customer was not authenticated strongly enough for this. Ask them to sign in again and do all steps, or use another way.",
    ),
    "other_person": Text(
        "Người vừa đăng nhập không phải là khách đang ở quầy. Hãy kết thúc và bắt đầu lại với đúng người.",
        "The person who signed in is not the customer at this counter. Finish, and begin again with the right person.",
    ),
}
_EXPIRED = Text(
    "Trang đã mở quá lâu. Mở lại trang và gửi lại.",
    "The page was open for too long. Open it again and send it once more.",
)


def install(app: Flask) -> None:
    app.register_error_handler(SignInFailed, _sign_in_failed)
    app.register_error_handler(TransactionsFull, _full)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _sign_in_failed(error: SignInFailed) -> Response:
    status = 503 if error.code == "busy" else 502 if error.code.startswith("provider_") else 400
    return _page(status, _OF_A_CUSTOMER.get(error.code, error.reason), error.code, error.detail, again="/sign-in")


def _full(error: TransactionsFull) -> Response:
    """Nobody's open question is given up for a new one."""
    response = _page(503, _TEXTS[503], "busy", str(error), again="/online")
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, PageExpired):
        return _page(status, _EXPIRED, "page_expired", "")
    text = _TEXTS.get(status, _TEXTS[400 if status < 500 else 500])
    if status == 413 and request.mimetype != "multipart/form-data":
        text = _TOO_LONG
    response = _page(status, text, f"http_{status}", "")
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    return _page(500, _TEXTS[500], "internal", type(error).__name__, error=error)


def _page(
    status: int, text: Text, code: str, detail: str, *, again: str = "/", error: Exception | None = None
) -> Response:
    error_id = request_id()
    level = logging.ERROR if status >= 500 else logging.WARNING
    event(
        log,
        level,
        "error_page",
        request=error_id,
        method=method(),
        route=route(),
        status=status,
        code=code,
        cause=detail,
        error=error,
    )
    if wants_json():
        body = jsonify({"error": code, "error_id": error_id, "reason": {"vi": text.vi, "en": text.en}})
        return make_response(body, status)
    page = render_template("error.html", text=text.of(language()), error_id=error_id, again=again)
    return make_response(page, status)


def wants_json() -> bool:
    """Whether a machine asks: it names JSON and does not name HTML."""
    return (
        "application/json" in request.accept_mimetypes.values() and "text/html" not in request.accept_mimetypes.values()
    )
