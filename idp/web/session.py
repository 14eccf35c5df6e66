"""Who is signed in on this browser, and sending people to the log-in and back."""

import re

import flask

from idp.login import interaction, session
from idp.login.session import SignedIn
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
            with web.storage.reading() as ports:
                flask.g.signed_in = session.current(ports, cookie, now=web.clock())
    found: SignedIn | None = flask.g.signed_in
    return found


def require_session(next: str | None = None) -> SignedIn:
    """Who is signed in; otherwise the request ends here with the log-in, which comes back to `next`, a path of ours."""
    found = current_session()
    if found is None:
        back = next or (flask.request.path if flask.request.method == "GET" else "/")
        flask.abort(to_sign_in(back))
    return found


def to_sign_in(next: str) -> flask.Response:
    """The log-in for one of our own pages."""
    web = security.web()
    pending = interaction.Interaction(
        browser=interaction.browser_hash(security.browser()), next=next if _OWN_PATH.fullmatch(next) else "/"
    )
    with web.storage.transaction() as ports:
        identifier = interaction.begin(ports, pending, new_secret=web.oidc.new_secret, now=web.clock())
    return see_other(flask.url_for("login.page", identifier=identifier))
