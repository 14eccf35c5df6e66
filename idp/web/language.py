"""Vietnamese first, English beside: one choice for each request, by `?lang=`, cookie, or what the browser prefers.

Spec: OpenID Connect Core 1.0 §3.1.2.1 (`ui_locales`); RFC 4647 §3.4

What a request wishes counts for its own pages alone, and until the person chooses otherwise on one of them: so the cookie says
when it was chosen.
"""

from urllib.parse import quote

import flask

from certs.catalogue import Text
from idp.oidc import locales
from idp.web.context import Web
from idp.web.security import cookie_name

LANGUAGES = locales.PAGES
COOKIE = "idp_lang"
YEAR = 365 * 24 * 3600
MAX_TIME = 12  # digits of a Unix time that anybody could have chosen at


def say(vi: str, en: str) -> str:
    return en if language() == "en" else vi


def say_text(text: Text) -> str:
    return text.of(language())


def language() -> str:
    chosen: str | None = flask.g.get("language")
    if chosen is None:
        chosen = flask.g.language = _choose()
    return chosen


def prefer(wishes: tuple[str, ...], *, since: int = 0) -> None:
    """`ui_locales` of a request that came at `since`: weighs more than what the browser prefers, and than what the person
    chose before it."""
    chosen, at = _remembered()
    if flask.request.args.get("lang") in LANGUAGES or (chosen is not None and at >= since):
        return
    flask.g.language = locales.best(wishes, LANGUAGES) or language()


def other_language_url() -> str:
    """The same page in the other language. Nothing of the query comes along: it may hold what a stranger wrote."""
    path = flask.request.path if flask.g.get("page_stays", True) else "/"
    return f"{quote(path)}?lang={say('en', 'vi')}"


def install(app: flask.Flask, web: Web) -> None:
    @app.context_processor
    def _words() -> dict[str, object]:
        return {
            "say": say,
            "say_text": say_text,
            "language": language(),
            "other_language_url": other_language_url(),
        }

    @app.after_request
    def _remember(response: flask.Response) -> flask.Response:
        if flask.request.args.get("lang") in LANGUAGES:
            response.set_cookie(
                cookie_name(COOKIE),
                f"{language()}.{web.clock()}",
                max_age=YEAR,
                secure=web.config.https,
                httponly=True,
                samesite="Lax",
                path="/",
            )
        return response


def _choose() -> str:
    for candidate in (flask.request.args.get("lang"), _remembered()[0]):
        if candidate in LANGUAGES:
            return candidate
    return flask.request.accept_languages.best_match(LANGUAGES, default="vi") or "vi"


def _remembered() -> tuple[str | None, int]:
    """What the person chose on this browser, and when."""
    chosen, _, at = (flask.request.cookies.get(cookie_name(COOKIE)) or "").partition(".")
    known = at.isascii() and at.isdecimal() and len(at) <= MAX_TIME
    return (chosen, int(at) if known else 0) if chosen in LANGUAGES else (None, 0)
