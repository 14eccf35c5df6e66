"""Where signed copies of my documents are, wallet by wallet; and locking what a lost phone holds.

Asked for at the level that the account can prove, 2 at most, as for taking all data along: it cannot be undone.
Spec: Decree 69/2024/NĐ-CP Art. 15; draft-ietf-oauth-status-list-20 §7.1
"""

from dataclasses import dataclass

import flask

from certs.catalogue import CATALOGUE, Text
from idp.issuance import wallets
from idp.issuance.entitlement import Refusal
from idp.issuance.wallets import Wallet
from idp.login.session import SignedIn
from idp.ports import Ports
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.moments import minute
from idp.web.session import require_reachable

HOME = "/account/wallets"
LOCK = f"{HOME}/lock"
LEVEL = 2
MAX_KEY = 64

_NOT_NAMED = Text("Một ví không nói tên", "A wallet that did not say its name")


@dataclass(frozen=True, slots=True)
class Shown:
    key: str
    name: Text
    device: str
    first: str
    last: str
    documents: tuple[Text, ...]
    waits: bool  # nothing was received yet
    locked: bool


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("account_wallets", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        return _page(web, require_reachable(HOME, LEVEL))

    @routes.get("/lock")
    def confirm() -> flask.typing.ResponseReturnValue:
        signed_in = require_reachable(HOME, LEVEL)
        key = flask.request.args.get("wallet", "")
        one = next((each for each in _held(web, signed_in) if each.key == key and not each.locked), None)
        return see_other(HOME) if one is None else flask.render_template("account_wallet_lock.html", one=one)

    @routes.post("/lock")
    def lock() -> flask.typing.ResponseReturnValue:
        security.check_form()
        signed_in = require_reachable(HOME, LEVEL)
        key = form().get("wallet") or ""
        if len(key) > MAX_KEY or not key.isprintable():
            key = ""  # nobody's
        with web.storage.transaction() as ports:
            done = wallets.lock(ports, signed_in, key, now=web.clock(), simulation=web.config.simulation)
        if isinstance(done, Refusal):
            return _page(web, signed_in, refused=done.text), 409
        return see_other(HOME)

    return routes


def _page(web: Web, signed_in: SignedIn, *, refused: Text | None = None) -> str:
    shown = _held(web, signed_in)
    return flask.render_template(
        "account_wallets.html", shown=shown, refusal=refused, locked=any(one.locked for one in shown)
    )


def _held(web: Web, signed_in: SignedIn) -> list[Shown]:
    with web.storage.reading() as ports:
        held = wallets.held(ports, signed_in.holder.person.person_id, now=web.clock())
        return [_shown(ports, one) for one in held]


def _shown(ports: Ports, one: Wallet) -> Shown:
    client = ports.clients.get(one.client_id) if one.client_id else None
    return Shown(
        one.key,
        _NOT_NAMED if client is None else client.name,
        one.device,
        minute(one.first),
        minute(one.last),
        tuple(CATALOGUE[name].title for name in one.types if name in CATALOGUE),
        not one.copies,
        one.locked,
    )
