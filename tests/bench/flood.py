"""A flood of log-ins: how long `/token` and `/jwks` take while several times more log in than can be hashed.

The provider as it is served, the crowd and the one who measures share the machine. Quiet and loud spells take turns; the
median of all requests of a kind counts. The crowd is a process of its own, so that it does not wait for who measures.
"""

import statistics
import tempfile
import time
from argparse import Namespace
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from tests import crowd
from tests.bench.tables import table
from tests.crowd import Crowd, Place

SIZE = 16  # connections; the provider has four threads
RATES = (100, 200, 400)  # log-ins a second; one core hashes some 40
SETTLED = 1.0  # seconds
PAUSE = 0.01
TOKENS = 6_000
_SPAWN = get_context("spawn")


@dataclass
class Measured:
    token: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)


def report(options: Namespace) -> str:
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        crowd.place(Path(folder) / "idp", tokens=TOKENS) as place,
    ):
        tokens = iter(range(TOKENS))
        _measure(place, tokens, Measured(), SETTLED)
        for rate in RATES:
            quiet, loud = Measured(), Measured()
            for _ in range(options.rounds):
                _measure(place, tokens, quiet, options.seconds)
                _flooded(place, tokens, loud, options.seconds, rate)
            rows.append(_row(rate, quiet, loud))
    return table(["log-ins a second", "hashed, %", "refused, %", "`/token`", "", "`/jwks`", ""], rows)


def _row(rate: int, quiet: Measured, loud: Measured) -> list[str]:
    asked = loud.answers.total()
    cells = [str(rate), *(f"{100 * loud.answers[status] / asked:.0f}" for status in (422, 503))]
    for before, beside in ((quiet.token, loud.token), (quiet.keys, loud.keys)):
        one, other = (statistics.median(each) * 1e3 for each in (before, beside))
        cells += [f"{one:.2f} → {other:.2f} ms", f"× {other / one:.2f}"]
    return cells


def _measure(place: Place, tokens: Any, to: Measured, seconds: float) -> None:
    line, ends = place.line(), time.monotonic() + seconds
    while time.monotonic() < ends:
        began = time.perf_counter()
        assert crowd.refresh(line, next(tokens)) == 200
        to.token.append(time.perf_counter() - began)
        began = time.perf_counter()
        assert crowd.keys(line) == 200
        to.keys.append(time.perf_counter() - began)
        time.sleep(PAUSE)
    line.close()


def _flooded(place: Place, tokens: Any, to: Measured, seconds: float, rate: int) -> None:
    begun, stop = _SPAWN.Event(), _SPAWN.Event()
    answers: Queue[Counter[int]] = _SPAWN.Queue()
    flood = _SPAWN.Process(target=_press, args=(place.issuer, place.server.port, rate, begun, stop, answers))
    flood.start()
    try:
        assert begun.wait(30)
        time.sleep(SETTLED)
        _measure(place, tokens, to, seconds)
    finally:
        stop.set()
        to.answers += answers.get(timeout=30)
        flood.join()


def _press(issuer: str, port: int, rate: int, begun: Event, stop: Event, answers: "Queue[Counter[int]]") -> None:
    many = Crowd(issuer, port, SIZE, rate)
    with many.pressing():
        begun.set()
        stop.wait()
    answers.put(many.statuses)
