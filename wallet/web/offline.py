"""The part of the wallet that works without a network: its shell, its service worker, and what they fetch while there is one.

Spec: W3C Service Workers §3.1 (scope), §6.3.2 (`Service-Worker-Allowed` is not needed at the root); W3C Web App Manifest.

    GET  /app                      the shell: one page for everybody, drawn by its modules from the phone's own vault
    GET  /app.webmanifest          name, icons, where it starts
    GET  /service-worker.js        the worker, with the list of its files and their fingerprint
    GET  /app/documents            JSON for the signed-in browser: {"now", "as_of", "owner", "csrf", "language", "documents": […],
                                   "waiting": [{"id", "type", "title", "glyph", "asked", "again", "prints"}, …], "awaited": how many of a
                                   backup are to be issued anew, "history": […], "asking": who may ask, or null}
    POST /app/shown                JSON {"shown": [{"id", "type", "view", "at", "to"?} | {"id", "declined", "at", "to"?, "asked"?}, …]}
                                   → {"told": [id, …]}; each counts once. `declined`: true, by the person; or the code for which the
                                   phone refused. `asked`: what the question was for, as "type.view"
    POST /app/refill               JSON {"document"} → {"receipt", "audience", "proofs"} as of /receive/begin, for /receive/complete

The POSTs need the session's cookie and its CSRF token, as in `wallet.web.receive`; the shell has the token from /app/documents.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import flask

from certs.catalogue import CATALOGUE
from certs.challenge import NAME_LIMIT
from wallet import carried, history, promises, readers
from wallet.errors import WalletError
from wallet.model import Entry
from wallet.web import asking, frame
from wallet.web.home import known_statuses
from wallet.web.language import language, say
from wallet.web.rooms import rooms

pages = flask.Blueprint("offline", __name__)
SHELL = "/app"
MOST_SHOWN = 200  # lines of one call; a phone that was away for a year calls again
_STATIC = Path(__file__).parent / "static"
_FILES = ("base.css", "role.css", "icon.svg", "icons/*.png", "js/app/*.js", "vendor/*.js")
_SHARED = (
    "base45",
    "base64url",
    "camera",
    "cbor",
    "cbor-read",
    "codes",
    "cose",
    "jws",
    "keys",
    "proof",
    "qr",
    "refusal",
    "safe-text",
)  # modules of the other pages too
_SCANNER = (
    "js/code-worker.js",
    "vendor/zxing/share.js",
    "vendor/zxing/reader/index.js",
    "vendor/zxing/reader/zxing_reader.wasm",
)
MOST_ASKED = 64
_CODE = re.compile(r"[a-z_]{1,32}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


@pages.get(SHELL)
def shell() -> flask.typing.ResponseReturnValue:
    """Nothing in it is of a person, or of a language: it is kept for whoever opens it next."""
    return flask.render_template("app.html")


@pages.get("/app.webmanifest")
def manifest() -> flask.typing.ResponseReturnValue:
    sizes = (("192", "any"), ("512", "any"), ("512", "maskable"))
    response = flask.jsonify(
        id=SHELL,
        name=say("Ví giấy tờ (mô phỏng)", "Document wallet (simulation)"),
        short_name=say("Ví giấy tờ", "Wallet"),
        start_url=SHELL,
        scope="/",
        display="standalone",
        background_color="#f3f5f7",
        theme_color="#0b6b5f",
        icons=[
            {
                "src": f"/static/icons/{purpose}-{size}.png",
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size, purpose in sizes
        ],
    )
    response.mimetype = "application/manifest+json"
    return response


@pages.get("/service-worker.js")
def worker() -> flask.typing.ResponseReturnValue:
    """Other files make another fingerprint, another fingerprint another worker: browsers compare its bytes (§7.1 step 8)."""
    told = {"files": list(_files()), "version": _version(flask.render_template("app.html")), "scanner": _scanner()}
    script = (_STATIC / "js" / "service-worker.js").read_text("utf-8")
    body = f"const {{ files: FILES, version: VERSION, scanner: SCANNER }} = {flask.json.dumps(told)};\n{script}"
    return flask.Response(body, mimetype="text/javascript")


@pages.get("/app/documents")
def documents() -> flask.typing.ResponseReturnValue:
    session, at = frame.signed_in(), rooms()
    if (
        flask.request.headers.get("Sec-Fetch-Mode") == "navigate"
    ):  # for the app, which asks for its passcode, and for no reader
        raise WalletError("request_malformed", "opened as a page")
    owner, now, statuses = frame.owner(), at.clock(), known_statuses()
    return flask.jsonify(
        now=now,
        as_of=at.trust.as_of(now=now),
        owner=owner,
        csrf=session.csrf,
        language=language(),
        documents=[
            carried.document(
                each, statuses, unused=at.wallet.unused(owner, carried.of_the_whole(each), now=now), now=now
            )
            for each in at.wallet.documents(owner)
        ],
        waiting=[carried.waiting(each) for each in promises.all_of(at.wallet, owner)],
        awaited=len(at.wallet.awaited(owner)),
        history=carried.history(at.wallet.history(owner)),
        asking=_asking(),
    )


def _asking() -> dict[str, Any] | None:
    """Who may ask, by the trust list; where there is none, the phone keeps what it has."""
    at = rooms()
    try:
        return readers.extract(at.trust.current(now=at.clock()).trust, now=at.clock())
    except WalletError:
        return None


@pages.post("/app/shown")
def shown() -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    at, owner, told = rooms(), frame.owner(), []
    for each in _entries():
        when, to = min(each["at"], at.clock()), _told_to(each.get("to"))
        if "declined" in each:
            line = _no(each, {"audience": "", **to}, now=when)
        else:
            line = history.shown_offline(each["type"], each["view"], at=when, **to)
        at.wallet.note_shown_offline(owner, each["id"], line, now=at.clock())
        told.append(each["id"])
    return flask.jsonify(told=told)


@pages.post("/app/refill")
def refill() -> flask.typing.ResponseReturnValue:
    """By the refresh token; who must be asked goes to the document's page, which leads to the issuer."""
    frame.signed_in_form()
    document_id = frame.sent().get("document")
    if not isinstance(document_id, str):
        raise WalletError("request_malformed", "document")
    document = rooms().wallet.document(frame.owner(), document_id)
    if document.type in {each.type for each in promises.all_of(rooms().wallet, frame.owner())}:
        raise WalletError("too_early", "one of this kind is promised already")
    issuer, access = asking.renewed(document)
    if access is None:
        raise WalletError("issuer_denied", "the person must be asked")
    value, receipt = asking.granted(issuer, access)
    proofs = [{"configuration": each.configuration, "nonce": each.nonce} for each in receipt.proofs]
    return flask.jsonify(receipt=value, audience=receipt.audience, proofs=proofs)


