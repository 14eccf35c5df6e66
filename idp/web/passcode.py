"""Setting the passcode of the app: six digits, typed twice. Spec: NIST SP 800-63B-4 §3.1.1.2"""

import flask

from certs.catalogue import Text
from idp.login import attempts, hashing, holding, passcode
from idp.login.attempts import Secret
from idp.login.notices import tell
from idp.login.passcode import PasscodeRefused
from idp.login.session import SignedIn
from idp.model import AuthenticatorKind
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.factors import HOME, manager

_EASY = Text("Mật mã này dễ đoán. Chọn sáu chữ số khác", "This passcode is easy to guess. Choose six other digits")
REFUSED = {
    "form": Text("Nhập đúng 6 chữ số", "Enter exactly 6 digits"),
    "repeated": _EASY,
    "sequential": _EASY,
    "usual": _EASY,
    "birth_date": Text("Không dùng ngày sinh. Chọn sáu chữ số khác", "Not your birthday. Choose six other digits"),
}
DIFFERENT = Text("Hai lần nhập khác nhau. Nhập lại", "The two are different. Enter it again")
Problems = dict[str, Text]


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("passcode", __name__)

    @routes.get(f"{HOME}/passcode")
    def page() -> str:
        return _page(web, manager(web), {})

    @routes.post(f"{HOME}/passcode")
    def set_it() -> flask.typing.ResponseReturnValue:
        security.check_form()
        signed_in, sent = manager(web), form()
        typed, again = (sent.get("passcode") or "").strip(), (sent.get("again") or "").strip()
        if typed != again:
            return _page(web, signed_in, {"again": DIFFERENT}), 422
        try:
            with hashing.place():
                hashed = passcode.hash_passcode(typed, birth_date=signed_in.holder.person.birth_date)
        except PasscodeRefused as refused:
            return _page(web, signed_in, {"passcode": REFUSED[refused.code]}), 422
        account, now = signed_in.holder.account, web.clock()
        with web.storage.transaction() as ports:
            passcode.put(ports, account.account_id, hashed, now=now)
            attempts.forget(ports, account.account_id, Secret.PASSCODE)  # tries at the former one
            told = holding.added(AuthenticatorKind.PASSCODE, "")
            tell(ports, account, told, now=now, simulation=web.config.simulation)
        return see_other(HOME)

    return routes


def _page(web: Web, signed_in: SignedIn, problems: Problems) -> str:
    with web.storage.reading() as ports:
        known = passcode.of(ports, signed_in.session.account_id) is not None
    return flask.render_template("passcode.html", known=known, problems=problems)
