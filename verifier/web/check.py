"""The counter's main page: a picture or a text in, a verdict that fills the screen out; the same as JSON for machines."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.wrappers import Response as AnyResponse

from certs import qr
from certs.catalogue import CATALOGUE, Text
from certs.formats import cwt
from verifier import facts, scan
from verifier.policy import ADULT, AGE, DEFAULT, Policy, takes
from verifier.reasons import REASONS
from verifier.result import Outcome, Report
from verifier.scan import NothingToCheck
from verifier.web.errors import wants_json
from verifier.web.frame import counter, desk, language, require_form_token, verifier

pages = Blueprint("check", __name__)
CHOICES = 8  # codes of one picture that are offered; more than that is no counter's everyday


@dataclass(frozen=True, slots=True)
class Choice:
    """The codes of one picture, and what the clerk insisted on."""

    texts: tuple[str, ...]
    documents: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A report for the clerk; where another document was wanted, what was asked and what was shown."""

    report: Report
    asked: Text | None = None
    shown: Text | None = None


NOTHING_GIVEN = Text(
    "Chọn một ảnh có mã QR, hoặc dán nội dung mã.", "Choose a picture of the QR code, or paste its text."
)
NO_TRUST_DATA = Text(
    "Quầy chưa nhận được dữ liệu tin cậy, nên chưa kết luận được về giấy tờ nào.",
    "This counter has no trust data yet, so it cannot tell about any document.",
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
    documents = request.form.get("documents", "")
    _policy(documents)
    try:
        texts = scan.texts(_source())
        if not texts:
            raise NothingToCheck(scan.NO_CODE)
    except NothingToCheck as nothing:
        return make_response(_form_page(error=nothing.reason.of(language())), 422)
    return redirect(_place(texts, documents), 303)


@pages.post("/scan")
def scan_frame() -> Response:
    """What the camera sees: a frame as `picture`, or every `text` that the browser read in one. Answers where to go next.

    `location` is null while no code is read, so that the page sends the next frame.
    """
    require_form_token()
    documents = request.form.get("documents", "")
    _policy(documents)
    try:
        texts = tuple(request.form.getlist("text")) or scan.texts(_source())
    except NothingToCheck:
        texts = ()
    return jsonify({"location": _place(texts, documents) if texts else None})


@pages.get("/choose/<choice>")
def choose(choice: str) -> AnyResponse:
    """Of two codes in one picture none is chosen silently (QR-11)."""
    kept = counter().shelf.get(desk(), choice, now=int(time.time()))
    if not isinstance(kept, Choice):
        return redirect(url_for("check.form"), 303)
    return make_response(render_template("choose.html", texts=kept.texts, chosen=kept.documents, guess=facts.guess))


@pages.get("/verdict/<verdict>")
def verdict(verdict: str) -> AnyResponse:
    """The verdict under an address of its own: reloading, or changing the language, checks nothing a second time."""
    kept = counter().shelf.get(desk(), verdict, now=int(time.time()))
    if not isinstance(kept, Judged):  # other things lie on the shelf too
        return redirect(url_for("check.form"), 303)
    return make_response(render_template("verdict.html", report=kept.report, judged=kept, facts=facts))


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


@pages.get("/trust")
def trust() -> str:
    """What the counter relies on, and how old it is."""
    current = verifier()
    result = counter().shelf.take(desk(), "refresh", now=int(time.time()))
    return render_template("trust.html", bundle=current.bundle if current else None, facts=facts, result=result)


def _place(texts: tuple[str, ...], documents: str) -> str:
    """The address of the one code's verdict, or of the choice between several; kept on this browser's shelf."""
    name = secrets.token_urlsafe(16)
    several = len(texts) > 1
    kept = Choice(texts[:CHOICES], documents) if several else judge(texts[0], documents)
    counter().shelf.put(desk(), name, kept, now=int(time.time()))
    return url_for("check.choose", choice=name) if several else url_for("check.verdict", verdict=name)


def judge(text: str, documents: str) -> Judged:
    """Step 9 comes last: what a document says of itself was found genuine when the policy refuses it."""
    policy = _policy(documents)
    report = inspect(text, policy)
    if report.code != "policy_refused":
        return Judged(report)
    shown = cwt.peek(qr.from_text(text))
    if takes(policy, shown.document.name, shown.view.name):  # the right document; it does not say what is needed
        return Judged(report)
    return Judged(report, asked=dict(choices())[documents], shown=facts.guess(text))


def inspect(text: str, policy: Policy) -> Report:
    """The report; without any trust data the question stays open."""
    current = verifier()
    if current is not None:
        return current.inspect(text, policy=policy)
    advice = REASONS["status_unavailable"].advice
    return Report(Outcome.UNDETERMINED, (), None, "status_unavailable", NO_TRUST_DATA, advice, None)


def choices() -> list[tuple[str, Text]]:
    """What a clerk may insist on: any kind, or a proof of age by either document."""
    return [(kind.name, kind.title) for kind in CATALOGUE.values()] + [
        (AGE, Text("Chứng minh đủ 18 tuổi", "Proof of being 18 or over"))
    ]


def _policy(documents: str) -> Policy:
    if not documents:
        return DEFAULT
    if documents == AGE:
        return ADULT
    if documents not in CATALOGUE:
        raise BadRequest()
    return Policy(documents=(documents,))


def _source() -> str | bytes:
    """The picture, else the pasted text. A line end that pasting adds is not part of a code; a blank may be."""
    picture = request.files.get("picture")
    data = picture.read() if picture else b""
    if data:
        if not scan.is_picture(data):
            raise NothingToCheck(scan.NOT_A_PICTURE)
        return data
    text = request.form.get("text", "").strip("\r\n")
    if not text:
        raise NothingToCheck(NOTHING_GIVEN)
    return text


def _check_for_machine() -> Response:
    """Multipart or form fields `picture`, `text`, `documents`; or a JSON object with `text` and `documents`."""
    try:
        if request.mimetype == "application/json":
            fields = _json_fields()
            source: str | bytes = fields["text"]
            policy = _policy(fields["documents"])
        elif request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
            source, policy = _source(), _policy(request.form.get("documents", ""))
        else:
            raise UnsupportedMediaType()
        text = scan.only(source)
    except NothingToCheck as nothing:
        reason = {"vi": nothing.reason.vi, "en": nothing.reason.en}
        return make_response(jsonify({"error": "nothing_to_check", "reason": reason, "codes": len(nothing.texts)}), 422)
    return jsonify(inspect(text, policy).to_json())


def _json_fields() -> dict[str, str]:
    body: Any = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise BadRequest()
    documents = body.get("documents", "")
    if not isinstance(documents, str):
        raise BadRequest()
    return {"text": body["text"], "documents": documents}


def _form_page(error: str | None = None) -> str:
    return render_template("check.html", error=error, choices=choices(), chosen=request.values.get("documents", ""))
