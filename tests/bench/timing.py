"""Time small things against each other on a noisy machine: in turns, and the fastest of many turns counts."""

import gc
import time
from collections.abc import Callable, Mapping

Operation = Callable[[], object]


def microseconds(operations: Mapping[str, Operation], *, turns: int = 600, batch: int = 8) -> dict[str, float]:
    """The best time of each. All take part in every turn, so that a slow spell of the machine meets them alike; a batch is
    shorter than what the scheduler gives at once."""
    best = dict.fromkeys(operations, float("inf"))
    for operation in operations.values():
        operation()
    gc.collect()
    for _ in range(turns):
        for name, operation in operations.items():
            began = time.perf_counter()
            for _ in range(batch):
                operation()
            best[name] = min(best[name], (time.perf_counter() - began) / batch)
    return {name: seconds * 1e6 for name, seconds in best.items()}
