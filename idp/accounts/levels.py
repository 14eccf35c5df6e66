"""Account levels: who may hold level 1 or 2, and what a level opens. How well somebody was proofed, not how they signed in.

Spec: Decree 69/2024/NĐ-CP Art. 7 (who), 13 (level 2 in person), 14(2) (children); `certs.catalogue` (level of each document).
"""

from dataclasses import dataclass
from datetime import date

from certs.catalogue import DocumentType
from idp.accounts.ages import age
from idp.model import Person

OWN_ACCOUNT_AGE = 14  # from here on a citizen registers alone
SECOND_LEVEL_AGE = 6  # below it there is level 1 only


@dataclass(frozen=True, slots=True)
class Entitlement:
    """`levels` that the person may hold; `by_guardian` where a representative's account registers and consents."""

    levels: tuple[int, ...]
    by_guardian: bool


def entitlement(person: Person, today: date) -> Entitlement:
    """Art. 7: from 14 both; from 6 both, on request; below 6 level 1. Foreigners with a residence card stand alike."""
    if person.deceased_on is not None:
        return Entitlement((), by_guardian=False)
    years = age(person.birth_date, today)
    return Entitlement((1, 2) if years >= SECOND_LEVEL_AGE else (1,), by_guardian=years < OWN_ACCOUNT_AGE)


def opens(level: int, document: DocumentType) -> bool:
    """May an account of this level put such a document into a wallet?"""
    return level >= document.account_level
