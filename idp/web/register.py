"""The pages of registration, level 1: who you are, the code in a message, a password.

Whatever was written leads through the same pages; only at the end one sentence says whether there is an account now.
Spec: Decree 69/2024/NĐ-CP Art. 10; NIST SP 800-63A-4 §3.1
"""

import re
import secrets
from collections.abc import Callable
from unicodedata import category

import flask

from certs.catalogue import Text
from idp.accounts import personal_id, phones, registration
from idp.accounts.registration import Application, Ground, TooMany
from idp.login import hashing, interaction, notices, short_message
from idp.login.acr import Factor
from idp.login.origin import source
from idp.login.password import PasswordRefused, hash_password
from idp.login.short_message import Asking, Sent, TooSoon
from idp.login.standing import today
from idp.model import Event
from idp.oidc.request import Parameters
from idp.ports import Ports
from idp.storage.errors import Conflict
from idp.web import errors, security, walk
from idp.web.code_page import NO_CODE, REFUSED, too_soon
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.new_password import NO_NEW, NOT_AGAIN, Problems

FIELDS = ("pid", "name", "birth_date", "phone", "email")
MAX_NAME, MAX_EMAIL = 100, 254
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")

_STEP = re.compile(r"[\w-]{43}", re.ASCII)  # the id of a log-in under way, which its browser's cookie alone opens

