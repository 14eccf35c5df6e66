"""What an import needs to know of a register: its fields, how a row is judged, and how judged rows are settled in it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from certs.catalogue import DocumentType, Fault, Text
from idp.ports import Ports
from idp.registries.importing.seen import Seen
from idp.registries.importing.sheet import Row


class State(StrEnum):
    WRITTEN = "written"
    REPLACED = "replaced"
    THERE = "already there"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that is good in itself; the register decides whether it fits there."""

    row: Row
    pid: str
    record: Mapping[str, Any]
    says: str = field(repr=False)  # the whole row as one text, alike for rows that say the same
    key: str = field(repr=False)  # what there is one row of: the number, and what tells its documents apart


@dataclass(frozen=True, slots=True)
class Settled:
    state: State
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    faults: tuple[Fault, ...]
    noted: tuple[Fault, ...] = ()  # worth a look, and no reason to refuse


Decide = Callable[[Candidate], Settled]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    kind: DocumentType
    number: str  # the field with the personal identification number
    event: str  # in the journal, with how many
    judge: Callable[[Mapping[str, Any]], Judged]
    settle: Callable[[Ports, Sequence[Candidate], Seen], list[Settled]]  # writes what is new; in one transaction
    tidy: Callable[[dict[str, Any]], dict[str, Any]] = dict
    writes: bool = True  # False: everything is looked at, and nothing changed
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    derived: tuple[str, ...] = ()  # fields that are made where they are missing
    apart: str = ""  # the field that tells rows of one number apart, where there may be several

    def key(self, record: Mapping[str, Any]) -> str:
        return f"{record[self.number]} {record[self.apart]}" if self.apart else str(record[self.number])


WRITTEN, THERE, REPLACED = Settled(State.WRITTEN), Settled(State.THERE), Settled(State.REPLACED)


def refused(where: str, code: str, text: Text) -> Settled:
    return Settled(State.REFUSED, (Fault(where, code, text),))


def in_turn(batch: Iterable[Candidate], number: str, seen: Seen, decide: Decide) -> list[Settled]:
    """Each candidate, after those before it: what the file itself said of the same before comes first."""
    accepted: dict[str, str] = {}
    settled = []
    for candidate in batch:
        key = candidate.key
        same = accepted[key] == candidate.says if key in accepted else seen.find(key, candidate.says)
        before = THERE if same else refused(number, "duplicate", DUPLICATE)
        one = decide(candidate) if same is None else before
        if one.state is not State.REFUSED:
            accepted[key] = candidate.says
        settled.append(one)
    return settled


DUPLICATE = Text(
    "Tệp đã có một dòng khác cho số này; hãy giữ lại một dòng.",
    "The file has another row for this number before; keep one.",
)
CANCELLED = Text(
    "Số này đã bị hủy và thay bằng số khác; hãy ghi số đang dùng.",
    "This number was cancelled and replaced; write the one in force.",
)
