"""Ask a customer online: a question for a wallet, by a QR for their phone or by a link on this device, and its answer.

Spec: OpenID4VP 1.0 §3.1, §3.2, §5.10, §8.2, §13.3, §14.2; the rules stand in `verifier.request` and `verifier.response`.

    GET  /online                        what this counter may ask for, by the trust list
    POST /online                        form: wanted → 303 to the question's own page
    GET  /online/<question>             code and link, in words what is asked, how far it is; goes on by itself
    GET  /online/<question>.svg         the code
    GET  /online/<question>/phase       JSON {"phase": waiting | fetched | answered | gone}, for the page's script
    GET  /online/<question>/here        a request of its own for a wallet in this browser, and on to it
    GET  /online/<question>/verdict     takes the answer, once, and goes on to the verdict
    GET  /online/back?response_code=    where the wallet sends its holder: this browser's question, or a page of thanks

A wallet, without a cookie, a form token or a page:

    GET, POST /online/requests/<id>     the signed request; form of POST: wallet_nonce
    POST      /online/answers/<id>      the answer → JSON: where to go on, or what was wrong
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from certs import qr
from certs.catalogue import Text
from certs.errors import CertsError
from certs.trust import Reader
from verifier import facts
from verifier.question import Question
from verifier.request import LINK, MEDIA_TYPE, Addresses, Refused, Started, begin, request_object
from verifier.response import Declined, NotAnswered, Reply, collect, form, receive
from verifier.transactions import Phase
from verifier.web.askable import options, party, questions, readers, told, trusting
from verifier.web.challenge import CHOOSE, NOT_LISTED
from verifier.web.frame import counter, desk, require_form_token
from verifier.web.verdicts import Judged, keep

pages = Blueprint("online", __name__)
SCHEME = f"{LINK}authorize"  # a host, since a redirect's empty one would be taken away
HERE = "online here"  # on the shelf: the one question that this browser took to a wallet of its own


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on this browser's shelf."""

    about: str
    reader: Reader
    question: Question
    started: Started
    question_page: str = ""  # of one that was taken to a wallet on this device: where it began


# --- the clerk --------------------------------------------------------------------------------------------------------


@pages.get("/online")
def choose() -> AnyResponse:
    return _choosing()


@pages.post("/online")
def start() -> AnyResponse:
    require_form_token()
    about = request.form.get("wanted", "")
    try:
        found = questions().get(about)
    except CertsError:
        return _choosing(NOT_LISTED)
    if found is None:
        return _choosing(CHOOSE)
    reader, question = found
    name = secrets.token_urlsafe(16)
    started = _begin(about, question, same_device=False)
    counter().shelf.put(desk(), _kept(name), Asked(about, reader, question, started), now=_now())
    return redirect(url_for("online.shown", question=name), 303)


@pages.get("/online/<question>")
def shown(question: str) -> AnyResponse:
    asked = _asked(question)
    phase = counter().transactions.phase(asked.started.transaction_id, now=_now())
    if phase is Phase.ANSWERED:
        return redirect(url_for("online.verdict", question=question), 303)
    own = counter().shelf.get(desk(), HERE, now=_now())
    if isinstance(own, Asked) and own.question_page == question:
        try:  # what was refused has no code, and no way back from the wallet: it is told here
            return _judged(own, "")
        except NotAnswered:
            pass
    page = render_template(
        "online.html",
        name=question,
        asked=asked,
        phase=phase.value if phase else "gone",
        told=told(asked.question),
        ends=facts.moment(asked.started.expires),
    )
    return make_response(page)


@pages.get("/online/<question>.svg")
def code(question: str) -> Response:
    return Response(qr.draw_svg(_asked(question).started.link), mimetype="image/svg+xml")


@pages.get("/online/<question>/phase")
def phase(question: str) -> Response:
    found = counter().transactions.phase(_asked(question).started.transaction_id, now=_now())
    return jsonify(phase=found.value if found else "gone")


