"""The citizen's own pages, their home: who they are here, what needs attention, and where each thing is.

Spec: Decree 69/2024/NĐ-CP Art. 7, 13 (account levels and their proofing)
"""

from dataclasses import dataclass
from datetime import date, timedelta

import flask

from certs.catalogue import CATALOGUE, DocumentType, Text
from idp.accounts import history
from idp.accounts.history import COUNTED, YEAR
from idp.issuance.offer import choose
from idp.login.factors import reach
from idp.login.session import SignedIn
from idp.login.standing import today
from idp.model import Document, DocumentState
from idp.ports import Ports
from idp.registries.naming import distinguished
from idp.web.context import Web
from idp.web.session import require_session

HOME = "/account"
WEEK = 7 * 86_400
SOON = timedelta(days=60)  # before a document runs out its person is told
NEWS = (
    "new_device_signed_in",
    "authenticator_added",
    "authenticator_removed",
    "authenticator_copied",
    "password_changed",
    "recovered",
    "account_level_set",
    "approval_denied",
    "code_reuse",
    "refresh_reuse",
)


@dataclass(frozen=True, slots=True)
class Attention:
    """Something to look at, and the page where."""

    name: str
    text: Text
    link: Text
    endpoint: str


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("account", __name__)

    @routes.get(HOME)
    def page() -> str:
        signed_in, now = require_session(), web.clock()
        account_id = signed_in.session.account_id
        with web.storage.reading() as ports:
            attention = _attention(ports, signed_in, web, now=now)
            sessions = len(ports.sessions.of_account(account_id, now=now))
            allowed = len(ports.consents.of_account(account_id))
            level = reach(ports, account_id, offered=web.oidc.factors)
        return flask.render_template(
            "account.html",
            me=signed_in.holder,
            level=signed_in.level,
            reach=level,
            attention=attention,
            sessions=sessions,
            allowed=allowed,
        )

    return routes


def _attention(ports: Ports, signed_in: SignedIn, web: Web, *, now: int) -> list[Attention]:
    account_id = signed_in.session.account_id
    found: list[Attention] = []
    news = history.page(ports, account_id, NEWS, size=COUNTED, since=now - WEEK)
    if news.rows:
        found.append(_news(len(news.rows)))
    refused = history.refused(ports, account_id, since=now - WEEK)
    if refused:
        found.append(_refused(refused))
    if not ports.authenticators.of_account(account_id):
        found.append(_ONLY_PASSWORD)
    documents = ports.documents.of_person(signed_in.holder.person.person_id)
    found.extend(_fetch_again(ports, account_id, documents, now=now))
    found.extend(_runs_out(documents, today(now)))
    return found


_ONLY_PASSWORD = Attention(
    "only-password",
    Text(
        "Bạn chưa có cách đăng nhập thứ hai. Ai biết mật khẩu là vào được.",
        "You have no second way to sign in. Whoever learns your password gets in.",
    ),
    Text("Thêm một cách", "Add one"),
    "factors.page",
)


def _news(count: int) -> Attention:
    return Attention(
        "news",
        Text(f"{count} thay đổi về bảo mật trong 7 ngày qua.", f"{count} security events in the last 7 days."),
        Text("Xem thông báo", "See your notices"),
        "account_notices.page",
    )


def _refused(count: int) -> Attention:
    vi, en = (f"hơn {COUNTED}", f"more than {COUNTED}") if count >= COUNTED else (str(count), str(count))
    return Attention(
        "refused",
        Text(
            f"Có {vi} lần đăng nhập không thành công trong 7 ngày qua.",
            f"Signing in failed {en} times in the last 7 days."
            if count != 1
            else "Signing in failed once in the last 7 days.",
        ),
        Text("Xem có phải bạn không", "See whether it was you"),
        "account_notices.page",
    )


def _fetch_again(ports: Ports, account_id: str, documents: tuple[Document, ...], *, now: int) -> list[Attention]:
    """Documents whose record changed since the newest copy in a wallet was signed."""
    told = history.page(ports, account_id, ("documents_reissued",), size=COUNTED, since=now - YEAR)
    changed: dict[str, int] = {}
    for one in reversed(told.rows):
        changed.update(dict.fromkeys(one.event.details.get("types", ()), one.event.at))
    stale = [
        CATALOGUE[one.type].title
        for one in documents
        if one.type in CATALOGUE
        and one.type in changed
        and one.state is DocumentState.VALID
        and max((copy.issued_at for copy in ports.documents.issued(one.document_id)), default=now) < changed[one.type]
    ]
    if not stale:
        return []
    vi, en = (", ".join(title.of(language) for title in stale) for language in ("vi", "en"))
    text = Text(
        f"Bản trong ví không còn dùng được, hãy lấy lại: {vi}.",
        f"Copies in your wallet no longer hold. Fetch again: {en}.",
    )
    return [Attention("fetch-again", text, Text("Lấy lại giấy tờ", "Fetch your documents"), "documents.show")]


def _current(documents: tuple[Document, ...], kind: DocumentType) -> list[Document]:
    """Of a kind of which a person has one, the one that counts; of another, each that is not revoked."""
    if not kind.identified_by:
        one = choose(documents, kind.name)
        return [one] if one else []
    return [one for one in documents if one.type == kind.name and one.state is not DocumentState.REVOKED]


def _runs_out(documents: tuple[Document, ...], day: date) -> list[Attention]:
    found = []
    all_of_them = ((kind, nth, one) for kind in CATALOGUE.values() for nth, one in enumerate(_current(documents, kind)))
    for kind, nth, one in all_of_them:
        until = date.fromisoformat(one.valid_until) if one.valid_until else None
        if until is None or until > day + SOON:
            continue
        told, when = distinguished(kind, one.record), until.strftime("%d/%m/%Y")
        title = Text(*(f"{kind.title.of(language)} {told}".strip() for language in ("vi", "en")))
        text = (
            Text(f"{title.vi} đã hết hạn ngày {when}.", f"{title.en}: expired on {when}.")
            if until < day
            else Text(f"{title.vi} sẽ hết hạn ngày {when}.", f"{title.en}: expires on {when}.")
        )
        found.append(
            Attention(
                f"expires-{kind.name}{f'-{nth + 1}' if nth else ''}",
                text,
                Text("Xem giấy tờ", "See your documents"),
                "documents.show",
            )
        )
    return found
