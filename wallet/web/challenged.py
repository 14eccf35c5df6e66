"""A counter asks by its code, and this page answers where there is a network; without one the phone does it (`/app`).

Spec: `certs/challenge.md` §5; the rules stand in `wallet.challenged`.

    GET  /challenged?question=VN1Q:…    who asks, what for, and each view that would answer, with what it tells

Nothing is kept: to agree is to open the page that shows the answering code, which checks the question once more.
"""

import flask

from wallet import challenged, words
from wallet.present import disclosure, type_of
from wallet.receive import distinguished
from wallet.web import frame
from wallet.web.rooms import rooms

pages = flask.Blueprint("challenged", __name__)


@pages.get("/challenged")
def consent() -> flask.typing.ResponseReturnValue:
    frame.signed_in()
    at, question = rooms(), flask.request.args.get("question", "")
    trust = at.trust.current(now=at.clock()).trust
    asked = challenged.read(question, trust, now=at.clock())
    held = challenged.answering(asked, at.wallet.documents(frame.owner()))
    options = [
        (document, type_of(document), disclosure(type_of(document), copy.view), distinguished(document))
        for document, copy in held
    ]
    return flask.render_template(
        "challenged.html",
        question=question,
        reader=asked.reader,
        until=words.moment(asked.challenge.expires),
        listed=words.day(trust.list.issued),
        options=options,
        wanted=challenged.titles(asked),
    )