def _entries() -> list[dict[str, Any]]:
    """Each of a form that our own pages write; the first that is not ends the call before anything is kept."""
    given = frame.sent().get("shown")
    if not isinstance(given, list) or len(given) > MOST_SHOWN or not all(isinstance(each, dict) for each in given):
        raise WalletError("request_malformed", "shown")
    for each in given:
        id_, at = each.get("id"), each.get("at")
        known = _is_no(each) if "declined" in each else _is_view(each)
        if not (known and isinstance(id_, str) and _ID.fullmatch(id_) and type(at) is int and at >= 0):
            raise WalletError("request_malformed", "shown")
        if "to" in each and not (isinstance(each["to"], str) and len(each["to"]) <= NAME_LIMIT):
            raise WalletError("request_malformed", "shown")
    return given


def _is_no(entry: Mapping[str, Any]) -> bool:
    """The phone says no also to those of whom it does not know who they are; a person only to somebody."""
    why, asked = entry["declined"], entry.get("asked", [])
    named = "to" in entry if why is True else isinstance(why, str) and _CODE.fullmatch(why) is not None
    if not isinstance(asked, list) or len(asked) > MOST_ASKED or not all(isinstance(each, str) for each in asked):
        return False
    known = {f"{type_.name}.{view.name}" for type_ in CATALOGUE.values() for view in type_.views}
    return named and known.issuperset(asked) and not {"type", "view"} & entry.keys()


def _no(entry: Mapping[str, Any], to: Mapping[str, Any], *, now: int) -> Entry:
    """By the names of the facts, which outlive those of the views."""
    views = [each.split(".") for each in entry.get("asked", ())]
    facts = dict.fromkeys(f"{type_}.{field}" for type_, view in views for field in CATALOGUE[type_].view(view).fields)
    code = "" if entry["declined"] is True else entry["declined"]
    return history.declined(**to, asked=facts, code=code, now=now)


def _is_view(entry: Mapping[str, Any]) -> bool:
    type_, view = entry.get("type"), entry.get("view")
    if not (isinstance(type_, str) and type_ in CATALOGUE and isinstance(view, str)):
        return False
    return view in {one.name for one in CATALOGUE[type_].views}


def _told_to(organisation: str | None) -> dict[str, Any]:
    """By the name that the trust list has for them; where it has none any more, by what the phone wrote down."""
    if organisation is None:
        return {}
    at = rooms()
    try:
        listed = at.trust.current(now=at.clock()).trust.list.readers
    except WalletError:
        listed = ()
    name = next((each.name for each in listed if each.organisation == organisation), None)
    return {"audience": organisation, "verifier": name, "organisation": organisation if name else ""}


@cache
def _files() -> tuple[str, ...]:
    found = [path for pattern in _FILES for path in sorted(_STATIC.glob(pattern))]
    found += [_STATIC / "js" / f"{name}.js" for name in _SHARED]
    return (
        SHELL,
        "/colours.css",
        "/app.webmanifest",
        *(f"/static/{path.relative_to(_STATIC).as_posix()}" for path in found),
    )


@cache
def _version(shell: str) -> str:
    seen = hashlib.sha256(shell.encode())
    for type_ in CATALOGUE.values():
        seen.update(f"{type_.name} {type_.colour}\n".encode())
    for name in _files():
        if name.startswith("/static/"):
            seen.update(name.encode() + (_STATIC / name.removeprefix("/static/")).read_bytes())
    return seen.hexdigest()[:16]


@cache
def _scanner() -> Mapping[str, Any]:
    """What reads codes where the browser cannot: a megabyte, kept apart, and fetched after everything else."""
    seen = hashlib.sha256()
    for name in _SCANNER:
        seen.update(name.encode() + (_STATIC / name).read_bytes())
    return {"files": [f"/static/{name}" for name in _SCANNER], "version": seen.hexdigest()[:16]}
