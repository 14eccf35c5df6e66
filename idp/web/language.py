"""Vietnamese first, English beside: one choice for each request, by `?lang=`, cookie, or what the browser prefers."""

from urllib.parse import quote

import flask

from certs.catalogue import Text
from idp.web.context import Web
from idp.web.security import cookie_name

LANGUAGES = ("vi", "en")
COOKIE = "idp_lang"
YEAR = 365 * 24 * 3600


def say(vi: str, en: str) -> str:
    return en if language() == "en" else vi


def say_text(text: Text) -> str:
    return text.of(language())


def language() -> str:
    chosen: str | None = flask.g.get("language")
    if chosen is None:
        chosen = flask.g.language = _choose()
    return chosen


def prefer(locales: tuple[str, ...]) -> None:
    """`ui_locales` of a relying party: weighs less than the person's own choice, more than the browser's."""
    if flask.request.args.get("lang") in LANGUAGES or flask.request.cookies.get(cookie_name(COOKIE)) in LANGUAGES:
        return
    wanted = (locale[:2].lower() for locale in locales if locale[2:3] in ("", "-", "_"))
    flask.g.language = next((locale for locale in wanted if locale in LANGUAGES), language())


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
                language(),
                max_age=YEAR,
                secure=web.config.https,
                httponly=True,
                samesite="Lax",
                path="/",
            )
        return response


def _choose() -> str:
    for candidate in (flask.request.args.get("lang"), flask.request.cookies.get(cookie_name(COOKIE))):
        if candidate in LANGUAGES:
            return candidate
    return flask.request.accept_languages.best_match(LANGUAGES, default="vi") or "vi"
