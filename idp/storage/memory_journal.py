"""The journal and the seals over it, in memory."""

from dataclasses import replace

from idp.model import CLIENT_EVENTS, Block, Event, Mark, Recorded
from idp.storage.memory_rows import Rows, Undo, as_stored


class MemoryJournal:
    def __init__(self, undo: Undo) -> None:
        self._events: Rows[int, Event] = Rows(undo)

    def append(self, event: Event) -> None:
        self._events.add(len(self._events) + 1, replace(event, details=as_stored(event.details)))

    def recorded(self) -> list[Recorded]:
        return [Recorded(event_id, event) for event_id, event in self._events.items()]

    def read(self, *, account_id: str | None = None, kind: str | None = None, limit: int = 1000) -> tuple[Event, ...]:
        wanted = [
            event
            for event in reversed(self._events.values())
            if account_id in (None, event.account_id) and kind in (None, event.kind)
        ]
        return tuple(wanted[:limit])

    def history(
        self,
        account_id: str,
        *,
        kinds: tuple[str, ...],
        limit: int,
        before: int | None = None,
        client_id: str | None = None,
    ) -> tuple[Recorded, ...]:
        wanted = [
            one
            for one in reversed(self.recorded())
            if one.event.account_id == account_id
            and one.event.kind in kinds
            and (before is None or one.event_id < before)
            and client_id in (None, one.event.client_id)
        ]
        return tuple(wanted[:limit])

    def of_client(self, client_id: str, *, limit: int) -> tuple[Recorded, ...]:
        theirs = [one for one in reversed(self.recorded()) if one.event.client_id == client_id]
        return tuple([one for one in theirs if one.event.kind in CLIENT_EVENTS][:limit])

    def whole(self, account_id: str, *, after: int, limit: int) -> tuple[Recorded, ...]:
        wanted = [one for one in self.recorded() if one.event.account_id == account_id and one.event_id > after]
        return tuple(wanted[:limit])


class MemoryChain:
    def __init__(self, undo: Undo, journal: MemoryJournal) -> None:
        self._journal = journal
        self._blocks: Rows[int, Block] = Rows(undo)

    def mark(self) -> Mark:
        return Mark(len(self._journal.recorded()))

    def settled(self, mark: Mark) -> bool:
        return not mark.writers  # transactions exclude one another: nobody was writing

    def after(self, event_id: int, *, until: int, limit: int) -> tuple[Recorded, ...]:
        return tuple(one for one in self._journal.recorded() if event_id < one.event_id <= until)[:limit]

    def waiting(self, event_id: int) -> int:
        return sum(one.event_id > event_id for one in self._journal.recorded())

    def newest(self) -> Block | None:
        return self._blocks.get(len(self._blocks))

    def blocks(self, *, after: int, limit: int) -> tuple[Block, ...]:
        return tuple(block for number, block in sorted(self._blocks.items()) if number > after)[:limit]

    def holds(self, block_hash: bytes) -> int | None:
        return next((block.number for block in self._blocks.values() if block.hash == block_hash), None)

    def seal(self, block: Block) -> bool:
        if block.number in self._blocks:
            return False
        self._blocks.add(block.number, block)
        return True