NO_PID = Text("Nhập số định danh cá nhân: 12 chữ số", "Enter the personal number: 12 digits")
NO_NAME = Text("Nhập họ, chữ đệm và tên như trên thẻ", "Enter the full name as it is on the card")
NO_DATE = Text("Nhập ngày, tháng, năm sinh, ví dụ 27/03/1990", "Enter the date of birth, for example 27/03/1990")
NO_PHONE = Text("Nhập số điện thoại di động, ví dụ 0912 345 678", "Enter a mobile number, for example 0912 345 678")
NO_EMAIL = Text("Kiểm tra lại thư điện tử, hoặc để trống", "Check the e-mail address, or leave it empty")
WELCOME = Text(
    "Tài khoản định danh mức 1 của bạn vừa được tạo. Nếu không phải bạn, hãy báo ngay cho cơ quan quản lý.",
    "Your account of level 1 was just created. If it was not you, tell the authority at once.",
)


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("register", __name__)
    if Factor.SHORT_MESSAGE not in web.oidc.factors:
        return routes  # without a network of short messages nobody's telephone can be confirmed

    @routes.get("/register")
    def page() -> str:
        return _form({"then": flask.request.args.get("then", "")}, problems={})

    @routes.post("/register")
    def begin() -> flask.typing.ResponseReturnValue:
        security.check_form()
        return _begin(web, form())

    @routes.get("/register/<step>")
    def code_page(step: str) -> flask.typing.ResponseReturnValue:
        application = _pending(web, step)
        return _password(problems={}) if application.confirmed else _code(application, problems={})

    @routes.post("/register/<step>")
    def submit(step: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        application = _pending(web, step, status=403)
        return _complete(web, step, application) if application.confirmed else _confirm(web, step, application)

    @routes.get("/registered/<outcome>")
    def done(outcome: str) -> flask.typing.ResponseReturnValue:
        if outcome not in ("yes", "no"):
            flask.abort(404)
        then = flask.request.args.get("then", "")
        walk.speak(then)
        sign_in = flask.url_for("login.page", identifier=then) if _STEP.fullmatch(then) else None
        return flask.render_template("registered.html", registered=outcome == "yes", sign_in=sign_in)

    return routes


# --- who you are ------------------------------------------------------------------------------------------------------


def _begin(web: Web, sent: Parameters) -> flask.typing.ResponseReturnValue:
    typed = {name: (sent.get(name) or "").strip() for name in (*FIELDS, "then")}
    application, problems = _read(web, typed)
    if application is None:
        return _form(typed, problems=problems), 422
    now, address = web.clock(), source(flask.request.remote_addr or "")
    with web.storage.transaction() as ports:
        step = registration.begin(ports, application, address=address, new_secret=web.oidc.new_secret, now=now)
        if isinstance(step, TooMany):
            wait = step.wait
        else:
            wait = _send(ports, web, step, application, address=address, now=now)
    if wait:
        return _form(typed, problems={"pid": too_soon(wait).text}), 429, {"Retry-After": str(wait)}
    return see_other(flask.url_for("register.code_page", step=step))


def _read(web: Web, typed: dict[str, str]) -> tuple[Application | None, Problems]:
    """What was written, or what is wrong with its form; never whether it is true."""
    pid, name, email = "".join(typed["pid"].split()), " ".join(typed["name"].split()), typed["email"]
    born = registration.birth_date(typed["birth_date"])
    phone, day = phones.normalise(typed["phone"]), today(web.clock())
    checks = (
        ("pid", NO_PID, personal_id.is_valid(pid, year=day.year, simulation=web.config.simulation)),
        ("name", NO_NAME, 2 <= len(name) <= MAX_NAME and _is_name(name)),
        ("birth_date", NO_DATE, born is not None and born <= day.isoformat()),
        ("phone", NO_PHONE, phone is not None),
        ("email", NO_EMAIL, not email or (len(email) <= MAX_EMAIL and _EMAIL.fullmatch(email) is not None)),
    )
    problems = {field: text for field, text, right in checks if not right}
    if problems or born is None or phone is None:
        return None, problems
    application = Application(
        browser=interaction.browser_hash(security.browser()),
        account_id=secrets.token_hex(16),
        pid=pid,
        name=name,
        birth_date=born,
        phone=phone,
        email=email or None,
        then=typed["then"] if _STEP.fullmatch(typed["then"]) else None,
    )
    return application, {}


def _is_name(text: str) -> bool:
    """Letters of any people with their marks, and what stands between them: H'Nhơn, Min-jun, Arjun R. Nair."""
    return all(category(each)[0] in "LM" or each in " '’.-" for each in text) and any(map(str.isalpha, text))


def _send(ports: Ports, web: Web, step: str, application: Application, *, address: str, now: int) -> int:
    """A code to the telephone that was written; the seconds to wait when there were too many. The page needs no id of it:
    it is bound to the step, and kept beside it."""
    asking = Asking(
        bound_to=step,
        purpose=registration.PURPOSE,
        typed=application.phone,
        phone=application.phone,
        account_id=application.account_id,
        address=address,
        client_id=None,
    )
    sent = short_message.send(
        ports,
        asking,
        words=_words(web),
        key=web.code_key,
        random=secrets.token_bytes,
        new_secret=web.oidc.new_secret,
        now=now,
    )
    match sent:
        case TooSoon(wait):
            return wait
        case Sent(code_id):
            ports.ephemeral.put("registration_code", step, {"code_id": code_id}, expires=now + registration.LIFETIME)
    return 0


def _words(web: Web) -> Callable[[str], Text]:
    host = web.config.netloc.partition(":")[0]
    return lambda code: Text(
        f"{code} là mã đăng ký tài khoản định danh, dùng trong 10 phút. Không đọc cho ai.\n@{host} #{code}",
        f"{code} is your code to register an account, good for 10 minutes. Read it to nobody.\n@{host} #{code}",
    )


# --- the code, the password -------------------------------------------------------------------------------------------


def _pending(web: Web, step: str, *, status: int = 400) -> Application:
    with web.storage.reading() as ports:
        found = registration.find(ports, step, browser=_browser(), now=web.clock())
    if found is None:
        security.refused("registration")
        flask.abort(errors.expired_page(status))
    walk.speak(found.then)
    return found


def _confirm(web: Web, step: str, application: Application) -> flask.typing.ResponseReturnValue:
    code, now = "".join((form().get("code") or "").split())[:32], web.clock()
    if not code:
        return _code(application, problems={"code": NO_CODE.text}), 422
    with web.storage.transaction() as ports:
        kept = ports.ephemeral.read("registration_code", step, now=now)
        held = short_message.find(ports, str(kept["code_id"]), bound_to=step, now=now) if kept else None
        right = held is not None and short_message.is_right(ports, held, code, key=web.code_key, now=now)
        following = None
        if held is not None and right and short_message.spend(ports, held, now=now):
            finished = registration.finish(ports, step, browser=_browser(), now=now)
            if finished is not None:
                following = registration.confirm(ports, finished, new_secret=web.oidc.new_secret, now=now)
    if following is None:
        return _code(application, problems={"code": REFUSED.text}), 422
    return see_other(flask.url_for("register.code_page", step=following))


def _complete(web: Web, step: str, application: Application) -> flask.typing.ResponseReturnValue:
    sent, now = form(), web.clock()
    new, again = sent.get("new") or "", sent.get("again") or ""
    if not new or new != again:
        return _password(problems={"again": NOT_AGAIN} if new else {"new": NO_NEW}), 422
    contacts = [application.phone, phones.national(application.phone), *filter(None, [application.email])]
    try:
        with hashing.place():
            hashed = hash_password(new, person=registration.claimed(application), contacts=contacts)
    except PasswordRefused as refused:
        return _password(problems={"new": refused.text}), 422
    registered = _add(web, step, hashed, now=now)
    return see_other(flask.url_for("register.done", outcome="yes" if registered else "no", then=application.then))


def _add(web: Web, step: str, hashed: str, *, now: int) -> bool:
    try:
        with web.storage.transaction() as ports:
            application = registration.finish(ports, step, browser=_browser(), now=now)
            if application is None:
                flask.abort(errors.expired_page(403))
            made = registration.complete(ports, application, hashed, today=today(now), now=now)
            if isinstance(made, Ground):
                return False
            notices.tell(ports, made, WELCOME, now=now, simulation=web.config.simulation)
            return True
    except Conflict:  # somebody else's registration of this person or telephone was faster
        with web.storage.transaction() as ports:
            registration.finish(ports, step, browser=_browser(), now=now)
            ports.journal.append(Event(now, "registration_refused", details={"reason": Ground.HAS_ACCOUNT.value}))
        return False


def _browser() -> str | None:
    cookie = security.cookie(security.BROWSER)
    return interaction.browser_hash(cookie) if cookie else None


def _form(typed: dict[str, str], *, problems: Problems) -> str:
    walk.speak(typed["then"])
    return flask.render_template(
        "register.html", typed=typed, problems=problems, action=flask.url_for("register.begin")
    )


def _code(application: Application, *, problems: Problems) -> str:
    return flask.render_template(
        "register_code.html", phone=phones.national(application.phone), problems=problems, action=flask.request.path
    )


def _password(*, problems: Problems) -> str:
    return flask.render_template(
        "new_password.html", problems=problems, action=flask.request.path, asks_current=False, registers=True
    )
