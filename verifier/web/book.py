"""The book of the day: how this counter judged, by whom, with nothing of whom it judged; for supervisors and auditors.

Spec: RFC 4180; `verifier.staff.ports.Entry`.

    GET /book              today; form: day (yyyy-mm-dd) → 303 to that day
    GET /book/<day>        counts and lines, newest first
    GET /book/<day>.csv    all of its lines
"""

import csv
import io
from collections import Counter
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from certs.catalogue import CATALOGUE, Text
from verifier import facts
from verifier.batch.lines import guard
from verifier.facts import HANOI
from verifier.reasons import REASONS
from verifier.result import Outcome
from verifier.staff.ports import Entry
from verifier.web.frame import counter

pages = Blueprint("book", __name__, url_prefix="/book")
SHOWN = 500  # lines of a page; the file has all
COLUMNS = ("time", "staff", "document", "view", "format", "outcome", "code", "issuer", "receipt")


@pages.get("")
def today() -> AnyResponse:
    asked = request.args.get("day") or datetime.now(HANOI).date().isoformat()
    return redirect(url_for("book.day", day=_day(asked).isoformat()), 303)


@pages.get("/<day>")
def day(day: str) -> str:
    found = _day(day)
    entries = _entries(found)
    counts = Counter(entry.outcome for entry in entries)
    return render_template(
        "book.html",
        day=found,
        today=datetime.now(HANOI).date(),
        entries=entries[:SHOWN],
        total=len(entries),
        counts=[(each.value, counts[each.value]) for each in Outcome],
        moment=facts.moment,
        title=_title,
        reason=_reason,
    )


@pages.get("/<day>.csv")
def as_comma(day: str) -> Response:
    found, text = _day(day), io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for entry in _entries(found):
        at = datetime.fromtimestamp(entry.at, HANOI).isoformat()
        cells = (entry.by, entry.document, entry.view, entry.form, entry.outcome, entry.code, entry.issuer)
        lines.writerow([guard(cell) for cell in (at, *cells, entry.receipt)])
    mark = "\ufeff"  # by which a spreadsheet knows the encoding
    answer = Response(mark + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="book-{found.isoformat()}.csv"'
    return answer


def _day(text: str) -> date:
    """Of Viet Nam. Only as it is written here: other forms of ISO 8601 name the same day a second time."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise NotFound() from error
    if found.isoformat() != text or not 2000 <= found.year < 3000:
        raise NotFound()
    return found


def _entries(day: date) -> list[Entry]:
    team = counter().team
    if team is None:
        return []
    begins = datetime(day.year, day.month, day.day, tzinfo=HANOI)
    until = begins + timedelta(days=1)
    return list(team.book.entries(since=int(begins.timestamp()), until=int(until.timestamp())))


def _title(entry: Entry) -> Text:
    """Of what was established; another framework's kinds have their own names."""
    kind = CATALOGUE.get(entry.document)
    if kind is None:
        return Text.same(entry.document)
    view = next((each for each in kind.views if each.name == entry.view), None)
    if view is None or view.title == kind.title:
        return kind.title
    return Text(f"{kind.title.vi} – {view.title.vi}", f"{kind.title.en} – {view.title.en}")


def _reason(entry: Entry) -> Text:
    found = REASONS.get(entry.code)
    return found.sentence if found else Text.same(entry.code)
