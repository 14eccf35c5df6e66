"""A million credentials from a file into a file: every row once and in its order, in a memory that does not grow, though it is
killed on the way."""

import csv
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bench import batch
from tests.world import World

pytestmark = pytest.mark.soak

ROOT = Path(__file__).parents[2]
ROWS = round(1_000_000 * float(os.environ.get("SHARE", "1")))
PROCESSES, KILLS = 2, 3
MOST_MIB = 150  # of any process, its libraries included
GROWTH = 1.10


def memory(process: int) -> dict[int, float]:
    """Of the process and of those that it started: MiB that are theirs alone or shared."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(folder.name) == process or int(words[1]) == process:
                resident = int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
                found[int(folder.name)] = resident / 2**20
        except OSError:  # it ended meanwhile
            continue
    return found


def test_a_million_rows(tmp_path: Path) -> None:
    world = World(now=int(time.time()) - 5)
    batch.write(tmp_path / "in.csv", [*batch.credentials(world), "hello"], ROWS)
    bundle = world.write_bundle(tmp_path / "bundle.cbor")
    output = tmp_path / "out.csv"
    words = ["batch", str(tmp_path / "in.csv"), str(output), "--bundle", str(bundle), "--no-holder"]
    words += ["--keep", "id", "--claims", "full_name,points", "--processes", str(PROCESSES)]
    chance, began = random.Random(8), time.monotonic()
    for _ in range(KILLS):
        _, code = _watched(words, until=chance.uniform(3.0, 15.0))
        assert code in (-9, 0)
    seen, code = _watched(words, until=None)
    print(f"\n{ROWS:,} rows in {time.monotonic() - began:.0f} s; at most {max(seen):.0f} MiB a process")
    assert code == 0
    quarter = max(len(seen) // 4, 1)
    assert max(seen) < MOST_MIB and max(seen[-quarter:]) <= GROWTH * max(seen[: 2 * quarter])
    number = 0
    with output.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            expected = "rejected" if number % (batch.DISTINCT + 1) == 0 else "accepted"
            assert (row["row"], row["id"], row["verdict"]) == (str(number + 1), str(number - 1), expected)
    assert number == ROWS


def _watched(words: list[str], *, until: float | None) -> tuple[list[float], int]:
    """The largest process at each look, and how it ended: by itself, or killed after so many seconds."""
    seen: list[float] = []
    with subprocess.Popen([sys.executable, "-m", "verifier", *words], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        began = time.monotonic()
        while process.poll() is None:
            if until is not None and time.monotonic() - began > until:
                process.kill()
            seen.append(max(memory(process.pid).values(), default=0.0))
            time.sleep(0.2)
    return [each for each in seen if each] or [0.0], process.returncode
