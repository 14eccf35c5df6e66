"""Why nobody is signed in: a stable code each, and the sentence that says what to do."""

from certs.catalogue import Text

UNREACHABLE = Text(
    "Không kết nối được với dịch vụ định danh. Thử lại sau ít phút.",
    "The identity service cannot be reached. Try again in a few minutes.",
)
NOT_OURS = Text(
    "Lần đăng nhập này không bắt đầu ở đây hoặc đã quá hạn. Hãy đăng nhập lại.",
    "This sign-in did not begin here or took too long. Please sign in again.",
)
DENIED = Text(
    "Khách đã không đồng ý chia sẻ thông tin. Không có gì được gửi đến quầy.",
    "The customer chose not to share. Nothing was sent to this counter.",
)
REFUSED = Text(
    "Dịch vụ định danh không hoàn tất lần đăng nhập này. Hãy đăng nhập lại.",
    "The identity service did not complete this sign-in. Please sign in again.",
)
TOO_LOW = Text(
    "Khách chưa xác thực đủ mạnh cho việc này. Mời khách đăng nhập lại và làm đủ các bước, hoặc dùng cách khác.",
    "The customer was not authenticated strongly enough for this. Ask them to sign in again and do all steps, or use another way.",
)
OTHER = Text(
    "Người vừa đăng nhập không phải là khách đang ở quầy. Hãy kết thúc và bắt đầu lại với đúng người.",
    "The person who signed in is not the customer at this counter. Finish, and begin again with the right person.",
)
INVALID = Text(
    "Câu trả lời của dịch vụ định danh không đúng, nên không được dùng. Hãy đăng nhập lại; nếu lặp lại, báo bộ phận kỹ thuật.",
    "The answer of the identity service does not hold, so it was not used. Sign in again; if it repeats, tell your technical team.",
)


# Errors of the authorization endpoint that have a sentence of their own.
ERRORS = {
    "access_denied": ("denied", DENIED),
    "unmet_authentication_requirements": ("level_too_low", TOO_LOW),
}


class SignInFailed(Exception):
    """The person is not signed in. `code` is stable, `reason` says what to do, `detail` is for the log."""

    def __init__(self, code: str, reason: Text, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.detail = detail
