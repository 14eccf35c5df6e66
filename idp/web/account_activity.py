"""Who saw my data: every release, to whom, when, which facts by their human names, on what basis. Names, never values.

Spec: Decree 69/2024/NĐ-CP Art. 17(2) (5 years); Law on Personal Data Protection 91/2025/QH15 (right to know)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import flask

from certs.catalogue import Text
from idp.accounts import history
from idp.issuance.configurations import find
from idp.issuance.pre_authorized import ANONYMOUS
from idp.model import Event, Recorded
from idp.oidc.claims import CLAIMS
from idp.ports import Ports
from idp.web.context import Web
from idp.web.facts import alone
from idp.web.listing import PAGE, PERIODS, asked
from idp.web.moments import clock, day
from idp.web.session import require_session

HOME = "/account/activity"

_LABELS: Mapping[str, Text] = {claim.name: claim.label for claim in CLAIMS} | {
    "auth_time": Text("Thời điểm bạn đăng nhập", "When you signed in"),
    "acr": Text("Cách và mức bạn đăng nhập", "How, and at which level, you signed in"),
}
_WALLET = Text("Một ứng dụng ví không đăng ký", "A wallet that is not registered")
_BASES = {
    "consent": Text("Bạn đã đồng ý.", "You agreed."),
    "offer": Text("Bạn tự lấy bằng mã giao dịch của mình.", "You fetched it yourself with your transaction code."),
}
_HOW = {
    "claims_released": Text("Xem thông tin của bạn", "Read your information"),
    "tokens_given": Text("Nhận biết bạn khi bạn đăng nhập", "Recognised you when you signed in"),
    "tokens_refreshed": Text("Nhận biết bạn khi bạn không có mặt", "Recognised you while you were away"),
    "credential_issued": Text("Nhận bản có chữ ký của giấy tờ", "Received a signed copy of a document"),
}


@dataclass(frozen=True, slots=True)
class Release:
    """`count` releases that say the same, one after another on one day."""

    client_id: str
    party: Text
    how: Text
    labels: tuple[Text, ...]
    basis: Text | None
    day: str
    first: str
    last: str
    count: int


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("account_activity", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        account_id, now = require_session().session.account_id, web.clock()
        with web.storage.reading() as ports:
            parties = _parties(ports)
            allowed = {consent.client_id for consent in ports.consents.of_account(account_id)}
            wanted = asked("party", set(parties))
            found = history.page(
                ports,
                account_id,
                history.RELEASES,
                size=PAGE,
                since=wanted.since(now),
                before=wanted.before,
                client_id=wanted.chosen,
            )
        offered = allowed | {one.event.client_id for one in found.rows} | {wanted.chosen}
        return flask.render_template(
            "account_activity.html",
            releases=[_release(group, parties) for group in history.alike(found.rows, day)],
            older=found.older,
            asked=wanted,
            parties=[(name, text) for name, text in parties.items() if name in offered],
            periods=[(name, text) for name, (_, text) in PERIODS.items()],
        )

    return routes


def _parties(ports: Ports) -> dict[str, Text]:
    return {client.client_id: client.name for client in ports.clients.all()} | {ANONYMOUS: _WALLET}


def _release(group: tuple[Recorded, ...], parties: Mapping[str, Text]) -> Release:
    newest, oldest = group[0].event, group[-1].event
    client_id = newest.client_id or ""
    return Release(
        client_id,
        parties.get(client_id) or Text.same(client_id),
        _how(newest),
        tuple(labels(newest)),
        _BASES.get(str(newest.details.get("basis", ""))),
        day(newest.at),
        clock(oldest.at),
        clock(newest.at),
        len(group),
    )


def _how(event: Event) -> Text:
    issued = find(str(event.details.get("view", "")))
    how = _HOW[event.kind]
    if issued is None:
        return how
    kind, title, copies = issued.document.title, issued.title, event.details.get("copies", 1)
    vi, en = (f" – {copies} bản", f" – {copies} copies") if copies != 1 else ("", "")
    return Text(f"{how.vi}: {kind.vi} ({title.vi}){vi}", f"{how.en}: {kind.en} ({title.en}){en}")


def labels(event: Event) -> Iterable[Text]:
    """The names that the journal has, as people read them; a name that is no longer known stands as it is."""
    issued = find(str(event.details.get("view", "")))
    fields = {field.name: field.label for field in issued.document.fields} if issued else {}
    told = {str(name) for name in event.details.get("claims", ())}
    if not issued:  # what is told by the line of another has none of its own
        told = {name for name in told if alone(told, name)} - {"amr"}
    known = {**_LABELS, **fields}
    return [label for name, label in known.items() if name in told] + [
        Text.same(name) for name in sorted(told - known.keys())
    ]
