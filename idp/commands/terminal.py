"""How every command is asked and speaks: words, columns or JSON, one line with the next step on the error stream.

Exit codes (sysexits): 0 done, 1 refused, 64 wrong usage, 70 our fault, 78 not configured; 130 stopped by Ctrl-C.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from certs import arguments
from idp.issuance.entitlement import VIETNAM

DONE, REFUSED, USAGE, INTERNAL, CONFIGURATION, STOPPED = 0, 1, 64, 70, 78, 130
Row = Mapping[str, object]
Run = Callable[[argparse.Namespace], int]
Words = Any  # where words of the command line are added; argparse has no public name for it


class Failed(Exception):
    """Ends the command with a line on the error stream and this exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Parser(arguments.Parser):
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}\nTry: {self.prog} --help", file=sys.stderr)
        raise SystemExit(USAGE)


def command(words: Words, name: str, run: Run, about: str, *, within: bool = False) -> argparse.ArgumentParser:
    """A word that does something, with the options that every command has. `within`: the word before it has them too."""
    made: argparse.ArgumentParser = words.add_parser(name, help=about, description=about)
    folder, columns = (argparse.SUPPRESS, argparse.SUPPRESS) if within else (None, False)
    where = "folder of a demonstration (default: the environment, else instance)"
    made.add_argument("--data", type=Path, default=folder, help=where)
    made.add_argument("--json", action="store_true", default=columns, help="one JSON value instead of columns")
    made.set_defaults(run=run)
    return made


def group(words: Words, name: str, about: str) -> Words:
    """A word that another must follow."""
    made = words.add_parser(name, help=about)
    return made.add_subparsers(dest="action", required=True, parser_class=Parser, metavar="ACTION")


def show_one(row: Row, options: argparse.Namespace) -> int:
    """Names and values below one another, since a row of long values is hard to read and to copy from."""
    if options.json:
        return show([row], options)
    width = max(map(len, row))
    for name, value in row.items():
        print(f"{name:<{width}}  {value}")
    return DONE


def show(rows: Sequence[Row], options: argparse.Namespace, empty: str = "") -> int:
    if options.json:
        print(json.dumps(list(rows), ensure_ascii=False))
    elif not rows:
        print(empty)
    else:
        names = list(rows[0])
        widths = [max(len(name), *(len(str(row[name])) for row in rows)) for name in names]
        for line in (names, *([str(row[name]) for name in names] for row in rows)):
            print("  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip())
    return DONE


def stop_on_signal() -> threading.Event:
    """Ctrl-C and SIGTERM only raise a flag, at which the batch in hand is the last."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def moment(at: int) -> str:
    """A Unix time as people in Vietnam write it."""
    return datetime.fromtimestamp(at, VIETNAM).strftime("%d/%m/%Y %H:%M:%S")
