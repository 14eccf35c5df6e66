"""Work on all cores with its order kept: chunks go to who has the least in hand, and come back as they went.

Each process is a new interpreter with a pipe of its own and nobody else's end of it, so that when the first one is killed
without a word every other one reads the end of its pipe and goes too. Nothing but the bundle's bytes makes the trust there.
"""

import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from certs import bundle as bundles
from certs.bundle import fingerprint
from verifier.verifier import Verifier

AHEAD = 3  # chunks that a process has in hand: one under work, one to begin with next, one on its way
WAITING = 8  # chunks for each process until the oldest is done: a process that is held up does not hold up the others
LAST_WAIT = 5.0  # seconds for a process to end by itself

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


class WorkerLost(Exception):
    """A process of the pool ended before its work was done."""


def in_order(
    job: Callable[[Verifier, Chunk], Result], verifier: Verifier, chunks: Iterable[Chunk], *, processes: int
) -> Generator[tuple[Chunk, Result], None, None]:
    """Each chunk with what the job made of it. The verifier's clock is read when a chunk is handed out, and stands while it
    is worked on. With one process nothing is started. Job and chunks must be of the kind that travels (`pickle`)."""
    if processes < 1:
        raise ValueError("at least one process is needed")
    if processes == 1:
        for chunk in chunks:
            yield chunk, job(_standing(verifier, int(verifier.clock())), chunk)
        return
    with _started(processes, Luggage.of(verifier), job) as links:
        hands: _Hands = {link: deque() for link in links}
        waiting: deque[_Parcel] = deque()
        for chunk in chunks:
            link = min(hands, key=lambda one: len(hands[one]))
            _send(link, (int(verifier.clock()), chunk))
            waiting.append(_Parcel(chunk))
            hands[link].append(waiting[-1])
            while len(waiting) == WAITING * processes or all(len(hand) == AHEAD for hand in hands.values()):
                _receive_some(hands)
                yield from _done(waiting)
        while waiting:
            _receive_some(hands)
            yield from _done(waiting)


@dataclass(slots=True, eq=False)
class _Parcel:
    """A chunk on its way, and what was made of it once it is back."""

    chunk: Any
    result: Any = None
    back: bool = False


_Hands = dict[Connection, deque[_Parcel]]  # of each process what it has in hand, in the order in which it answers


def _done(waiting: deque[_Parcel]) -> Iterator[tuple[Any, Any]]:
    while waiting and waiting[0].back:
        parcel = waiting.popleft()
        yield parcel.chunk, parcel.result


def _standing(verifier: Verifier, now: int) -> Verifier:
    return replace(verifier, clock=lambda: now)


def _send(link: Connection, parcel: tuple[int, object]) -> None:
    try:
        link.send(parcel)
    except OSError as error:
        raise WorkerLost from error


def _receive_some(hands: _Hands) -> None:
    """At least one: waits for whoever is ready first."""
    ready = wait([link for link, hand in hands.items() if hand])
    for link, hand in hands.items():
        if link in ready:
            hand[0].result, hand[0].back = _received(link), True
            hand.popleft()


def _received(link: Connection) -> Any:
    try:
        return link.recv()
    except (EOFError, OSError) as error:
        raise WorkerLost from error


@contextmanager
def _started(count: int, luggage: "Luggage", job: Callable[..., Any]) -> Iterator[list[Connection]]:
    context = get_context("spawn")  # a copy of a process that has threads may stand still for ever
    links, processes = [], []
    try:
        with _deaf_to_interrupts():
            for _ in range(count):
                ours, theirs = context.Pipe()
                links.append(ours)
                process = context.Process(target=_work, args=(theirs, luggage, job), daemon=True)
                process.start()
                processes.append(process)
                theirs.close()
        yield links
    finally:
        for link in links:
            link.close()
        for process in processes:
            _end(process)


def _end(process: BaseProcess) -> None:
    process.join(LAST_WAIT)
    if process.is_alive():
        process.kill()
        process.join()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal; what begins meanwhile inherits that it is none of its business."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True, slots=True)
class Luggage:
    """A verifier as it travels: the bundle's bytes, the anchors that were believed, and what else it was made with."""

    raw: bytes
    anchors: tuple[str, ...]
    more: dict[str, Any]

    @classmethod
    def of(cls, verifier: Verifier) -> "Luggage":
        bundle = verifier.bundle
        more = {each.name: getattr(verifier, each.name) for each in fields(verifier)}
        del more["bundle"], more["clock"]
        return cls(bundle.raw, tuple(fingerprint(anchor) for anchor in bundle.trust.anchors), more)

    def opened(self, now: int) -> Verifier:
        bundle = bundles.kept(self.raw, now=now)
        if tuple(fingerprint(anchor) for anchor in bundle.trust.anchors) != self.anchors:
            raise ValueError("the bundle is not believed as it was")  # never more than the first process believes
        return Verifier(bundle, lambda: now, **self.more)


def _work(link: Connection, luggage: Luggage, job: Callable[[Verifier, Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inbox: queue.SimpleQueue[tuple[int, Any] | None] = queue.SimpleQueue()
    # A thread empties the pipe at all times: else both sides could wait for each other, each with a full one.
    threading.Thread(target=_receive, args=(link, inbox), daemon=True).start()
    verifier: Verifier | None = None
    while (parcel := inbox.get()) is not None:
        now, chunk = parcel
        verifier = verifier or luggage.opened(now)
        try:
            link.send(job(_standing(verifier, now), chunk))
        except OSError:  # nobody listens any more
            return


def _receive(link: Connection, inbox: "queue.SimpleQueue[tuple[int, Any] | None]") -> None:
    try:
        while True:
            inbox.put(link.recv())
    except (EOFError, OSError):
        inbox.put(None)
