"""Counts what became of each row, and how often each fault was found: what a register's keeper cleans next."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from certs.catalogue import Fault
from idp.registries.importing.register import Settled, State

FIRST = 5  # rows that are named for each fault
MOST = 200  # kinds of fault; names inside of a row's lists are the file's own and could be endless
_PLACE = re.compile(r"\[[0-9]+\]", re.ASCII)
OTHERS = ("…", "…")


@dataclass(slots=True)
class Found:
    rows: int = 0
    first: list[int] = field(default_factory=list)
    says: str = ""


@dataclass(slots=True)
class Tally:
    """`read` is the sum of the four others, always."""

    counts: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    faults: dict[tuple[str, str], Found] = field(default_factory=dict)  # by code and field
    noted: dict[tuple[str, str], Found] = field(default_factory=dict)
    at: int = 0  # how far the file is read

    @property
    def read(self) -> int:
        return sum(self.counts.values())

    def count(self, number: int, settled: Settled, noted: Iterable[Fault]) -> None:
        self.counts[settled.state] += 1
        _add(self.faults, number, settled.faults)
        _add(self.noted, number, noted)


def _add(to: dict[tuple[str, str], Found], number: int, faults: Iterable[Fault]) -> None:
    for key, says in {(fault.code, _general(fault)): fault.text.en for fault in faults}.items():
        if key not in to and len(to) >= MOST:
            key = OTHERS
        found = to.setdefault(key, Found(says=says))
        found.rows += 1
        if len(found.first) < FIRST:
            found.first.append(number)


def _general(fault: Fault) -> str:
    """`classes[2].expires` is `classes[].expires`; of an unknown name only where it stood."""
    where = _PLACE.sub("[]", fault.field)
    return where.rpartition(".")[0] if fault.code == "unknown" else where
