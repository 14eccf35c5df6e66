"""Changing one's password: the present one is asked again, and every other session ends.

Spec: NIST SP 800-63B-4 §3.1.1.2, §4.6; OWASP ASVS 5.0 V6.2.3, V7.4.3
"""

import flask

from certs.catalogue import Text
from idp.login import attempts, hashing, notices
from idp.login.acr import PASSWORD_ALONE, factors_of
from idp.login.attempts import Secret, Try
from idp.login.factors import reach
from idp.login.password import hash_password, verify_password
from idp.login.session import SignedIn
from idp.login.sign_in import names
from idp.model import Event
from idp.web import errors, security, tries
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.new_password import Problems, chosen
from idp.web.session import require_session

HOME = "/account"
PATH = f"{HOME}/password"
NO_CURRENT = Text("Nhập mật khẩu hiện tại", "Enter your current password")
WRONG = Text("Mật khẩu hiện tại không đúng. Nhập lại", "The current password is not right. Enter it again")
NOTICE = Text(
    "Mật khẩu của bạn vừa được đổi; các phiên đăng nhập khác đã kết thúc. Nếu không phải bạn, hãy chọn “Quên mật khẩu” ngay.",
    "Your password was changed, and the other sessions were ended. If it was not you, choose “Forgot password” now.",
)


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("password", __name__)

    @routes.get(PATH)
    def page() -> str:
        _signed_in(web)
        return _page(problems={})

    @routes.post(PATH)
    def change() -> flask.typing.ResponseReturnValue:
        signed_in = _signed_in(web)
        security.check_form()
        sent = form()
        current = sent.get("current") or ""
        new, problems = chosen(sent, signed_in.holder)
        if not current:
            problems = {"current": NO_CURRENT, **problems}
        if problems:
            return _page(problems=problems), 422
        tried = tries.of(web, None, signed_in.session.account_id, secret=Secret.PASSWORD)
        with hashing.place():
            attempts.begin(web.storage, tried, now=web.clock())
            if not verify_password(signed_in.holder.account.password_hash, current):
                _refused(web, signed_in, tried)
                return _page(problems={"current": WRONG}), 422
            hashed = hash_password(new)
        return _set(web, signed_in, hashed, tried)

    @routes.get(f"{PATH}/changed")
    def done() -> str:
        require_session(PATH)
        return flask.render_template("password_set.html", next=HOME, recovered=False)

    return routes


def _signed_in(web: Web) -> SignedIn:
    """At the level that is lost with the password, or the highest there is (NIST SP 800-63B-4 §4.1.2)."""
    account_id = require_session(PATH).session.account_id
    with web.storage.reading() as ports:
        most = reach(ports, account_id, offered=web.oidc.factors)
    return require_session(PATH, least=min(2, most))


def _refused(web: Web, signed_in: SignedIn, tried: Try) -> None:
    with web.storage.transaction() as ports:
        account_id = signed_in.session.account_id
        attempts.fail(ports, tried, reason="wrong_password", account_id=account_id, now=web.clock())


def _set(web: Web, signed_in: SignedIn, hashed: str, tried: Try) -> flask.Response:
    account, now = signed_in.holder.account, web.clock()
    with web.storage.transaction() as ports:
        if not ports.accounts.set_password(account.account_id, hashed, replaces=account.password_hash):
            return errors.expired_page(403)  # changed meanwhile, by who may not be this one
        ended = ports.sessions.end_account(account.account_id, but=signed_in.session.session_hash)
        ports.journal.append(Event(now, "password_changed", account.account_id, details={"sessions": ended}))
        notices.tell(ports, account, NOTICE, now=now, simulation=web.config.simulation)
        changed = ports.accounts.get(account.account_id)
        attempts.succeed(ports, tried, now=now)
        known_as = names(account, signed_in.holder.person)
        attempts.forget(ports, account.account_id, Secret.PASSWORD, names=known_as)
    answer = see_other(flask.url_for("password.done"))
    if changed is not None:
        tries.remember(web, answer, changed, factors=factors_of(signed_in.session.amr) | PASSWORD_ALONE)
    return answer


def _page(*, problems: Problems) -> str:
    return flask.render_template("new_password.html", action=PATH, problems=problems, asks_current=True)
