"""Asking the issuer on a citizen's behalf: go there, refresh what is held, give back what is no longer needed."""

import flask

from wallet import authorization, receive
from wallet import issuer as issuers
from wallet.authorization import ClientCredentials
from wallet.credential import Happened, tell
from wallet.errors import WalletError
from wallet.issuer import Access, Issuer
from wallet.model import Document
from wallet.receive import Receipt
from wallet.web import frame
from wallet.web.language import language
from wallet.web.rooms import rooms


def client() -> ClientCredentials:
    config = rooms().config
    return ClientCredentials(config.client_id, config.client_secret, f"{config.url}/add/callback")


def go(issuer: Issuer, *, issuer_state: str | None = None) -> flask.typing.ResponseReturnValue:
    """On to the issuer's authorization endpoint; `/add/callback` is where the person comes back."""
    at = rooms()
    address, state, asked = authorization.begin(issuer, client(), language=language(), issuer_state=issuer_state)
    at.wallet.remember_asked(state, asked, frame.signed_in().person, now=at.clock())
    return flask.redirect(address, 303)


def refresh(document: Document) -> flask.typing.ResponseReturnValue:
    """By the refresh token that came with the document; without one, or when it is good no more, by asking anew."""
    issuer, access = renewed(document)
    return go(issuer) if access is None else arrive(issuer, access)


def renewed(document: Document) -> tuple[Issuer, Access | None]:
    """What the refresh token of a document gives; None where the person must be asked."""
    at = rooms()
    held = tuple(dict.fromkeys(copy.configuration for copy in document.copies))
    issuer = issuers.look_up(document.credential_issuer, held, web=at.wallet.web)
    if document.renewal is None:
        return issuer, None
    access = authorization.renew(document.renewal, issuer, client(), web=at.wallet.web, now=at.clock())
    renewal = (access.renewal or document.renewal) if access else None
    at.wallet.note_renewal(frame.owner(), document, renewal)
    return issuer, access


def arrive(issuer: Issuer, access: Access) -> flask.typing.ResponseReturnValue:
    """To the page whose script makes the keys for what was granted."""
    return flask.redirect(flask.url_for("add.arriving", receipt=granted(issuer, access)[0]), 303)


def granted(issuer: Issuer, access: Access) -> tuple[str, Receipt]:
    """A receipt for what was granted, kept until its proofs come, and its id."""
    at = rooms()
    receipt = receive.prepare(issuer, access, web=at.wallet.web, now=at.clock())
    return at.wallet.hold(receipt, frame.signed_in().person), receipt


def give_back(before: tuple[Document, ...], after: tuple[Document, ...], *, removed: bool = False) -> None:
    """Refresh tokens of documents that are gone; and the news, where the person removed them (OpenID4VCI 1.0 §11). Only a
    courtesy: that the issuer cannot be reached stops nothing."""
    kept = {document.renewal for document in after}
    for document in before:
        if document.renewal is None or document.renewal in kept:
            continue
        try:
            issuer = issuers.look_up(document.credential_issuer, web=rooms().wallet.web)
            renewal = document.renewal
            if removed:
                renewal = _told_removed(document, renewal, issuer)
            authorization.give_back(renewal, issuer, client(), web=rooms().wallet.web)
        except WalletError as error:
            flask.current_app.logger.info("refresh token not given back: %s", error)


def _told_removed(document: Document, renewal: str, issuer: Issuer) -> str:
    """The issuer hears only from who has an access token. Returns the refresh token that is good now."""
    if not document.notifications or issuer.place.notification is None:
        return renewal
    web, now = rooms().wallet.web, rooms().clock()
    access = authorization.renew(renewal, issuer, client(), web=web, now=now)
    if access is None:
        return renewal
    tell(issuer.place, access, document.notifications, Happened.DELETED, web=web, now=now)
    return access.renewal or renewal
