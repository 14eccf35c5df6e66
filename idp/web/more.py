"""The page that offers what is missing: somebody is signed in, and what they want to do asks for a higher level.

Spec: RFC 9470 §5; OpenID Connect Core 1.0 §5.5.1.1; Decree 69/2024/NĐ-CP Art. 20
"""

from dataclasses import dataclass

import flask

from certs.catalogue import Text
from idp.login import interaction, session
from idp.login.acr import factors_of
from idp.login.factors import available
from idp.login.interaction import Interaction
from idp.login.missing import ways
from idp.login.session import SignedIn
from idp.model import Event
from idp.oidc import authorization as authorizations
from idp.oidc.authorization import Authorization
from idp.ports import Ports
from idp.web import errors, form_target, language, security, walk
from idp.web.context import Web
from idp.web.exchange import answered, see_other
from idp.web.login import asker_of
from idp.web.proven import client_id


@dataclass(frozen=True, slots=True)
class Shown:
    endpoint: str
    part: str  # of its address, below the log-in's
    title: Text
    about: Text


SHOWN = {
    "phone": Shown(
        "approval.page",
        "/phone",
        Text("Ứng dụng trên điện thoại", "The app on your phone"),
        Text(
            "Quét mã QR bằng ví giấy tờ rồi nhập mật mã 6 số.",
            "Scan a QR code with your wallet and enter its passcode.",
        ),
    ),
    "passkey": Shown(
        "passkeys.sign_in",
        "/passkey",
        Text("Khóa truy cập (passkey)", "Passkey"),
        Text(
            "Dùng khóa đã lưu trên thiết bị này hoặc khóa bảo mật.",
            "Use the key kept on this device, or a security key.",
        ),
    ),
    "code": Shown(
        "code.page",
        "/code",
        Text("Mã dùng một lần", "One-time code"),
        Text(
            "Từ ứng dụng xác thực, tin nhắn hoặc mã khôi phục.",
            "From your authenticator app, a message, or a recovery code.",
        ),
    ),
    "password": Shown(
        "login.page",
        "",
        Text("Mật khẩu", "Password"),
        Text("Mật khẩu của tài khoản định danh.", "The password of your account."),
    ),
    "face": Shown(
        "face.page",
        "/face",
        Text("Khuôn mặt (mô phỏng)", "Face (simulated)"),
        Text(
            "So ảnh chụp với ảnh chân dung trong cơ sở dữ liệu.", "Compare a picture with the portrait in the register."
        ),
    ),
}


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("more", __name__)

    @routes.get("/login/<identifier>/more")
    def page(identifier: str) -> flask.typing.ResponseReturnValue:
        with web.storage.reading() as ports:
            pending, signed_in = _here(identifier, ports, web)
            if pending is not None and signed_in is not None:
                return _page(identifier, pending, signed_in, ports, web)
        security.refused("interaction")
        return errors.expired_page()

    @routes.post("/login/<identifier>/more")
    def go_on(identifier: str) -> flask.typing.ResponseReturnValue:
        """Without it: the wish of a relying party is waived, its demand is refused, an own page is left."""
        security.check_form()
        now = web.clock()
        with web.storage.transaction() as ports:
            pending, signed_in = _here(identifier, ports, web)
            browser = security.cookie(security.BROWSER)
            if pending and signed_in and interaction.finish(ports, identifier, browser=browser, now=now):
                details = {"level": pending.least}
                ports.journal.append(Event(now, "level_waived", pending.account_id, client_id(pending), details))
                return _without(pending, signed_in, ports, web, now=now)
        security.refused("interaction")
        return errors.expired_page(403)

    return routes


def _here(identifier: str, ports: Ports, web: Web) -> tuple[Interaction | None, SignedIn | None]:
    """The interaction, if it is one that adds, with the person whose session it adds to."""
    now = web.clock()
    pending = interaction.find(ports, identifier, browser=security.cookie(security.BROWSER), now=now)
    found = session.current(ports, security.cookie(security.SESSION), now=now)
    if pending is None or not pending.adds or found is None or found.session.account_id != pending.account_id:
        return None, None
    return pending, found


def _page(identifier: str, pending: Interaction, signed_in: SignedIn, ports: Ports, web: Web) -> str:
    if pending.authorization is not None:
        form_target.allow(Authorization.of(pending.authorization).redirect_uri)
    language.prefer(pending.locales, since=pending.begun)
    held = ports.authenticators.of_account(signed_in.session.account_id)
    proven = factors_of(signed_in.session.amr)
    offered = ways(available(held, offered=web.oidc.factors), proven, least=pending.least)
    own = flask.url_for("login.page", identifier=identifier)
    there = [way for way in offered if SHOWN[way.name].endpoint in flask.current_app.view_functions]
    return flask.render_template(
        "more.html",
        asker=asker_of(pending, ports),
        ways=[(SHOWN[way.name], own + SHOWN[way.name].part, way) for way in there],
        level=signed_in.level,
        least=pending.least,
        wish=pending.wish,
        own=pending.authorization is None,
        action=flask.request.path,
    )


def _without(pending: Interaction, signed_in: SignedIn, ports: Ports, web: Web, *, now: int) -> flask.Response:
    if pending.authorization is None:
        return see_other("/")
    if not pending.wish:
        return answered(authorizations.unmet(Authorization.of(pending.authorization), ports, web.oidc, now=now))
    return walk.step(interaction.after_waiving(pending), signed_in, ports, now=now)
