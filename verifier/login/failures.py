"""Why nobody is signed in: a closed list of stable codes, each with the sentence that says what to do."""

from collections.abc import Mapping
from types import MappingProxyType

from certs.catalogue import Text

_UNREACHABLE = Text(
    "Không kết nối được với dịch vụ định danh. Thử lại sau ít phút.",
    "The identity service cannot be reached. Try again in a few minutes.",
)
_NOT_OURS = Text(
    "Lần đăng nhập này không bắt đầu ở đây hoặc đã quá hạn. Hãy đăng nhập lại.",
    "This sign-in did not begin here or took too long. Please sign in again.",
)
_REFUSED = Text(
    "Dịch vụ định danh không hoàn tất lần đăng nhập này. Hãy đăng nhập lại.",
    "The identity service did not complete this sign-in. Please sign in again.",
)
_INVALID = Text(
    "Câu trả lời của dịch vụ định danh không đúng, nên không được dùng. Hãy đăng nhập lại; nếu lặp lại, báo bộ phận kỹ thuật.",
    "The answer of the identity service does not hold, so it was not used. Sign in again; if it repeats, tell your technical team.",
)
_CLOCK = Text(
    "Đồng hồ của máy chủ này và của dịch vụ định danh lệch nhau. Hãy đăng nhập lại; nếu lặp lại, báo bộ phận kỹ thuật chỉnh giờ.",
    "The clocks of this server and of the identity service differ. Sign in again; if it repeats, have the clock set.",
)

FAILURES: Mapping[str, Text] = MappingProxyType(
    {
        # the way there and back
        "provider_unreachable": _UNREACHABLE,
        "provider_invalid": _INVALID,
        "busy": Text(
            "Đang có quá nhiều lượt đăng nhập cùng lúc. Thử lại sau ít phút.",
            "Too many people are signing in at this moment. Try again in a few minutes.",
        ),
        "not_pending": _NOT_OURS,
        "state_mismatch": _NOT_OURS,
        "refused": _REFUSED,
        "denied": Text(
            "Bạn đã chọn không chia sẻ thông tin, nên chưa đăng nhập. Không có gì được gửi đến đây.",
            "You chose not to share, so you are not signed in. Nothing was sent here.",
        ),
        "login_required": Text(
            "Bạn chưa đăng nhập ở dịch vụ định danh. Hãy đăng nhập.",
            "You are not signed in at the identity service. Please sign in.",
        ),
        # what the answer says
        "level_too_low": Text(
            "Việc này cần xác thực mạnh hơn. Hãy đăng nhập lại và làm đủ các bước.",
            "This needs a stronger authentication. Sign in again and do all steps.",
        ),
        "authentication_old": Text(
            "Việc này cần bạn vừa mới xác thực. Hãy đăng nhập lại.",
            "This needs an authentication of just now. Please sign in again.",
        ),
        "other_person": Text(
            "Người vừa đăng nhập không phải là người đã đăng nhập ở đây. Hãy đăng xuất rồi bắt đầu lại với đúng người.",
            "The person who signed in is not the one who is signed in here. Sign out, and begin again with the right person.",
        ),
        "issuer_untrusted": _INVALID,
        "audience_mismatch": _INVALID,
        "nonce_mismatch": _INVALID,
        "type_mismatch": _INVALID,
        "alg_not_allowed": _INVALID,
        "signature_invalid": _INVALID,
        "claim_conflict": _INVALID,
        "token_invalid": _INVALID,
        "expired": _CLOCK,
        "issued_in_future": _CLOCK,
    }
)

# Errors of the authorization endpoint that have a code of their own.
ERRORS = {
    "access_denied": "denied",
    "unmet_authentication_requirements": "level_too_low",
    "login_required": "login_required",
    "interaction_required": "login_required",
    "consent_required": "login_required",
    "account_selection_required": "login_required",
}


class SignInFailed(Exception):
    """The person is not signed in. `code` is stable, `reason` says what to do, `detail` is for the log."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = FAILURES[code]
        self.detail = detail
