"""A process that seals the journal as housekeeping does, only more often; it says when it begins, and what it sealed.

It is killed within a few milliseconds after it began. Then the chain must hold, with every block that it told of.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from signal import SIGKILL
from typing import Any

from idp import housekeeping
from idp.journal.verification import verify
from idp.ports import Storage
from idp.storage import place

PAUSE = 0.2  # seconds between two seals
LONGEST = 0.012  # after it began: as long as one takes, and a little more
FIRST = 1.0  # it is waited for so long until it begins

_FORKS = get_context("forkserver")


@dataclass
class Keeper:
    process: BaseProcess
    hears: "Connection[Any, Any]"
    sealed: list[bytes] = field(default_factory=list)  # hashes that it told
    cut: int = 0  # it had begun, and was killed before it was done

    @classmethod
    def start(cls, database: str) -> "Keeper":
        hears, says = _FORKS.Pipe(duplex=False)
        process = _FORKS.Process(target=_work, args=(database, says), daemon=True)
        process.start()
        says.close()
        return cls(process, hears)

    def kill(self, chance: random.Random) -> None:
        """When it has begun once more; there must be something to seal meanwhile."""
        working, end = False, time.monotonic() + FIRST
        try:
            while self.hears.poll():
                self._hear()
            while not working and self.hears.poll(max(0.0, end - time.monotonic())):
                working = self._hear()
            time.sleep(chance.uniform(0.0, LONGEST))
            self.process.kill()
            while True:
                working = self._hear()
        except EOFError:
            self.hears.close()
        self.cut = int(working)
        self.process.join()

    def faults(self, storage: Storage) -> Iterator[str]:
        if self.process.exitcode != -SIGKILL:
            yield f"the keeper ended by itself: {self.process.exitcode}"
        found = verify(storage, expect=self.sealed[-1] if self.sealed else None)
        if found.broken is not None:
            yield f"the journal does not hold: {found.broken}"
        with storage.reading() as ports:
            if any(ports.chain.holds(one) is None for one in self.sealed):
                yield "a block that was told is not there"

    def _hear(self) -> bool:
        """True when it begins, False when it is done."""
        said = self.hears.recv()
        if said is not None:
            self.sealed += said
        return said is None


def _work(database: str, says: "Connection[Any, Any]") -> None:
    with place.opened(database) as storage:
        while True:
            says.send(None)
            says.send([block.hash for block in housekeeping.seal(storage, now=int(time.time()), sleep=time.sleep)])
            time.sleep(PAUSE)
