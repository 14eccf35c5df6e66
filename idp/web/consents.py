"""What a citizen has allowed whom, and taking it back, the whole or a part: as easy as giving it, and at once.

Spec: Law on Personal Data Protection 91/2025/QH15; OpenID Connect Core 1.0 §3.1.2.4; attacks.md CN-06
"""

from collections.abc import Sequence
from dataclasses import dataclass

import flask

from certs.catalogue import DocumentType, Text
from idp.accounts import consent as consents
from idp.issuance.configurations import CREDENTIAL_SCOPES, Configuration, by_document, find
from idp.model import Client, Consent
from idp.oidc import resources
from idp.oidc.claims import CLAIMS, Claim, by_name, released_by
from idp.oidc.scopes import DEVICE, OFFLINE, OPENID
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.facts import alone, resource
from idp.web.moments import day
from idp.web.session import require_session

HOME = "/consents"

_TITLES = {
    "profile": Text("Họ tên và nhân thân", "Name and person"),
    "email": Text("Thư điện tử", "E-mail"),
    "phone": Text("Điện thoại", "Phone"),
    "address": Text("Nơi thường trú", "Residence"),
    "vneid": Text("Định danh và các mức", "Personal number and levels"),
    OFFLINE: Text("Đọc cả khi bạn không có mặt", "Read it also while you are away"),
    DEVICE: Text("Thêm thiết bị để xác nhận đăng nhập", "Add a device for approving sign-ins"),
}
_CLAIMS = {by_name(claim): claim.label for claim in CLAIMS}
_NOTHING_LEFT = Text(
    "Hãy để lại ít nhất một mục. Nếu muốn rút tất cả, dùng nút “Rút lại tất cả”.",
    "Leave at least one. To take back everything, use “Take everything back”.",
)


@dataclass(frozen=True, slots=True)
class Allowed:
    client: Client
    claims: tuple[Claim, ...]
    documents: tuple[tuple[DocumentType, tuple[Configuration, ...]], ...]  # that may be put into this wallet
    offline: bool  # also while the person is away
    device: bool  # may enrol a phone
    resources: tuple[str, ...]  # elsewhere, by their URIs
    since: str  # dd/mm/yyyy
    parts: bool  # there is more than one thing to take back


@dataclass(frozen=True, slots=True)
class Part:
    """One scope, as the page for taking back offers it."""

    scope: str
    title: Text
    about: tuple[Text, ...]


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("consents", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        account_id = require_session().session.account_id
        with web.storage.reading() as ports:
            held = [(ports.clients.get(one.client_id), one) for one in ports.consents.of_account(account_id)]
        allowed = [_allowed(client, consent) for client, consent in held if client is not None]
        return flask.render_template("consents.html", allowed=allowed)

    @routes.post("/withdraw")
    def withdraw() -> flask.Response:
        account_id = require_session(HOME).session.account_id
        security.check_form()
        client_id = form().get("client") or ""
        with web.storage.transaction() as ports:
            if client_id.isprintable():
                consents.withdraw(ports, account_id, client_id, now=web.clock())
        return see_other(HOME)

    @routes.get("/narrow")
    def choose() -> flask.typing.ResponseReturnValue:
        found = _held(web, require_session(HOME).session.account_id, flask.request.args.get("client", ""))
        return _choice(*found) if found else see_other(HOME)

    @routes.post("/narrow")
    def narrow() -> flask.typing.ResponseReturnValue:
        return _narrow(web)

    return routes


def _narrow(web: Web) -> flask.typing.ResponseReturnValue:
    account_id = require_session(HOME).session.account_id
    security.check_form()
    sent = form()
    found = _held(web, account_id, sent.get("client") or "")
    if found is None:
        return see_other(HOME)
    client, consent = found
    offered = [part.scope for part in parts(consent.scopes)]
    drop = [scope for scope in offered if sent.get(f"keep-{scope}") != "yes"]
    if not set(offered) - {OFFLINE} - set(drop):
        return _choice(client, consent, problem=_NOTHING_LEFT, drop=drop), 422
    with web.storage.transaction() as ports:
        consents.narrow(ports, account_id, client.client_id, drop=drop, now=web.clock())
    return see_other(HOME)


def _allowed(client: Client, consent: Consent) -> Allowed:
    return Allowed(
        client,
        _shown(released_by(consent.scopes)),
        by_document(consent.scopes),
        OFFLINE in consent.scopes,
        DEVICE in consent.scopes,
        resources.of_scopes(consent.scopes),
        day(consent.given_at),
        len(parts(consent.scopes)) > 1,
    )


def parts(scopes: Sequence[str]) -> list[Part]:
    """All but the identifier itself, without which there would be nothing to leave."""
    return [_part(scope) for scope in scopes if scope != OPENID]


def _part(scope: str) -> Part:
    asked = find(CREDENTIAL_SCOPES.get(scope, ""))
    if asked is not None:
        kind, title = asked.document.title, asked.title
        return Part(scope, Text(f"{kind.vi}: {title.vi}", f"{kind.en}: {title.en}"), (asked.about,))
    for uri in resources.of_scopes([scope]):
        return Part(scope, resource(uri), (Text.same(uri),))
    about = tuple(claim.label for claim in _shown(released_by([scope])))
    title = _CLAIMS.get(scope) or _TITLES.get(scope, Text.same(scope))
    return Part(scope, title, about if len(about) > 1 else ())


def _shown(released: Sequence[Claim]) -> tuple[Claim, ...]:
    names = {claim.name for claim in released}
    return tuple(claim for claim in released if alone(names, claim.name))


def _held(web: Web, account_id: str, client_id: str) -> tuple[Client, Consent] | None:
    if not client_id.isprintable():
        return None
    with web.storage.reading() as ports:
        consent, client = ports.consents.get(account_id, client_id), ports.clients.get(client_id)
    return (client, consent) if consent and client else None


def _choice(client: Client, consent: Consent, *, problem: Text | None = None, drop: Sequence[str] = ()) -> str:
    return flask.render_template(
        "consents_narrow.html", client=client, parts=parts(consent.scopes), drop=drop, problem=problem
    )