@pages.get("/online/<question>/here")
def here(question: str) -> AnyResponse:
    """The answer comes back to this browser alone, so it has a transaction of its own (§14.2); one, until a wallet has fetched it."""
    asked, own = _asked(question), counter().shelf.get(desk(), HERE, now=_now())
    if isinstance(own, Asked) and own.question_page == question and _waits(own):
        started = own.started
    else:
        started = _begin(asked.about, asked.question, same_device=True)
    counter().shelf.put(desk(), HERE, replace(asked, started=started, question_page=question), now=_now())
    wallet = counter().config.wallet
    return redirect(f"{wallet}/present?{started.query}" if wallet else f"{SCHEME}?{started.query}", 303)


@pages.get("/online/<question>/verdict")
def verdict(question: str) -> AnyResponse:
    asked = _asked(question)
    try:
        return _judged(asked, "")
    except NotAnswered:
        return redirect(url_for("online.shown", question=question), 303)


@pages.get("/online/back")
def back() -> AnyResponse:
    """On a phone nobody began here: then the counter's own screen goes on."""
    asked = counter().shelf.get(desk(), HERE, now=_now())
    try:
        if isinstance(asked, Asked):
            return _judged(asked, request.args.get("response_code", ""))
    except NotAnswered:
        pass
    return make_response(render_template("online_sent.html"))


def _waits(asked: Asked) -> bool:
    return counter().transactions.phase(asked.started.transaction_id, now=_now()) is Phase.WAITING


def _judged(asked: Asked, response_code: str) -> AnyResponse:
    """Raises NotAnswered."""
    try:
        examined = collect(
            asked.started.transaction_id,
            response_code,
            transactions=counter().transactions,
            questions={asked.about: asked.question},
            verifier=trusting(),
        )
    except Declined:
        return make_response(render_template("online_declined.html", asked=asked))
    _, report = examined.worst  # of the one document that was asked for
    purpose = asked.reader.purpose
    wanted = Text(f"{purpose.vi} (hỏi qua mạng)", f"{purpose.en} (asked online)")
    return redirect(keep(Judged(report, wanted, _now())), 303)


# --- the wallet -------------------------------------------------------------------------------------------------------


@pages.get("/online/requests/<id_>")
def fetched(id_: str) -> Response:
    return _request(id_, {})


@pages.post("/online/requests/<id_>")
def posted(id_: str) -> Response:
    try:
        return _request(id_, form(request.get_data()) if request.get_data() else {})
    except Refused as error:
        return _json(Reply(error.status, error.body))


@pages.post("/online/answers/<id_>")
def answered(id_: str) -> Response:
    """The clerk's browser is not here: what was asked is found again by what this counter may ask."""
    try:
        known = {name: question for name, (_, question) in questions().items()}
    except CertsError:  # no longer on the trust list
        known = {}
    told = receive(request.get_data(), id_, transactions=counter().transactions, questions=known, verifier=trusting())
    return _json(told)


def _request(id_: str, given: Mapping[str, str]) -> Response:
    try:
        token = request_object(party(), counter().transactions, id_, wallet_nonce=given.get("wallet_nonce"), now=_now())
    except Refused as error:
        return _json(Reply(error.status, error.body))
    return Response(token, mimetype=MEDIA_TYPE)


def _json(reply: Reply) -> Response:
    return make_response(jsonify(dict(reply.body)), reply.status)


def _begin(about: str, question: Question, *, same_device: bool) -> Started:
    url = counter().config.url
    return begin(
        question,
        party(),
        counter().transactions,
        about=about,
        addresses=Addresses(f"{url}/online/requests", f"{url}/online/answers", f"{url}/online/back"),
        same_device=same_device,
        now=_now(),
    )


def _choosing(error: Text | None = None) -> AnyResponse:
    groups = []
    try:
        groups = [(reader.purpose, tuple(options(reader))) for reader in readers()]
    except CertsError:
        error = NOT_LISTED
    page = render_template("online_ask.html", groups=groups, error=error)
    return make_response(page, 422 if error and request.method == "POST" else 200)


def _asked(name: str) -> Asked:
    kept = counter().shelf.get(desk(), _kept(name), now=_now())
    if not isinstance(kept, Asked):
        raise NotFound()
    return kept


def _kept(name: str) -> str:
    return f"online {name}"


def _now() -> int:
    return int(time.time())
