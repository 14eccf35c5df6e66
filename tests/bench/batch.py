"""Many credentials at once: rows a second of the command, by one process and by two, beside what one core verifies.

The rows are bare credentials, as a bank keeps them: one signature each, so that whatever is not a signature weighs most. The time
is that of the command's own word: from the opened bundle to the output's name, reading, writing and the start of processes included.
"""

import json
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from itertools import cycle, islice
from pathlib import Path

from certs.keys import MemorySigner
from tests.bench.tables import table
from tests.world import World
from verifier.policy.single import Policy
from verifier.verifier import Verifier

ROWS, DISTINCT, HOLDERS, ROUNDS = 100_000, 1_000, 8, 3
ANYBODY = Policy(require_holder_proof=False)


def report(options: Namespace) -> str:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        world = World(now=int(time.time()) - 5)
        texts, rows = credentials(world), min(options.people, ROWS)
        write(folder / "in.csv", texts, rows)
        world.write_bundle(folder / "bundle.cbor")
        alone, by = 0.0, {1: 0.0, 2: 0.0}
        for _ in range(ROUNDS):  # in turns: a slow spell of the machine meets them alike
            alone = max(alone, _one_core(world, texts))
            for processes, best in by.items():
                by[processes] = max(best, _command(folder, processes))
    lines = [
        [f"batch, {n} process{'es' if n > 1 else ''}", f"{rate:,.0f}", f"{rate / by[1]:.2f}", f"{rate / n / alone:.2f}"]
        for n, rate in by.items()
    ]
    head = [f"{rows:,} credentials from CSV to CSV", "rows a second", "times one process", "share of cores × one core"]
    return table(head, [["`verify` alone, one core", f"{alone:,.0f}", "", "1.00"], *lines])


def credentials(world: World) -> list[str]:
    """Of several holders, so that nothing of one can be remembered."""
    holders = [MemorySigner.generate() for _ in range(HOLDERS)]
    return [world.printed(world.issue(holder=holders[number % HOLDERS])) for number in range(DISTINCT)]


def write(path: Path, texts: list[str], rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("id,credential\n")
        file.writelines(f"{number},{text}\n" for number, text in enumerate(islice(cycle(texts), rows)))


def _one_core(world: World, texts: list[str]) -> float:
    verifier = Verifier(world.open_bundle())
    began, spent = time.perf_counter(), time.process_time()
    done = 0
    while time.perf_counter() - began < 2.0:
        for text in texts[:100]:
            verifier.verify(text, policy=ANYBODY)
        done += 100
    return done / (time.process_time() - spent)


def _command(folder: Path, processes: int) -> float:
    output = folder / "out.csv"
    words = [str(folder / "in.csv"), str(output), "--bundle", str(folder / "bundle.cbor"), "--no-holder", "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", "verifier", "batch", *words, "--processes", str(processes), "--claims", "full_name"],
        check=True,
        capture_output=True,
    )
    output.unlink()
    told = json.loads(ran.stdout)
    assert told["outcomes"] == {"accepted": told["rows"]}
    return float(told["rows"] / told["seconds"])
