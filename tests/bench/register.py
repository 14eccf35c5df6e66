"""How fast a synthetic nation is written, and whether looking somebody up grows with it, or what log-in counts and looks up."""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from itertools import cycle

from sqlalchemy import Engine, func, insert, literal, select

from idp.ports import Ports
from idp.registries import growth
from idp.registries.synthetic import somebody
from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage
from idp.storage.tables import accounts, people
from tests.bench import log_ins
from tests.bench.tables import table
from tests.bench.timing import Operation, microseconds
from tests.databases import postgresql

SEED, TODAY = 2026, date(2026, 11, 21)
FEW, ASKED = 1_000, 1_000


def report(options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as folder, postgresql(settings=()) as server, ExitStack() as open_ones:
        urls = {
            "SQLite": [f"sqlite:///{folder}/few.sqlite", f"sqlite:///{folder}/many.sqlite"],
            "PostgreSQL": [server.create("few"), server.create("many")],
        }
        rates, times = {}, {}
        for name, (few, many) in urls.items():
            small, _ = open_ones.enter_context(_nation(few, FEW))
            large, rates[name] = open_ones.enter_context(_nation(many, options.people))
            with small.transaction() as ports_of_few, large.transaction() as ports_of_many:
                small_ones, large_ones = _asked(ports_of_few, FEW), _asked(ports_of_many, options.people)
                asked = {("few", verb): look_up for verb, look_up in small_ones.items()}
                asked |= {("many", verb): look_up for verb, look_up in large_ones.items()}
                times[name] = microseconds(asked, turns=30, batch=200)
    rows = [
        [f"{name}: `{verb}`", f"{best['few', verb]:.0f}", f"{best['many', verb]:.0f}", _ratio(best, verb)]
        for name, best in times.items()
        for verb in small_ones
    ]
    written = table(["people written, with their numbers", "a second"], ([n, f"{r:,.0f}"] for n, r in rates.items()))
    grown = table(["one in µs", f"of {FEW:,}", f"of {options.people:,}", "ratio"], rows)
    return f"{written}\n\n{grown}"


def _ratio(best: dict[tuple[str, str], float], verb: str) -> str:
    return f"{best['many', verb] / best['few', verb]:.2f}"


@contextmanager
def _nation(url: str, count: int) -> Iterator[tuple[SqlStorage, float]]:
    """People, each with an account, and how many were written in a second (accounts not counted)."""
    engine = open_engine(url)
    migrations.upgrade(engine)
    storage = SqlStorage(engine)
    began = time.perf_counter()
    for _ in growth.batches(storage, seed=SEED, places=range(count), papers=False, now=0, today=TODAY):
        pass
    rate = count / (time.perf_counter() - began)
    _open_accounts(engine)
    log_ins.fill(engine, count)
    yield storage, rate
    engine.dispose()


def _open_accounts(engine: Engine) -> None:
    """One for each person, inside the database: that is not what is measured."""
    number = func.substr(people.c.person_id, 8)
    row = {
        "account_id": literal("account-") + number,
        "person_id": people.c.person_id,
        "level": literal(1),
        "phone": literal("+8430") + number,
        "password_hash": literal("-"),
        "state": literal("active"),
        "created_at": literal(0),
    }
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.execute(insert(accounts).from_select(list(row), select(*row.values())))
        connection.exec_driver_sql("ANALYZE")


def _asked(ports: Ports, count: int) -> Mapping[str, Operation]:
    return {**_look_ups(ports, count), **log_ins.operations(ports, count)}


def _look_ups(ports: Ports, count: int) -> dict[str, Operation]:
    """Each call asks for the next of many who are spread over the whole register."""
    places = random.Random(7).sample(range(count), ASKED)
    pids = {place: somebody(SEED, place, TODAY).pid for place in places}
    by_pid, by_phone, by_person = (cycle(places) for _ in range(3))
    return {
        "population.by_pid": lambda: ports.population.by_pid(pids[next(by_pid)]),
        "accounts.by_phone": lambda: ports.accounts.by_phone(f"+8430{next(by_phone):07}"),
        "accounts.by_person": lambda: ports.accounts.by_person(f"person-{next(by_person):07}"),
    }
