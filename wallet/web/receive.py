"""Receive a document: the page, and the two calls that its script makes.

Spec: OpenID4VCI 1.0 §4, §6 to §8; the rules stand in `wallet.offer`, `wallet.issuer`, `wallet.receive`.

    GET  /receive                              paste a link, or ?credential_offer_uri=… / ?credential_offer=…
    POST /receive              form offer      the same page for a pasted link
    POST /receive/ask          form offer      an offer without a code: on to the issuer (see `wallet.web.add`)
    POST /receive/begin        JSON or form {"offer": link, "tx_code": digits?}
         → 200 {"receipt": id, "audience": credential issuer, "proofs": [{"configuration": id, "nonce": text}, …]}
    POST /receive/complete     JSON {"receipt": id, "proofs": [{"configuration": id, "proof": key proof JWT}, …]}
         → 200 {"documents": [{"id", "type", "views": […], "formats": {name: copies}, "location": "/documents/<id>"}],
                "waiting": [{"id", "type", "again_at": Unix time}]}: what the issuer has promised (see `wallet.web.waiting`)

A configuration stands there once for each copy that is to come. For each of `proofs` the browser makes a key of its own, keeps it by thumbprint, and signs a key proof (Appendix F.1)
naming `audience` and `nonce`. Every POST needs the session's cookie and its CSRF token: the page has it in
`<meta name="csrf">`; it is sent as header `X-CSRF-Token` or, in a form, as field `csrf`. A refusal is
{"error": code, "message": what happened and what to do, "reference": id}; 401 {"error": "sign_in_needed"} without a
session. A receipt is good for five minutes, for this person, once.
"""

import logging
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import flask

from certs.catalogue import DocumentType, Text, View
from certs.log import event
from wallet import issuer as issuers
from wallet import receive
from wallet.errors import WalletError
from wallet.formats import FORMATS
from wallet.issuer import Issuer
from wallet.model import Document
from wallet.offer import Offer, resolve
from wallet.present import views_of
from wallet.web import asking, frame
from wallet.web.log import request_id
from wallet.web.rooms import rooms

log = logging.getLogger(__name__)
pages = flask.Blueprint("receive", __name__)
_PARAMETERS = ("credential_offer_uri", "credential_offer")


@pages.get("/receive")
def ask() -> flask.typing.ResponseReturnValue:
    frame.signed_in()
    given = {name: flask.request.args[name] for name in _PARAMETERS if name in flask.request.args}
    if not given:
        return flask.render_template("receive.html", link="", error=None)
    return _page("openid-credential-offer://?" + urlencode(given))


@pages.post("/receive")
def paste() -> flask.typing.ResponseReturnValue:
    frame.signed_in_form()
    return _page(flask.request.form.get("offer", ""))


@pages.post("/receive/begin")
def begin() -> flask.typing.ResponseReturnValue:
    session, at = frame.signed_in_form(), rooms()
    sent = frame.sent() if flask.request.is_json else flask.request.form
    transaction_code = "".join(_text(sent, "tx_code", default="").split()) or None
    offer, issuer = _known(_text(sent, "offer"))
    receipt = receive.begin(offer, issuer, transaction_code=transaction_code, web=at.wallet.web, now=at.clock())
    return flask.jsonify(
        {
            "receipt": at.wallet.hold(receipt, session.person),
            "audience": receipt.audience,
            "proofs": [{"configuration": each.configuration, "nonce": each.nonce} for each in receipt.proofs],
        }
    )


@pages.post("/receive/complete")
def complete() -> flask.typing.ResponseReturnValue:
    session, at = frame.signed_in_form(), rooms()
    body, now = frame.sent(), at.clock()
    trust = at.trust.current(now=now).trust
    before = at.wallet.documents(frame.owner())
    done = at.wallet.finish(_text(body, "receipt"), _proofs(body), session.person, trust=trust, now=now)
    asking.give_back(before, at.wallet.documents(frame.owner()))
    waiting = [{"id": each.waiting_id, "type": each.type, "again_at": each.again_at} for each in done.waiting]
    return flask.jsonify({"documents": [_described(each) for each in done.documents], "waiting": waiting})


def _page(link: str) -> flask.typing.ResponseReturnValue:
    """Who offers what; or the paste form again, with what was wrong."""
    try:
        offer, issuer = _known(link)
    except WalletError as error:
        event(log, logging.INFO, "offer_refused", request=request_id(), code=error.code, cause=error.detail)
        status = 503 if error.code == "issuer_unreachable" else 400
        return flask.render_template("receive.html", link=link, error=error.advice), status
    if offer.code is None:
        frame.allow_form_to_issuer()
    return flask.render_template("offered.html", link=link, offer=offer, issuer=issuer, types=_types(issuer))


@pages.post("/receive/ask")
def ask_at_issuer() -> flask.typing.ResponseReturnValue:
    """An offer without a code: the citizen goes to the issuer, signs in there and agrees."""
    frame.signed_in_form()
    offer, issuer = _known(flask.request.form.get("offer", ""))
    return asking.go(issuer, issuer_state=offer.issuer_state)


def _known(link: str) -> tuple[Offer, Issuer]:
    at = rooms()
    offer = resolve(link, web=at.wallet.web, issuers=(at.config.issuer,))
    return offer, issuers.discover(offer, web=at.wallet.web)


def _types(issuer: Issuer) -> list[tuple[DocumentType, list[View], list[Text]]]:
    """Each offered type once, with the views that are offered of it, and the formats in which all of it is."""
    types = {each.type.name: each.type for each in issuer.configurations}
    found = []
    for type_ in types.values():
        mine = [each for each in issuer.configurations if each.type.name == type_.name]
        whole = [FORMATS[each.format].title for each in mine if each.view is None]
        found.append((type_, [each.view for each in mine if each.view], whole))
    return found


def _described(document: Document) -> dict[str, Any]:
    return {
        "id": document.document_id,
        "type": document.type,
        "views": views_of(document),
        "formats": dict(Counter(copy.format for copy in document.copies)),
        "location": f"/documents/{document.document_id}",
    }


def _text(body: Any, name: str, *, default: str | None = None) -> str:
    value = body.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise WalletError("request_malformed", name)
    return value


def _proofs(body: dict[str, Any]) -> dict[str, list[str]]:
    given = body.get("proofs")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise WalletError("request_malformed", "proofs")
    proofs: dict[str, list[str]] = {}
    for each in given:
        proofs.setdefault(_text(each, "configuration"), []).append(_text(each, "proof"))
    return proofs
