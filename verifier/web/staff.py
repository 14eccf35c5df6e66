"""Sign-in of those who work at the counter, their own password, and who they are.

Spec: attacks SE-01 to SE-04, BF-01 to BF-04, BF-10, RU (local return address); the rules stand in `verifier.staff`.

    GET  /staff/sign-in?next=    name and password
    POST /staff/sign-in          → 303 to the page that was asked for
    POST /staff/sign-out
    GET  /staff/password         one's own password
    POST /staff/password         old, new, once more
    GET  /staff                  who works here, for supervisors; accounts are made by `python -m verifier staff`
"""

import hashlib
import logging
import re
import secrets
import time
from typing import Any

from flask import Blueprint, current_app, make_response, redirect, render_template, request, session, url_for
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import InternalServerError, NotFound
from werkzeug.wrappers import Response as AnyResponse

from certs.catalogue import Text
from certs.log import event
from verifier.staff import change, password, sign_in
from verifier.staff.model import Account, StaffError
from verifier.staff.password import PasswordRefused
from verifier.staff.sign_in import TooMany, Wrong
from verifier.staff.team import Team
from verifier.web import gate
from verifier.web.frame import YEAR, cookie_name, counter, other_language_url, require_form_token

log = logging.getLogger(__name__)
pages = Blueprint("staff", __name__, url_prefix="/staff")

NAMES_IN_A_BROWSER = 8  # who share a counter; the oldest makes room
NAME_LIMIT = 64  # characters that are looked at: no account's name is longer

WRONG = Text(
    "Tên hoặc mật khẩu không đúng. Hãy thử lại; nếu quên mật khẩu, hỏi người quản trị quầy.",
    "The name or the password is not right. Try again; if you forgot it, ask whoever administers this counter.",
)
OLD_WRONG = Text("Mật khẩu hiện tại không đúng.", "The current password is not right.")
NOT_THE_SAME = Text("Hai lần nhập mật khẩu mới không giống nhau.", "The two new passwords are not the same.")
SAME_AS_OLD = Text("Mật khẩu mới phải khác mật khẩu hiện tại.", "The new password must differ from the current one.")
CHANGED_MEANWHILE = Text(
    "Tài khoản vừa được người khác thay đổi. Hãy đăng nhập lại.",
    "This account was changed by somebody else just now. Sign in again.",
)


