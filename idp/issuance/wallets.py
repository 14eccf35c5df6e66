"""Where the signed copies of a person's documents are, as far as the state knows; and locking what a lost phone holds.

A copy is bound to a key of its own, so that nobody can link two of them by it: which of them lie on one device is told by
where they were asked for. What one application got, from one browser in which its person agreed, counts as one wallet; what
came by an offer, which any wallet may redeem, as one wallet each: who lost the phone picks these too, by their times. Two
phones that name themselves alike are locked together; documents are fetched anew in a minute. A wallet that holds nothing yet
and may fetch, as one that waits for a promised document, is one too.

A lock is for good. The authority's own changes go on beneath it, revocation alone comes through; who finds the phone again
fetches the documents again.

Spec: draft-ietf-oauth-status-list-20 §7.1 (application-specific types); Decree 69/2024/NĐ-CP Art. 15
"""

import hashlib
from dataclasses import dataclass

from certs.catalogue import Text
from certs.encoding import b64url_encode
from certs.status import Status
from idp.issuance.configurations import allowed
from idp.issuance.documents import publish, status_of
from idp.issuance.entitlement import Refusal
from idp.login import notices, session
from idp.login.session import SignedIn
from idp.model import PRINTED, Event, Grant, IssuedCredential
from idp.oidc.family import ISSUANCE_PURPOSE
from idp.ports import Ports

_NOTHING = Refusal(
    "wallet_unknown",
    Text(
        vi="Ví này không còn bản nào để khóa. Có thể bạn đã khóa rồi.",
        en="This wallet holds nothing that could be locked. You may have locked it already.",
    ),
)
_TOLD = Text(
    "Giấy tờ trong một ví của bạn vừa bị khóa ở trang tài khoản. Nếu không phải bạn, hãy đổi mật khẩu ngay rồi lấy lại giấy tờ.",
    "The documents in one of your wallets were just locked on your account page. If it was not you, change your password now "
    "and then fetch the documents again.",
)


@dataclass(frozen=True, slots=True)
class Wallet:
    """What lies in one place: whose application it is, the browser, since when, which kinds of documents, how many copies."""

    key: str
    client_id: str | None
    device: str
    first: int
    last: int
    types: tuple[str, ...]
    copies: int  # 0: it holds nothing that is good, and may fetch these
    locked: bool


@dataclass(frozen=True, slots=True)
class Locked:
    wallet: str
    credentials: int


def of(grant: Grant) -> tuple[str, str]:
    """(the name of the wallet that this grant is of, its browser), to be kept with every copy that is given on it."""
    browser = str(grant.details.get("browser", ""))
    place = f"{grant.client_id}\n{browser}" if browser else f"\n{grant.grant_id}"
    return b64url_encode(hashlib.sha256(place.encode()).digest()), browser


def held(ports: Ports, person_id: str, *, now: int) -> tuple[Wallet, ...]:
    """Those that hold anything that has not run out and was not replaced, or may fetch, the last used first."""
    found: dict[str, list[tuple[str, IssuedCredential]]] = {}
    for document in ports.documents.of_person(person_id):
        for one in ports.documents.issued(document.document_id):
            if one.holder_thumbprint != PRINTED and one.expires > now and _counts(ports, one):
                found.setdefault(one.wallet, []).append((document.type, one))
    wallets = {key: _wallet(key, copies) for key, copies in found.items()}
    account = ports.accounts.by_person(person_id)
    for grant in _fetching(ports, account.account_id, now=now) if account else ():
        empty = _empty(grant)
        if empty.key not in wallets or wallets[empty.key].locked:
            wallets[empty.key] = empty
    return tuple(sorted(wallets.values(), key=lambda one: -one.last))


def _fetching(ports: Ports, account_id: str, *, now: int) -> tuple[Grant, ...]:
    return ports.grants.of_account(account_id, ISSUANCE_PURPOSE, now=now)


def _empty(grant: Grant) -> Wallet:
    key, device = of(grant)
    types = tuple(sorted({one.document.name for one in allowed(grant)}))
    return Wallet(key, grant.client_id, device, grant.opened_at, grant.opened_at, types, 0, locked=False)


def _counts(ports: Ports, one: IssuedCredential) -> bool:
    return ports.statuses.look_up(one.status_list, one.status_index) is not Status.INVALID


def _wallet(key: str, copies: list[tuple[str, IssuedCredential]]) -> Wallet:
    """After a lock the same wallet may have fetched anew: then it holds what is not locked."""
    times = [one.issued_at for _, one in copies]
    newest = max((one for _, one in copies), key=lambda one: one.issued_at)
    living = [pair for pair in copies if not pair[1].locked]
    shown = living or copies
    types = tuple(sorted({kind for kind, _ in shown}))
    return Wallet(key, newest.client_id, newest.device, min(times), max(times), types, len(shown), locked=not living)


def lock(ports: Ports, by: SignedIn, wallet: str, *, now: int, simulation: bool) -> Locked | Refusal:
    """All that this wallet holds is *holder locked* from the next list on. What its application could still fetch with, ends, what
    it was promised too, and every session but the one that asks: by one on the lost phone the same documents would be fetched
    anew without a question. Relying parties hear of that, the wallet among them: it signs the phone out.

    Issuing holds the person, as this does, and then asks whether its grant still stands: what is signed at the same moment is
    either found here, or never signed. The grants of the same application on other devices end too: it asks to sign in again.
    """
    account, person_id = by.holder.account, by.holder.person.person_id
    account_id = account.account_id
    person = ports.population.hold(person_id, to_change=True)
    locked = ports.documents.lock_issued(person_id, wallet)
    fetching = [grant for grant in _fetching(ports, account_id, now=now) if of(grant)[0] == wallet]
    if person is None or not (locked or fetching):
        ports.journal.append(Event(now, "wallet_lock_refused", account_id, None, {"code": _NOTHING.code}))
        return _NOTHING
    reached = {one.document_id for one in locked}
    documents = [one for one in ports.documents.of_person(person_id) if one.document_id in reached]
    publish(ports, [(one.document_id, status_of(one.state, locked=person.locked)) for one in documents])
    session.end_others(ports, by.session, now=now)
    # Where it is not known whose application it is, every one has to ask again.
    its = [one.client_id for one in fetching] + [one.client_id for one in locked]
    clients = {None} if None in its else set(its)
    closed = sum(ports.grants.close_account(account_id, now=now, client_id=client_id) for client_id in clients)
    details = {
        "types": sorted({one.type for one in documents} or {name for one in fetching for name in _empty(one).types}),
        "credential_ids": [one.credential_id for one in locked],
        "copies": len(locked),
        "device": locked[-1].device if locked else of(fetching[-1])[1],
        "grants": closed,
        "by": "citizen",
    }
    ports.journal.append(Event(now, "wallet_locked", account_id, its[-1], details))
    notices.tell(ports, account, _TOLD, now=now, simulation=simulation)
    return Locked(wallet, len(locked))
