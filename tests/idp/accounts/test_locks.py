"""An account that may not be used, and why: one ground, for the journal. Spec: Law 26/2023/QH15 Art. 34; Decree 69/2024 Art. 15."""

from datetime import date

import pytest

from idp.accounts.locks import Ground, ground
from idp.model import Account, AccountState, Document, DocumentState, Person
from tests.contract.rows import ACCOUNT, PERSON, another

TODAY = date(2026, 11, 21)
CARD = Document("card", "person-1", "citizen_identity", {}, DocumentState.VALID, "2026-11-21")


def test_a_good_account() -> None:
    assert ground(ACCOUNT, PERSON, identity=CARD, today=TODAY) is None
    assert ground(ACCOUNT, PERSON, identity=None, today=TODAY) is None  # foreigners have no card
    assert ground(ACCOUNT, PERSON, identity=another(CARD, valid_until=None), today=TODAY) is None


@pytest.mark.parametrize(
    ("account", "person", "identity", "why"),
    [
        (None, PERSON, CARD, Ground.NO_ACCOUNT),
        (ACCOUNT, None, CARD, Ground.NO_ACCOUNT),
        (another(ACCOUNT, person_id="person-2"), PERSON, CARD, Ground.NOT_THEIRS),
        (another(ACCOUNT, state=AccountState.LOCKED), PERSON, CARD, Ground.ACCOUNT_LOCKED),
        (ACCOUNT, another(PERSON, deceased_on="2026-11-20"), CARD, Ground.DECEASED),
        (ACCOUNT, another(PERSON, locked=True), CARD, Ground.IDENTITY_LOCKED),
        (ACCOUNT, PERSON, another(CARD, valid_until="2026-11-20"), Ground.CARD_EXPIRED),
        (ACCOUNT, PERSON, another(CARD, state=DocumentState.SUSPENDED), Ground.CARD_WITHDRAWN),
        (ACCOUNT, PERSON, another(CARD, state=DocumentState.REVOKED), Ground.CARD_WITHDRAWN),
        (ACCOUNT, another(PERSON, birth_date="2012-11-22"), CARD, Ground.NEEDS_GUARDIAN),
    ],
)
def test_grounds(account: Account | None, person: Person | None, identity: Document | None, why: Ground) -> None:
    assert ground(account, person, identity=identity, today=TODAY) is why
