"""A verdict's own pages: as a person reads it, and as a receipt for the file.

    GET /verdict/<verdict>        fills the screen
    GET /receipt/<verdict>        to print
    GET /receipt/<verdict>.txt    to keep; in the language of the page
    GET /receipt/<verdict>.json   for machines

They lie on the shelf of the browser that checked: reloading, or changing the language, checks nothing a second time.
"""

import secrets
import time
from dataclasses import dataclass
from hashlib import sha256

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from certs.catalogue import Text
from verifier import facts, foreign
from verifier.foreign import told
from verifier.foreign.card import UnsignedCard
from verifier.receipt import NOTHING_PERSONAL, Receipt
from verifier.result import Report
from verifier.staff.ports import Entry
from verifier.web.frame import counter, desk, language
from verifier.web.gate import member

pages = Blueprint("verdicts", __name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A report for the clerk, and what was insisted on; where another document was wanted, what was asked and what was shown."""

    report: Report | foreign.Report
    wanted: Text
    at: int
    matters: tuple[str, ...] = ()  # the facts that were asked for, which come first
    asked: Text | None = None
    shown: Text | None = None
    advice: Text | None = None  # in place of the report's: what to do at this counter
    card: UnsignedCard | None = None  # what an identity card's plain code says, which nobody signed


def keep(judged: Judged) -> str:
    """The address of its page. The book has its line before anybody sees the verdict."""
    name = secrets.token_urlsafe(16)
    _write(_receipt(name, judged))
    counter().shelf.put(desk(), name, judged, now=int(time.time()))
    return url_for("verdicts.verdict", verdict=name)


@pages.get("/verdict/<verdict>")
def verdict(verdict: str) -> AnyResponse:
    kept = _kept(verdict)
    if kept is None:
        return redirect(url_for("check.form"), 303)
    template = "foreign.html" if isinstance(kept.report, foreign.Report) else "verdict.html"
    page = render_template(template, report=kept.report, judged=kept, facts=facts, told=told, name=verdict)
    return make_response(page)


@pages.get("/receipt/<verdict>")
def receipt(verdict: str) -> AnyResponse:
    kept = _kept(verdict)
    if kept is None:
        return redirect(url_for("check.form"), 303)
    page = render_template("receipt.html", receipt=_receipt(verdict, kept), name=verdict, note=NOTHING_PERSONAL)
    return make_response(page)


@pages.get("/receipt/<verdict>.txt")
def receipt_as_text(verdict: str) -> Response:
    found = _receipt(verdict)
    return _file(Response(found.to_text(language()), mimetype="text/plain"), f"{found.number}.txt")


@pages.get("/receipt/<verdict>.json")
def receipt_as_json(verdict: str) -> Response:
    found = _receipt(verdict)
    return _file(jsonify(found.to_json()), f"{found.number}.json")


def _write(receipt: Receipt) -> None:
    """Into the book of the day: what the receipt says for machines, and who checked."""
    team, who, told = counter().team, member(), receipt.to_json()
    if team is not None:
        named = ("document", "view", "format", "outcome", "code", "issuer", "receipt")
        team.book.write(Entry(receipt.at, who.name if who else "", *(str(told[name] or "") for name in named)))


def _kept(verdict: str) -> Judged | None:
    """Other things lie on the shelf too."""
    kept = counter().shelf.get(desk(), verdict, now=int(time.time()))
    return kept if isinstance(kept, Judged) else None


def _receipt(verdict: str, kept: Judged | None = None) -> Receipt:
    """Its number follows from the address, so that each look at it has the same, and does not give the address away."""
    found = kept or _kept(verdict)
    if found is None:
        raise NotFound()
    mark = sha256(verdict.encode()).hexdigest()[:8].upper()
    number = f"{facts.stamp(found.at)}-{mark[:4]}-{mark[4:]}"
    return Receipt(number, counter().config.url, found.at, found.wanted, found.report)


def _file(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{name}"'
    return response
