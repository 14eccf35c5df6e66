"""The log-in page: who asks, the person's number or phone with the password, and beside it the other ways to sign in.

Unknown person, wrong password, locked and deceased are answered alike, after the same work: the page tells nobody who has
an account. The journal knows the difference. Spec: NIST SP 800-63B-4 §3.1.1, §3.2.2; attacks.md §4.9, §4.10
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

import flask

from certs.catalogue import Text
from idp.login import attempts, interaction
from idp.login.acr import PASSWORD_ALONE
from idp.login.attempts import Secret, Try
from idp.login.interaction import Interaction
from idp.login.sign_in import MAX_IDENTIFIER, Check, check, still_holds
from idp.model import Client
from idp.oidc import device_flow
from idp.oidc.authorization import Authorization
from idp.ports import Ports
from idp.web import errors, form_target, language, security, tries
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.proven import Proof, proven

MAX_HINT = 64


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, in the words of the register, and the host that the answer goes to; or the code that another device shows."""

    name: Text
    purpose: Text
    host: str
    device: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    field: str
    text: Text


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to sign in, and the address of its page."""

    text: Text
    href: str


# By the last part of their addresses, which follow this page's own.
OTHER_WAYS = (
    ("passkey", Text("Khóa truy cập (passkey)", "Passkey")),
    ("phone", Text("Bằng ứng dụng trên điện thoại", "With the app on your phone")),
    ("code", Text("Mã dùng một lần", "One-time code")),
)

NO_IDENTIFIER = Problem(
    "identifier", Text("Nhập số định danh cá nhân hoặc số điện thoại", "Enter your personal number or phone number")
)
NO_PASSWORD = Problem("password", Text("Nhập mật khẩu", "Enter your password"))
REFUSED = Problem(
    "identifier",
    Text(
        "Không đăng nhập được. Kiểm tra lại số và mật khẩu; nếu vẫn không được, tài khoản có thể đang bị khóa.",
        "Sign-in did not work. Check the number and the password; if it still fails, the account may be locked.",
    ),
)


def asker(client: Client, redirect_uri: str, *, device: str | None = None) -> Asker:
    if device is not None:
        return Asker(client.name, client.purpose, device_flow.shown(device), device=True)
    parts = urlsplit(redirect_uri)
    return Asker(client.name, client.purpose, parts.netloc or f"{parts.scheme}:")


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("login", __name__)

    @routes.get("/login/<identifier>")
    def page(identifier: str) -> flask.typing.ResponseReturnValue:
        with web.storage.reading() as ports:
            pending = interaction.find(ports, identifier, browser=security.cookie(security.BROWSER), now=web.clock())
            who = asker_of(pending, ports) if pending else None
        if pending is None:
            security.refused("interaction")
            return errors.expired_page()
        if pending.recovers:  # the password is what is lost
            return see_other(flask.url_for("recovery.gather", identifier=identifier))
        return _page(identifier, pending, who, name=_hint(pending), problems=())

    @routes.post("/login/<identifier>")
    def submit(identifier: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        with web.storage.reading() as ports:
            pending = interaction.find(ports, identifier, browser=security.cookie(security.BROWSER), now=web.clock())
            who = asker_of(pending, ports) if pending else None
        if pending is None or pending.recovers:
            security.refused("interaction")
            return errors.expired_page(403)
        sent = form()
        name, password = (sent.get("identifier") or "").strip(), sent.get("password") or ""
        problems = [*([] if name else [NO_IDENTIFIER]), *([] if password else [NO_PASSWORD])]
        if problems:
            return _page(identifier, pending, who, name=name, problems=tuple(problems)), 422
        checked = _check(web, pending, name=name, password=password)
        answer = _sign_in(web, identifier, pending, checked)
        return answer or (_page(identifier, pending, who, name=name, problems=(REFUSED,)), 422)

    return routes


def _check(web: Web, pending: Interaction, *, name: str, password: str) -> Check:
    def tried(subject: str, typed: str) -> Try:
        return tries.of(web, pending, subject, secret=Secret.PASSWORD, typed=typed)

    return check(web.storage, identifier=name[:MAX_IDENTIFIER], password=password, tried=tried, now=web.clock())


def _sign_in(web: Web, identifier: str, pending: Interaction, checked: Check) -> flask.Response | None:
    if checked.reason is None and checked.account_id is not None:
        proof = Proof(
            account_id=checked.account_id, factors=PASSWORD_ALONE, use=lambda ports: still_holds(ports, checked)
        )
        return proven(web, identifier, pending, proof, tried=checked.tried)
    with web.storage.transaction() as ports:
        reason = checked.reason or "unknown"
        attempts.fail(ports, checked.tried, reason=reason, account_id=checked.account_id, now=web.clock())
    return None


def _page(identifier: str, pending: Interaction, who: Asker | None, *, name: str, problems: tuple[Problem, ...]) -> str:
    if pending.authorization is not None:
        form_target.allow(Authorization.of(pending.authorization).redirect_uri)
    language.prefer(pending.locales, since=pending.begun)
    by_field = {problem.field: problem.text for problem in problems}
    return flask.render_template(
        "login.html",
        asker=who,
        identifier=name,
        problems=by_field,
        action=flask.request.path,
        ways=_other_ways(identifier),
        recover=flask.url_for("recovery.page", back=identifier),
        register=flask.url_for("register.page") if "register.page" in flask.current_app.view_functions else None,
        personas=security.web().config.personas is not None,
    )


def _other_ways(identifier: str) -> tuple[Way, ...]:
    """Beside the password, as its equals."""
    own = flask.url_for("login.page", identifier=identifier)
    return tuple(Way(text, f"{own}/{part}") for part, text in OTHER_WAYS)


def asker_of(pending: Interaction, ports: Ports) -> Asker | None:
    if pending.authorization is None:
        return None
    authorization = Authorization.of(pending.authorization)
    client = ports.clients.get(authorization.client_id)
    return asker(client, authorization.redirect_uri, device=authorization.device) if client else None


def _hint(pending: Interaction) -> str:
    hint = str((pending.authorization or {}).get("login_hint") or "")
    return hint if len(hint) <= MAX_HINT else ""
