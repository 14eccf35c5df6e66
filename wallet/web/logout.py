"""The provider says that a session is over, as when its person locks a lost phone: here it ends at once, whatever browser has it.

Spec: OpenID Connect Back-Channel Logout 1.0 §2.5 to §2.8

    POST /backchannel-logout       form: logout_token → 200; 400 `invalid_request` where it is not believed
"""

import logging

import flask

from certs.log import event
from certs.logout_token import LogoutRefused
from wallet import ended
from wallet.web.rooms import rooms

log = logging.getLogger(__name__)
pages = flask.Blueprint("logout", __name__)


@pages.post("/backchannel-logout")
def told() -> flask.typing.ResponseReturnValue:
    """From the provider's servers: no cookie, no form of ours; the token alone says what is meant."""
    at, sent = rooms(), flask.request.form.getlist("logout_token")
    now = at.clock()
    try:
        if len(sent) != 1:
            raise LogoutRefused("logout_token is missing")
        if not ended.note(at.wallet.storage, at.wallet.vault, at.sign_in.logged_out(sent[0], now=now), now=now):
            raise LogoutRefused("jti was used before")
    except LogoutRefused as error:
        event(log, logging.WARNING, "logout_refused", cause=str(error))
        told = {"error": "invalid_request", "error_description": "the logout token is not accepted"}
        return flask.jsonify(told), 400  # §2.8
    event(log, logging.INFO, "signed_out_by_the_provider")
    return "", 200
