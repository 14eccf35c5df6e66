"""Seal what was written to the journal, beside the requests: they write their line and know of no chain.

A block holds events in the order of their numbers, up to one number, and never goes back. So nothing may be committed later
at or below that number. On SQLite writers follow one another, and numbers rise with them. PostgreSQL gives a number when a
line is written, and shows the line when its transaction commits, which may be later than that of a higher number. No wait of
fixed length is right: a transaction has no longest time. Instead, in this order:

 1. the highest number that is committed is read;
 2. then the transactions that hold the table's lock for writers: each took it before it took a number, and holds it to its
    end, so every number at or below (1) that is not committed yet belongs to one of them;
 3. they are waited for; whoever comes meanwhile takes numbers above (1), and nobody waits for us;
 4. what is at or below (1) is sealed. Numbers of transactions that were rolled back stay gaps for good.
"""

from collections.abc import Callable, Iterator

from idp.journal.chain import BEFORE_ALL, BLOCK_EVENTS, block_after
from idp.model import Block, Mark
from idp.ports import Storage

LOOKS = 600  # for writers to end; then the next call tries again
LOOK_SECONDS = 0.05


def seal(storage: Storage, *, now: int, sleep: Callable[[float], None]) -> Iterator[Block]:
    """The blocks as they are sealed, until what was there at the beginning is sealed, or somebody else seals too."""
    with storage.reading() as ports:
        mark = ports.chain.mark()
        newest = ports.chain.newest()
    if newest is not None and newest.last_event_id >= mark.event_id:
        return
    if not _settled(storage, mark, sleep):
        return
    while block := _next(storage, mark, now=now):
        with storage.transaction() as ports:
            if not ports.chain.seal(block):
                return
        yield block


def _settled(storage: Storage, mark: Mark, sleep: Callable[[float], None]) -> bool:
    for _ in range(LOOKS):
        with storage.reading() as ports:
            if ports.chain.settled(mark):
                return True
        sleep(LOOK_SECONDS)
    return False


def _next(storage: Storage, mark: Mark, *, now: int) -> Block | None:
    """Read and hashed outside of the writing transaction: on SQLite all writers wait for that one."""
    with storage.reading() as ports:
        newest = ports.chain.newest()
        start = newest.last_event_id if newest else BEFORE_ALL
        events = ports.chain.after(start, until=mark.event_id, limit=BLOCK_EVENTS)
    return block_after(newest, events, now=now) if events else None
