"""Notices: what was done to the account, what was allowed and taken back, where it was signed in to; refusals as numbers.

Spec: NIST SP 800-63B-4 §4.6 (notifications); OWASP ASVS 5.0 V6.3.7
"""

from dataclasses import dataclass

import flask

from certs.catalogue import CATALOGUE, Text
from idp.accounts import history
from idp.accounts.history import COUNTED, DOCUMENTS, SECURITY, SHARING, SIGN_INS
from idp.login.acr import level_of
from idp.login.holding import TITLES
from idp.model import AuthenticatorKind, Event, Recorded
from idp.web.context import Web
from idp.web.listing import DAY, PAGE, PERIODS, asked
from idp.web.moments import clock, day
from idp.web.session import require_session

HOME = "/account/notices"

GROUPS = {
    "security": (SECURITY, Text("Bảo mật", "Security")),
    "sharing": (SHARING, Text("Chia sẻ", "Sharing")),
    "documents": (DOCUMENTS, Text("Giấy tờ và dữ liệu", "Documents and data")),
    "sign-ins": (SIGN_INS, Text("Đăng nhập", "Sign-ins")),
}
# What a person should act on when it was not them.
ALARMING = {
    "new_device_signed_in",
    "authenticator_added",
    "authenticator_removed",
    "authenticator_copied",
    "password_changed",
    "recovered",
    "approval_denied",
    "code_reuse",
    "refresh_reuse",
    "document_printed",
    "wallet_locked",
}

_TITLES = {
    "registered": Text("Tài khoản được đăng ký", "The account was registered"),
    "new_device_signed_in": Text("Đăng nhập từ một trình duyệt mới", "Signed in from a new browser"),
    "authenticator_added": Text("Thêm một cách đăng nhập", "A way to sign in was added"),
    "authenticator_removed": Text("Bỏ một cách đăng nhập", "A way to sign in was removed"),
    "authenticator_renamed": Text("Đổi tên một cách đăng nhập", "A way to sign in was renamed"),
    "authenticator_copied": Text("Một khóa truy cập có thể đã bị sao chép", "A passkey may have been copied"),
    "password_changed": Text("Đổi mật khẩu", "The password was changed"),
    "recovered": Text("Tài khoản được khôi phục với mật khẩu mới", "The account was recovered with a new password"),
    "approval_denied": Text("Bạn từ chối một lần đăng nhập", "You refused a sign-in"),
    "account_level_set": Text("Đặt mức của tài khoản", "The account's level was set"),
    "session_ended": Text("Đăng xuất ở nơi khác", "Signed out elsewhere"),
    "attempts_limited": Text("Việc thử đăng nhập bị làm chậm lại", "Trying to sign in was slowed down"),
    "attempts_forgotten": Text("Cán bộ cho thử đăng nhập lại", "An officer let sign-ins be tried again"),
    "code_reuse": Text("Một mã của dịch vụ được dùng hai lần", "A code of a service was used twice"),
    "refresh_reuse": Text("Quyền truy cập của dịch vụ được dùng hai lần", "A service's access was used twice"),
    "person_locked": Text("Định danh điện tử bị khóa", "The electronic identity was locked"),
    "person_unlocked": Text("Định danh điện tử được mở khóa", "The electronic identity was unlocked"),
    "staff_granted": Text(
        "Bạn được giao quyền quản trị ứng dụng", "You were given the role to administer applications"
    ),
    "staff_withdrawn": Text(
        "Quyền quản trị ứng dụng của bạn bị rút", "Your role to administer applications was withdrawn"
    ),
    "data_exported": Text("Tải toàn bộ dữ liệu về", "All data was downloaded"),
    "person_renamed": Text("Họ tên của bạn được đổi", "Your name was changed"),
    "person_moved": Text("Nơi thường trú của bạn được đổi", "Your permanent residence was changed"),
    "person_corrected": Text("Ngày sinh hoặc giới tính của bạn được cải chính", "Your birth date or sex was corrected"),
    "person_renumbered": Text("Số định danh của bạn được xác lập lại", "Your personal number was set anew"),
    "licence_points_deducted": Text("Giấy phép lái xe bị trừ điểm", "Points were deducted from your driving licence"),
    "licence_points_restored": Text("Giấy phép lái xe được phục hồi điểm", "Your driving licence has its points again"),
    "documents_reissued": Text(
        "Giấy tờ được ghi lại; bản trong ví cần lấy lại", "Documents written anew; fetch your copies again"
    ),
    "documents_suspended": Text("Giấy tờ bị tạm đình chỉ", "A document was suspended"),
    "document_printed": Text("Một giấy tờ được in ra", "A document was printed"),
    "print_taken_back": Text("Một bản in bị hủy", "A print was taken back"),
    "wallet_locked": Text("Giấy tờ trong một ví bị khóa", "The documents in a wallet were locked"),
    "documents_ended": Text("Giấy tờ không còn hiệu lực", "Documents are no longer in force"),
    "consent_given": Text("Bạn đồng ý chia sẻ", "You agreed to share"),
    "consent_denied": Text("Bạn không đồng ý chia sẻ", "You did not agree to share"),
    "consent_narrowed": Text("Bạn rút lại một phần", "You took a part back"),
    "consent_withdrawn": Text("Bạn rút lại sự đồng ý", "You took your consent back"),
    "tokens_revoked": Text("Dịch vụ tự trả lại quyền truy cập", "The service gave its access back"),
    "signed_in": Text("Đăng nhập", "Signed in"),
    "level_raised": Text("Xác thực thêm", "Proved more"),
    "signed_out": Text("Đăng xuất", "Signed out"),
}
_ENDED_ACCESS = Text(
    "Chúng tôi đã chấm dứt quyền truy cập đó, vì không biết ai trong hai người dùng là thật.",
    "We ended that access, since nobody can tell which of the two users was the right one.",
)


