"""Customers who signed out at the provider are forgotten here at once: it tells us, by itself and through their browser.

Spec: OpenID Connect Back-Channel Logout 1.0 §2.5 to §2.8; Front-Channel Logout 1.0 §3
"""

import logging
import time

from flask import Blueprint, Response, jsonify, make_response, request

from certs.log import event
from verifier.login import LogoutRefused, SignedIn, SignInFailed
from verifier.web.frame import counter, desk

log = logging.getLogger(__name__)
pages = Blueprint("logout", __name__)


@pages.post("/backchannel-logout")
def told() -> Response:
    """From the provider's servers: no cookie, no form of ours; the token alone says what is meant."""
    now, at = int(time.time()), counter()
    sent = request.form.getlist("logout_token")
    try:
        if at.sign_in is None or len(sent) != 1:
            raise LogoutRefused("logout_token is missing")
        over = at.sign_in.logged_out(sent[0], now=now)
        if not at.shelf.first(f"logout {over.jti}", now=now):
            raise LogoutRefused("jti was used before")
    except (LogoutRefused, SignInFailed) as error:
        event(log, logging.WARNING, "logout_refused", cause=str(error))
        body = jsonify({"error": "invalid_request", "error_description": "the logout token is not accepted"})
        return make_response(body, 400)  # §2.8

    def meant(person: SignedIn) -> bool:
        return over.means(person.sid, person.subject)

    event(log, logging.INFO, "customers_signed_out", count=at.shelf.drop("customer", meant))
    return make_response("", 200)


@pages.get("/frontchannel-logout")
def framed() -> Response:
    """In this browser: only the session that this very browser has, and only as its provider names it."""
    now, at = int(time.time()), counter()
    person: SignedIn | None = at.shelf.get(desk(), "customer", now=now)
    named = request.args.getlist("iss") == [at.config.issuer] and request.args.getlist("sid")
    if person is not None and person.sid is not None and named == [person.sid]:
        at.shelf.take(desk(), "customer", now=now)
    return make_response("", 200)
