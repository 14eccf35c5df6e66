"""Printed codes: a view of a document signed for paper, bound to nobody's key; which there are, and taking one back.

Whoever sees the paper can copy it, so each print is a credential of its own, with its own status: taking back one touches
neither the others nor what is in a wallet. What is done to the document itself reaches its prints like every credential.

Spec: `certs/qr.md` §3.1; Decree 69/2024/NĐ-CP Art. 20 (who may ask); Token Status List §7.
"""

import secrets
from dataclasses import dataclass, field, replace

from cryptography import x509

from certs import qr
from certs.authority import DAY
from certs.catalogue import AUTHORITIES, CATALOGUE, DocumentType, Text, View
from certs.errors import CertsError
from certs.formats import cwt
from certs.status import Status
from certs.x509 import key_id
from idp.issuance import status
from idp.issuance.entitlement import NO_DOCUMENT, Refusal, as_of, end_of_day, refusal, unfitness
from idp.issuance.signers import Signers, SigningUnavailable
from idp.login.standing import Holder, holder, today
from idp.model import PRINTED, Document, Event, IssuedCredential, Person
from idp.ports import Ports
from idp.registries.naming import distinguished

MOST = 10  # prints of one document that are good at once: a person loses track of more


@dataclass(frozen=True, slots=True)
class Print:
    """A print that was just made; its text is nowhere kept."""

    number: str
    kind: DocumentType
    view: View
    name: str | None
    issuer: Text
    issued: int
    expires: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Made:
    """A print as the register knows it."""

    number: str
    kind: DocumentType
    view: View
    issued: int
    expires: int
    state: Status
    about: str = ""  # what tells its document from the person's others of the kind


@dataclass(frozen=True, slots=True)
class _Asked:
    kind: DocumentType
    view: View
    document: Document
    person: Person
    by: str


TOO_MANY = Refusal(
    "too_many_prints",
    Text(
        vi=f"Giấy tờ này đã có {MOST} bản in còn giá trị. Hãy hủy bớt một bản rồi in lại.",
        en=f"This document has {MOST} prints in force already. Take one back, then print again.",
    ),
)
NOT_PRINTED = Refusal(
    "not_printed", Text(vi="Phần này của giấy tờ không được in.", en="This part of the document is never printed.")
)
UNFIT = Refusal(
    "record_unfit",
    Text(
        vi="Dữ liệu hiện có không đủ cho bản in này. Hãy chọn phần khác.",
        en="What is on record is not enough for this print. Choose another part.",
    ),
)
NO_PRINT = Refusal("no_print", Text(vi="Không có bản in này.", en="There is no such print."))
TAKEN_BACK = Refusal("taken_back", Text(vi="Bản in này đã bị hủy trước đó.", en="This print was taken back before."))


def choices(kind: DocumentType) -> tuple[View, ...]:
    """The views of a kind that go on paper."""
    return tuple(view for view in kind.views if view.qr) if kind.printed_days else ()


def for_citizen(
    ports: Ports, *, account_id: str, document_id: str, view: str, issuer: str, signers: Signers, now: int
) -> Print | Refusal:
    """For the person themselves, by the same rules as into a wallet. Raises SigningUnavailable."""
    account = ports.accounts.get(account_id)
    if account is not None:
        ports.population.hold(
            account.person_id, to_change=True
        )  # of two who print at once the second counts the first's
    who = holder(ports, account_id, now=now, hold=True)
    document = ports.documents.hold(document_id)
    kind = CATALOGUE.get(document.type) if document else None
    if document is None or kind is None:
        return _refused(ports, NO_DOCUMENT, who, document_id, "citizen", now)
    refused = refusal(who=who, document=document, kind=kind, now=now)
    if refused is not None or who is None:
        return _refused(ports, refused or NO_DOCUMENT, who, document_id, "citizen", now)
    return _print(ports, document, who.person, view, "citizen", issuer=issuer, signers=signers, now=now)


def for_officer(
    ports: Ports, *, document_id: str, view: str | None, by: str, issuer: str, signers: Signers, now: int
) -> Print | Refusal:
    """At an office, for whoever stands there: the person needs no account. Raises SigningUnavailable."""
    found = ports.documents.get(document_id)
    person = ports.population.hold(found.person_id, to_change=True) if found else None
    document = ports.documents.hold(document_id) if person else None
    kind = CATALOGUE.get(document.type) if document else None
    if document is None or person is None or kind is None:
        return _refused(ports, NO_DOCUMENT, None, document_id, by, now)
    refused = unfitness(document=document, person=person, kind=kind, now=now)
    if refused is None and (person.locked or person.deceased_on is not None):
        refused = Refusal("person_unusable", Text(vi="Danh tính này đang khóa hoặc đã mất.", en="Locked or deceased."))
    if refused is not None:
        return _refused(ports, refused, None, document_id, by, now)
    return _print(ports, document, person, view, by, issuer=issuer, signers=signers, now=now)