@dataclass(frozen=True, slots=True)
class Notice:
    kind: str
    title: Text
    about: Text | None
    party: Text | None
    alarming: bool
    day: str
    first: str
    last: str
    count: int


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("account_notices", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        account_id, now = require_session().session.account_id, web.clock()
        wanted = asked("group", set(GROUPS))
        kinds = GROUPS[wanted.chosen][0] if wanted.chosen else (*SECURITY, *SHARING, *DOCUMENTS)
        with web.storage.reading() as ports:
            found = history.page(ports, account_id, kinds, size=PAGE, since=wanted.since(now), before=wanted.before)
            refused = [history.refused(ports, account_id, since=now - days * DAY) for days in (7, 30)]
            clients = {client.client_id: client.name for client in ports.clients.all()}
        return flask.render_template(
            "account_notices.html",
            notices=[_notice(group, clients) for group in history.alike(found.rows, day)],
            older=found.older,
            refused=refused,
            most=COUNTED,
            asked=wanted,
            groups=[(name, text) for name, (_, text) in GROUPS.items()],
            periods=[(name, text) for name, (_, text) in PERIODS.items()],
        )

    return routes


def _notice(group: tuple[Recorded, ...], clients: dict[str, Text]) -> Notice:
    newest, oldest = group[0].event, group[-1].event
    return Notice(
        newest.kind,
        _TITLES[newest.kind],
        about(newest),
        clients.get(newest.client_id or ""),
        newest.kind in ALARMING,
        day(newest.at),
        clock(oldest.at),
        clock(newest.at),
        len(group),
    )


def about(event: Event) -> Text | None:
    """What the details add, in words."""
    details = event.details
    match event.kind:
        case "new_device_signed_in":
            parts = ", ".join(str(details[name]) for name in ("device", "place") if details.get(name))
            return Text.same(parts) if parts else None
        case "authenticator_added" | "authenticator_removed" | "authenticator_renamed" | "authenticator_copied":
            return _authenticator(event)
        case "account_level_set":
            return Text(f"Mức {details.get('level')}", f"Level {details.get('level')}")
        case "session_ended":
            number = details.get("sessions", 1)
            return Text(f"{number} phiên đăng nhập đã kết thúc.", f"Sessions ended: {number}.")
        case "signed_in" | "level_raised":
            reached = level_of(str(details.get("acr", "LoA1")))
            return Text(f"Mức xác thực {reached}", f"Authentication level {reached}")
        case "documents_reissued" | "documents_suspended" | "documents_ended" | "wallet_locked":
            titles = [CATALOGUE[name].title for name in details.get("types", ()) if name in CATALOGUE]
            return Text(*(", ".join(title.of(language) for title in titles) for language in ("vi", "en")))
        case "code_reuse" | "refresh_reuse":
            return _ENDED_ACCESS
    return None


def _authenticator(event: Event) -> Text | None:
    try:
        title = TITLES[AuthenticatorKind(str(event.details.get("kind")))]
    except ValueError:
        return None
    name = str(event.details.get("name") or "")
    return Text(f"{title.vi}: {name}", f"{title.en}: {name}") if name else title
