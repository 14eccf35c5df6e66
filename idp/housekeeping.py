"""What has to be done beside the requests, again and again: seal the journal, remove what is over, rotate our keys.

Spec: Decree 69/2024/NĐ-CP Art. 17(2), 28(4) (access and use history: 5 years at least); RFC 9700 §4.14.2 (replaced tokens)

Each step is a transaction of its own with a bound on its rows, so that no request waits long for it; and each verb finds by
itself what is over, so that two keepers at once do no harm. Events are never removed here, nor is anything else that the law
or the detection of reuse asks to keep: the verbs of `idp.ports` say what each leaves.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from idp.journal import sealing
from idp.model import Block
from idp.ports import SWEPT_AT_ONCE, Ports, Storage

SEAL_EVERY, SWEEP_EVERY = 3, 60  # seconds
# A relying party's own session outlives ours that it began with, which nobody touched and which ran out. It stays findable for
# as long: who locks a lost phone hours later, or signs out everywhere, ends what was begun by it too.
REACHED_SECONDS = 24 * 3600
BATCHES = 200  # of each kind in one go; what is left over is for the next

Sweep = Callable[[Ports, int], int]
SWEEPS: Mapping[str, Sweep] = MappingProxyType(
    {
        "single-use values": lambda ports, now: ports.ephemeral.sweep(now=now),
        "sessions": lambda ports, now: ports.sessions.sweep(now=now - REACHED_SECONDS),
        "tokens and grants": lambda ports, now: ports.grants.sweep(now=now),
        "initial access tokens": lambda ports, now: ports.registrations.sweep(now=now),
        "counted attempts": lambda ports, now: ports.attempts.sweep(now=now),
        "simulated messages": lambda ports, now: ports.messages.sweep(now=now),
    }
)


def seal(storage: Storage, *, now: int, sleep: Callable[[float], None]) -> tuple[Block, ...]:
    return tuple(sealing.seal(storage, now=now, sleep=sleep))


def sweep(storage: Storage, *, now: int, stop: Callable[[], bool] = lambda: False) -> dict[str, int]:
    """How many rows of each kind went. `stop` is asked between the batches."""
    return {name: _all(storage, one, now, stop) for name, one in SWEEPS.items()}


def _all(storage: Storage, one: Sweep, now: int, stop: Callable[[], bool]) -> int:
    removed = 0
    for _ in range(BATCHES):
        if stop():
            break
        with storage.transaction() as ports:
            some = one(ports, now)
        removed += some
        if some < SWEPT_AT_ONCE:
            break
    return removed
