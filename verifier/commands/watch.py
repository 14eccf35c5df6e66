"""`watch FOLDER|-`: a verdict for each file that comes into a folder, or for each line that a hand scanner types.

Ends with Ctrl-C, or with the standard input. Exit: 0; 64 where the folder is not there, or goes.
"""

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from certs.catalogue import Text
from verifier import facts, scan
from verifier.commands import asking
from verifier.commands.opening import load
from verifier.commands.terminal import DONE, UsageError, Words, command, line, screen
from verifier.result import Report
from verifier.tools import display_many, folder
from verifier.tools.display import Screen
from verifier.tools.display_many import Judged
from verifier.tools.watch import Arrivals, News, Trust
from verifier.verifier import Verifier

LOOK_EVERY = 0.3  # seconds between two looks into the folder

_WATCHING = Text("Đang chờ; Ctrl-C để dừng.", "Waiting; Ctrl-C to end.")
_NEW_TRUST = Text("Dữ liệu tin cậy mới: #{}", "New trust data: #{}")
_BAD_TRUST = Text(
    "Dữ liệu tin cậy mới bị từ chối ({}); vẫn dùng bản đang có.",
    "The new trust data is refused ({}); the data in hand stays in use.",
)


def add(words: Words) -> None:
    made = command(words, "watch", _watch, "check what comes into a folder, or what a hand scanner types")
    made.add_argument("source", metavar="FOLDER|-", help="a folder, or - for lines on standard input")
    made.add_argument("--all", action="store_true", help="what lies in the folder already is checked too")
    asking.add_trust(made)
    asking.add_policy(made)
    asking.add_once(made)


def _watch(options: argparse.Namespace) -> int:
    policy = asking.policy_of_one(options, "of what comes in one by one nobody knows which belong together")
    trust = Trust(options.bundle, Verifier(load(options.bundle, options.root)))
    once, look = asking.guard(options, policy), screen(options)

    def inspect(text: str) -> Report:
        _tell_news(trust.look(time.time), look)
        return trust.verifier.inspect(text, policy=policy, once=once)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    outcomes: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    try:
        if sys.stderr.isatty():
            print(look.of(_WATCHING), file=sys.stderr)
        for judged in _typed(inspect) if options.source == "-" else _come(options, inspect):
            outcomes[judged.outcome.value] += 1
            if judged.report is not None and judged.report.code is not None:
                codes[judged.report.code] += 1
            _tell(judged, options, look)
    except KeyboardInterrupt:
        pass
    if not options.json:
        print(display_many.tally(outcomes, codes, look), file=sys.stderr)
    return DONE


def _come(options: argparse.Namespace, inspect: Callable[[str], Report]) -> Iterator[Judged]:
    try:
        arrivals = Arrivals(Path(options.source), there_already=options.all)
        while True:
            for path in arrivals.look():
                yield from folder.judged(path, inspect, path.name)
            time.sleep(LOOK_EVERY)
    except OSError as error:
        raise UsageError(f"{options.source}: {error.strerror}") from error


def _typed(inspect: Callable[[str], Report]) -> Iterator[Judged]:
    """A line each, ended as the scanner is set; of one that is longer than any document the rest is not kept."""
    number, stream = 0, sys.stdin.buffer
    while data := stream.readline(scan.TEXT_LIMIT):
        number += 1
        if not data.endswith(b"\n") and len(data) == scan.TEXT_LIMIT:
            while (more := stream.readline(scan.TEXT_LIMIT)) and not more.endswith(b"\n"):
                pass
        text = data.decode(errors="replace").removesuffix("\n").removesuffix("\r")
        if text:
            yield Judged(f"#{number}", inspect(text))


def _tell(judged: Judged, options: argparse.Namespace, look: Screen) -> None:
    now = int(time.time())
    if options.json:
        told = line({"at": now, **judged.to_json()})
    else:
        clock = datetime.fromtimestamp(now, UTC).astimezone(facts.HANOI).strftime("%H:%M:%S")
        told = f"{clock}  {display_many.row(judged, look, width=display_many.NAMES_WIDTH)}"
    print(told, flush=True)


def _tell_news(news: News | None, look: Screen) -> None:
    if news is not None:
        text = _NEW_TRUST if news.code is None else _BAD_TRUST
        print(look.of(text).format(news.sequence if news.code is None else news.code), file=sys.stderr, flush=True)
