"""Add a document without an offer: what the issuer has, the way to its consent page, and back with the right to receive.

Spec: OpenID4VCI 1.0 §3.4, §5; the rules stand in `wallet.authorization`, the steps in `wallet.web.asking`.

    GET  /add                                  the issuer's kinds of documents
    POST /add/<kind>                           to the issuer, asking for all that it signs of this kind
    GET  /add/callback                         back from the issuer, with a code or a refusal
    GET  /add/arriving/<receipt>               the page whose script proves keys and receives (see `wallet.web.receive`)
"""

import json
from dataclasses import dataclass, replace

import flask

from certs.catalogue import CATALOGUE, DocumentType, View
from wallet import authorization, login
from wallet import issuer as issuers
from wallet.errors import WalletError
from wallet.issuer import Issuer
from wallet.model import Document
from wallet.web import asking, frame
from wallet.web.rooms import rooms

pages = flask.Blueprint("add", __name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of document that can be asked for; `held` when one lies in the wallet."""

    type: DocumentType
    views: tuple[View, ...]
    held: Document | None


@pages.get("/add")
def choose() -> flask.typing.ResponseReturnValue:
    frame.signed_in()
    issuer = _issuer()
    held = {each.type: each for each in reversed(rooms().wallet.documents(frame.owner()))}
    frame.allow_form_to_issuer()
    return flask.render_template("add.html", source=issuer, choices=_choices(issuer, held))


@pages.post("/add/<kind>")
def ask(kind: str) -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    if kind not in CATALOGUE:
        flask.abort(404)
    issuer = _issuer()
    wanted = tuple(each for each in issuer.configurations if each.type.name == kind and each.scope is not None)
    return asking.go(replace(issuer, configurations=wanted))


@pages.get("/add/callback")
def come_back() -> flask.typing.ResponseReturnValue:
    at, session = rooms(), frame.current_session()
    if session is None:  # not to the sign-in: its address would carry the code along
        raise WalletError("asking_unknown", "nobody is signed in")
    answer = login.read_answer(flask.request.args.to_dict(flat=False))
    asked = at.wallet.recall_asked(answer.get("state", ""), session.person, now=at.clock())
    issuer = _issuer(asked.configurations)
    access = authorization.complete(asked, answer, issuer, asking.client(), web=at.wallet.web, now=at.clock())
    return asking.arrive(issuer, access)


@pages.get("/add/arriving/<receipt>")
def arriving(receipt: str) -> flask.typing.ResponseReturnValue:
    at, session = rooms(), frame.signed_in()
    held = at.wallet.held_receipt(receipt, session.person, now=at.clock())
    begun = {
        "receipt": receipt,
        "audience": held.audience,
        "proofs": [{"configuration": each.configuration, "nonce": each.nonce} for each in held.proofs],
    }
    types = [CATALOGUE[name] for name in dict.fromkeys(each.type for each in held.to_prove)]
    return flask.render_template("arriving.html", begun=json.dumps(begun), types=types)


def _issuer(wanted: tuple[str, ...] | None = None) -> Issuer:
    return issuers.look_up(rooms().config.issuer, wanted, web=rooms().wallet.web)


def _choices(issuer: Issuer, held: dict[str, Document]) -> list[Choice]:
    """In the order of the catalogue; what can be asked for by scope only."""
    views: dict[str, list[View]] = {}
    for each in issuer.configurations:
        if each.scope is not None and issuer.authorization_endpoint is not None:
            views.setdefault(each.type.name, []).extend([each.view] if each.view else [])
    return [Choice(type_, tuple(views[name]), held.get(name)) for name, type_ in CATALOGUE.items() if name in views]
