"""Ask a customer face to face: what for and for which document, our signed code for their phone, and the answer it shows.

Spec: `certs/challenge.md`; the rules stand in `verifier.challenge`. No network takes part, on either side.

    GET  /ask                  what this counter may ask for, by the trust list
    POST /ask                  form: wanted → 303 to the question's own page
    GET  /ask/<question>       our code, in words what it asks for, until when; and where the answer is read
    GET  /ask/<question>.svg   the code
    POST /ask/<question>       picture | text → 303 to the verdict, or the page again with what was wrong
    POST /ask/<question>/scan  what the camera sees, as in `verifier.web.check` → {"location": path, or null}

A question lies on the shelf of the browser that asked: no other browser sees it, or answers to it.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from certs import qr
from certs.catalogue import CATALOGUE, Field, Text
from certs.challenge import views_for
from certs.errors import CertsError
from certs.trust import Reader
from verifier import facts, scan
from verifier.challenge import Asker, Question, ask, inspect_answer, purposes
from verifier.policy.single import ADULT, AGE, DEFAULT
from verifier.scan import NothingToCheck
from verifier.verifier import Verifier
from verifier.web import check
from verifier.web.frame import counter, desk, require_form_token, verifier
from verifier.web.verdicts import Judged, keep

pages = Blueprint("challenge", __name__)
BETWEEN = "@"  # of view and purpose in the form's value

NOT_LISTED = Text(
    "Quầy này không có trong danh sách tin cậy, hoặc chứng nhận của nó chưa hay không còn hiệu lực. Cập nhật dữ liệu tin cậy rồi thử lại.",
    "This counter is not on the trust list, or its certificate is not valid now. Refresh the trust data and try again.",
)
CHOOSE = Text("Chọn điều quầy cần biết.", "Choose what you need to know.")
SEVERAL = Text("Trong khung có nhiều mã giấy tờ. Chỉ để một mã.", "There are several documents' codes. Show one only.")
AGE_TITLE = Text("Đủ 18 tuổi, bằng giấy tờ nào cũng được", "18 or over, by any document")


@dataclass(frozen=True, slots=True)
class Option:
    """What the clerk may choose: a view, or proof of age by any document."""

    value: str
    title: Text


@pages.get("/ask")
def choose() -> AnyResponse:
    return _choosing()


@pages.post("/ask")
def begin() -> AnyResponse:
    require_form_token()
    asker, current = _asker()
    wanted, _, purpose = request.form.get("wanted", "").partition(BETWEEN)
    now = int(time.time())
    try:
        readers = [each for each in purposes(asker, current.bundle.trust, now=now) if each.purpose.vi == purpose]
        views = _views(readers[0], wanted) if readers else ()
        if not views:
            return _choosing(CHOOSE)
        question = ask(asker, current.bundle.trust, purpose=purpose, views=views, now=now)
    except CertsError:
        return _choosing(NOT_LISTED)
    counter().shelf.put(desk(), _kept(question.name), question, now=now)
    return redirect(url_for("challenge.shown", question=question.name), 303)


@pages.get("/ask/<question>")
def shown(question: str) -> AnyResponse:
    return _page(_question(question))


@pages.get("/ask/<question>.svg")
def code(question: str) -> Response:
    return Response(_drawn(_question(question).text), mimetype="image/svg+xml")


@pages.post("/ask/<question>")
def answer(question: str) -> AnyResponse:
    require_form_token()
    found = _question(question)
    try:
        text = _only(scan.texts(check.sent()))
    except NothingToCheck as nothing:
        return make_response(_page(found, nothing.reason), 422)
    return redirect(_verdict(found, text), 303)


@pages.post("/ask/<question>/scan")
def scan_frame(question: str) -> Response:
    require_form_token()
    found = _question(question)
    try:
        texts = tuple(request.form.getlist("text")) or scan.texts(check.sent())
        location = _verdict(found, _only(texts))
    except NothingToCheck:
        location = None
    return jsonify({"location": location})


def _only(texts: tuple[str, ...]) -> str:
    """The one document; our own code, on the screen before the camera, is none. Of two none is chosen silently (QR-11)."""
    documents = tuple(dict.fromkeys(each for each in texts if each.startswith(qr.PREFIX)))
    others = tuple(each for each in texts if not each.startswith("VN1Q:"))
    if len(documents) > 1:
        raise NothingToCheck(SEVERAL, documents)
    if not documents and not others:
        raise NothingToCheck(scan.NO_CODE)
    return (documents or others)[0]


def _verdict(question: Question, text: str) -> str:
    """The answer, judged once, under an address of its own."""
    _, current = _asker()
    base = ADULT if all(each.views == (AGE,) for each in question.challenge.wanted) else DEFAULT
    report = inspect_answer(text, question, verifier=current, once=counter().once, base=base)
    return keep(Judged(report, _by_code(question.reader.purpose), int(time.time())))


def _by_code(purpose: Text) -> Text:
    return Text(f"{purpose.vi} (hỏi bằng mã của quầy)", f"{purpose.en} (asked by the counter's code)")


def _question(name: str) -> Question:
    kept = counter().shelf.get(desk(), _kept(name), now=int(time.time()))
    if not isinstance(kept, Question):
        raise NotFound()
    return kept


def _kept(name: str) -> str:
    return f"question {name}"


def _asker() -> tuple[Asker, Verifier]:
    """Read anew each time: a reader's key is replaced while the counter runs."""
    config, current = counter().config, verifier()
    if config.reader_key is None or config.reader_certificate is None or current is None:
        raise NotFound()
    try:
        return Asker.load(config.reader_key, config.reader_certificate), current
    except FileNotFoundError as error:
        raise NotFound() from error


