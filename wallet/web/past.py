"""The history: its lines, whether its chain holds, all of it as a file, and letters to those who were shown something.

Spec: none; the rules stand in `wallet.history`, `wallet.chain`, `wallet.ledger`, `wallet.deletion`.

    GET  /history                        the newest lines
    POST /history/export                 JSON with the chain, as a file
    GET  /history/<place>/deletion       a request to the verifier of that line, to send oneself
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import flask

from certs.catalogue import CATALOGUE, Text
from certs.trust import Reader
from wallet import deletion, ledger, words
from wallet.chain import RESTORED
from wallet.errors import WalletError
from wallet.formats import FORMATS
from wallet.history import asked_for, exported, word_of
from wallet.model import Entry, Linked
from wallet.web import frame
from wallet.web.language import language
from wallet.web.rooms import rooms

pages = flask.Blueprint("past", __name__)
NEWEST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """As people read it: labels in place of names, and nothing of a shape that this version does not know."""

    place: int
    at: str
    word: Text
    title: Text | None
    views: tuple[Text, ...]
    formats: tuple[Text, ...]
    claims: tuple[Text, ...]
    about: tuple[Text, ...]  # a device, a client, a verifier
    asked: tuple[Text, ...]
    address: str
    askable: bool
    restored: bool


@pages.get("/history")
def history() -> flask.typing.ResponseReturnValue:
    lines, checked = rooms().wallet.chain(frame.owner())
    newest = [_line(line) for line in lines[::-1][:NEWEST]]
    end = lines[-1].link.hex()[:16] if lines else ""
    return flask.render_template("history.html", lines=newest, count=len(lines), checked=checked, end=end)


@pages.post("/history/export")
def export() -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    at, owner = rooms(), frame.owner()
    at.wallet.note(owner, exported("history", now=at.clock()))
    lines, _ = at.wallet.chain(owner)
    return frame.attachment(ledger.write(lines, now=at.clock()), "wallet-history.json", "application/json")


@pages.get("/history/<int:place>/deletion")
def ask_deletion(place: int) -> flask.typing.ResponseReturnValue:
    lines, _ = rooms().wallet.chain(frame.owner())
    line = next((each for each in lines if each.place == place), None)
    if line is None:
        raise WalletError("line_unknown", "not in this history")
    letter = deletion.prepare(line, _readers())
    return flask.render_template("deletion.html", letter=letter, mailto=letter.mailto(language()))


def _readers() -> tuple[Reader, ...]:
    """Without a list at hand the letter is as good, and only the address is missing."""
    try:
        return rooms().trust.current(now=rooms().clock()).trust.list.readers
    except WalletError:
        return ()


def _line(line: Linked) -> Line:
    entry, details = line.entry, line.entry.details
    type_ = CATALOGUE.get(str(details.get("type", "")))
    views = {view.name: view.title for view in type_.views} if type_ else {}
    fields = {field.name: field.label for field in type_.fields} if type_ else {}
    formats = {name: each.title for name, each in FORMATS.items()}
    return Line(
        place=line.place,
        at=words.moment(entry.at),
        word=word_of(entry) or Text.same(entry.kind),
        title=type_.title if type_ else None,
        views=_known(details, "views", views),
        formats=_known(details, "formats", formats),
        claims=_known(details, "claims", fields),
        about=_about(entry),
        asked=asked_for(entry),
        address=next((str(details[name]) for name in ("to", "from") if details.get(name)), ""),
        askable=deletion.can_ask(entry),
        restored=RESTORED in details,
    )


def _known(details: Mapping[str, Any], name: str, labels: Mapping[str, Text]) -> tuple[Text, ...]:
    given = details.get(name)
    return tuple(labels[each] for each in given if each in labels) if isinstance(given, list) else ()


def _about(entry: Entry) -> tuple[Text, ...]:
    found = []
    for name in ("device", "client", "verifier"):
        value = entry.details.get(name)
        if isinstance(value, str):
            found.append(Text.same(value))
        elif isinstance(value, Mapping):
            found.append(Text(str(value.get("vi", "")), str(value.get("en", ""))))
    return tuple(found)
