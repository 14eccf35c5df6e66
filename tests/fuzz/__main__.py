"""Fuzz by hand: see `tests/fuzz/driver.py`."""

import argparse
import itertools
import sys
import time

from tests.fuzz.driver import Found, runs
from tests.fuzz.every import HARNESSES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(HARNESSES)}")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--run", type=int, help="this one alone")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    failed = False
    for name in options.names or HARNESSES:
        harness = HARNESSES[name]()
        numbers = itertools.count() if options.run is None else iter([options.run])
        try:
            told = runs(harness, options.seed, numbers, until=time.monotonic() + options.seconds)
            rest = f"{told.accepted:,} rightly accepted, slowest {told.slowest * 1000:.0f} ms"
            print(f"{name:20} {told.runs:>9,} runs, {rest}", flush=True)
        except Found as found:
            failed = True
            print(found, flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
