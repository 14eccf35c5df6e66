"""Read the whole journal again and hold it against its seals: it fits, or this is the first place where it does not.

Of each block, in order:
 1. its number follows that of the block before               else a block was removed
 2. it is what its own hash says                              else this block was altered
 3. it names the hash of the block before                     else that one was made anew
 4. each of its events is there, is the same, and no other is beside them
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from idp.journal.chain import BEFORE_ALL, FIRST_PREVIOUS, LEAF_BYTES, is_whole, leaf, leaves_of
from idp.model import Block, Recorded
from idp.ports import Storage

BLOCKS_AT_ONCE = 4


class Fault(StrEnum):
    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    BLOCK_ALTERED = "block_altered"
    BLOCK_REMOVED = "block_removed"
    NOT_THE_KEPT_ONE = "not_the_kept_one"  # the hash that was kept elsewhere is that of no block


@dataclass(frozen=True, slots=True)
class Break:
    """The first place that does not hold: the block, and the first event that is affected."""

    fault: Fault
    block: int
    event_id: int | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at. `waiting` events are not sealed yet; `newest` is the hash to keep elsewhere."""

    blocks: int
    events: int
    waiting: int
    newest: Block | None
    broken: Break | None


def verify(
    storage: Storage, *, expect: bytes | None = None, reached: Callable[[Block], None] = lambda _: None
) -> Verified:
    """`expect`: the hash of a block as it was told once. `reached` is told each block that holds."""
    before: Block | None = None
    events = 0
    for block in _blocks(storage):
        broken = block_fault(block, before) or _event_fault(storage, block, before)
        if broken is not None:
            return Verified(before.number if before else 0, events, 0, before, broken)
        before, events = block, events + len(block.leaves) // LEAF_BYTES
        reached(block)
    count = before.number if before else 0
    with storage.reading() as ports:
        waiting = ports.chain.waiting(before.last_event_id if before else BEFORE_ALL)
        known = expect is None or ports.chain.holds(expect) is not None
    broken = None if known else Break(Fault.NOT_THE_KEPT_ONE, count, None)
    return Verified(count, events, waiting, before, broken)


def _blocks(storage: Storage) -> Iterator[Block]:
    """A few at a time: nothing is held while they are looked at, and what is sealed meanwhile comes too."""
    number = 0
    while True:
        with storage.reading() as ports:
            some = ports.chain.blocks(after=number, limit=BLOCKS_AT_ONCE)
        if not some:
            return
        yield from some
        number = some[-1].number


def block_fault(block: Block, before: Block | None) -> Break | None:
    number, previous = (before.number + 1, before.hash) if before else (1, FIRST_PREVIOUS)
    if block.number != number:  # 1
        return Break(Fault.BLOCK_REMOVED, number, _begin(before) + 1 if before else None)
    if not is_whole(block):  # 2
        return Break(Fault.BLOCK_ALTERED, number, _first(block))
    if block.previous != previous:  # 3
        return Break(Fault.BLOCK_ALTERED, before.number if before else number, _first(before or block))
    return None


def _event_fault(storage: Storage, block: Block, before: Block | None) -> Break | None:  # 4
    count = len(block.leaves) // LEAF_BYTES
    with storage.reading() as ports:
        # One more than there should be: among so many the first that does not belong is found.
        found = ports.chain.after(_begin(before), until=block.last_event_id, limit=count + 1)
    if b"".join(map(leaf, found)) == block.leaves:
        return None
    event_id, fault = first_difference(block, found, whole=len(found) <= count)
    return Break(fault, block.number, event_id)


def first_difference(block: Block, found: Sequence[Recorded], *, whole: bool) -> tuple[int, Fault]:
    """`whole`: there are no more events up to the block's last one."""
    sealed = dict(leaves_of(block))
    seen = {one.event_id: leaf(one)[-32:] for one in found}
    end = block.last_event_id if whole else found[-1].event_id
    for event_id in sorted(sealed.keys() | seen.keys()):
        if event_id > end or sealed.get(event_id) == seen.get(event_id):
            continue
        if event_id not in seen:
            return event_id, Fault.REMOVED
        if event_id not in sealed:
            return event_id, Fault.INSERTED
        return event_id, Fault.REORDERED if seen[event_id] in sealed.values() else Fault.CHANGED
    return block.last_event_id, Fault.CHANGED  # a leaf twice: the block is not whole, and was not let through


def _begin(before: Block | None) -> int:
    return before.last_event_id if before else BEFORE_ALL


def _first(block: Block) -> int | None:
    return next((number for number, _ in leaves_of(block)), None)
