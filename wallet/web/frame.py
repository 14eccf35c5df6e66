"""What holds for every page: our one name, headers, cookies, the signed-in person, forms and calls of our own pages only.

Spec: W3C Content Security Policy 3; RFC 6265bis §4.1.3 (`__Host-`); RFC 6797 (HSTS); RFC 9110 §15.5.20 (421);
W3C Fetch Metadata.
"""

import hmac
import re
from typing import Any
from urllib.parse import quote, urlsplit

import flask
from werkzeug.exceptions import (
    BadRequest,
    LengthRequired,
    MisdirectedRequest,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from werkzeug.wrappers import Response as BaseResponse

from certs.encoding import json_decode
from certs.errors import Malformed
from wallet.backup import FILE_LIMIT
from wallet.errors import WalletError
from wallet.model import Session
from wallet.web.rooms import rooms

SESSION_COOKIE = "wallet_session"
SIGN_IN_COOKIE = "wallet_sign_in"
RECENT_SECONDS = 900  # since its person proved who they are: longer than any question waits for its answer
CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"
BODY_LIMIT = 192 * 1024  # four key proofs of 2 KiB for each of sixteen credentials, with room to spare
UPLOAD_LIMIT = FILE_LIMIT + 64 * 1024  # of a backup, and the form around it
UPLOADS = {"backup.restore"}
HOME = "/app"  # of who is signed in: `wallet.web.offline`
KEPT = {"static", "home.colours", "offline.shell", "offline.manifest", "offline.worker"}  # nothing of a person in them
CAMERA = {"offline.shell"}
CODE_WORKER = "js/code-worker.js"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
# How long browsers keep to https. In a simulation on this machine's own name that would outlast the simulation, and bind
# whatever is served on another port: there five minutes show the header, and do no harm (RFC 6797 §6.1.1, §14.2).
HSTS, HSTS_IN_SIMULATION = "max-age=63072000; includeSubDomains", "max-age=300"

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
# The one place where WebAssembly may run: a worker that reads codes in pictures, and has the policy that it came with (CSP 3
# §6.1.10). It sees no page and no key; pages that start it keep the policy above.
WORKER_CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"


class SignInNeeded(Exception):
    """Nobody is signed in, or too long ago for this page; the error page's place is taken by the way to the provider."""

    def __init__(self, *, anew: bool = False) -> None:
        super().__init__()
        self.anew = anew


def install(app: flask.Flask) -> None:
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.before_request(_check_address)
    app.before_request(_check_length)
    app.after_request(_headers)
    app.register_error_handler(SignInNeeded, _to_sign_in)

    @app.context_processor
    def _person() -> dict[str, object]:
        session = current_session()
        csrf, home = (session.csrf, HOME) if session else (None, "/")
        return {"session": session, "csrf": csrf, "home": home, "issuer": rooms().config.issuer}


# --- cookies and session ----------------------------------------------------------------------------------------------


def cookie_name(name: str) -> str:
    """`__Host-` keeps a neighbouring host from setting it; browsers take it over https alone."""
    return f"__Host-{name}" if rooms().config.secure else name


def cookie(name: str) -> str | None:
    """A cookie that we could have set; anything else counts as absent."""
    value = flask.request.cookies.get(cookie_name(name))
    return value if value is not None and _SECRET.fullmatch(value) else None


def set_cookie(response: BaseResponse, name: str, value: str) -> None:
    secure = rooms().config.secure
    response.set_cookie(cookie_name(name), value, secure=secure, httponly=True, samesite="Lax", path="/")


def drop_cookie(response: BaseResponse, name: str) -> None:
    secure = rooms().config.secure
    response.delete_cookie(cookie_name(name), secure=secure, httponly=True, samesite="Lax", path="/")


def current_session() -> Session | None:
    if "wallet_session" not in flask.g:
        value = cookie(SESSION_COOKIE)
        flask.g.wallet_session = rooms().wallet.session(value, now=rooms().clock()) if value else None
    session: Session | None = flask.g.wallet_session
    return session


def signed_in() -> Session:
    session = current_session()
    if session is None:
        raise SignInNeeded
    return session


def owner() -> str:
    return rooms().wallet.vault.owner_of(signed_in().person.pid)


# --- forms and calls --------------------------------------------------------------------------------------------------


def signed_in_form() -> Session:
    """The session, for a request that changes something: it must come from a page of ours in this browser."""
    session = signed_in()
    sent = flask.request.headers.get(CSRF_HEADER) or flask.request.form.get(CSRF_FIELD) or ""
    if not hmac.compare_digest(sent.encode(), session.csrf.encode()):
        raise WalletError("form_expired", "csrf token")
    if flask.request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise WalletError("form_expired", "sent by another site")
    return session


def proven_recently() -> None:
    """For what leaves the wallet, is read in it, or is gone for good: whoever holds the phone now shall have shown the provider who they are.
    A page that was opened in time may be thought about for as long again."""
    age = rooms().clock() - signed_in().told.authenticated
    if flask.request.method == "GET" and age > RECENT_SECONDS:
        raise SignInNeeded(anew=True)
    if age > 2 * RECENT_SECONDS:
        raise WalletError("form_expired", "the proof of who is signed in is too old")


def allow_form_to_issuer() -> None:
    """A form on this page may end at the issuer: browsers hold `form-action` against the redirects that follow too."""
    parts = urlsplit(rooms().config.issuer)
    flask.g.form_target = f"{parts.scheme}://{parts.netloc}"


def allow_form_to(origin: str) -> None:
    """A form on this page may end at the reader who asked."""
    flask.g.form_target = origin


def sent() -> dict[str, Any]:
    """The JSON object that a page's script sent. Text that nothing can write down again is none (RFC 7493 §2.1)."""
    try:
        body = json_decode(flask.request.get_data()) if flask.request.is_json else None
    except Malformed:
        body = None
    if not isinstance(body, dict):
        raise WalletError("request_malformed", "not a JSON object")
    return body


def attachment(data: bytes, name: str, kind: str) -> flask.Response:
    """A file for the person to keep."""
    return flask.Response(data, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def wants_json() -> bool:
    """A page's script says so; a browser that opens a page prefers HTML."""
    request = flask.request
    chosen = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.is_json or chosen == "application/json"


def local_path(candidate: str | None) -> str:
    """A path of this wallet, or its home: `//elsewhere`, `/\\elsewhere` and addresses with a scheme lead nowhere else."""
    if not candidate or not re.fullmatch(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", candidate, re.ASCII):
        return HOME
    return candidate


# --- every request and response ---------------------------------------------------------------------------------------


def _check_address() -> None:
    if flask.request.host.lower() != urlsplit(rooms().config.url).netloc:
        raise MisdirectedRequest  # we answer to one name: a rebound name reads nothing here
    if flask.request.method == "POST" and flask.request.mimetype.startswith("multipart/"):
        if flask.request.endpoint not in UPLOADS:
            raise UnsupportedMediaType  # a backup comes to one page; no other form sends files (attacks HD-07)
        flask.request.max_content_length = UPLOAD_LIMIT


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
    stated, received = flask.request.content_length, len(flask.request.get_data())
    if stated is None and received >= (flask.request.max_content_length or 0):  # 2
        raise RequestEntityTooLarge
    if stated is not None and received < stated:  # 3
        raise BadRequest("body is cut off")


def _to_sign_in(needed: SignInNeeded) -> flask.typing.ResponseReturnValue:
    """Pages lead to the provider and come back; calls of a page's script are told so."""
    if flask.request.method != "GET" or wants_json():
        return flask.jsonify({"error": "sign_in_needed", "location": "/sign-in"}), 401
    wanted = flask.request.full_path.removesuffix("?")
    return flask.redirect(f"/sign-in?{'anew=1&' if needed.anew else ''}next={quote(wanted, safe='')}", 303)


def _policy() -> str:
    if flask.request.endpoint == "static" and (flask.request.view_args or {}).get("filename") == CODE_WORKER:
        return WORKER_CSP
    return f"{CSP} {flask.g.form_target}" if "form_target" in flask.g else CSP


def _headers(response: flask.Response) -> flask.Response:
    headers = response.headers
    headers["Content-Security-Policy"] = _policy()
    headers["X-Frame-Options"] = "DENY"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    sees = "(self)" if flask.request.endpoint in CAMERA else "()"
    headers["Permissions-Policy"] = f"camera={sees}, geolocation=(), microphone=()"
    if rooms().config.secure:
        headers["Strict-Transport-Security"] = HSTS_IN_SIMULATION if rooms().config.simulation else HSTS
    if flask.request.endpoint in KEPT and response.status_code == 200:
        headers["Cache-Control"] = (
            "no-cache"  # may be kept, is asked for anew: scripts and pages never differ in version
        )
    else:
        headers["Cache-Control"] = "no-store"
    return response
