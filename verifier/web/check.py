"""The counter's main page: a picture or a text in, a verdict that fills the screen out; the same as JSON for machines."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.wrappers import Response as AnyResponse

from certs.catalogue import Text
from certs.encoding import b64url_decode, json_decode
from certs.errors import CertsError
from certs.formats.session_transcript import SessionTranscript
from verifier import facts, presented, scan
from verifier.foreign import card
from verifier.foreign.anchors import framework_of
from verifier.policy.composed import OneDocument, change, leaves
from verifier.policy.single import takes
from verifier.presented import Conversation, Form
from verifier.reasons import REASONS
from verifier.response import FORM_LIMIT
from verifier.result import Outcome, Report
from verifier.scan import NothingToCheck
from verifier.web import abroad, wishes
from verifier.web.errors import wants_json
from verifier.web.frame import counter, desk, language, require_form_token, standing, verifier
from verifier.web.verdicts import Judged, keep
from verifier.web.wishes import Wish, choices, named, wish

pages = Blueprint("check", __name__)
CHOICES = 8  # codes of one picture that are offered; more than that is no counter's everyday
LONGEST = 7_090  # characters of each: one more than any code holds, so that what is cut is refused


@dataclass(frozen=True, slots=True)
class Choice:
    """The codes of one picture, and what the clerk insisted on."""

    texts: tuple[str, ...]
    wish: Wish


NOTHING_GIVEN = Text(
    "Chọn một ảnh có mã QR, hoặc dán nội dung mã.", "Choose a picture of the QR code, or paste its text."
)
NO_TRUST_DATA = Text(
    "Quầy chưa nhận được dữ liệu tin cậy, nên chưa kết luận được về giấy tờ nào.",
    "This counter has no trust data yet, so it cannot tell about any document.",
)

A_PRINT = Text(
    "Đây là mã in trên giấy. Nếu quầy nhận mã in, chọn “Cả mã in trên giấy” rồi quét lại; nếu không, đề nghị khách mở ví.",
    "This is a printed code. If your counter takes prints, choose “Printed codes too” and scan again; if not, ask the customer to open their wallet.",
)


@pages.get("/")
def home() -> str:
    return render_template("home.html", provider=counter().config.issuer)


@pages.get("/check")
def form() -> str:
    return _form_page()


@pages.post("/check")
def check() -> AnyResponse:
    """A machine (Accept: application/json) gets the report at once; it brings no cookie, so it needs no form token."""
    if wants_json():
        return _check_for_machine()
    require_form_token()
    wanted = wish()
    try:
        texts = scan.texts(sent())
        if not texts:
            raise NothingToCheck(scan.NO_CODE)
    except NothingToCheck as nothing:
        return make_response(_form_page(error=nothing.reason.of(language())), 422)
    return redirect(_place(texts, wanted), 303)


@pages.post("/scan")
def scan_frame() -> Response:
    """What the camera sees: a frame as `picture`, or every `text` that the browser read in one. Answers where to go next.

    `location` is null while no code is read, so that the page sends the next frame.
    """
    require_form_token()
    wanted = wish()
    try:
        texts = tuple(request.form.getlist("text")) or scan.texts(sent())
    except NothingToCheck:
        texts = ()
    return jsonify({"location": _place(texts, wanted) if texts else None})


@pages.get("/choose/<choice>")
def choose(choice: str) -> AnyResponse:
    """Of two codes in one picture none is chosen silently (QR-11)."""
    kept = counter().shelf.get(desk(), choice, now=int(time.time()))
    if not isinstance(kept, Choice):
        return redirect(url_for("check.form"), 303)
    return make_response(render_template("choose.html", texts=kept.texts, wish=kept.wish, guess=abroad.guess))


@pages.post("/refresh")
def refresh() -> AnyResponse:
    """Ask the provider for newer trust data now."""
    if wants_json():
        result = counter().keeper.refresh()
        return jsonify({"outcome": result.outcome.value, "code": result.code})
    require_form_token()
    result = counter().keeper.refresh()
    counter().shelf.put(desk(), "refresh", result, now=int(time.time()))
    return redirect(url_for("check.trust"), 303)


@pages.get("/standing")
def stands() -> Response:
    """Asked by a page that stays open: that the counter answers, and how old what it relies on is now."""
    now = standing()
    return jsonify(line=now.line.of(language()), note=now.note.of(language()) if now.note else "")


@pages.get("/trust")
def trust() -> str:
    """What the counter relies on, and how old it is."""
    current = verifier()
    result = counter().shelf.take(desk(), "refresh", now=int(time.time()))
    return render_template("trust.html", bundle=current.bundle if current else None, facts=facts, result=result)


def _place(texts: tuple[str, ...], wish: Wish) -> str:
    """The address of the one code's verdict, or of the choice between several; kept on this browser's shelf."""
    if len(texts) == 1:
        return keep(judge(texts[0], wish))
    name = secrets.token_urlsafe(16)
    codes = tuple(text[:LONGEST] for text in texts[:CHOICES])
    counter().shelf.put(desk(), name, Choice(codes, wish), now=int(time.time()))
    return url_for("check.choose", choice=name)


def judge(text: str, wish: Wish) -> Judged:
    """Steps 8 and 9 come last: what a document says of itself was found genuine when these refuse it."""
    if abroad.concerns(text, wish):
        return abroad.judged(text, wish)
    policy = wish.policy
    report = inspect(text, policy)
    if framework_of(text):
        return Judged(report, wish.told, int(time.time()), advice=abroad.advice(text))
    judged = Judged(report, wish.told, int(time.time()), matters=wish.asks)
    if report.code == card.CODE:
        return replace(judged, card=_unsigned(text))
    if report.code == abroad.NO_PROOF:
        return replace(judged, advice=A_PRINT if presented.peek(text).printed else None)
    if report.code != "policy_refused" or not wish.documents:
        return judged
    shown = presented.peek(text)
    view = shown.view.name if shown.view else ""
    if any(takes(leaf, shown.document.name, view) for leaf in leaves(policy)):
        return judged  # the right document; it does not say what is needed
    return replace(judged, asked=wish.title, shown=facts.guess(text))


def inspect(text: str, policy: OneDocument, conversation: Conversation | None = None) -> Report:
    """The report; without any trust data the question stays open. What is taken once is used up by this."""
    current = verifier()
    if current is not None:
        once = counter().once if policy.one_time else None
        return current.inspect(text, policy=policy, conversation=conversation, once=once)
    advice = REASONS["status_unavailable"].advice
    return Report(Outcome.UNDETERMINED, (), None, "status_unavailable", NO_TRUST_DATA, advice, None)


def _unsigned(text: str) -> card.UnsignedCard | None:
    """What the plain code says, for whoever types it in; None where it is not written as these cards are."""
    try:
        return card.read(text)
    except CertsError:
        return None


def sent() -> str | bytes:
    """The picture or file, else the pasted text. A line end that pasting adds is not part of a code; a blank may be."""
    picture = request.files.get("picture")
    data = picture.read() if picture else b""
    if data:
        if not scan.is_picture(data) and not _is_document(data):
            raise NothingToCheck(scan.NOT_A_PICTURE)
        return data
    text = request.form.get("text", "").strip("\r\n")
    if not text:
        raise NothingToCheck(NOTHING_GIVEN)
    return text


def _is_document(data: bytes) -> bool:
    """A file of what a wallet sent online; a code comes as a picture."""
    return presented.is_mdoc(data) or any(presented.form_of(text) is not Form.QR for text in scan.texts(data))


def _check_for_machine() -> Response:
    """Multipart or form fields `picture`, `text` and those of `_FIELDS`; or a JSON object with `text` and these.

    `audience`, `nonce` and `transcript` (base64url) are what the caller itself asked with, online.
    """
    try:
        if request.mimetype == "application/json":
            fields = _json_fields()
            source: str | bytes = fields["text"]
        elif request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
            source, fields = sent(), {name: request.form.get(name, "") for name in _FIELDS}
        else:
            raise UnsupportedMediaType()
        text = scan.only(source)
        wanted = Wish(fields["documents"], fields["proof"])
        if abroad.concerns(text, wanted):
            return jsonify(abroad.inspect(text, wanted).to_json())
        policy, conversation = _asked(wanted, fields)
    except NothingToCheck as nothing:
        reason = {"vi": nothing.reason.vi, "en": nothing.reason.en}
        return make_response(jsonify({"error": "nothing_to_check", "reason": reason, "codes": len(nothing.texts)}), 422)
    return jsonify(inspect(text, policy, conversation).to_json())


_FIELDS = ("documents", "proof", "audience", "nonce", "transcript")


def _asked(wanted: Wish, fields: Mapping[str, str]) -> tuple[OneDocument, Conversation | None]:
    audience, nonce = fields["audience"] or None, fields["nonce"] or None
    given = {"audience": audience, "challenge": nonce.encode() if nonce else None}
    policy = change(wanted.policy, **{name: value for name, value in given.items() if value})
    if not fields["transcript"]:
        return policy, None
    try:
        encoded = b64url_decode(fields["transcript"])
    except CertsError as error:
        raise BadRequest() from error
    return policy, Conversation(SessionTranscript(encoded, audience, nonce))


def _json_fields() -> dict[str, str]:
    try:
        body: Any = json_decode(request.get_data(), limit=FORM_LIMIT)
    except CertsError as error:
        raise BadRequest() from error
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise BadRequest()
    fields = {name: body.get(name, "") for name in _FIELDS}
    if not all(isinstance(value, str) for value in fields.values()):
        raise BadRequest()
    return {"text": body["text"], **fields}


def _form_page(error: str | None = None) -> str:
    return render_template(
        "check.html", error=error, choices=choices(), policies=named(), abroad=wishes.abroad(), wish=wish()
    )
