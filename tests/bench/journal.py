"""The journal: how fast it is sealed and verified, and whether the citizen's pages feel a million past log-ins.

Both databases; `fsync` on where PostgreSQL runs. The pages are asked of one application in one process, with a thousand and
with a million log-ins of the very account in its journal, in turns, so that a slow spell of the machine meets both alike.
"""

import json
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from flask.testing import FlaskClient

from idp.journal import sealing
from idp.journal.verification import verify
from idp.model import Event
from idp.storage.engine import WRITES, open_engine
from idp.storage.statements import Work
from idp.storage.tables import events
from tests import databases
from tests.bench.tables import table
from tests.world_idp import NOW, State, build

FEW, MANY = 1_000, 1_000_000
SEALED = 100_000
BATCH = 10_000
TURNS = 60
DETAILS = json.dumps({"acr": "LoA1", "amr": ["pwd"]})
PAGES = ("/account/activity", "/account/notices", "/account/sessions")


def report(_options: Namespace) -> str:
    rates, ratios = [], []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        server = stack.enter_context(databases.postgresql(settings=()))
        for name in ("SQLite", "PostgreSQL"):

            def database(what: str, name: str = name) -> str | None:
                return server.create(what) if name == "PostgreSQL" else None

            rates.append([name, *_rates(folder / f"{name}-sealed", database("sealed"))])
            states = [_state(folder / f"{name}-{count}", database(f"with{count}"), count) for count in (FEW, MANY)]
            ratios += [[f"{name}, {what}", *cells] for what, cells in _compared(*states)]
            for state in states:
                state.close()
    return "\n\n".join(
        (
            table([f"journal of {SEALED:,} events", "sealed a second", "verified a second"], rates),
            table(["past log-ins of the account", f"{FEW:,}: ms", f"{MANY:,}: ms", "ratio"], ratios),
        )
    )


def _state(folder: Path, url: str | None, count: int) -> State:
    state = build(folder, url)
    _log_ins(state.web.config.database_url, count)
    return state


def _log_ins(url: str, count: int) -> None:
    """As many rows as that by requests would take hours: they are loaded."""
    engine = open_engine(url)
    for start in range(0, count, BATCH):
        rows = [
            {"at": NOW - count + n, "kind": "signed_in", "account_id": "a-duong", "details": DETAILS}
            for n in range(start, min(start + BATCH, count))
        ]
        with engine.execution_options(**{WRITES: True}).begin() as connection:
            Work(connection.connection, connection.dialect).load(events, rows)
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


def _rates(folder: Path, url: str | None) -> list[str]:
    state = _state(folder, url, SEALED)
    began = time.perf_counter()
    blocks = list(sealing.seal(state.storage, now=NOW, sleep=time.sleep))
    sealed = time.perf_counter() - began
    assert len(blocks) >= SEALED // sealing.BLOCK_EVENTS
    began = time.perf_counter()
    found = verify(state.storage)
    verified = time.perf_counter() - began
    assert found.broken is None and found.waiting == 0
    state.close()
    return [f"{SEALED / sealed:,.0f}", f"{SEALED / verified:,.0f}"]


def _compared(few: State, many: State) -> Iterator[tuple[str, list[str]]]:
    browsers = [_signed_in(state) for state in (few, many)]
    for page in PAGES:
        yield page, _cells(_best([partial(_get, one, page) for one in browsers]))
    finds = [_look_up(state) for state in (few, many)]
    yield "session look-up", _cells(_best(finds))


def _signed_in(state: State) -> FlaskClient:
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    with state.storage.transaction() as ports:
        for n in range(40):  # what the page is to show, beside the log-ins
            told = {"claims": ["name", "sub"], "scopes": ["openid", "profile"], "basis": "consent", "n": n}
            ports.journal.append(Event(NOW, "claims_released", "a-duong", "bank", told))
    return browser.client


def _get(browser: FlaskClient, page: str) -> None:
    assert browser.get(page).status_code == 200


def _look_up(state: State) -> Callable[[], None]:
    with state.storage.reading() as ports:
        (session,) = ports.sessions.of_account("a-duong", now=NOW)

    def find() -> None:
        with state.storage.reading() as ports:
            assert ports.sessions.find(session.session_hash, now=NOW) is not None

    return find


def _best(operations: list[Callable[[], None]]) -> list[float]:
    best = [float("inf")] * len(operations)
    for _ in range(TURNS):
        for number, operation in enumerate(operations):
            began = time.perf_counter()
            operation()
            best[number] = min(best[number], time.perf_counter() - began)
    return best


def _cells(best: list[float]) -> list[str]:
    return [*(f"{seconds * 1e3:.2f}" for seconds in best), f"{best[1] / best[0]:.2f}"]
