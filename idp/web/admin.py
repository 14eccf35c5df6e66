"""The pages of administration: who may see them. To everybody else they are no pages at all.

Spec: RFC 9110 §15.5.5 (404 where the existence of a page is not to be told); RFC 9470 §5; NIST SP 800-53 AC-6

The role is asked of storage at each request, and once more in the transaction that changes something: a withdrawal counts at
once. One gate for all paths below ROOT, whatever their method: a page that is added behind it cannot forget it.
"""

import flask

from idp.accounts.staff import LEVEL
from idp.login.session import SignedIn
from idp.model import Role
from idp.ports import Ports
from idp.web import security
from idp.web.context import Web
from idp.web.session import current_session, require_session

ROOT = "/admin"


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("admin", __name__)

    @routes.before_app_request
    def _gate() -> None:
        path = flask.request.path
        if (path == ROOT or path.startswith(f"{ROOT}/")) and not administers():
            flask.abort(404)

    return routes


def administers() -> bool:
    """Does whoever is signed in here hold the role? For the gate and the menu; asked once a request."""
    known: bool | None = flask.g.get("administers")
    if known is None:
        found = current_session()
        known = flask.g.administers = found is not None and _holds(found.session.account_id)
    return known


def _holds(account_id: str) -> bool:
    with security.web().storage.reading() as ports:
        return ports.staff.holds(account_id, Role.CLIENTS)


def officer(home: str) -> SignedIn:
    """Who administers, at the level that it takes; otherwise the request ends with the page that adds what is missing."""
    return require_session(flask.request.path if flask.request.method == "GET" else home, least=LEVEL)


def in_charge(ports: Ports, signed_in: SignedIn) -> dict[str, str]:
    """Who does it, for the journal. In the transaction that does it: who has lost the role meanwhile does nothing."""
    account_id = signed_in.session.account_id
    if not ports.staff.holds(account_id, Role.CLIENTS, to_the_end=True):
        flask.abort(404)
    return {"officer": account_id}
