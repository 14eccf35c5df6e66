"""An import, batch by batch, each a transaction of its own: what is written is whole, and is found there when it starts again.

Nothing is kept beside the register about how far an import came. A row that it has already is counted as there, so a process that
dies loses nothing, and the same file read again from its first row doubles nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from certs.catalogue import Fault
from idp.model import Event
from idp.ports import Ports
from idp.registries.importing.columns import Layout
from idp.registries.importing.register import Candidate, Judged, Register, Settled, State
from idp.registries.importing.seen import Seen
from idp.registries.importing.sheet import Row, Sheet, Unreadable
from idp.registries.importing.tally import Tally

# Rows. Large, since numbers are random and each batch writes most pages of their index; small enough for one statement to name
# them all, and for another writer to wait for.
BATCH = 4_000

# Runs what it is given in one transaction, and once more from its beginning where another one came in between.
Transact = Callable[[Callable[[Ports], list[Settled]]], list[Settled]]
Refuse = Callable[[Row, Sequence[Fault]], None]


def run(
    sheet: Sheet, layout: Layout, register: Register, *, transact: Transact, refuse: Refuse, now: int, size: int = BATCH
) -> Iterator[Tally]:
    """The same tally after each batch, which is written by then. Raises Unreadable where the file breaks off."""
    tally, seen, rows = Tally(), Seen(), sheet.rows()
    broken: list[Unreadable] = []
    while batch := _next(rows, size, broken):
        judged = [_judged(row, layout, register) for row in batch]
        candidates = [candidate for candidate, _ in judged if isinstance(candidate, Candidate)]
        settled = iter(_settled(candidates, register, seen, transact, now))
        for row, (candidate, noted) in zip(batch, judged, strict=True):
            if isinstance(candidate, Candidate):
                one = next(settled)
                if one.state is not State.REFUSED:
                    seen.add(candidate.key, candidate.says)
            else:
                one = candidate
            tally.count(row.number, one, noted if one.state is not State.REFUSED else ())
            if one.state is State.REFUSED:
                refuse(row, one.faults)
        tally.at = batch[-1].at
        yield tally
        if broken:
            raise broken[0]


def _next(rows: Iterator[Row], size: int, broken: list[Unreadable]) -> list[Row]:
    """What was read before a file broke off is settled first."""
    batch: list[Row] = []
    try:
        batch.extend(islice(rows, size))  # which keeps those that came before an error
    except Unreadable as error:
        if not batch:
            raise
        broken.append(error)
    return batch


def _judged(row: Row, layout: Layout, register: Register) -> tuple[Candidate | Settled, tuple[Fault, ...]]:
    if row.fault is not None:
        return Settled(State.REFUSED, (row.fault,)), ()
    record, unread = layout.of(row)
    record = register.tidy(record)
    judged: Judged = register.judge(record)
    named = {fault.field for fault in unread}
    faults = (*unread, *(fault for fault in judged.faults if fault.field not in named))
    if faults:
        return Settled(State.REFUSED, faults), ()
    return Candidate(row, record[register.number], record, repr(record), register.key(record)), judged.noted


def _settled(
    candidates: list[Candidate], register: Register, seen: Seen, transact: Transact, now: int
) -> list[Settled]:
    if not candidates:
        return []

    def work(ports: Ports) -> list[Settled]:
        settled = register.settle(ports, candidates, seen)
        counts = Counter(one.state for one in settled)
        changed = {state.value: counts[state] for state in (State.WRITTEN, State.REPLACED) if counts[state]}
        if changed and register.writes:
            ports.journal.append(Event(now, register.event, details={"register": register.kind.name, **changed}))
        return settled

    return transact(work)
