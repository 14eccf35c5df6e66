"""What a phone carries of its person's documents to show them without a network: words, facts, states, copies for the QR.

Spec: none; JSON that travels from this wallet's server to its own page, which seals it (`web/static/js/app/vault.js`).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from certs.catalogue import AUTHORITIES, CATALOGUE, Text
from certs.encoding import b64url_encode
from certs.status import StatusLists
from wallet import words
from wallet.formats import FORMATS, glance
from wallet.history import asked_for, word_of
from wallet.model import Copy, Document, Entry
from wallet.present import Disclosure, disclosure, each_once, for_qr, lead, type_of, views_of
from wallet.receive import distinguished
from wallet.state import VALID, Standing, state_of
from wallet.waiting import Waiting

LINES = 50  # of the history: what fits a screen or two; the rest is on the server's page


def document(held: Document, statuses: StatusLists | None, *, unused: Iterable[Copy], now: int) -> dict[str, Any]:
    """Expiry is left out of the state: the phone's own clock tells it later, when nobody can be asked. `unused` are the copies of
    the whole that nobody was shown yet."""
    type_, first = type_of(held), lead(held)
    state = state_of(first, statuses, now=now)
    state = VALID if state.standing in {Standing.EXPIRING, Standing.EXPIRED} else state
    claims: dict[str, Any] = {}
    for copy in each_once(held):
        claims.update(glance(copy.format, copy.credential).claims)
    fresh = Counter(copy.format for copy in unused)
    return {
        "id": held.document_id,
        "type": held.type,
        "title": _both(type_.title),
        "glyph": type_.glyph,
        "about": distinguished(held),
        "state": {"standing": state.standing, "look": state.look, "word": _both(state.word)},
        "issued": first.issued,
        "expires": first.expires,
        "received": held.received_at,
        "issuer": _both(AUTHORITIES[first.issuer].name) if first.issuer in AUTHORITIES else None,
        "renewable": held.renewal is not None,
        "facts": [asdict(fact) for fact in words.facts(type_, claims)],
        "whole": [
            {"title": _both(FORMATS[name].title), "copies": count, "fresh": fresh[name]}
            for name, count in Counter(copy.format for copy in of_the_whole(held)).items()
        ],
        "views": [_view(disclosure(type_, name)) for name in views_of(held)],
        "copies": [_copy(copy) for copy in for_qr(held)],
        "prints": [copy.thumbprint for copy in held.copies],  # of every key that this document still needs
    }


def waiting(awaited: Waiting) -> dict[str, Any]:
    """What an issuer has promised; from `again` on it may be asked for it."""
    type_ = CATALOGUE[awaited.type]
    return {
        "id": awaited.waiting_id,
        "type": awaited.type,
        "title": _both(type_.title),
        "glyph": type_.glyph,
        "asked": awaited.asked_at,
        "again": awaited.again_at,
        "prints": list(awaited.thumbprints),  # of the keys that wait with it
    }


def of_the_whole(held: Document) -> tuple[Copy, ...]:
    """The copies that are shown online, each to one verifier."""
    return tuple(copy for copy in held.copies if not copy.view)


def history(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Newest first; labels in place of the names of types, views and claims."""
    return [_line(entry) for _, entry in zip(range(LINES), entries, strict=False)]


def _line(entry: Entry) -> dict[str, Any]:
    type_, word = CATALOGUE.get(entry.details.get("type", "")), word_of(entry)
    line: dict[str, Any] = {"at": entry.at, "word": _both(word) if word else None}
    if isinstance(entry.details.get("verifier"), dict):
        line["to"] = {name: str(entry.details["verifier"].get(name, "")) for name in ("vi", "en")}
    if asked := asked_for(entry):
        line["asked"] = [_both(each) for each in asked]
    if type_ is not None:
        views = {view.name: view.title for view in type_.views}
        fields = {field.name: field.label for field in type_.fields}
        line["type"] = _both(type_.title)
        line["views"] = [_both(views[name]) for name in entry.details.get("views", ()) if name in views]
        line["claims"] = [_both(fields[name]) for name in entry.details.get("claims", ()) if name in fields]
    return line


def _view(shown: Disclosure) -> dict[str, Any]:
    return {
        "name": shown.view.name,
        "title": _both(shown.view.title),
        "about": _both(shown.view.about),
        "tells": [{"name": one.name, "label": _both(one.label), "sensitive": one.sensitive} for one in shown.tells],
        "withholds": [{"name": one.name, "label": _both(one.label)} for one in shown.withholds],
    }


def _copy(copy: Copy) -> dict[str, Any]:
    claims = glance(copy.format, copy.credential).claims
    return {
        "view": copy.view,
        "credential": b64url_encode(copy.credential),
        "thumbprint": copy.thumbprint,
        "name": claims.get("full_name"),  # only where this view tells it anyway
    }


def _both(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}
