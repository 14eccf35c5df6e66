"""What an issuer has promised this wallet: kept sealed, asked for again in time by one caller at once, and kept when it is here.

Spec: OpenID4VCI 1.0 §9 (deferred issuance), §11 (notification)

    promised    its keys wait with it; a restart changes nothing
    asked       not before the issuer said; what has come of it is kept before the next question
    here        checked as everything is (`wallet.checks`), then a document
    over        denied, no longer known, no longer fetchable, or not what was promised: a line in the history says which
"""

from contextlib import suppress
from dataclasses import dataclass, replace

from certs.trust import TrustStore
from wallet import authorization, history, records
from wallet import issuer as issuers
from wallet.authorization import ClientCredentials
from wallet.checks import check_all
from wallet.credential import Happened, tell
from wallet.errors import WalletError
from wallet.issuer import Issuer
from wallet.model import Document, Person
from wallet.ports import Ports
from wallet.receive import document_of
from wallet.waiting import RETRY, Waiting, asked_again, is_here, put_off
from wallet.wallet import Wallet

ASKING_SECONDS = 60  # in which one caller has its answer, or has died
_ASKING = "promise asked for"
_OVER = frozenset(
    {
        "issuer_denied",
        "promise_gone",
        "right_expired",
        "credential_refused",
        "not_my_key",
        "not_as_offered",
        "not_about_me",
    }
)


def all_of(wallet: Wallet, owner: str) -> tuple[Waiting, ...]:
    """Newest first."""
    with wallet.storage.reading() as ports:
        held = ports.promised.of(owner)
    return tuple(
        records.read_waiting(wallet.vault.open(each.sealed, owner=owner, name=f"promised/{each.document_id}"))
        for each in held
    )


def find(wallet: Wallet, owner: str, waiting_id: str) -> Waiting:
    found = next((each for each in all_of(wallet, owner) if each.waiting_id == waiting_id), None)
    if found is None:
        raise WalletError("document_unknown", "not among what this owner waits for")
    return found


