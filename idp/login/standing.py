"""May this account be used now? Asked again at every step: log-in, session, code, token, userinfo, issuance.

Spec: Law 26/2023/QH15 Art. 34; Decree 69/2024/NĐ-CP Art. 15; the grounds themselves are in `idp.accounts.locks`
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from idp.accounts.locks import Ground, ground
from idp.model import Account, Document, DocumentState, Person, Standing
from idp.ports import Ports

IDENTITY = "citizen_identity"
_VIETNAM_AHEAD = timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class Holder:
    """A person together with the account that speaks for them."""

    account: Account
    person: Person


def today(now: int) -> date:
    """The date in Viet Nam: a card runs out at midnight there."""
    return (datetime.fromtimestamp(now, UTC) + _VIETNAM_AHEAD).date()


def obstacle(ports: Ports, account: Account | None, *, now: int) -> Ground | None:
    """Why the account may not be used, for the journal alone: the ground of a lock is nobody else's business."""
    found = ports.standings.read(account.account_id, card=IDENTITY) if account else None
    return _ground(found, now=now)


def holder(ports: Ports, account_id: str, *, now: int, hold: bool = False) -> Holder | None:
    """The holder if the account stands; None when it is gone, locked, or its person has died.

    With `hold` the person's row stays as it is until the transaction ends: for what is signed on its strength.
    """
    if hold and (account := ports.accounts.get(account_id)) is not None:
        ports.population.hold(account.person_id)  # first: what is read then stays true
    found = ports.standings.read(account_id, card=IDENTITY)
    if found is None or found.person is None or _ground(found, now=now) is not None:
        return None
    return Holder(found.account, found.person)


def _ground(found: Standing | None, *, now: int) -> Ground | None:
    if found is None:
        return ground(None, None, identity=None, today=today(now))
    return ground(found.account, found.person, identity=_identity(found.cards), today=today(now))


def _identity(cards: tuple[Document, ...]) -> Document | None:
    """The card that counts: the one in force where a person has an old one too."""
    return max(cards, key=lambda card: (card.state is DocumentState.VALID, card.valid_until or "9999"), default=None)
