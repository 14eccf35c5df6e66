"""Signing in and out: `/sign-in`, with `anew=1` where a recent proof is wanted; `/callback`, `/sign-out`.

Spec: OpenID Connect Core 1.0 §3.1; the checks stand in `wallet.login`.
"""

import flask

from wallet import login
from wallet.errors import WalletError
from wallet.web import frame
from wallet.web.language import language
from wallet.web.rooms import rooms

pages = flask.Blueprint("sign_in", __name__)


@pages.get("/sign-in")
def begin() -> flask.typing.ResponseReturnValue:
    at = rooms()
    next_page = frame.local_path(flask.request.args.get("next"))
    address, pending = at.sign_in.begin(
        next_page=next_page, language=language(), anew=at.clock() if flask.request.args.get("anew") == "1" else None
    )
    response = flask.redirect(address, 303)
    frame.set_cookie(response, frame.SIGN_IN_COOKIE, at.wallet.remember(pending, now=at.clock()))
    return response


@pages.get("/callback")
def complete() -> flask.typing.ResponseReturnValue:
    at, value = rooms(), frame.cookie(frame.SIGN_IN_COOKIE)
    if value is None:
        raise WalletError("sign_in_failed", "no sign-in under way in this browser")
    answer = login.read_answer(flask.request.args.to_dict(flat=False))
    pending = at.wallet.recall(value, now=at.clock())
    person, told = at.sign_in.complete(pending, answer, now=at.clock())
    _end_session()
    response = flask.redirect(pending.next, 303)
    frame.drop_cookie(response, frame.SIGN_IN_COOKIE)
    frame.set_cookie(response, frame.SESSION_COOKIE, at.wallet.open_session(person, now=at.clock(), told=told))
    return response


@pages.post("/sign-out")
def end() -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    _end_session()
    response = flask.redirect("/", 303)
    frame.drop_cookie(response, frame.SESSION_COOKIE)
    return response


def _end_session() -> None:
    """The old value never outlives a sign-in or sign-out: no session can be fixed in advance."""
    value = frame.cookie(frame.SESSION_COOKIE)
    if value is not None:
        rooms().wallet.end_session(value, now=rooms().clock())
