"""May this account be used now? Asked again at every step: log-in, session, code, token, userinfo, issuance.

Spec: Law 26/2023/QH15 Art. 34; Decree 69/2024/NĐ-CP Art. 15; the grounds themselves are in `idp.accounts.locks`
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from idp.accounts.locks import Ground, ground
from idp.model import Account, Document, DocumentState, Person
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
    person = ports.population.get(account.person_id) if account else None
    return ground(account, person, identity=_identity(ports, person), today=today(now))


def holder(ports: Ports, account_id: str, *, now: int) -> Holder | None:
    """The holder if the account stands; None when it is gone, locked, or its person has died."""
    account = ports.accounts.get(account_id)
    person = ports.population.get(account.person_id) if account else None
    if ground(account, person, identity=_identity(ports, person), today=today(now)) is not None:
        return None
    return Holder(account, person) if account and person else None


def _identity(ports: Ports, person: Person | None) -> Document | None:
    """The card that counts: the one in force where a person has an old one too."""
    held = ports.documents.of_person(person.person_id) if person else ()
    cards = [document for document in held if document.type == IDENTITY]
    return max(cards, key=lambda card: (card.state is DocumentState.VALID, card.valid_until or "9999"), default=None)
