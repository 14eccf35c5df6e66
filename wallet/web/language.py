"""Vietnamese first, English beside: one choice for each request, by `?lang=`, cookie, or what the browser prefers."""

from urllib.parse import quote, urlencode

import flask

from certs.catalogue import Text
from wallet.web.frame import cookie_name
from wallet.web.rooms import rooms

LANGUAGES = ("vi", "en")
COOKIE = "wallet_lang"
CARRIED = ("credential_offer_uri", "credential_offer", "request")
YEAR = 365 * 24 * 3600


def language() -> str:
    chosen: str | None = flask.g.get("language")
    if chosen is None:
        chosen = flask.g.language = _choose()
    return chosen


def say(vi: str, en: str) -> str:
    return en if language() == "en" else vi


def say_text(text: Text) -> str:
    return text.of(language())


def other_language_url() -> str:
    """The same page in the other language, with what of its query is ours; a page that cannot be opened again leads home."""
    if flask.request.method != "GET" or flask.request.endpoint in {None, "sign_in.complete"}:
        return "/?" + urlencode({"lang": say("en", "vi")})
    query = [(name, flask.request.args[name]) for name in CARRIED if name in flask.request.args]
    return f"{quote(flask.request.path)}?{urlencode([*query, ('lang', say('en', 'vi'))])}"


def install(app: flask.Flask) -> None:
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
            secure = rooms().config.secure
            response.set_cookie(
                cookie_name(COOKIE), language(), max_age=YEAR, secure=secure, httponly=True, samesite="Lax", path="/"
            )
        return response


def _choose() -> str:
    for candidate in (flask.request.args.get("lang"), flask.request.cookies.get(cookie_name(COOKIE))):
        if candidate in LANGUAGES:
            return candidate
    return flask.request.accept_languages.best_match(LANGUAGES, default="vi") or "vi"
