"""The pages of passkeys: signing in with one, and adding one. Naming and removing are `factors`' for every kind.

The browser's part is `static/js/passkey.js`: it asks the authenticator, and sends the answer in a form's hidden field.
Spec: W3C Web Authentication Level 3 §7.1; NIST SP 800-63B-4 §4.1, §4.6
"""

import json
import secrets

import flask

from certs.catalogue import Text
from idp.login import notices
from idp.login.holding import MAX_NAME, added, name_of
from idp.login.passkey import ceremony, registration
from idp.login.passkey.ceremony import Refused
from idp.login.session import SignedIn
from idp.model import AuthenticatorKind, Event
from idp.storage.errors import Conflict
from idp.web import passkey_sign_in, security
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.factors import HOME, manager
from idp.web.language import say
from idp.web.passkey_sign_in import NOTHING_SENT, Answer, party

PASSKEY = AuthenticatorKind.PASSKEY

NOT_ADDED = Text(
    "Khóa truy cập chưa được thêm: trang đã mở quá lâu, hoặc thiết bị trả lời không đúng. Hãy thử lại.",
    "The passkey was not added: the page was open for too long, or the device did not answer correctly. Try again.",
)
KNOWN_ALREADY = Text(
    "Khóa truy cập này đã có trong một tài khoản. Hãy chọn thiết bị khác.",
    "This passkey is in an account already. Choose another device.",
)
TOO_MANY = Text(
    f"Tài khoản đã có {registration.MAX_HELD} khóa truy cập. Hãy xóa bớt một khóa trước.",
    f"The account has {registration.MAX_HELD} passkeys. Remove one of them first.",
)
_NOT_KEPT = {"known": KNOWN_ALREADY, "too_many": TOO_MANY}


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("passkeys", __name__)

    @routes.app_template_global("passkey_request")
    def request(step: str) -> str:
        """For the log-in page: what its link asks for. `step` is the page's address."""
        return passkey_sign_in.request(web, step.rpartition("/")[2])

    @routes.get("/login/<identifier>/passkey")
    def sign_in(identifier: str) -> str:
        return passkey_sign_in.page(web, passkey_sign_in.awaited(web, identifier))

    @routes.post("/login/<identifier>/passkey")
    def submit(identifier: str) -> Answer:
        security.check_form()
        return passkey_sign_in.submit(web, identifier, form().get("credential") or "")

    @routes.get("/account/security/passkey")
    def add() -> str:
        return _add_page(web, manager(web))

    @routes.post("/account/security/passkey")
    def submit_new() -> Answer:
        security.check_form()
        signed_in = manager(web)
        sent = form()
        if not sent.get("credential"):
            return _add_page(web, signed_in, NOTHING_SENT, name=sent.get("name") or ""), 422
        refused = _add(web, signed_in, sent.get("credential") or "", name=name_of(sent.get("name")))
        return see_other(HOME) if refused is None else (_add_page(web, signed_in, refused), 422)

    return routes


# --- the citizen's own ------------------------------------------------------------------------------------------------


def _add_page(web: Web, signed_in: SignedIn, problem: Text | None = None, *, name: str | None = None) -> str:
    account_id, person = signed_in.session.account_id, signed_in.holder.person
    with web.storage.reading() as ports:
        held = ceremony.passkeys(ports.authenticators.of_account(account_id))
    options = registration.begin(
        party(web),
        account_id=account_id,
        name=say("Định danh điện tử (mô phỏng)", "Electronic identity (simulation)"),
        shown_as=f"{person.name} (…{person.pid[-3:]})",  # two people of one name on one device are told apart
        held=held,
        bound_to=signed_in.session.session_hash,
        now=web.clock(),
        random=secrets.token_bytes,
    )
    return flask.render_template(
        "passkey_add.html",
        options=json.dumps(options),
        name=_usual_name(len(held)) if name is None else name,
        most=MAX_NAME,
        problem=problem,
        home=HOME,
    )


def _add(web: Web, signed_in: SignedIn, sent: str, *, name: str | None) -> Text | None:
    """None: it was added. A name that cannot be shown is replaced: the device has made its key, which shall not be lost."""
    account_id, now = signed_in.session.account_id, web.clock()
    made = registration.finish(party(web), sent, bound_to=signed_in.session.session_hash, now=now)
    if isinstance(made, Refused):
        return _not_added(web, account_id, made)
    try:
        with web.storage.transaction() as ports:
            name = name or _usual_name(len(ceremony.passkeys(ports.authenticators.of_account(account_id))))
            identifier = web.oidc.new_secret()
            refused = registration.keep(ports, made, account_id=account_id, identifier=identifier, name=name, now=now)
            if refused is None:
                details = {"kind": PASSKEY.value, "name": name}
                ports.journal.append(Event(now, "authenticator_added", account_id, details=details))
                text = added(PASSKEY, name)
                notices.tell(ports, signed_in.holder.account, text, now=now, simulation=web.config.simulation)
    except Conflict:
        refused = Refused("known")
    return None if refused is None else _not_added(web, account_id, refused)


def _not_added(web: Web, account_id: str, refused: Refused) -> Text:
    with web.storage.transaction() as ports:
        details = {"kind": PASSKEY.value, "reason": refused.reason}
        ports.journal.append(Event(web.clock(), "authenticator_refused", account_id, details=details))
    return _NOT_KEPT.get(refused.reason, NOT_ADDED)


def _usual_name(held: int) -> str:
    return say(f"Khóa truy cập {held + 1}", f"Passkey {held + 1}")
