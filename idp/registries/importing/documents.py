"""Rows of a sector's register: a document of a person whom the population register knows, and which agrees with it.

Spec: Decision 06/QĐ-TTg (data are right, complete, clean, alive); Decree 37/2021/NĐ-CP (held against the population database)
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from certs.catalogue import DocumentType, Fault, Field, Kind, Text, faults
from idp.accounts.ages import is_adult
from idp.model import Document, DocumentState, Person
from idp.ports import Ports
from idp.registries.importing import numbers
from idp.registries.importing.register import (
    CANCELLED,
    REPLACED,
    THERE,
    WRITTEN,
    Candidate,
    Judged,
    Register,
    Settled,
    State,
    in_turn,
    refused,
)
from idp.registries.importing.seen import Seen
from idp.registries.naming import distinguished, document_id
from idp.registries.population import agreement
from idp.registries.transport import without_points

PID, ADULT, STATE = "personal_identification_number", "age_over_18", "state"
_STATES = Field(
    STATE,
    0,
    Kind.CHOICE,
    Text("Trạng thái", "State"),
    choices=tuple(DocumentState),
    words=(Text("Còn hiệu lực", "Valid"), Text("Tạm đình chỉ", "Suspended"), Text("Đã thu hồi", "Revoked")),
    required=False,
)

_WHOLE_DAYS = ("valid_from", "valid_until")
_MONTH_OR_YEAR = re.compile(r"[0-9]{4}(-[0-9]{2})?", re.ASCII)
_WHOLE = Text("Cần đủ ngày, tháng, năm.", "Day, month and year are needed.")
_UNKNOWN = Text("Cơ sở dữ liệu dân cư không có số này.", "The population register does not have this number.")
_DECEASED = Text(
    "Người này đã mất; giấy tờ chỉ có thể ghi là đã thu hồi.",
    "This person has died; a document can only be a revoked one.",
)
_DISAGREES = Text("Không khớp với cơ sở dữ liệu dân cư.", "Does not agree with the population register.")
_DIFFERS = Text(
    "Đã có giấy tờ này với nội dung khác; ghi đè bằng --replace.",
    "There is such a document that says otherwise; write over it with --replace.",
)
_FINAL = Text("Giấy tờ đã bị thu hồi; không ghi đè được.", "The document was revoked, which is final.")
_STATE_DIFFERS = Text(
    "Trạng thái khác; thay đổi bằng lệnh document suspend, reinstate, revoke.",
    "Its state is another; change it with the commands document suspend, reinstate, revoke.",
)

_NO_POINTS = Text("Giấy phép không còn điểm không thể có hiệu lực.", "A licence without points is not in force.")
_DEDUCTED = Text(
    "Giấy phép đang có hiệu lực; trừ điểm bằng lệnh documents points.",
    "The licence is in force; deduct its points with the command documents points.",
)

Rewrite = Callable[
    [Ports, Sequence[Document]], None
]  # puts these in the place of what there is, with all that hangs on it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    kind: DocumentType
    today: date
    simulation: bool
    dry_run: bool
    rewrite: Rewrite | None
    adult: bool  # the kind says whether its holder is one


def register(
    kind: DocumentType, *, today: date, simulation: bool, dry_run: bool, rewrite: Rewrite | None = None
) -> Register:
    """`rewrite` where what differs is to be replaced."""
    adult = any(field.name == ADULT for field in kind.fields)
    terms = _Terms(kind=kind, today=today, simulation=simulation, dry_run=dry_run, rewrite=rewrite, adult=adult)
    return Register(
        kind=replace(kind, fields=(*kind.fields, _STATES)),
        number=PID,
        event="documents_imported",
        judge=partial(_judge, terms),
        settle=partial(_settle, terms),
        writes=not dry_run,
        derived=(ADULT,) if terms.adult else (),
        apart=kind.identified_by,
    )


def _judge(terms: _Terms, record: Mapping[str, Any]) -> Judged:
    says = {name: value for name, value in record.items() if name != STATE}
    if terms.adult:
        says[ADULT] = False  # made of the register's own date of birth when it is written
    found = [*faults(terms.kind, says), *(faults(_STATE_ALONE, {STATE: record[STATE]}) if STATE in record else ())]
    if without_points(says) and record.get(STATE) == DocumentState.VALID:
        found.append(Fault(STATE, "points", _NO_POINTS))
    found += [Fault(where, "form", _WHOLE) for where in _in_part(terms.kind, says)]
    if PID not in {fault.field for fault in found}:
        number = numbers.judged(record[PID], where=PID, year=terms.today.year, simulation=terms.simulation)
        if isinstance(number, Fault):
            found.append(number)
    return Judged(tuple(found))


def _in_part(kind: DocumentType, says: Mapping[str, Any]) -> Iterator[str]:
    """Where a month or a year stands that is reckoned with, and compared with today: neither is the end of anything."""
    days = {name: says.get(name) for name in _WHOLE_DAYS}
    for field in kind.fields:
        rows = says.get(field.name)
        if field.lifetimes is not None and isinstance(rows, list):
            for number, row in enumerate(rows, 1):
                for name in (field.lifetimes.begins, field.lifetimes.ends):
                    days[f"{field.name}[{number}].{name}"] = row.get(name) if isinstance(row, dict) else None
    return (where for where, day in days.items() if isinstance(day, str) and _MONTH_OR_YEAR.fullmatch(day))


_STATE_ALONE = DocumentType("state", 0, Text("", ""), (_STATES,), (), (), 0)


def _settle(terms: _Terms, ports: Ports, batch: Sequence[Candidate], seen: Seen) -> list[Settled]:
    # Held: nobody dies or is given another name between the look and the writing.
    writes, kind = not terms.dry_run, terms.kind
    pids = {candidate.pid for candidate in batch}
    people = ports.population.known(pids, hold=writes, to_change=writes and terms.rewrite is not None)
    held = ports.documents.of_people({person.person_id for person in people.values()}, kind.name)
    new: list[Document] = []
    changed: list[Document] = []

    def decide(candidate: Candidate) -> Settled:
        person = people.get(candidate.pid)
        if person is None:
            return refused(PID, "unknown_person", _UNKNOWN)
        if unfit := _unfit(person, candidate):
            return unfit
        made = _document(terms, person, candidate.record)
        stored = _stored(kind, held.get(person.person_id, ()), made)
        if stored is None:
            new.append(made)
            return WRITTEN
        settled = _beside(terms, stored, made, candidate.record)
        if settled is REPLACED:
            record = {**stored.record, **made.record}  # what the file is silent about stays as it was
            if unsound := faults(kind, record):  # the row was sound by itself, and need not be together with the rest
                return Settled(State.REFUSED, unsound)
            changed.append(replace(stored, record=record, valid_until=valid_until(kind, record)))
        return settled

    settled = in_turn(batch, PID, seen, decide)
    if writes:
        # In one order for all: two who import the same documents wait for one another, and not in a ring.
        ports.documents.add(sorted(new, key=lambda document: document.document_id))
        if terms.rewrite is not None and changed:
            terms.rewrite(ports, changed)
    return settled


def _stored(kind: DocumentType, held: Sequence[Document], made: Document) -> Document | None:
    """Which of the person's documents of this kind the row is about; by what tells them apart, since ids were made otherwise once."""
    told = distinguished(kind, made.record)
    return next((one for one in reversed(held) if distinguished(kind, one.record) == told), None)


