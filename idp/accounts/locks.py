"""May this account be used now? Asked again at each step, since a lock must bite between two of them.

Spec: Law 26/2023/QH15 Art. 34 (grounds of a lock); Decree 69/2024/NĐ-CP Art. 15 (the account follows the identity).

The ground is for the journal alone. Whoever asks is told the same sentence for all of them: that somebody died, or that a
court asked for a lock, is nobody else's business.
"""

from datetime import date
from enum import StrEnum

from idp.accounts.ages import age
from idp.accounts.levels import OWN_ACCOUNT_AGE
from idp.model import Account, AccountState, Document, DocumentState, Person


class Ground(StrEnum):
    """Why an account may not be used: for the journal."""

    NO_ACCOUNT = "no_account"
    NOT_THEIRS = "not_theirs"
    ACCOUNT_LOCKED = "account_locked"
    IDENTITY_LOCKED = "identity_locked"
    DECEASED = "deceased"
    CARD_EXPIRED = "card_expired"
    CARD_WITHDRAWN = "card_withdrawn"
    NEEDS_GUARDIAN = "needs_guardian"


def ground(account: Account | None, person: Person | None, *, identity: Document | None, today: date) -> Ground | None:
    """None when the account may be used. `identity` is the person's `citizen_identity`, if the register has one.

    1 there is an account, and it is this person's; 2 it is not locked; 3 the person lives; 4 their identity is not locked;
    5 their card is in force: neither run out nor withdrawn; 6 they are old enough to act alone.
    """
    if account is None or person is None:  # 1
        return Ground.NO_ACCOUNT
    if account.person_id != person.person_id:
        return Ground.NOT_THEIRS
    if account.state is not AccountState.ACTIVE:  # 2
        return Ground.ACCOUNT_LOCKED
    if person.deceased_on is not None:  # 3  Law Art. 34(1)(d)
        return Ground.DECEASED
    if person.locked:  # 4
        return Ground.IDENTITY_LOCKED
    if identity is not None:  # 5  Decree Art. 15
        if identity.state is not DocumentState.VALID:
            return Ground.CARD_WITHDRAWN
        if identity.valid_until is not None and identity.valid_until < today.isoformat():
            return Ground.CARD_EXPIRED
    if age(person.birth_date, today) < OWN_ACCOUNT_AGE:  # 6  Decree Art. 14(2)
        return Ground.NEEDS_GUARDIAN
    return None
