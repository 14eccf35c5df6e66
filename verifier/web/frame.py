"""What surrounds every page: the language, the security headers, the form token, the browser's place on the shelf.

Spec: CSP Level 3, RFC 6265bis (cookie prefixes), HTML §Fetch metadata; attacks 4.9 (session, CSRF, clickjacking).
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, current_app, g, request, session, url_for
from werkzeug.exceptions import (
    BadRequest,
    LengthRequired,
    MisdirectedRequest,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from certs.catalogue import Text
from verifier.config import Config
from verifier.facts import age, moment
from verifier.foreign.anchors import Door
from verifier.keeper import Keeper
from verifier.login import SignIn
from verifier.once import Once
from verifier.policy.composed import OneDocument
from verifier.response import FORM_LIMIT
from verifier.snapshot import Outcome
from verifier.staff.team import Team
from verifier.transactions import Transactions
from verifier.verifier import Verifier
from verifier.web.shelf import Shelf

LANGUAGES = ("vi", "en")
YEAR = 31_536_000
# How long browsers keep to https. In a simulation on this machine's own name that would outlast the simulation, and bind
# whatever is served on another port: there five minutes show the header, and do no harm (RFC 6797 §6.1.1, §14.2).
HSTS, HSTS_IN_SIMULATION = "max-age=63072000; includeSubDomains", "max-age=300"

SCRIPTED = (
    "check.form",
    "check.check",
    "challenge.shown",
    "challenge.answer",
)  # pages with a camera
# Asks how far the customer is; prints; keeps the page that is shown while the counter is away, which is the last of them. No page but
# these runs a script.
WAITING = ("online.shown", "verdicts.receipt", "check.home", "offline.away")
CODE_WORKER = "js/code-worker.js"
KEPT = "offline.worker"  # asks the counter first, always

_FAILED = {
    Outcome.UNREACHABLE: Text("Lần cập nhật gần nhất không kết nối được", "The last refresh found no connection"),
    Outcome.REFUSED: Text("Lần cập nhật gần nhất bị từ chối", "The last refresh was refused"),
}
_NOTHING = Text("Chưa kiểm tra được giấy tờ nào.", "No document can be checked yet.")
_GOES_ON = Text("Vẫn kiểm tra bằng dữ liệu đang có.", "Checks go on with the data in hand.")

LEADS_TO_PROVIDER = ("customer.customer",)  # its form signs the customer out there
FRAMED = "logout.framed"  # shows nothing, and the provider's page alone may hold it

UPLOADS = ("check.check", "check.scan_frame", "challenge.answer", "challenge.scan_frame")

_CSP = (
    "default-src 'self'; script-src {scripts}; object-src 'none'; img-src 'self' data:; style-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# The one place where WebAssembly may run: a worker that reads codes in pictures, and has the policy that it came with (CSP 3
# §6.1.10). It sees no page; the pages that start it keep the policy above.
_WORKER_CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
_KEPT_CSP = "default-src 'none'; connect-src 'self'"  # the service worker: fetches, and runs nothing but itself


@dataclass(frozen=True, slots=True)
class Counter:
    """What the pages need; kept in `app.extensions`."""

    config: Config
    keeper: Keeper
    sign_in: SignIn | None
    shelf: Shelf
    once: Once
    transactions: Transactions
    policies: Mapping[str, OneDocument]  # by name, those that ask for one document
    foreign: Door | None  # None: this counter has no anchors of foreign documents
    team: Team | None  # None: no accounts, and no book


def counter() -> Counter:
    value: Counter = current_app.extensions["counter"]
    return value


def verifier() -> Verifier | None:
    return counter().keeper.verifier


class PageExpired(BadRequest):
    """The form was not made for this browser, or too long ago."""


def cookie_name(name: str, *, secure: bool) -> str:
    """Over https the prefix binds a cookie to this very host and path (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{name}" if secure else name


def install(app: Flask) -> None:
    app.before_request(_check_address)
    app.before_request(_check_length)
    app.before_request(_choose_language)
    app.after_request(_headers)
    app.context_processor(_context)
    app.jinja_env.filters["of"] = lambda text: text.of(language())
    app.jinja_env.filters["ago"] = age


# --- language ---------------------------------------------------------------------------------------------------------


def language() -> str:
    chosen: str = g.get("language", "vi")
    return chosen


def say(vi: str, en: str) -> str:
    return Text(vi, en).of(language())


def _language_cookie() -> str:
    return cookie_name("verifier_lang", secure=counter().config.secure)


def _choose_language() -> None:
    asked = request.args.get("lang")
    kept = request.cookies.get(_language_cookie())
    if asked in LANGUAGES:
        g.language, g.keep_language = asked, True
    elif kept in LANGUAGES:
        g.language = kept
    else:
        g.language = request.accept_languages.best_match(LANGUAGES, default="vi")


def other_language_url(**kept: str) -> str:
    """The same page in the other language; of its query only what its own page says."""
    return request.path + "?" + urlencode({**kept, "lang": "vi" if language() == "en" else "en"})


# --- forms ------------------------------------------------------------------------------------------------------------


def desk() -> str:
    """This browser's place on the shelf: a random name in its signed cookie."""
    if "desk" not in session:
        session["desk"] = secrets.token_urlsafe(24)
    return str(session["desk"])


def form_token() -> str:
    if "form" not in session:
        session["form"] = secrets.token_urlsafe(24)
    return str(session["form"])


def require_form_token() -> None:
    """Refuse a form that our own page in this browser did not make."""
    sent, kept = request.form.get("form_token", ""), str(session.get("form", ""))
    if not kept or not hmac.compare_digest(sent.encode(), kept.encode()):
        raise PageExpired()
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise PageExpired()


# --- headers and context ----------------------------------------------------------------------------------------------


def _check_address() -> None:
    """One name, never the request's (SE-15). Pictures come to two pages; no other form sends files (HD-07)."""
    if request.host.lower() != urlsplit(counter().config.url).netloc:
        raise MisdirectedRequest()
    if request.method == "POST" and request.mimetype.startswith("multipart/") and request.endpoint not in UPLOADS:
        raise UnsupportedMediaType()


def _check_length() -> None:
    """A body is read as a whole or not at all: the server would hand on, as if it were whole, what was cut off (HD-06, HD-07).

    1. in pieces: refused, whatever their sum (RFC 9110 §15.5.12); a proxy in front puts them together
    2. of no stated length (HTTP/2): refused at the limit
    3. shorter than stated: refused
    """
    if request.method in ("GET", "HEAD"):
        return
    if "Transfer-Encoding" in request.headers:  # 1
        raise LengthRequired
    # Pictures and long texts come as multipart; of all else, taken apart, escapes cost 80 times their length.
    if request.mimetype != "multipart/form-data":
        request.max_content_length = FORM_LIMIT
    stated, received = request.content_length, len(request.get_data())
    if stated is None and received >= (request.max_content_length or 0):  # 2
        raise RequestEntityTooLarge
    if stated is not None and received < stated:  # 3
        raise BadRequest("body is cut off")


def _policy(provider: str) -> str:
    """What the page, or the worker, that is asked for may load and run."""
    if request.endpoint == "static" and (request.view_args or {}).get("filename") == CODE_WORKER:
        return _WORKER_CSP
    if request.endpoint == KEPT:
        return _KEPT_CSP
    policy = _CSP.format(scripts="'self'" if request.endpoint in (*SCRIPTED, *WAITING) else "'none'")
    if request.endpoint in LEADS_TO_PROVIDER:  # browsers hold `form-action` against the redirects that follow too
        policy = policy.replace("form-action 'self'", f"form-action 'self' {provider}")
    if request.endpoint == FRAMED:
        policy = policy.replace("frame-ancestors 'none'", f"frame-ancestors {provider}")
    return policy


def _headers(response: Response) -> Response:
    issuer = urlsplit(counter().config.issuer)
    response.headers["Content-Security-Policy"] = _policy(f"{issuer.scheme}://{issuer.netloc}")
    if request.endpoint != FRAMED:
        response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = (
        f"camera={'(self)' if request.endpoint in SCRIPTED else '()'}, geolocation=(), microphone=()"
    )
    if counter().config.secure:
        response.headers["Strict-Transport-Security"] = HSTS_IN_SIMULATION if counter().config.simulation else HSTS
    if request.endpoint == "static" and response.status_code < 400:
        response.headers["Cache-Control"] = "public, max-age=3600"
    else:
        response.headers["Cache-Control"] = "no-store"
        response.vary.update(("Accept-Language", "Cookie"))
    if g.get("keep_language"):
        response.set_cookie(
            _language_cookie(),
            language(),
            max_age=YEAR,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=counter().config.secure,
        )
    return response


@dataclass(frozen=True, slots=True)
class Standing:
    """What the counter relies on now, in a line; and a note where the last refresh failed."""

    line: Text
    note: Text | None


def standing() -> Standing:
    current, attempt = verifier(), counter().keeper.attempt
    if current is None:
        line = Text("chưa có", "none yet")
    else:
        held = current.trust_age()
        old = age(held.seconds)
        line = Text(f"bản số {held.bundle_sequence}, {old.vi}", f"issue {held.bundle_sequence}, {old.en}")
    if attempt is None or not attempt.failed:
        return Standing(line, None)
    at, failed, then = moment(attempt.at), _FAILED[attempt.outcome], _GOES_ON if current else _NOTHING
    return Standing(line, Text(f"{failed.vi} ({at}). {then.vi}", f"{failed.en} ({at}). {then.en}"))


def _context() -> dict[str, object]:
    current = verifier()
    return {
        "say": say,
        "language": language(),
        "other_language_url": other_language_url(),
        "form_token": form_token,
        "trust": current.trust_age() if current else None,
        "standing": standing(),
        "can_sign_in": counter().sign_in is not None,
        "can_ask": _can_ask(),
        "stylesheet": lambda name: url_for("static", filename=name),
    }


def _can_ask() -> bool:
    """Whether this counter has a reader's key: then it can ask by a signed code."""
    key = counter().config.reader_key
    return key is not None and key.is_file()
