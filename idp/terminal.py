"""How every command speaks: aligned columns or JSON on the output, one line with the next step on the error stream.

Exit codes (sysexits): 0 done, 1 refused, 64 wrong usage, 70 our fault, 78 not configured.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

DONE, REFUSED, USAGE, INTERNAL, CONFIGURATION = 0, 1, 64, 70, 78
Row = Mapping[str, object]


class Failed(Exception):
    """Ends the command with a line on the error stream and this exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}\nTry: {self.prog} --help", file=sys.stderr)
        raise SystemExit(USAGE)


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