def _too_many(again: int) -> Text:
    minutes = -(-again // 60)
    return Text(
        f"Đã thử quá nhiều lần. Hãy đợi {minutes} phút rồi thử lại.",
        f"Too many attempts. Wait {minutes} min and try again.",
    )


@pages.get("/sign-in", endpoint="sign_in")
def sign_in_page() -> AnyResponse:
    place = local_path(request.args.get("next"))
    if gate.accounts() is None or gate.member() is not None:
        return redirect(place, 303)
    return _sign_in_page(place)


@pages.post("/sign-in")
def enter() -> AnyResponse:
    require_form_token()
    known, team, now = gate.accounts(), _team(), int(time.time())
    place, name = local_path(request.form.get("next")), request.form.get("name", "").strip()[:NAME_LIMIT].lower()
    if known is None:
        return redirect(place, 303)
    found = sign_in.sign_in(
        name,
        request.form.get("password", ""),
        accounts=known,
        attempts=team.attempts,
        browser=_browser(name),
        now=now,
    )
    if isinstance(found, TooMany):
        event(log, logging.WARNING, "staff_refused", cause="too_many")
        answer = _sign_in_page(place, _too_many(found.again), 429)
        answer.headers["Retry-After"] = str(found.again)
        return answer
    if isinstance(found, Wrong):
        event(log, logging.WARNING, "staff_refused", cause="wrong")  # not what was typed: that may be a password
        return _sign_in_page(place, WRONG, 422)
    event(log, logging.INFO, "staff_signed_in", account=found.name)
    _begin(team, found, now=now)
    return _remember(make_response(redirect(url_for("staff.password") if found.must_change else place, 303)), found)


@pages.post("/sign-out")
def sign_out() -> AnyResponse:
    require_form_token()
    _forget()
    return redirect(url_for("staff.sign_in"), 303)


@pages.get("/password", endpoint="password")
def password_page() -> AnyResponse:
    return _password_page(_me())


@pages.post("/password", endpoint="change")
def change_password() -> AnyResponse:
    """The old one is tried as at sign-in, and counted as there."""
    require_form_token()
    me, team, now = _me(), _team(), int(time.time())
    old, new = request.form.get("old", ""), request.form.get("new", "")
    tried = sign_in.sign_in(
        me.name, old, accounts={me.name: me}, attempts=team.attempts, browser=_browser(me.name), now=now
    )
    if isinstance(tried, TooMany):
        return _password_page(me, {"old": _too_many(tried.again)}, 429)
    if isinstance(tried, Wrong):
        return _password_page(me, {"old": OLD_WRONG})
    try:
        password.check_new(new, me.name, me.title)
    except PasswordRefused as refused:
        return _password_page(me, {"new": refused.text})
    if new == old:
        return _password_page(me, {"new": SAME_AS_OLD})
    if new != request.form.get("again", ""):
        return _password_page(me, {"again": NOT_THE_SAME})
    rule = change.given_password(me.name, password.hashed(new), must_change=False, version=me.version)
    try:
        changed = team.file.change(rule)
    except change.ChangedMeanwhile:
        return _password_page(me, {"old": CHANGED_MEANWHILE})
    except StaffError as error:  # of the file, not of this person: a disk that is full, or somebody else's file
        event(log, logging.ERROR, "staff_not_changed", cause=str(error))
        raise InternalServerError() from error
    event(log, logging.INFO, "staff_password_changed", account=me.name)
    _begin(team, changed, now=now)
    return redirect(url_for("check.home"), 303)


@pages.get("")
def listed() -> str:
    return render_template("staff_list.html", accounts=[each for _, each in sorted((gate.accounts() or {}).items())])


def local_path(candidate: str | None) -> str:
    """A path of this counter, or its home: `//elsewhere`, `/\\elsewhere` and addresses with a scheme lead nowhere else."""
    if not candidate or not re.fullmatch(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", candidate, re.ASCII):
        return url_for("check.home")
    return candidate


# --- the browser ------------------------------------------------------------------------------------------------------


def _begin(team: Team, account: Account, *, now: int) -> None:
    """All that this browser had before is gone: its place on the shelf, its form token, its session (SE-01, SE-04)."""
    _forget()
    session["staff"] = secrets.token_urlsafe(32)
    sign_in.begin(account, session["staff"], team.sessions, now=now)


def _forget() -> None:
    kept, team = session.get("staff"), counter().team
    if team is not None and isinstance(kept, str):
        team.sessions.close(sign_in.session_key(kept))
    session.clear()


def _browser(name: str) -> str | None:
    """Its secret, where this name has signed in before."""
    kept = _remembered()
    return str(kept["id"]) if name in kept["names"] else None


def _remembered() -> dict[str, Any]:
    try:
        found = _signed().loads(request.cookies.get(_browser_cookie(), ""), max_age=YEAR)
        return {"id": str(found["id"]), "names": [str(name) for name in found["names"]]}
    except (BadData, KeyError, TypeError):
        return {"id": secrets.token_urlsafe(24), "names": []}


def _remember(answer: AnyResponse, account: Account) -> AnyResponse:
    kept = _remembered()
    names = [account.name, *(name for name in kept["names"] if name != account.name)][:NAMES_IN_A_BROWSER]
    answer.set_cookie(
        _browser_cookie(),
        _signed().dumps({"id": kept["id"], "names": names}),
        max_age=YEAR,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=counter().config.secure,
    )
    return answer


def _browser_cookie() -> str:
    return cookie_name("verifier_known", secure=counter().config.secure)


def _signed() -> URLSafeTimedSerializer:
    key = current_app.config["SECRET_KEY"]
    return URLSafeTimedSerializer(key, salt="known browser", signer_kwargs={"digest_method": hashlib.sha256})


# --- pages ------------------------------------------------------------------------------------------------------------


def _sign_in_page(place: str, error: Text | None = None, status: int = 200) -> AnyResponse:
    other = other_language_url(next=place)
    page = render_template("staff_sign_in.html", place=place, error=error, other_language_url=other)
    return make_response(page, status)


def _password_page(me: Account, errors: dict[str, Text] | None = None, status: int = 422) -> AnyResponse:
    page = render_template("staff_password.html", account=me, errors=errors or {}, shortest=password.SHORTEST)
    return make_response(page, status if errors else 200)


def _team() -> Team:
    team = counter().team
    if team is None:
        raise NotFound()
    return team


def _me() -> Account:
    """The account itself; anybody at an open counter has none."""
    who, known = gate.member(), gate.accounts()
    if who is None or not known or who.name not in known:
        raise NotFound()
    return known[who.name]
