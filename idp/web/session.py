"""Who is signed in on this browser, and sending people to the log-in and back."""

import re

import flask

from idp.login import interaction, session
from idp.login.factors import reach
from idp.login.origin import device, network
from idp.login.session import Origin, SignedIn
from idp.web import security
from idp.web.exchange import see_other

_OWN_PATH = re.compile(r"/(?:[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*)?", re.ASCII)


def current_session() -> SignedIn | None:
    """Read once for each request."""
    if "signed_in" not in flask.g:
        cookie = security.cookie(security.SESSION)
        if cookie is None:
            flask.g.signed_in = None
        else:
            web = security.web()
            now = web.clock()
            with web.storage.reading() as ports:
                found_now = flask.g.signed_in = session.current(ports, cookie, now=now)
            if found_now is not None and session.is_due(found_now.session, now=now):
                with web.storage.transaction() as ports:
                    session.touch(ports, found_now.session, now=now)
    found: SignedIn | None = flask.g.signed_in
    return found


def require_session(next: str | None = None, *, least: int = 1) -> SignedIn:
    """Who is signed in; otherwise the request ends here with the log-in, which comes back to `next`, a path of ours.

    `least` is the authentication level that the page asks for: who signed in at a lower one adds what is missing.
    """
    found = current_session()
    if found is not None and found.level >= least:
        return found
    back = next or (flask.request.path if flask.request.method == "GET" else "/")
    flask.abort(to_sign_in(back, least=least, signed_in=found))


def require_reachable(next: str, level: int) -> SignedIn:
    """At this level, or at the highest that the account can prove where that is less."""
    found = current_session()
    if found is None:
        return require_session(next)
    web = security.web()
    with web.storage.reading() as ports:
        most = reach(ports, found.session.account_id, offered=web.oidc.factors)
    return require_session(next, least=min(level, most))


def origin() -> Origin:
    """Where this request comes from, in the words that its person will see in the list of sessions."""
    return Origin(device(flask.request.user_agent.string), network(flask.request.remote_addr or ""))


def to_sign_in(next: str, *, least: int = 1, signed_in: SignedIn | None = None) -> flask.Response:
    """The log-in for one of our own pages, or the page that adds to it."""
    web = security.web()
    pending = interaction.Interaction(
        browser=interaction.browser_hash(security.browser()),
        next=next if _OWN_PATH.fullmatch(next) else "/",
        least=least,
    )
    with web.storage.transaction() as ports:
        if signed_in is not None:
            adding = interaction.to_add(pending, signed_in.session.account_id)
            identifier = interaction.begin(ports, adding, new_secret=web.oidc.new_secret, now=web.clock())
            return see_other(flask.url_for("more.page", identifier=identifier))
        identifier = interaction.begin(ports, pending, new_secret=web.oidc.new_secret, now=web.clock())
    return see_other(flask.url_for("login.page", identifier=identifier))
