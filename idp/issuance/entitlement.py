"""May this account put this document into a wallet now? Asked when an offer is made and again when it is signed.

Spec: Decree 69/2024/NĐ-CP Art. 7, 15, 20 (account levels, locking); Law 26/2023/QH15 Art. 34.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from certs.catalogue import DocumentType, Text
from certs.encoding import b64url_encode
from idp.accounts.ages import is_adult
from idp.accounts.personal_id import SYNTHETIC
from idp.login.standing import Holder, today
from idp.model import Document, DocumentState, Person
from idp.registries import portraits

ADULT, PORTRAIT = "age_over_18", "portrait"
FACES = 1_024  # kept: one is asked for by each view and format of a document, and takes as long as ten signatures
VIETNAM = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a stable code for the journal and for machines, a sentence for the person."""

    code: str
    text: Text


NO_DOCUMENT = Refusal("no_document", Text(vi="Bạn không có giấy tờ này.", en="You do not have this document."))


def end_of_day(day: str) -> int:
    """The last second of an ISO day in Vietnam."""
    begins = datetime.combine(date.fromisoformat(day), datetime.min.time(), VIETNAM)
    return int((begins + timedelta(days=1)).astimezone(UTC).timestamp()) - 1


def refusal(*, who: Holder | None, document: Document | None, kind: DocumentType, now: int) -> Refusal | None:
    """None when the document may be issued. Checks, in order:

    1 the account stands: active, its person alive and not locked; 2 the document is the person's and of this type;
    3 it is valid and has not run out; 4 the account's level is high enough for this type.
    """
    if who is None:
        return Refusal("account_unusable", Text(vi="Tài khoản này không dùng được.", en="This account cannot be used."))
    unfit = unfitness(document=document, person=who.person, kind=kind, now=now)
    if unfit is not None:
        return unfit
    if who.account.level < kind.account_level:
        return Refusal(
            "account_level",
            Text(
                vi=f"Giấy tờ này cần tài khoản mức {kind.account_level}. Hãy đến công an xã, phường để nâng mức.",
                en=f"This document needs an account of level {kind.account_level}. Visit the commune police to raise yours.",
            ),
        )
    return None


def unfitness(*, document: Document | None, person: Person, kind: DocumentType, now: int) -> Refusal | None:
    """Checks 2 and 3, for who needs no account to ask."""
    if document is None or document.person_id != person.person_id or document.type != kind.name:
        return NO_DOCUMENT
    if document.state is DocumentState.SUSPENDED:
        return Refusal("document_suspended", _ask("Giấy tờ đang bị tạm đình chỉ.", "The document is suspended."))
    if document.state is DocumentState.REVOKED:
        return Refusal("document_revoked", _ask("Giấy tờ đã bị thu hồi.", "The document was revoked."))
    if document.valid_until is not None and document.valid_until < today(now).isoformat():
        return Refusal("document_expired", _ask("Giấy tờ đã hết hạn.", "The document has expired."))
    return None


def as_of(
    document: Document, kind: DocumentType, person: Person, *, day: date, fields: Collection[str] | None = None
) -> Mapping[str, Any]:
    """The record as it is signed on this day: an age is never older than the signature, and a face is drawn only now.

    `fields`: those that are wanted, if not all.
    """
    names = {field.name for field in kind.fields if fields is None or field.name in fields}
    added: dict[str, Any] = {}
    if ADULT in names:
        added[ADULT] = is_adult(person.birth_date, day)
    if PORTRAIT in names and PORTRAIT not in document.record and person.pid.startswith(SYNTHETIC):
        added[PORTRAIT] = _drawn(person)
    return {**document.record, **added} if added else document.record


@lru_cache(FACES)
def _drawn(person: Person) -> str:
    """Of somebody whom the population register has no picture of, since nobody has this number."""
    return b64url_encode(portraits.small(person))


def _ask(vi: str, en: str) -> Text:
    return Text(vi=f"{vi} Hãy liên hệ cơ quan cấp.", en=f"{en} Ask the authority that issued it.")
