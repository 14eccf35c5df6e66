"""From one step of a log-in to the next: the authorization's answer becomes a page's address or leads to the client."""

from dataclasses import replace

import flask

from idp.login import interaction
from idp.login.interaction import Interaction
from idp.login.session import SignedIn
from idp.oidc.authorization import Authorization, ConsentNeeded, LoginNeeded, MoreNeeded, proceed
from idp.oidc.request import Response
from idp.ports import Ports
from idp.web import language, security
from idp.web.exchange import answered, see_other


def step(pending: Interaction, signed_in: SignedIn | None, ports: Ports, *, now: int) -> flask.Response:
    """Within the caller's transaction: what is begun here is kept together with what led to it."""
    web = security.web()
    if pending.authorization is None:
        if signed_in is not None and signed_in.level < pending.least:
            return _to_add(pending, signed_in, ports, now=now)
        return see_other(pending.next or "/")
    authorization = Authorization.of(pending.authorization)
    answer = proceed(
        authorization,
        signed_in,
        ports,
        web.oidc,
        now=now,
        fresh=pending.signed_in,
        consented=pending.consented,
        waived=pending.waived,
    )
    match answer:
        case LoginNeeded(creates):
            identifier = interaction.begin(ports, pending, new_secret=web.oidc.new_secret, now=now)
            if creates and "register.page" in flask.current_app.view_functions:
                return see_other(flask.url_for("register.page", then=identifier))
            return see_other(flask.url_for("login.page", identifier=identifier))
        case MoreNeeded(level, wish) if signed_in is not None:
            return _to_add(replace(pending, least=level, wish=wish), signed_in, ports, now=now)
        case ConsentNeeded():
            waiting = interaction.of_account(pending, signed_in.session.account_id if signed_in else None)
            identifier = interaction.begin(ports, waiting, new_secret=web.oidc.new_secret, now=now)
            return see_other(flask.url_for("consent.page", identifier=identifier))
        case Response():
            return answered(answer)
    raise TypeError(answer)


def speak(identifier: str | None) -> None:
    """A page beside the walk that leads back to it (to register, to recover) is in the language that was wished for there."""
    if not identifier or not (identifier.isascii() and identifier.isprintable()):
        return
    web, browser = security.web(), security.cookie(security.BROWSER)
    with web.storage.reading() as ports:
        waits = interaction.find(ports, identifier, browser=browser, now=web.clock())
    if waits is not None:
        language.prefer(waits.locales, since=waits.begun)


def _to_add(pending: Interaction, signed_in: SignedIn, ports: Ports, *, now: int) -> flask.Response:
    """To the page that offers what is missing."""
    adding = interaction.to_add(pending, signed_in.session.account_id)
    identifier = interaction.begin(ports, adding, new_secret=security.web().oidc.new_secret, now=now)
    return see_other(flask.url_for("more.page", identifier=identifier))
