"""`batch IN OUT`: a column of credentials into verdicts, and again from where it was if it was cut off.

Exit: 0 every row has its verdict, whatever that is; 130 stopped; give the same command again to go on.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from certs.catalogue import Text
from verifier.batch.lines import Writing
from verifier.batch.output import Refused
from verifier.batch.pool import WorkerLost
from verifier.batch.run import Summary, Task, run
from verifier.batch.sheet import Unreadable, Wanted
from verifier.commands import asking
from verifier.commands.opening import load
from verifier.commands.progress import Bar
from verifier.commands.terminal import DONE, INTERNAL, STOPPED, UsageError, Words, command, dump, screen, stop_on_signal
from verifier.policy.faults import PolicyError
from verifier.tools.display_many import tally
from verifier.verifier import Verifier

_READING = Text("Đọc tệp", "Reading the file")
_JUDGING = Text("Kiểm tra", "Checking")
_STOPPED = Text(
    "Đã dừng; phần đã làm được giữ lại. Chạy lại đúng lệnh này để làm tiếp.",
    "Stopped; what was done is kept. Give the same command again to go on.",
)
_LOST = Text(
    "Một tiến trình con bị tắt; phần đã làm được giữ lại. Chạy lại đúng lệnh này để làm tiếp.",
    "One of the processes ended; what was done is kept. Give the same command again to go on.",
)


def add(words: Words) -> None:
    made = command(words, "batch", _batch, "check a column of credentials of a CSV or Parquet file")
    made.add_argument("source", type=Path, metavar="IN", help="CSV in UTF-8 with a header, or .parquet")
    made.add_argument(
        "output", type=Path, metavar="OUT", help="a name in .csv, .jsonl or .parquet that is not there yet"
    )
    made.add_argument("--column", default="credential", help="the column that holds them (default: credential)")
    made.add_argument("--claims", type=_names, default=(), metavar="A,B", help="what is wanted of accepted documents")
    made.add_argument("--keep", type=_names, default=(), metavar="A,B", help="columns of the input to take along")
    made.add_argument("--processes", type=_processes, default=_cores(), metavar="N", help="default: one for each core")
    made.add_argument("--restart", action="store_true", help="throw away what an earlier run had begun")
    asking.add_trust(made)
    asking.add_policy(made)


def _batch(options: argparse.Namespace) -> int:
    keep, claims = options.keep, options.claims
    policy = asking.policy_of_one(options, "a row holds one")
    writing = Writing(policy, claims, keep, options.lang, options.output.suffix.lower() == ".csv")
    task = Task(options.source, options.output, Wanted(options.column, keep), writing)
    verifier, began = Verifier(load(options.bundle, options.root)), time.monotonic()
    try:
        done = _run(task, verifier, options)
    except (Refused, Unreadable) as error:
        raise UsageError(error.reason.of(options.lang)) from error
    except PolicyError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"{error.filename or options.output}: {error.strerror}") from error
    except WorkerLost:
        print(f"verifier: {_LOST.of(options.lang)}", file=sys.stderr)
        return INTERNAL
    _tell(done, options, time.monotonic() - began)
    return DONE if done.complete else STOPPED


def _run(task: Task, verifier: Verifier, options: argparse.Namespace) -> Summary:
    reading, judging = Bar(options.lang, _READING), Bar(options.lang, _JUDGING)
    stop = stop_on_signal()
    try:
        return run(
            task,
            verifier,
            processes=options.processes,
            stop=stop.is_set,
            reading=reading.reach,
            told=judging.reach,
            restart=options.restart,
        )
    finally:
        judging.end()


def _tell(done: Summary, options: argparse.Namespace, seconds: float) -> None:
    if not done.complete:
        print(f"verifier: {_STOPPED.of(options.lang)}", file=sys.stderr)
    if options.json:
        told = {
            "output": str(options.output) if done.complete else None,
            "rows": done.rows,
            "resumed_after": done.resumed_after,
            "outcomes": dict(done.outcomes),
            "codes": dict(done.codes),
            "seconds": round(seconds, 1),
            "complete": done.complete,
        }
        print(dump(told))
        return
    print(tally(done.outcomes, done.codes, screen(options)))
    if done.complete:
        print(f"→ {options.output}")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError("names with commas between them")
    return names


def _processes(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 256):
        raise argparse.ArgumentTypeError("a number from 1 to 256")
    return int(text)


def _cores() -> int:
    """Those that this process may use; not every system tells."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
