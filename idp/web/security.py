"""What holds for every page: headers, cookies, who we are called, and forms that only our own pages can send.

Spec: RFC 6797 (HSTS); W3C Content Security Policy 3; RFC 6265bis §4.1.3 (`__Host-`); RFC 9110 §15.5.20 (421);
RFC 9700 §4.16 (clickjacking)
"""

import hashlib
import hmac
import re

import flask
from markupsafe import Markup
from werkzeug.exceptions import BadRequest, Forbidden, LengthRequired, MisdirectedRequest, RequestEntityTooLarge

from idp.login.face import PICTURE_BYTES
from idp.model import Event
from idp.oidc.secrets import new_secret
from idp.web.context import Web
from idp.web.exchange import form

SESSION = "idp_session"
BROWSER = "idp_browser"
FIELD = "form_token"

MAX_BODY = 256 * 1024  # Our forms and token requests have some kilobytes.
MAX_UPLOAD = {"face.submit": PICTURE_BYTES + MAX_BODY}  # where a form has a picture

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)

# How long browsers keep to https. In a simulation on this machine's own name that would outlast the simulation, and bind
# whatever is served on another port: there five minutes show the header, and do no harm (RFC 6797 §6.1.1, §14.2).
HSTS, HSTS_IN_SIMULATION = "max-age=63072000; includeSubDomains", "max-age=300"

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


def web() -> Web:
    found: Web = flask.current_app.extensions["vneid"]
    return found


def install(app: flask.Flask) -> None:
    app.before_request(_check_address)
    app.before_request(_check_length)
    app.after_request(_headers)
    app.jinja_env.globals["form_token"] = form_token


# --- cookies ----------------------------------------------------------------------------------------------------------


def cookie_name(name: str) -> str:
    """`__Host-` keeps a cookie from being set by a neighbour host; browsers take it over https alone."""
    return f"__Host-{name}" if web().config.https else name


def cookie(name: str) -> str | None:
    """A cookie of ours if it is one that we could have set; anything else counts as absent (attacks SE-06, SE-09)."""
    value = flask.request.cookies.get(cookie_name(name))
    return value if value is not None and _SECRET.fullmatch(value) else None


def set_cookie(response: flask.Response, name: str, value: str, *, max_age: int | None = None) -> None:
    """Until the browser closes, unless it is said how long. What it opens ends on the server's side in any case."""
    response.set_cookie(
        cookie_name(name), value, max_age, secure=web().config.https, httponly=True, samesite="Lax", path="/"
    )


def drop_cookie(response: flask.Response, name: str) -> None:
    response.delete_cookie(cookie_name(name), secure=web().config.https, httponly=True, samesite="Lax", path="/")


def browser() -> str:
    """What tells this browser from others; it gets one now if it has none."""
    value: str | None = flask.g.get("browser") or cookie(BROWSER)
    if value is None:
        value = flask.g.new_browser = new_secret()
    flask.g.browser = value
    return value


# --- forms ------------------------------------------------------------------------------------------------------------


def form_token(action: str) -> Markup:
    """The hidden field of a form that posts to `action`; good in this browser, for that address."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, _token(browser(), action))


def check_form(action: str | None = None, *, sent: str | None = None) -> None:
    """Refuse a form that none of our pages made for this browser (attacks SE-03, LO-04). `sent`: its token, if it was read."""
    known = cookie(BROWSER)
    sent = form().get(FIELD) or "" if sent is None else sent
    expected = _token(known, action or flask.request.path) if known else ""
    if not expected or not hmac.compare_digest(sent.encode(), expected.encode()):
        refused("form_token")
        raise Forbidden("the form has no token of ours for this browser and address")


def refused(reason: str) -> None:
    """One line in the journal for a form or page that was refused."""
    page = flask.request.endpoint or "unknown"
    with web().storage.transaction() as ports:
        ports.journal.append(Event(web().clock(), "page_refused", details={"page": page, "reason": reason}))


def _token(browser_cookie: str, action: str) -> str:
    return hmac.new(web().seal_key, f"form\n{browser_cookie}\n{action}".encode(), hashlib.sha256).hexdigest()


# --- every request and response ---------------------------------------------------------------------------------------


def _check_address() -> None:
    """We answer to one name, over one scheme; neither is ever taken from the request (attacks SE-15, HD-02, AR-24)."""
    if flask.request.host.lower() != web().config.netloc:
        raise MisdirectedRequest
    if flask.request.scheme != web().config.issuer.partition(":")[0]:
        raise BadRequest("wrong scheme")


def _check_length() -> None:
    """A body is read as a whole or not at all: the server would hand on, as if it were whole, what was cut off (HD-06, HD-07).

    1. in pieces: refused, whatever their sum (RFC 9110 §15.5.12); a proxy in front puts them together
    2. of no stated length (HTTP/2): refused at the limit
    3. shorter than stated: refused
    """
    if flask.request.method in ("GET", "HEAD"):
        return
    if "Transfer-Encoding" in flask.request.headers:  # 1
        raise LengthRequired
    most = flask.request.max_content_length = MAX_UPLOAD.get(flask.request.endpoint or "", MAX_BODY)
    stated, received = flask.request.content_length, len(flask.request.get_data())
    if stated is None and received >= most:  # 2
        raise RequestEntityTooLarge
    if stated is not None and received < stated:  # 3
        raise BadRequest("body is cut off")


def _headers(response: flask.Response) -> flask.Response:
    target = flask.g.get("form_target")
    headers = response.headers
    frames = flask.g.get("frame_sources")  # of the page that signs out elsewhere
    policy = f"{CSP} {target}" if target else CSP
    headers["Content-Security-Policy"] = f"{policy}; frame-src {frames}" if frames else policy
    headers["X-Frame-Options"] = "DENY"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if web().config.https:
        headers["Strict-Transport-Security"] = HSTS_IN_SIMULATION if web().config.simulation else HSTS
    headers.setdefault("Cache-Control", "no-store")
    if (value := flask.g.get("new_browser")) is not None:
        set_cookie(response, BROWSER, value)
    return response
