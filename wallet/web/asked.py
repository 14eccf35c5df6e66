"""A reader asks: the consent page, and the two calls that its script makes.

Spec: OpenID4VP 1.0 §5, §8; the rules stand in `wallet.requests` and `wallet.presenting`.

    GET  /present?client_id=…&request_uri=…    from a page of the reader in this browser (or `request=…`)
    GET  /present/<question>                   who asks for what, and what would leave
    POST /present/<question>/prepare           JSON {"options": [place or null, …], "documents": {query: [document id, …]}}
         → {"signing": id, "wanted": [{"thumbprint", "binding": claims} or {"thumbprint", "device": base64url}, …]}
    POST /present/<question>/send              JSON {"signing": id, "proofs": [key binding JWT or signature, …]}
         → {"location": the reader's page, or null}
    POST /present/<question>/decline           form: nothing is sent but that

The browser's keys sign: a key binding (RFC 9901 §4.3) of the claims as they come, a device signature (ISO/IEC 18013-5 §9.1.3.6)
over the payload as it comes. Each POST needs the session's cookie and its CSRF token, as in `wallet.web.receive`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import flask

from certs.catalogue import DocumentType
from certs.query import CredentialSet, answerable
from wallet import matching, words
from wallet.entitlement import kinds
from wallet.errors import WalletError
from wallet.matching import Candidate, Candidates, Choice
from wallet.presenting import Presenter, Question
from wallet.receive import distinguished
from wallet.web import frame
from wallet.web.home import known_statuses
from wallet.web.rooms import rooms

pages = flask.Blueprint("asked", __name__)


@dataclass(frozen=True, slots=True)
class Option:
    """One way to meet a set: its place, and for each of its queries the documents that fit."""

    place: int
    parts: tuple[tuple[str, tuple[Candidate, ...]], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One credential set as the person sees it."""

    number: int
    asked: CredentialSet
    options: tuple[Option, ...]


@pages.get("/present")
def opened() -> flask.typing.ResponseReturnValue:
    frame.signed_in()
    return flask.redirect(open_link(f"?{flask.request.query_string.decode('latin-1')}", here=True), 303)


def open_link(link: str, *, here: bool) -> str:
    """The page of a question that was opened by this link."""
    at = rooms()
    trust = at.trust.current(now=at.clock()).trust
    value = presenter().open(link, frame.owner(), here=here, trust=trust, now=at.clock())
    return flask.url_for("asked.consent", value=value)


@pages.get("/present/<value>")
def consent(value: str) -> flask.typing.ResponseReturnValue:
    frame.proven_recently()
    at = rooms()
    question, fitting = _question(value)
    request = question.request
    frame.allow_form_to(_origin(request.reply.address))
    parts = _parts(question, fitting)
    listed = at.trust.current(now=at.clock()).trust.list
    return flask.render_template(
        "asked.html",
        value=value,
        request=request,
        host=urlsplit(request.reply.address).netloc,
        here=question.here,
        parts=parts,
        missing=[part for part in parts if part.asked.required and not part.options],
        sensitive=any(fact.sensitive for part in parts for fact in _leaving(part)),
        retained=any(claim.retain for each in request.query.credentials for claim in each.claims),
        listed=words.day(listed.issued),
        leaving=matching.leaving,
        kinds_of=lambda part: _kinds(question, part),
        staying=matching.staying,
        about=distinguished,
        received=words.day,
    )


@pages.post("/present/<value>/prepare")
def prepare(value: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    frame.proven_recently()
    at = rooms()
    choice = _choice(frame.sent())
    _check_named(value, choice)
    trust, statuses = at.trust.current(now=at.clock()).trust, known_statuses()
    signing, wanted = presenter().prepare(value, choice, frame.owner(), trust=trust, statuses=statuses, now=at.clock())
    return flask.jsonify(signing=signing, wanted=wanted)


@pages.post("/present/<value>/send")
def send(value: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    frame.proven_recently()
    at, body = rooms(), frame.sent()
    signing, proofs = body.get("signing"), body.get("proofs")
    if not isinstance(signing, str) or not isinstance(proofs, list) or not all(isinstance(one, str) for one in proofs):
        raise WalletError("request_malformed", "signing or proofs")
    trust, statuses = at.trust.current(now=at.clock()).trust, known_statuses()
    location = presenter().send(signing, proofs, frame.owner(), trust=trust, statuses=statuses, now=at.clock())
    return flask.jsonify(location=location)


@pages.post("/present/<value>/decline")
def decline(value: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    at = rooms()
    trust = at.trust.current(now=at.clock()).trust
    question = presenter().question(value, frame.owner(), trust=trust, now=at.clock())
    back = presenter().decline(value, frame.owner(), trust=trust, now=at.clock())
    if back is not None and question.here and _origin(back) == _origin(question.request.reply.address):
        return flask.redirect(back, 303)
    return flask.render_template("declined.html", reader=question.request.reader, back=back)


def presenter() -> Presenter:
    return Presenter(rooms().wallet, simulation=rooms().config.simulation)


def _question(value: str) -> tuple[Question, Candidates]:
    at = rooms()
    trust = at.trust.current(now=at.clock()).trust
    question = presenter().question(value, frame.owner(), trust=trust, now=at.clock())
    return question, presenter().fitting(question, frame.owner(), known_statuses(), now=at.clock())


def _parts(question: Question, fitting: Candidates) -> tuple[Part, ...]:
    query = question.request.query
    possible = answerable(query, lambda id_: bool(fitting[id_]))
    return tuple(
        Part(
            number,
            asked,
            tuple(
                Option(asked.options.index(option), tuple((id_, fitting[id_]) for id_ in option)) for option in options
            ),
        )
        for number, (asked, options) in enumerate(zip(query.sets, possible, strict=True))
    )


def _kinds(question: Question, part: Part) -> list[DocumentType]:
    """Of which any would help."""
    query = question.request.query
    asked = [query.credential(id_) for option in part.asked.options for id_ in option]
    return list(dict.fromkeys(kind for each in asked for kind in kinds(each)))


def _leaving(part: Part) -> list[words.Fact]:
    return [
        fact
        for option in part.options
        for _, fitting in option.parts
        for each in fitting
        for fact in matching.leaving(each)
    ]


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _choice(body: Mapping[str, Any]) -> Choice:
    options, documents = body.get("options"), body.get("documents")
    if not isinstance(options, list) or not all(each is None or type(each) is int for each in options):
        raise WalletError("request_malformed", "options")
    if not isinstance(documents, dict) or not all(
        isinstance(ids, list) and all(isinstance(id_, str) for id_ in ids) for ids in documents.values()
    ):
        raise WalletError("request_malformed", "documents")
    return Choice(tuple(options), {query: tuple(ids) for query, ids in documents.items()})


def _check_named(value: str, choice: Choice) -> None:
    """Of several that fit none is picked silently: every box may be unticked, and another may have come since the page was drawn."""
    question, fitting = _question(value)
    for asked, place in zip(question.request.query.sets, choice.options, strict=False):
        for id_ in asked.options[place] if place is not None and 0 <= place < len(asked.options) else ():
            if len(fitting[id_]) > 1 and not choice.documents.get(id_):
                raise WalletError("nothing_fits", f"which document answers {id_}")
