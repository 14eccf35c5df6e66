"""Each parser on changed inputs for ten minutes, from a seed that is printed: `make soak`, or `SHARE` of it.

How to repeat what was found stands in what it says, and in `tests/fuzz/driver.py`.
"""

import itertools
import os
import time

import pytest

from tests.fuzz.driver import runs
from tests.fuzz.every import HARNESSES, PARSERS

pytestmark = pytest.mark.soak

SECONDS = 600 * float(os.environ.get("SHARE", "1"))


@pytest.mark.parametrize("parser", PARSERS)
def test_fuzz(parser: str) -> None:
    seed = int(time.time())
    for name in PARSERS[parser]:
        until = time.monotonic() + SECONDS / len(PARSERS[parser])
        told = runs(HARNESSES[name](), seed, itertools.count(), until=until)
        print(
            f"\n{name}, seed {seed}: {told.runs:,} runs, {told.accepted:,} rightly accepted, slowest {told.slowest:.3f} s"
        )
        assert told.runs