def _beside(terms: _Terms, stored: Document, made: Document, record: Mapping[str, Any]) -> Settled:
    """There is such a document: the same, or one that says otherwise."""
    if STATE in record and stored.state is not made.state:
        return refused(STATE, "state", _STATE_DIFFERS)
    if stored.state is DocumentState.VALID and without_points(made.record):
        return refused("points", "points", _DEDUCTED)
    differing = [name for name, value in made.record.items() if name != ADULT and stored.record.get(name) != value]
    if not differing:
        return THERE
    if terms.rewrite is None:
        return refused("; ".join(differing), "differs", _DIFFERS)
    return REPLACED if stored.state is not DocumentState.REVOKED else refused("", "revoked", _FINAL)


def _unfit(person: Person, candidate: Candidate) -> Settled | None:
    if person.pid != candidate.pid:
        return refused(PID, "cancelled", CANCELLED)
    claimed = {name: value for name, value in candidate.record.items() if name in _COMPARED}
    if at_odds := [name for name, agrees in agreement(person, claimed).items() if not agrees]:
        return refused("; ".join(at_odds), "disagrees", _DISAGREES)
    if person.deceased_on is not None and candidate.record.get(STATE) != DocumentState.REVOKED:
        return refused(PID, "deceased", _DECEASED)
    return None


_COMPARED = frozenset({"full_name", "birth_date", "sex", "nationality"})


def _document(terms: _Terms, person: Person, record: Mapping[str, Any]) -> Document:
    says = {name: value for name, value in record.items() if name != STATE}
    if terms.adult:
        says[ADULT] = is_adult(person.birth_date, terms.today)
    return Document(
        document_id(person.person_id, terms.kind, says),
        person.person_id,
        terms.kind.name,
        says,
        DocumentState(record.get(STATE, DocumentState.SUSPENDED if without_points(says) else DocumentState.VALID)),
        valid_until(terms.kind, says),
    )


def valid_until(kind: DocumentType, record: Mapping[str, Any]) -> str | None:
    """The day on which the document ends: its own, or the last on which a row of it does; None while one has no end."""
    if "valid_until" in record:
        return str(record["valid_until"])
    for field in kind.fields:
        if field.lifetimes is not None:
            ends = [row[field.lifetimes.ends] for row in record.get(field.name, ())]
            return max(ends) if ends and all(ends) else None
    return None
