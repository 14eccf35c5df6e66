"""A demonstration's nation on each database, for tests that kill or race its provider."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest

from idp import demo
from idp.demo import Options
from idp.nation import Nation
from idp.progress import Progress
from tests import databases
from tests.databases import fresh_name
from tests.smoke import free_ports
from tests.soak.crashes import Crash


@contextmanager
def crashing(database: str, folder: Path) -> Iterator[Crash]:
    """On SQLite, or on a PostgreSQL of its own that flushes to the disk as it does in life."""
    with pytest.MonkeyPatch.context() as environment:
        if database == "sqlite":
            environment.delenv("DATABASE_URL", raising=False)
            here = _nation(folder)
            yield Crash(here, f"sqlite:///{here.idp / 'idp.sqlite'}")
            return
        with databases.postgresql(settings=()) as server:
            url = server.create(fresh_name())
            environment.setenv("DATABASE_URL", url)
            yield Crash(_nation(folder), url, server)


def _nation(folder: Path) -> Nation:
    options = Options(folder / "nation", *free_ports(3))
    return demo.prepare(options, now=int(time.time()), progress=Progress(StringIO(), 8))