def forget(wallet: Wallet, owner: str, waiting_id: str, *, now: int) -> Waiting:
    """The person waits no longer. What the issuer would still give is not fetched."""
    waiting = find(wallet, owner, waiting_id)
    with wallet.storage.transaction() as ports:
        if ports.promised.remove(owner, waiting_id):
            ports.history.append(owner, history.waits_no_longer(waiting.type, now=now))
    return waiting


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one question is about: whose wallet, and as whom the issuer knows it."""

    wallet: Wallet
    owner: str
    client: ClientCredentials | None
    now: int

    def save(self, waiting: Waiting) -> None:
        with self.wallet.storage.transaction() as ports:
            if not ports.promised.reseal(self.wallet.seal_waiting(self.owner, waiting)):
                raise WalletError("document_unknown", "the person waits no longer")


def ask(
    wallet: Wallet,
    owner: str,
    waiting_id: str,
    *,
    person: Person | None,
    trust: TrustStore,
    client: ClientCredentials | None,
    now: int,
) -> Document | Waiting:
    """The document, or how long it still has to wait. Raises WalletError; `too_early` also for who is not alone. `client`: as
    whom the access token can be renewed."""
    waiting, turn = _claimed(wallet, owner, waiting_id, now=now), _Turn(wallet, owner, client, now)
    try:
        wanted = tuple(each.wanted.configuration for each in waiting.parts)
        issuer = issuers.look_up(waiting.credential_issuer, wanted, web=wallet.web)
        waiting = _fetched(turn, waiting, issuer)
        if is_here(waiting):
            return _kept(turn, waiting, issuer, person, trust)
        waiting = put_off(waiting, now=now)
        turn.save(waiting)
        return waiting
    except WalletError as error:
        if error.code in _OVER:
            _end(wallet, owner, waiting, error.code, now=now)
        else:
            _save_if_there(wallet, owner, waiting_id, again_at=now + RETRY)
        raise


def _claimed(wallet: Wallet, owner: str, waiting_id: str, *, now: int) -> Waiting:
    """Two tabs, two processes: one of them asks. It is told apart inside one statement, and what is read after it holds."""
    with wallet.storage.transaction() as ports:
        ports.ephemeral.sweep(now=now)
        if not ports.ephemeral.once(_ASKING, f"{owner}:{waiting_id}", expires=now + ASKING_SECONDS):
            raise WalletError("too_early", "somebody asks at this moment")
        waiting = _read(wallet, ports, owner, waiting_id)
        if now < waiting.again_at:
            raise WalletError("too_early", "before the issuer's interval")  # and the claim goes with the transaction
        return waiting


def _fetched(turn: _Turn, waiting: Waiting, issuer: Issuer) -> Waiting:
    renewed = False
    while True:
        try:
            for step in asked_again(waiting, issuer.place, waiting.access, web=turn.wallet.web, now=turn.now):
                waiting = step
                turn.save(waiting)
            return waiting
        except WalletError as error:
            if error.code != "right_expired" or renewed:
                raise
            waiting, renewed = _renewed(turn, waiting, issuer), True


def _renewed(turn: _Turn, waiting: Waiting, issuer: Issuer) -> Waiting:
    """With a new access token. It is kept before anything else is done with it: the old refresh token may be good no more."""
    client, renewal = turn.client, waiting.access.renewal
    access = None
    if client is not None and renewal is not None:
        web, key = turn.wallet.web, waiting.access.key
        access = authorization.renew(renewal, issuer, client, web=web, now=turn.now, key=key)
    if access is None:
        raise WalletError("right_expired", "no refresh token that is still good")
    waiting = replace(waiting, access=replace(access, renewal=access.renewal or renewal))
    turn.save(waiting)
    return waiting


def _kept(turn: _Turn, waiting: Waiting, issuer: Issuer, person: Person | None, trust: TrustStore) -> Document:
    """Where there is no place to keep it, it stays as it came, and is kept the next time."""
    wallet, owner, now = turn.wallet, turn.owner, turn.now
    names = [each.notification for each in waiting.parts if each.notification is not None]
    arrived = [(each.wanted, each.thumbprints, each.credentials) for each in waiting.parts]
    try:
        received = check_all(arrived, person=person, trust=trust, now=now)
        renewal = None if _is_bound(turn) else waiting.access.renewal
        of = (waiting.type, waiting.credential_issuer, waiting.parts)
        document = document_of(*of, received, renewal, now=now)
        with wallet.storage.transaction() as ports:
            if not ports.promised.remove(owner, waiting.waiting_id):
                raise WalletError("document_unknown", "the person waits no longer")
            (document,) = wallet.keep_in(ports, owner, (document,), now=now)
    except WalletError as error:
        what = Happened.DELETED if error.code == "document_unknown" else Happened.FAILED
        tell(issuer.place, waiting.access, names, what, web=wallet.web, now=now)
        raise
    tell(issuer.place, waiting.access, names, Happened.ACCEPTED, web=wallet.web, now=now)
    if _is_bound(turn) and turn.client is not None and waiting.access.renewal is not None:
        with suppress(WalletError):  # last: with it ends the access token
            authorization.give_back(waiting.access.renewal, issuer, turn.client, web=wallet.web)
    return document


def _is_bound(turn: _Turn) -> bool:
    """The refresh token of a client without a secret is of use with one key alone, which no document keeps."""
    return turn.client is not None and turn.client.secret is None


def _end(wallet: Wallet, owner: str, waiting: Waiting, code: str, *, now: int) -> None:
    with wallet.storage.transaction() as ports:
        if ports.promised.remove(owner, waiting.waiting_id):
            ports.history.append(owner, history.refused(waiting.credential_issuer, code, now=now))


def _save_if_there(wallet: Wallet, owner: str, waiting_id: str, *, again_at: int) -> None:
    with wallet.storage.transaction() as ports:
        if ports.promised.get(owner, waiting_id) is not None:
            waiting = _read(wallet, ports, owner, waiting_id)
            ports.promised.reseal(wallet.seal_waiting(owner, replace(waiting, again_at=again_at)))


def _read(wallet: Wallet, ports: Ports, owner: str, waiting_id: str) -> Waiting:
    found = ports.promised.get(owner, waiting_id)
    if found is None:
        raise WalletError("document_unknown", "not among what this owner waits for")
    return records.read_waiting(wallet.vault.open(found.sealed, owner=owner, name=f"promised/{waiting_id}"))
