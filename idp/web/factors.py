"""The citizen's page of the ways to sign in: what there is, what level it reaches, adding, naming and removing.

Each kind brings its own page to add one; a kind whose page is not served is not offered. Managing asks for as much as the
account can prove, level 2 at most. Spec: NIST SP 800-63B-4 §4.1, §4.4
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import flask

from certs.catalogue import Text
from idp.accounts import phones
from idp.issuance.entitlement import VIETNAM
from idp.login import holding, recovery_codes
from idp.login.acr import Factor
from idp.login.factors import reach
from idp.login.session import SignedIn
from idp.model import Authenticator, AuthenticatorKind
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.session import current_session, require_session

HOME = "/account/security"
LEVEL_TO_MANAGE = 2

NO_NAME = Text(
    f"Nhập tên từ 1 đến {holding.MAX_NAME} ký tự, chỉ gồm chữ, số và dấu thông thường",
    f"Enter a name of 1 to {holding.MAX_NAME} letters, digits and usual signs",
)


@dataclass(frozen=True, slots=True)
class Way:
    """One line of the page: a kind, what it is good for, and the endpoint of the page that adds one (or sets it)."""

    kind: AuthenticatorKind
    about: Text
    level: Text
    endpoint: str
    add: Text


WAYS = (
    Way(
        AuthenticatorKind.PASSKEY,
        Text(
            "Mở khóa bằng điện thoại, máy tính hoặc khóa bảo mật; trang giả mạo không lấy được.",
            "Unlocked by your phone, computer or security key; a fake page cannot steal it.",
        ),
        Text("Một mình đã đạt mức 2.", "Reaches level 2 by itself."),
        "passkeys.add",
        Text("Thêm khóa truy cập", "Add a passkey"),
    ),
    Way(
        AuthenticatorKind.DEVICE,
        Text(
            "Quét mã QR và xác nhận bằng mật mã. Thêm từ chính ứng dụng ví trên điện thoại.",
            "Scan a QR code and confirm with your passcode. Added from the wallet on the phone itself.",
        ),
        Text("Một mình đã đạt mức 2.", "Reaches level 2 by itself."),
        "",
        Text("", ""),
    ),
    Way(
        AuthenticatorKind.TOTP,
        Text(
            "Ứng dụng tạo mã 6 chữ số, dùng được cả khi không có mạng.",
            "An app that makes 6-digit codes, also without a network.",
        ),
        Text("Cùng mật khẩu đạt mức 2; một mình đạt mức 1.", "With the password level 2; alone level 1."),
        "totp.page",
        Text("Thêm ứng dụng xác thực", "Add an authenticator app"),
    ),
    Way(
        AuthenticatorKind.RECOVERY_CODE,
        Text("Mười mã ghi ra giấy, dùng khi mất điện thoại.", "Ten codes on paper, for when the phone is lost."),
        Text("Cùng mật khẩu đạt mức 2.", "With the password level 2."),
        "recovery_codes.page",
        Text("Tạo mã khôi phục", "Make recovery codes"),
    ),
    Way(
        AuthenticatorKind.PASSCODE,
        Text("Bạn nhập mật mã này khi xác nhận trên điện thoại.", "You enter it when you confirm on your phone."),
        Text("Chỉ dùng cùng ví trên điện thoại.", "Used only together with the wallet on a phone."),
        "passcode.page",
        Text("Đặt mật mã", "Set a passcode"),
    ),
)


@dataclass(frozen=True, slots=True)
class Shown:
    one: Authenticator
    name: str | None
    added: str
    used: str | None


@dataclass(frozen=True, slots=True)
class Section:
    way: Way
    title: Text
    held: tuple[Shown, ...]
    left: int  # recovery codes
    endpoint: str | None


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("factors", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        return _page(web, manager(web))

    @routes.get("/factors/<authenticator_id>/name")
    def name(authenticator_id: str) -> str:
        return _name_page(_theirs(web, manager(web), authenticator_id), None)

    @routes.post("/factors/<authenticator_id>/name")
    def submit_name(authenticator_id: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        one = _theirs(web, manager(web), authenticator_id)
        typed = holding.name_of(form().get("name"))
        if typed is None:
            return _name_page(one, NO_NAME), 422
        with web.storage.transaction() as ports:
            holding.rename(ports, one, typed, now=web.clock())
        return see_other(HOME)

    _removal(web, routes)
    return routes


def _removal(web: Web, routes: flask.Blueprint) -> None:
    @routes.get("/factors/<authenticator_id>/remove")
    def remove(authenticator_id: str) -> str:
        signed_in = manager(web)
        return _removal_page(web, _theirs(web, signed_in, authenticator_id))

    @routes.post("/factors/<authenticator_id>/remove")
    def submit_removal(authenticator_id: str) -> flask.Response:
        security.check_form()
        signed_in = manager(web)
        one = _theirs(web, signed_in, authenticator_id)
        lost = holding.can_be_lost(one.kind) and form().get("lost") == "yes"
        with web.storage.transaction() as ports:
            holding.remove(
                ports,
                signed_in.holder,
                one,
                lost=lost,
                keeps=signed_in.session.session_hash,
                now=web.clock(),
                simulation=web.config.simulation,
            )
        return see_other(HOME)


def manager(web: Web) -> SignedIn:
    """Who may change how this account is signed in to; for every page that does."""
    found = current_session()
    if found is None:
        return require_session(HOME)
    with web.storage.reading() as ports:
        most = reach(ports, found.session.account_id, offered=web.oidc.factors)
    return require_session(
        flask.request.path if flask.request.method == "GET" else HOME, least=min(LEVEL_TO_MANAGE, most)
    )


def _page(web: Web, signed_in: SignedIn) -> str:
    account = signed_in.holder.account
    with web.storage.reading() as ports:
        held = ports.authenticators.of_account(account.account_id)
        most = reach(ports, account.account_id, offered=web.oidc.factors)
    message = Factor.SHORT_MESSAGE in web.oidc.factors
    return flask.render_template(
        "factors.html",
        sections=[_section(way, held) for way in WAYS],
        phone=phones.mask(account.phone)[-3:] if message else None,
        most=most,
        level=signed_in.level,
        alone=not any(one.kind is not AuthenticatorKind.PASSCODE for one in held),
        password=_served("password.page"),
    )


def _section(way: Way, held: Iterable[Authenticator]) -> Section:
    theirs = [one for one in held if one.kind is way.kind]
    one_set = way.kind is AuthenticatorKind.RECOVERY_CODE
    shown = tuple(_shown(one) for one in (theirs[:1] if one_set else theirs))
    left = recovery_codes.left(theirs)
    return Section(way, holding.TITLES[way.kind], shown, left, _served(way.endpoint))


def _shown(one: Authenticator) -> Shown:
    used = day(one.last_used_at) if one.last_used_at is not None else None
    return Shown(one, one.name or None, day(one.created_at), used)


def _served(endpoint: str) -> str | None:
    return flask.url_for(endpoint) if endpoint in flask.current_app.view_functions else None


def day(at: int) -> str:
    return datetime.fromtimestamp(at, VIETNAM).strftime("%d/%m/%Y")


def _theirs(web: Web, signed_in: SignedIn, authenticator_id: str) -> Authenticator:
    with web.storage.reading() as ports:
        found = holding.find(ports, signed_in.session.account_id, authenticator_id)
    if found is None:
        flask.abort(404)
    return found


def _name_page(one: Authenticator, problem: Text | None) -> str:
    title = holding.TITLES[one.kind]
    return flask.render_template("factor_name.html", one=one, title=title, problem=problem, action=flask.request.path)


def _removal_page(web: Web, one: Authenticator) -> str:
    with web.storage.reading() as ports:
        held = ports.authenticators.of_account(one.account_id)
    return flask.render_template(
        "factor_remove.html",
        one=one,
        title=holding.TITLES[one.kind],
        count=recovery_codes.left(held) if one.kind is AuthenticatorKind.RECOVERY_CODE else 0,
        last=holding.is_last(held, one),
        can_be_lost=holding.can_be_lost(one.kind),
        action=flask.request.path,
    )
