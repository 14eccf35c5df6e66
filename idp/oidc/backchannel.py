"""Tell relying parties that a session is over: the logout token, and one delivery of those that were claimed.

Spec: OpenID Connect Back-Channel Logout 1.0 §2.4 (token), §2.5, §2.7 (request), §2.8 (answers); RFC 8725 §3.11 (typ)

Sent at least once: what was claimed and neither told nor put off, since the process ended, is claimed again when its time is
up. Each try has a token of its own, so that none is taken for a repeated one. While a receiver is away its other messages wait
behind the first: it is asked once, and they come in order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from certs.fetch import FetchError, Response
from certs.keys import Signer
from certs.logout_token import EVENT, TYPE
from idp.model import Client, Event, Logout
from idp.oidc.logout import BACK
from idp.oidc.token_forms import ID_TOKEN, NoEncryptionKey, encrypted, signed
from idp.ports import Ports, Storage

LIFETIME = 120  # seconds of a token: §2.4 asks for two minutes at most

AT_ONCE = 50  # messages that one claim takes
LEASE = 30  # seconds that they are ours
ENOUGH = 5  # seconds left, below which nothing more is begun: a request may take three
LONGEST_WAIT = 60  # seconds between two tries
GIVEN_UP = 48 * 3600  # a receiver that was away for a day hears of it all; after two nobody there waits for it

REFUSED = 400  # §2.8: the receiver understood the request, and will say the same again


class Post(Protocol):
    def post(self, url: str, *, form: Mapping[str, str]) -> Response: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What it takes to write such a token."""

    issuer: str
    signers: Callable[[], Mapping[str, Signer]]  # those of the moment, by algorithm
    new_secret: Callable[[], str] = field(repr=False)
    # The client with the keys of its `jwks_uri`, where tokens are encrypted to it.
    ready: Callable[[Client], Client] = lambda client: client


@dataclass(frozen=True, slots=True)
class Batch:
    """Claimed messages to one client, the oldest first."""

    client_id: str
    client: Client | None
    logouts: tuple[Logout, ...]
    until: int


@dataclass(frozen=True, slots=True)
class Outcome:
    client_id: str
    told: int
    problem: str | None = None  # for the operator's log


def claim(storage: Storage, *, now: int) -> tuple[Batch, ...]:
    """What is due, by client. Where nothing is, nothing is written."""
    with storage.reading() as ports:
        if not ports.logouts.waiting(now=now):
            return ()
    with storage.transaction() as ports:
        _give_up(ports, now=now)
        claimed = ports.logouts.claim(now=now, until=now + LEASE, limit=AT_ONCE)
        ids = dict.fromkeys(one.client_id for one in claimed)
        return tuple(
            Batch(
                client_id,
                ports.clients.get(client_id),
                tuple(one for one in claimed if one.client_id == client_id),
                now + LEASE,
            )
            for client_id in ids
        )


def _give_up(ports: Ports, *, now: int) -> None:
    for one in ports.logouts.give_up(before=now - GIVEN_UP):
        _journal(ports, one, "logout_given_up", now=now, reason="not reached")


def deliver(batch: Batch, storage: Storage, web: Post, desk: Desk, clock: Callable[[], int]) -> Outcome:
    """One after the other, none inside of a transaction; after the first that fails the others wait."""
    address = batch.client.metadata.get(BACK) if batch.client else None
    for number, one in enumerate(batch.logouts):
        now = clock()
        if now > batch.until - ENOUGH:
            _give_back(batch, number, storage)
            return Outcome(batch.client_id, number)
        if batch.client is None or address is None:  # removed, or it hears of it in browsers alone
            with storage.transaction() as ports:
                ports.logouts.told(one)
            continue
        problem, final = _send(web, address, one, batch.client, desk, now=now)
        now = clock()
        with storage.transaction() as ports:
            if problem is None or final:
                if ports.logouts.told(one):
                    kind, reason = ("logout_given_up", "refused") if problem else ("logout_told", None)
                    _journal(ports, one, kind, now=now, reason=reason)
                continue
            ports.logouts.put_off(one, until=now + wait(one.tries))
        _give_back(batch, number + 1, storage)
        return Outcome(batch.client_id, number, problem)
    return Outcome(batch.client_id, len(batch.logouts))


def wait(tries: int) -> int:
    """Seconds until the next try: 1, 2, 4 … a minute."""
    return min(1 << min(tries - 1, 16), LONGEST_WAIT)


def logout_token(one: Logout, client: Client, desk: Desk, *, now: int) -> str:
    """§2.4: never a nonce, so that it cannot be taken for an ID token; encrypted as ID tokens are. Raises NoEncryptionKey."""
    claims = {
        "iss": desk.issuer,
        "sub": one.subject,
        "aud": client.client_id,
        "iat": now,
        "exp": now + LIFETIME,
        "jti": desk.new_secret(),
        "sid": one.sid,
        "events": {EVENT: {}},
    }
    return encrypted(
        signed(claims, desk.signers(), alg=client.id_token_signed_response_alg, typ=TYPE), client, ID_TOKEN
    )


def _send(web: Post, address: str, one: Logout, client: Client, desk: Desk, *, now: int) -> tuple[str | None, bool]:
    """Why it was not taken, if so, and whether trying again is in vain."""
    try:
        token = logout_token(one, desk.ready(client), desk, now=now)
        answer = web.post(address, form={"logout_token": token})  # §2.5
    except NoEncryptionKey:
        return "no key to encrypt to", False
    except FetchError as error:
        return error.code, False
    if 200 <= answer.status < 300:  # §2.8: some frameworks make a 204 of it
        return None, False
    return f"status {answer.status}", answer.status == REFUSED


def _give_back(batch: Batch, number: int, storage: Storage) -> None:
    if number < len(batch.logouts):
        with storage.transaction() as ports:
            for one in batch.logouts[number:]:
                ports.logouts.give_back(one)


def _journal(ports: Ports, one: Logout, kind: str, *, now: int, reason: str | None) -> None:
    details = {"tries": one.tries, **({"reason": reason} if reason else {})}
    ports.journal.append(Event(now, kind, one.account_id, one.client_id, details))
