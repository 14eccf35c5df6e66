"""A log-in with a passkey beside one with a password, in one run, on both databases: CPU of the provider and the database.

From the log-in page to the redirect that carries the code. The passkey signs for real. In turns, in one process; what the browser and the authenticator do is not counted. Argon2id is part of the password.
"""

import os
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idp.model import Consent
from idp.storage.prepared import Prepared, Rows
from tests import databases
from tests.bench.tables import table
from tests.idp.login.authenticator import Passkey
from tests.idp.web.test_passkeys import DUONG, Citizen
from tests.world_idp import PASSWORD, Browser, State, build

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BATCH, BATCHES = 8, 20  # log-ins in each batch; batches in each round: the cheapest one counts
TICKS = os.sysconf("SC_CLK_TCK")
Way = Callable[[Browser, str], None]


@dataclass
class Meter:
    """What the provider does for requests, and nothing beside it."""

    app: "WSGIApplication"
    cpu: float = 0.0
    wall: float = 0.0
    statements: int = 0
    counting: bool = False

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        cpu, wall = time.process_time(), time.perf_counter()
        body = b"".join(self.app(environ, start_response))
        if self.counting:
            self.cpu += time.process_time() - cpu
            self.wall += time.perf_counter() - wall
        return [body]

    @contextmanager
    def of(self) -> Iterator[None]:
        self.counting = True
        yield
        self.counting = False


def report(arguments: Namespace) -> str:
    rows = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        server = stack.enter_context(databases.postgresql(settings=()))
        assert server.server.process is not None
        for name, url, pid in (
            ("SQLite", None, None),
            ("PostgreSQL", server.create("sign_in"), server.server.process.pid),
        ):
            costs = _measured(folder / name, url, pid, rounds=arguments.rounds)
            for way in ("password", "passkey"):
                rows.append([f"{way}, {name}", *costs[way]])
            rows.append([f"password : passkey, {name}", f"{costs['ratio'][0]}", "", "", ""])
    return table(["a log-in", "CPU ms", "of it the database", "ms", "statements"], rows)


def _measured(folder: Path, url: str | None, database: int | None, *, rounds: int) -> Mapping[str, list[str]]:
    folder.mkdir()
    state = build(folder, url)
    with state.storage.transaction() as ports:
        ports.consents.record(Consent(DUONG, "bank", ("openid", "profile"), state.clock[0]))
    citizen = Citizen(state, passkey=Passkey())
    citizen.add()
    ways: Mapping[str, Way] = {"password": _by_password, "passkey": lambda *step: _by_passkey(citizen, *step)}
    browsers = {name: state.browser() for name in ways}
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(rounds * BATCHES):
        for name, way in ways.items():
            costs[name].append(_batch(state, browsers[name], way, database))
    state.close()
    cells: dict[str, list[str]] = {}
    total: dict[str, float] = {}
    for name, found in costs.items():
        of_it = sum(cost.database for cost in found) / len(found)  # counted in ticks: one batch tells nothing
        total[name] = min(cost.server for cost in found) + of_it
        wall, statements = min(cost.wall for cost in found), found[-1].statements
        cells[name] = [f"{total[name]:.2f}", f"{of_it:.2f}" if database else "–", f"{wall:.2f}", f"{statements:.0f}"]
    return cells | {"ratio": [f"{total['password'] / total['passkey']:.1f}"]}


@dataclass(frozen=True)
class Cost:
    """Milliseconds for each log-in, and statements."""

    server: float
    database: float
    wall: float
    statements: float


def _batch(state: State, browser: Browser, way: Way, database: int | None) -> Cost:
    state.wait(1)
    browser.client.delete_cookie("idp_session", domain="localhost")  # nobody is signed in yet; the browser is known
    steps = [browser.ask().headers["Location"] for _ in range(BATCH)]
    meter = Meter(state.app.wsgi_app)

    run = Prepared.run

    def counted(*arguments: Any) -> Rows:
        meter.statements += meter.counting
        return run(*arguments)

    Prepared.run = counted  # type: ignore[method-assign]
    state.app.wsgi_app = meter  # type: ignore[method-assign]
    before = _database_cpu(database)
    for step in steps:
        browser.client.delete_cookie("idp_session", domain="localhost")
        with meter.of():
            way(browser, step)
    of_it = _database_cpu(database) - before
    state.app.wsgi_app = meter.app  # type: ignore[method-assign]
    Prepared.run = run  # type: ignore[method-assign]
    return Cost(*(1e3 * each / BATCH for each in (meter.cpu, of_it, meter.wall)), meter.statements / BATCH)


def _by_password(browser: Browser, step: str) -> None:
    answer = browser.submit(browser.get(step), identifier="999203001234", password=PASSWORD)
    assert "code=" in answer.headers["Location"], answer.text


def _by_passkey(citizen: Citizen, browser: Browser, step: str) -> None:
    citizen.passkey.counter += 1
    answer = citizen.answer(browser, browser.get(step))
    assert "code=" in answer.headers["Location"], answer.text


def _database_cpu(pid: int | None) -> float:
    """Seconds of the server and of its processes that live."""
    if pid is None:
        return 0.0
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (found := _stat(entry)) and pid in (int(entry.name), found[0]):
            total += found[1]
    return total / TICKS


def _stat(process: Path) -> tuple[int, int] | None:
    """The parent, and the ticks used."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[11]) + int(fields[12])
