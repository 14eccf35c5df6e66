"""How fast people's own files come into the registers, and in how much memory: the command itself, as a process."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from idp.registries import synthetic
from idp.storage import place
from tests.bench.tables import table
from tests.databases import postgresql
from tests.idp.registries.importing.files import LICENCE, licence_of, row_of, write_csv, write_parquet

ROWS = 100_000
SEED, TODAY = 2026, date(2026, 11, 21)
# Runs the command and says what it took at most, in KiB: the child of a child is nobody else's.
_RUN = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "idp", *sys.argv[1:], "--json"], capture_output=True, text=True, check=True)
print(done.stdout.strip()[1:-1])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def report(options: argparse.Namespace) -> str:
    rows = min(options.people, ROWS)
    with tempfile.TemporaryDirectory() as folder, postgresql(settings=()) as server:
        files = _files(Path(folder), rows)
        lines = []
        for name, url in (("SQLite", f"sqlite:///{folder}/idp.sqlite"), ("PostgreSQL", server.create("importing"))):
            for what, words in files.items():
                if what.startswith("people"):
                    with _empty(url):
                        lines.append(_line(f"{name}: {what}", folder, url, words))
                        lines.append(_line(f"{name}: {what}, all there already", folder, url, words))
                else:
                    lines.append(_line(f"{name}: {what}", folder, url, words))
    return table([f"{rows:,} rows", "a second", "a second of CPU", "memory at most, MiB"], lines)


def _files(folder: Path, rows: int) -> Mapping[str, list[str]]:
    """Documents come last: their people are there then."""
    people = list(islice(synthetic.current_people(SEED, rows, TODAY), rows))
    persons = [row_of(person) for person in people]
    licences: list[dict[str, Any]] = [
        licence_of(person, licence_number=f"99024{number:07}")
        for number, person in enumerate(people)
        if person.deceased_on is None and person.birth_date < "1995"
    ]
    cells = ({**row, "classes": json.dumps(row["classes"])} for row in licences)
    return {
        "people, Parquet": ["people", "import", str(write_parquet(folder / "p.parquet", persons))],
        "people, CSV": ["people", "import", str(write_csv(folder / "p.csv", persons))],
        f"{len(licences):,} licences, CSV": ["documents", "import", LICENCE, str(write_csv(folder / "d.csv", cells))],
    }


@contextmanager
def _empty(url: str) -> Iterator[None]:
    with place.opened(url):
        pass
    place.clear(url)
    with place.opened(url):
        yield


def _line(name: str, folder: str, url: str, words: list[str]) -> list[str]:
    settings = {
        "IDP_ISSUER": "http://localhost:5000",
        "IDP_DATA": folder,
        "IDP_SIMULATION": "1",
        "IDP_DATABASE_URL": url,
    }
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *words], check=True, capture_output=True, text=True, env={**os.environ, **settings}
    )
    said, used = done.stdout.strip().splitlines()
    row, (seconds, memory) = json.loads(said), used.split()
    assert row["refused"] == 0
    return [name, f"{row['rows a second']:,}", f"{row['read'] / float(seconds):,.0f}", f"{int(memory) / 1024:.0f}"]
