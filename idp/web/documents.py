"""The citizen's own documents, as the registers hold them, and the offer that puts one into a wallet."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import flask
from markupsafe import Markup

from certs import qr
from certs.catalogue import AUTHORITIES, CATALOGUE, DocumentType, Text
from idp.issuance import offer
from idp.issuance.entitlement import VIETNAM, Refusal, refusal
from idp.login.session import SignedIn
from idp.login.standing import Holder, today
from idp.model import Document, DocumentState
from idp.registries.naming import distinguished
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.session import require_session

_STATES = {
    DocumentState.VALID: (Text("Có hiệu lực", "Valid"), "good"),
    DocumentState.SUSPENDED: (Text("Tạm đình chỉ", "Suspended"), "bad"),
    DocumentState.REVOKED: (Text("Đã thu hồi", "Revoked"), "bad"),
}
_EXPIRED = (Text("Hết hạn", "Expired"), "bad")


@dataclass(frozen=True, slots=True)
class Card:
    """One document as a card; `obstacle` says why it cannot go into a wallet now."""

    kind: DocumentType
    state: Text
    tone: str
    issuer: Text | None
    valid_until: str | None
    document_id: str
    name: str  # by which the page calls it: its kind, and a number where it is not the first of it
    distinguished: str  # what tells it from the others of its kind
    obstacle: Text | None


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("documents", __name__)

    @routes.get("/documents")
    def show() -> flask.typing.ResponseReturnValue:
        who = require_session().holder
        return _page(web, who, refused=None)

    @routes.post("/documents/<kind>/offer")
    def make_offer(kind: str) -> flask.typing.ResponseReturnValue:
        by = require_session("/documents")
        security.check_form()
        if kind not in CATALOGUE:
            flask.abort(404)
        page = web.oidc.new_secret()
        made = _made(web, by, kind, form().get("document") or None, page)
        if isinstance(made, Refusal):
            return _page(web, by.holder, refused=made), 409
        return see_other(flask.url_for("documents.show_offer", kind=kind, page=page))

    @routes.get("/documents/<kind>/offer/<page>")
    def show_offer(kind: str, page: str) -> flask.typing.ResponseReturnValue:
        """The offer under an address of its own, which this browser alone can open, for as long as the offer lives."""
        who = require_session("/documents").holder
        if kind not in CATALOGUE:
            flask.abort(404)
        with web.storage.reading() as ports:
            made = offer.recall(
                ports, account_id=who.account.account_id, kind=kind, random=_random(page), now=web.clock()
            )
        return see_other(flask.url_for("documents.show")) if made is None else _offer_page(web, CATALOGUE[kind], made)

    return routes


def _made(web: Web, by: SignedIn, kind: str, document_id: str | None, page: str) -> offer.Offer | Refusal:
    with web.storage.transaction() as ports:
        return offer.create(
            ports,
            account_id=by.holder.account.account_id,
            kind=kind,
            document_id=document_id,
            sid=by.session.sid,
            now=web.clock(),
            random=_random(page),
        )


def _random(page: str) -> Callable[[int], bytes]:
    return offer.page_random(page, security.cookie(security.SESSION) or "")


def _page(web: Web, who: Holder, *, refused: Refusal | None) -> str:
    now = web.clock()
    with web.storage.reading() as ports:
        documents = ports.documents.of_person(who.person.person_id)
    order = list(CATALOGUE)
    shown = sorted((one for one in documents if one.type in CATALOGUE), key=lambda one: order.index(one.type))
    before = Counter[str]()
    cards = []
    for document in shown:
        before[document.type] += 1
        cards.append(_card(who, document, before[document.type], now))
    return flask.render_template("documents.html", cards=cards, refusal=refused.text if refused else None)


def state_word(document: Document, *, now: int) -> tuple[Text, str]:
    """The state in a word, and the colour that goes with it."""
    expired = document.valid_until is not None and document.valid_until < today(now).isoformat()
    return _EXPIRED if expired and document.state is DocumentState.VALID else _STATES[document.state]


def _card(who: Holder, document: Document, nth: int, now: int) -> Card:
    kind, day = CATALOGUE[document.type], today(now)
    obstacle = refusal(who=who, document=document, kind=kind, now=now)
    state, tone = state_word(document, now=now)
    authority = AUTHORITIES.get(kind.issuer_on(day) or "")
    until = date.fromisoformat(document.valid_until).strftime("%d/%m/%Y") if document.valid_until else None
    return Card(
        kind,
        state,
        tone,
        authority.name if authority else None,
        until,
        document.document_id,
        kind.name if nth == 1 else f"{kind.name}-{nth}",
        distinguished(kind, document.record),
        obstacle.text if obstacle else None,
    )


def _offer_page(web: Web, kind: DocumentType, made: offer.Offer) -> flask.Response:
    link = offer.wallet_link(web.config.issuer, made.offer_id)
    drawn = qr.draw_svg(link)
    html = flask.render_template(
        "offer.html",
        kind=kind,
        tx_code=made.tx_code,
        qr=Markup(drawn[drawn.index("<svg") :]),  # noqa: S704 - our own drawing, without its XML declaration
        wallet_link=link,
        web_link=offer.web_link(web.config.wallet_url, web.config.issuer, made.offer_id)
        if web.config.wallet_url
        else None,
        expires=datetime.fromtimestamp(made.expires, VIETNAM).strftime("%H:%M"),
    )
    return flask.Response(html, mimetype="text/html")