def made(ports: Ports, person_id: str, *, now: int) -> tuple[Made, ...]:
    """Every print of a person's documents that has not run out, the newest first."""
    found = [
        Made(
            each.credential_id,
            kind,
            kind.view(each.view),
            each.issued_at,
            each.expires,
            ports.statuses.look_up(each.status_list, each.status_index),
            distinguished(kind, document.record),
        )
        for document in ports.documents.of_person(person_id)
        if (kind := CATALOGUE.get(document.type)) is not None
        for each in _printed(ports, document, now=now)
    ]
    return tuple(sorted(found, key=lambda each: (-each.issued, each.number)))


def take_back(ports: Ports, *, number: str, person_id: str, by: str, now: int) -> Made | Refusal:
    """For good: whoever holds a copy is told *withdrawn* from the next list on."""
    ports.population.hold(person_id)
    account = ports.accounts.by_person(person_id)
    for document in ports.documents.of_person(person_id):
        for each in ports.documents.issued(document.document_id):
            if each.credential_id != number or each.holder_thumbprint != PRINTED:
                continue
            if ports.statuses.look_up(each.status_list, each.status_index) is Status.INVALID:
                return TAKEN_BACK
            ports.statuses.set(each.status_list, each.status_index, Status.INVALID)
            details = {"credential_id": number, "type": document.type, "view": each.view, "by": by}
            ports.journal.append(Event(now, "print_taken_back", account.account_id if account else None, None, details))
            kind = CATALOGUE[document.type]
            about = distinguished(kind, document.record)
            return Made(number, kind, kind.view(each.view), each.issued_at, each.expires, Status.INVALID, about)
    return NO_PRINT


def _print(
    ports: Ports,
    document: Document,
    person: Person,
    view: str | None,
    by: str,
    *,
    issuer: str,
    signers: Signers,
    now: int,
) -> Print | Refusal:
    kind = CATALOGUE[document.type]
    chosen = next((each for each in choices(kind) if view in (None, each.name)), None)
    account = ports.accounts.by_person(person.person_id)
    who = Holder(account, person) if account else None
    if chosen is None:
        return _refused(ports, NOT_PRINTED, who, document.document_id, by, now)
    living = [
        each
        for each in _printed(ports, document, now=now)
        if ports.statuses.look_up(each.status_list, each.status_index) is not Status.INVALID
    ]
    if len(living) >= MOST:
        return _refused(ports, TOO_MANY, who, document.document_id, by, now)
    record = as_of(document, kind, person, day=today(now), fields=chosen.fields)
    asked = _Asked(kind, chosen, replace(document, record=record), person, by)
    try:
        return _sign(ports, asked, who, issuer=issuer, signers=signers, now=now)
    except OSError as error:  # the key's module or its host is away
        raise SigningUnavailable(type(error).__name__) from error
    except (ValueError, CertsError):  # the record does not fit this view; the index stays unused for good
        return _refused(ports, UNFIT, who, document.document_id, by, now)


def _sign(ports: Ports, asked: _Asked, who: Holder | None, *, issuer: str, signers: Signers, now: int) -> Print:
    kind, view, document = asked.kind, asked.view, asked.document
    authority = kind.issuer_on(today(now))
    if authority is None:
        raise ValueError("nobody issues this today")
    number, account_id = secrets.token_hex(16), who.account.account_id if who else None
    held = signers.of(authority)
    expires = _expiry(kind, document, held.certificate, now)
    told = {
        "credential_id": number,
        "document_id": document.document_id,
        "type": kind.name,
        "view": view.name,
        "by": asked.by,
    }
    ports.journal.append(Event(now, "print_intended", account_id, None, told))
    place, index = status.allocate(ports.statuses, kind.code)
    credential = cwt.issue_printed(
        document=kind,
        view=view.name,
        record=document.record,
        issuer=authority,
        signer=held.signer,
        kid=key_id(held.certificate),
        status_uri=status.uri(issuer, place),
        status_index=index,
        now=now,
        expires=expires,
    )
    ports.documents.record_issue(
        IssuedCredential(number, document.document_id, view.name, PRINTED, place, index, now, expires)
    )
    ports.journal.append(Event(now, "document_printed", account_id, None, {**told, "claims": sorted(view.fields)}))
    name = asked.person.name if "full_name" in view.fields else None
    return Print(number, kind, view, name, AUTHORITIES[authority].name, now, expires, qr.to_text(credential))


def _expiry(kind: DocumentType, document: Document, certificate: x509.Certificate, now: int) -> int:
    """A print outlives neither its document nor its signer's certificate: the paper says until when it can be checked."""
    ends = [now + kind.printed_days * DAY, int(certificate.not_valid_after_utc.timestamp())]
    return min(ends if document.valid_until is None else [*ends, end_of_day(document.valid_until)])


def _printed(ports: Ports, document: Document, *, now: int) -> tuple[IssuedCredential, ...]:
    return tuple(
        each
        for each in ports.documents.issued(document.document_id)
        if each.holder_thumbprint == PRINTED and each.expires > now
    )


def _refused(ports: Ports, why: Refusal, who: Holder | None, document_id: str, by: str, now: int) -> Refusal:
    details = {"document_id": document_id, "by": by, "code": why.code}
    ports.journal.append(Event(now, "print_refused", who.account.account_id if who else None, None, details))
    return why
