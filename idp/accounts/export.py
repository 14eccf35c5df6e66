"""All that is kept about one account, for its person to take along: plain JSON values, read a part at a time.

Spec: Law on Personal Data Protection 91/2025/QH15 (right of access, right to a copy); the shape is told in `docs/account-export.md`

What would let somebody in is left out: hashes, keys, sealed secrets.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from idp.login.standing import Holder
from idp.model import PRINTED, Authenticator, Consent, Document, Event, Session
from idp.ports import Ports, Storage

FORMAT, VERSION = "vneid-account-export", 1
EVENTS_AT_ONCE = 1_000

Moment = Callable[[int], str]


def begin(ports: Ports, who: Holder, *, now: int) -> None:
    """The journal hears of it before the first byte goes."""
    ports.journal.append(Event(now, "data_exported", who.account.account_id))


def head(ports: Ports, who: Holder, session: Session, *, issuer: str, moment: Moment, now: int) -> dict[str, Any]:
    """Everything but the history."""
    account, person = who.account, who.person
    return {
        "format": FORMAT,
        "version": VERSION,
        "issuer": issuer,
        "made_at": moment(now),
        "account": {
            "account_id": account.account_id,
            "level": account.level,
            "phone": account.phone,
            "email": account.email,
            "state": account.state.value,
            "created_at": moment(account.created_at),
        },
        "person": {name: value for name, value in asdict(person).items() if name != "person_id"},
        "cancelled_numbers": [
            {"pid": one.pid, "cancelled_on": one.cancelled_on, "reason": one.reason}
            for one in ports.population.cancelled(person.person_id)
        ],
        "documents": [_document(ports, one, moment) for one in ports.documents.of_person(person.person_id)],
        "ways_to_sign_in": [_way(one, moment) for one in ports.authenticators.of_account(account.account_id)],
        "sessions": [_session(one, session, moment) for one in ports.sessions.of_account(account.account_id, now=now)],
        "consents": [_consent(ports, one, moment) for one in ports.consents.of_account(account.account_id)],
    }


def events(storage: Storage, account_id: str, *, moment: Moment) -> Iterator[dict[str, Any]]:
    """The whole history, oldest first: each part in a reading of its own, so that nothing is held while it is sent."""
    after = -1
    while True:
        with storage.reading() as ports:
            some = ports.journal.whole(account_id, after=after, limit=EVENTS_AT_ONCE)
        for one in some:
            event = one.event
            yield {
                "number": one.event_id,
                "at": moment(event.at),
                "kind": event.kind,
                "client_id": event.client_id,
                "details": dict(event.details),
            }
        if len(some) < EVENTS_AT_ONCE:
            return
        after = some[-1].event_id


def _document(ports: Ports, one: Document, moment: Moment) -> Mapping[str, Any]:
    return {
        "type": one.type,
        "state": one.state.value,
        "valid_until": one.valid_until,
        "record": dict(one.record),
        "signed_copies": [
            {
                "view": each.view,
                "printed": each.holder_thumbprint == PRINTED,
                "issued_at": moment(each.issued_at),
                "expires": moment(each.expires),
                "device": each.device,
                "locked": each.locked,
            }
            for each in ports.documents.issued(one.document_id)
        ],
    }


def _way(one: Authenticator, moment: Moment) -> Mapping[str, Any]:
    used = None if one.last_used_at is None else moment(one.last_used_at)
    return {"kind": one.kind.value, "name": one.name, "added_at": moment(one.created_at), "last_used_at": used}


def _session(one: Session, this: Session, moment: Moment) -> Mapping[str, Any]:
    return {
        "device": one.device,
        "place": one.place,
        "acr": one.acr,
        "amr": list(one.amr),
        "signed_in_at": moment(one.authenticated_at),
        "last_seen_at": moment(one.seen_at),
        "ends_at": moment(one.expires),
        "this_one": one.session_hash == this.session_hash,
    }


def _consent(ports: Ports, one: Consent, moment: Moment) -> Mapping[str, Any]:
    client = ports.clients.get(one.client_id)
    name = asdict(client.name) if client else None
    return {"client_id": one.client_id, "name": name, "scopes": list(one.scopes), "given_at": moment(one.given_at)}
