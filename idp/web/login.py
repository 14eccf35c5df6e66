"""The log-in page: who asks, and the person's number or phone with the password.

Unknown person, wrong password, locked and deceased are answered alike, after the same work: the page tells nobody who has
an account. The journal knows the difference. Spec: NIST SP 800-63B-4 §3.1.1; attacks.md §4.9, BF-03
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

import flask

from certs.catalogue import Text
from idp.login import interaction, session
from idp.login.acr import PASSWORD_ALONE
from idp.login.interaction import Interaction
from idp.login.session import SignedIn
from idp.login.sign_in import Check, check
from idp.login.standing import holder
from idp.model import Client, Event
from idp.oidc.authorization import Authorization
from idp.ports import Ports
from idp.web import errors, language, security, walk
from idp.web.context import Web
from idp.web.exchange import form

MAX_IDENTIFIER = 64
MAX_HINT = 64


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, in the words of the register, and the host that the answer goes to."""

    name: Text
    purpose: Text
    host: str


@dataclass(frozen=True, slots=True)
class Problem:
    field: str
    text: Text


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


def asker(client: Client, redirect_uri: str) -> Asker:
    parts = urlsplit(redirect_uri)
    return Asker(client.name, client.purpose, parts.netloc or f"{parts.scheme}:")


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("login", __name__)

    @routes.get("/login/<identifier>")
    def page(identifier: str) -> flask.typing.ResponseReturnValue:
        with web.storage.reading() as ports:
            pending = interaction.find(ports, identifier, browser=security.cookie(security.BROWSER), now=web.clock())
            if pending is not None:
                who = _asker(pending, ports)
                return _page(pending, who, identifier=_hint(pending), problems=())
        security.refused("interaction")
        return errors.expired_page()

    @routes.post("/login/<identifier>")
    def submit(identifier: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        with web.storage.reading() as ports:
            pending = interaction.find(ports, identifier, browser=security.cookie(security.BROWSER), now=web.clock())
            who = _asker(pending, ports) if pending else None
        if pending is None:
            security.refused("interaction")
            return errors.expired_page(403)
        sent = form()
        name, password = (sent.get("identifier") or "").strip(), sent.get("password") or ""
        problems = [*([] if name else [NO_IDENTIFIER]), *([] if password else [NO_PASSWORD])]
        if problems:
            return _page(pending, who, identifier=name, problems=tuple(problems)), 422
        checked = check(web.storage, identifier=name[:MAX_IDENTIFIER], password=password, now=web.clock())
        answer = _sign_in(web, identifier, pending, checked)
        return answer or (_page(pending, who, identifier=name, problems=(REFUSED,)), 422)

    return routes


def _sign_in(web: Web, identifier: str, pending: Interaction, checked: Check) -> flask.Response | None:
    """All effects of a log-in at once: the step is used up, the session begins, the next step is laid. None: refused."""
    now, former = web.clock(), security.cookie(security.SESSION)
    with web.storage.transaction() as ports:
        who = holder(ports, checked.account_id, now=now) if checked.passed and checked.account_id else None
        if who is None:
            details = {"reason": checked.reason}
            ports.journal.append(Event(now, "sign_in_refused", checked.account_id, _client_id(pending), details))
            return None
        if interaction.finish(ports, identifier, browser=security.cookie(security.BROWSER), now=now) is None:
            return errors.expired_page(403)  # sent twice: the first one counts
        cookie, begun = session.begin(
            ports,
            who.account.account_id,
            factors=PASSWORD_ALONE,
            replaces=former,
            new_secret=web.oidc.new_secret,
            now=now,
        )
        done = interaction.after_sign_in(pending, who.account.account_id)
        answer = walk.step(done, SignedIn(begun, who), ports, now=now)
    security.set_cookie(answer, security.SESSION, cookie)
    return answer


def _page(pending: Interaction, who: Asker | None, *, identifier: str, problems: tuple[Problem, ...]) -> str:
    if pending.authorization is not None:
        authorization = Authorization.of(pending.authorization)
        security.allow_form_target(authorization.redirect_uri)
        language.prefer(authorization.ui_locales)
    by_field = {problem.field: problem.text for problem in problems}
    return flask.render_template(
        "login.html",
        asker=who,
        identifier=identifier,
        problems=by_field,
        action=flask.request.path,
        personas=security.web().config.personas is not None,
    )


def _asker(pending: Interaction, ports: Ports) -> Asker | None:
    if pending.authorization is None:
        return None
    authorization = Authorization.of(pending.authorization)
    client = ports.clients.get(authorization.client_id)
    return asker(client, authorization.redirect_uri) if client else None


def _hint(pending: Interaction) -> str:
    hint = str((pending.authorization or {}).get("login_hint") or "")
    return hint if len(hint) <= MAX_HINT else ""


def _client_id(pending: Interaction) -> str | None:
    return str(pending.authorization["client_id"]) if pending.authorization else None
