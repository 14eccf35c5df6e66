"""Adding an authenticator app: the secret as QR and as text, confirmed by a first code before it counts.

Spec: RFC 6238 §5.1; NIST SP 800-63B-4 §4.1.2
"""

import secrets

import flask
from markupsafe import Markup

from certs import qr
from certs.catalogue import Text
from idp.accounts import phones
from idp.login import holding, totp
from idp.login.notices import tell
from idp.login.session import SignedIn
from idp.login.totp import Enrolment
from idp.model import AuthenticatorKind
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.factors import HOME, NO_NAME, manager
from idp.web.language import say

ISSUER = "Định danh mô phỏng"  # as the app lists it
MAX_CODE = 32

NO_CODE = Text("Nhập mã mà ứng dụng đang hiện", "Enter the code that the app shows")
WRONG = Text(
    "Mã chưa đúng. Chờ ứng dụng hiện mã mới rồi nhập lại; kiểm tra giờ của điện thoại.",
    "The code is not right. Wait for the next one and enter it; check the clock of your phone.",
)
TOO_OLD = Text(
    "Trang đã mở quá 30 phút. Quét lại mã QR mới dưới đây.",
    "The page was open for more than 30 minutes. Scan the new QR code below.",
)
Problems = dict[str, Text]


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("totp", __name__)

    @routes.get(f"{HOME}/totp")
    def page() -> str:
        signed_in = manager(web)
        return _page(web, signed_in, _new(web, signed_in), name=say("Điện thoại của tôi", "My phone"), problems={})

    @routes.post(f"{HOME}/totp")
    def confirm() -> flask.typing.ResponseReturnValue:
        security.check_form()
        signed_in, sent = manager(web), form()
        typed, name = "".join((sent.get("code") or "").split())[:MAX_CODE], holding.name_of(sent.get("name"))
        enrolment = totp.resume(
            signed_in.session.account_id, sent.get("sealed") or "", sealer=web.sealer, now=web.clock()
        )
        problems = {**({} if typed else {"code": NO_CODE}), **({} if name else {"name": NO_NAME})}
        if enrolment is None:
            enrolment, problems = _new(web, signed_in), {"code": TOO_OLD}
        elif not problems and name is not None:
            if _confirm(web, signed_in, enrolment, typed=typed, name=name):
                return see_other(HOME)
            problems = {"code": WRONG}
        return _page(web, signed_in, enrolment, name=name or "", problems=problems), 422

    return routes


def _new(web: Web, signed_in: SignedIn) -> Enrolment:
    return totp.begin(signed_in.session.account_id, sealer=web.sealer, random=secrets.token_bytes, now=web.clock())


def _confirm(web: Web, signed_in: SignedIn, enrolment: Enrolment, *, typed: str, name: str) -> bool:
    account, now = signed_in.holder.account, web.clock()
    with web.storage.transaction() as ports:
        confirmed = totp.confirm(
            ports,
            account.account_id,
            enrolment,
            typed=typed,
            name=name,
            sealer=web.sealer,
            new_secret=web.oidc.new_secret,
            now=now,
        )
        if confirmed:
            told = holding.added(AuthenticatorKind.TOTP, name)
            tell(ports, account, told, now=now, simulation=web.config.simulation)
    return confirmed


def _page(web: Web, signed_in: SignedIn, enrolment: Enrolment, *, name: str, problems: Problems) -> str:
    account = signed_in.holder.account
    with web.storage.reading() as ports:
        full = len(totp.held(ports.authenticators.of_account(account.account_id))) >= totp.MOST
    label = f"…{phones.mask(account.phone)[-3:]}"  # never the personal number: it would stand on the phone's screen
    drawn = qr.draw_svg(totp.uri(enrolment.secret, issuer=ISSUER, label=label))
    text = totp.base32(enrolment.secret)
    return flask.render_template(
        "totp.html",
        qr=Markup(drawn[drawn.index("<svg") :]),  # noqa: S704 - our own drawing, without its XML declaration
        secret=" ".join(text[start : start + 4] for start in range(0, len(text), 4)),
        sealed=enrolment.sealed,
        name=name,
        problems=problems,
        full=full,
        most=totp.MOST,
    )
