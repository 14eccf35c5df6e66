"""Runs a parser on changed inputs and looks at each answer: a declared refusal, or exactly what a valid input says; in bounded time.

Each run draws from a random source of its own, made of seed, harness and number: any of them can be repeated alone.

    python -m tests.fuzz                         every harness for ten seconds, from a seed that is printed
    python -m tests.fuzz mdoc --seconds 600      one of them, for longer
    python -m tests.fuzz mdoc --seed 7 --run 42  one run again
"""

import resource
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from certs.errors import CertsError
from tests.fuzz import mutation

Change = Callable[[bytes, Random, Sequence[bytes]], bytes]
CPU_LIMIT = 5.0  # seconds of CPU of one run; each takes a thousandth of that
MEMORY_LIMIT = 192 * 1024  # KiB by which a harness may raise what the process ever held


@dataclass(frozen=True, slots=True)
class Harness:
    """A parser, valid inputs, ways to change them, and what an answer may be.

    `read` returns what it made of an input, or raises one of `declared`. `judge` gets input and answer of a changed input, and
    raises AssertionError where that answer is wrong; without it the answer must be that of one of the seeds.
    """

    name: str
    seeds: tuple[bytes, ...]
    read: Callable[[bytes], Any]
    changes: tuple[Change, ...] = (mutation.changed,)
    declared: tuple[type[Exception], ...] = (CertsError,)
    judge: Callable[[bytes, Any], None] | None = None
    answers: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answers.extend(self.read(seed) for seed in self.seeds)  # whatever refuses its own seeds tests nothing


@dataclass(slots=True)
class Told:
    """What came of many runs."""

    runs: int = 0
    accepted: int = 0
    slowest: float = 0.0


class Found(AssertionError):
    """A run that went wrong, and how to repeat it."""


def one(harness: Harness, seed: int, run: int) -> tuple[bool, float]:
    """Whether the changed input was accepted (rightly), and the CPU seconds it took. Raises Found."""
    chance = Random(f"{seed}/{harness.name}/{run}")
    start = chance.choice(harness.seeds)
    data = chance.choice(harness.changes)(start, chance, harness.seeds)
    began = time.process_time()
    try:
        answer = harness.read(data)
    except harness.declared:
        accepted = False
    except Exception as error:
        raise Found(_story(harness, seed, run, data, f"{type(error).__name__}: {error}")) from error
    else:
        accepted = True
        _judge(harness, seed, run, data, answer)
    took = time.process_time() - began
    if took > CPU_LIMIT:
        raise Found(_story(harness, seed, run, data, f"took {took:.1f} s of CPU"))
    return accepted, took


def _judge(harness: Harness, seed: int, run: int, data: bytes, answer: Any) -> None:
    try:
        if harness.judge is not None:
            harness.judge(data, answer)
        else:
            assert answer in harness.answers, "accepted, and says what no valid input says"
    except AssertionError as error:
        raise Found(_story(harness, seed, run, data, str(error))) from error


def runs(harness: Harness, seed: int, numbers: Iterator[int], *, until: float = float("inf")) -> Told:
    """Many runs, until the numbers or the (monotonic) time are at an end. Raises Found at the first that goes wrong."""
    told, before = Told(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of decoders, about their input: what counts is what they answer
        for run in numbers:
            if told.runs % 16 == 0 and time.monotonic() > until:
                break
            accepted, took = one(harness, seed, run)
            told.runs += 1
            told.accepted += accepted
            told.slowest = max(told.slowest, took)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if grown > MEMORY_LIMIT:
        raise Found(f"{harness.name}, seed {seed}: memory grew by {grown // 1024} MiB in {told.runs} runs")
    return told


def _story(harness: Harness, seed: int, run: int, data: bytes, what: str) -> str:
    again = f"python -m tests.fuzz {harness.name} --seed {seed} --run {run}"
    return f"{harness.name}, run {run}: {what}\n  again: {again}\n  input ({len(data)} bytes): {data[:400].hex()}"