# --- what may be asked ------------------------------------------------------------------------------------------------


def _options(reader: Reader) -> Iterator[Option]:
    """Of one purpose. Proof of age by any document comes first where there are several that tell it."""
    views = views_for(reader)
    if sum(view.name == AGE for _, view in views) > 1:
        yield Option(f"{AGE}{BETWEEN}{reader.purpose.vi}", AGE_TITLE)
    for kind, view in views:
        title = Text(f"{kind.title.vi} – {view.title.vi}", f"{kind.title.en} – {view.title.en}")
        yield Option(f"{kind.name}.{view.name}{BETWEEN}{reader.purpose.vi}", title)


def _views(reader: Reader, wanted: str) -> tuple[tuple[str, str], ...]:
    named = [(kind.name, view.name) for kind, view in views_for(reader)]
    return tuple((kind, view) for kind, view in named if wanted in (f"{kind}.{view}", view if view == AGE else None))


def _choosing(error: Text | None = None) -> AnyResponse:
    asker, current = _asker()
    try:
        readers = purposes(asker, current.bundle.trust, now=int(time.time()))
    except CertsError:
        readers, error = (), NOT_LISTED
    groups = [(each.purpose, tuple(_options(each))) for each in readers]
    page = render_template("ask.html", groups=groups, error=error)
    return make_response(page, 422 if error and request.method == "POST" else 200)


# --- the question's page ----------------------------------------------------------------------------------------------


def _page(question: Question, error: Text | None = None) -> AnyResponse:
    now = int(time.time())
    asked = question.challenge
    views = [
        (CATALOGUE[each.document], CATALOGUE[each.document].view(view)) for each in asked.wanted for view in each.views
    ]
    told: tuple[tuple[Text, tuple[Field, ...]], ...] = tuple(
        (
            Text(f"{kind.title.vi} – {view.title.vi}", f"{kind.title.en} – {view.title.en}"),
            tuple(kind.field(name) for name in view.fields),
        )
        for kind, view in views
    )
    left = max(0, asked.expires - now)
    page = render_template(
        "challenge.html", question=question, told=told, left=left, ends=facts.moment(asked.expires), error=error
    )
    return make_response(page)


@lru_cache(maxsize=64)
def _drawn(text: str) -> str:
    return qr.draw_svg(text)
