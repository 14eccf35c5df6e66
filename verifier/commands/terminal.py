"""How every command is asked and speaks: words, a text or JSON, one line with the next step on the error stream.

Exit codes (sysexits): 64 the command was not right, 70 the program failed, 130 stopped; the others are each command's own.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from certs import arguments
from verifier.tools import display

DONE, USAGE, INTERNAL, STOPPED = 0, 64, 70, 130  # EX_USAGE and EX_SOFTWARE of sysexits(3); 130 as after Ctrl-C
Run = Callable[[argparse.Namespace], int]
Words = Any  # where words of the command line are added; argparse has no public name for it


class UsageError(Exception):
    """The command cannot be carried out as given; the text says what to do."""


class Parser(arguments.Parser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(USAGE)


def command(words: Words, name: str, run: Run, about: str) -> argparse.ArgumentParser:
    """A word that does something, with the options that every command has."""
    made: argparse.ArgumentParser = words.add_parser(name, help=about, description=about)
    made.add_argument("--json", action="store_true", help="for machines")
    made.add_argument("--lang", choices=("vi", "en"), default="vi", help="language of the texts (default: vi)")
    made.set_defaults(run=run)
    return made


def group(words: Words, name: str, about: str) -> Words:
    """A word that another must follow."""
    made = words.add_parser(name, help=about, description=about)
    return made.add_subparsers(required=True, parser_class=Parser, metavar="ACTION")


def screen(options: argparse.Namespace) -> display.Screen:
    return display.Screen(options.lang, sys.stdout.isatty())


def dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def line(value: object) -> str:
    """One value in one line, where more will follow."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def stop_on_signal() -> threading.Event:
    """Ctrl-C and SIGTERM only raise a flag, at which what is in hand is the last."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
