"""Private servers for tests: a PostgreSQL and a Redis of our own on free ports, started in about a second, gone at the end.

Started from the programs of Debian's packages. Where one is missing the tests stop and say what to install; none is skipped.
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import redis

from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.tables import metadata

START_SECONDS = 30.0
# For tests that are not about loss: what a crash would cost is not asked there, and a flush to disk costs milliseconds.
FAST = ("fsync=off", "full_page_writes=off")
# `replica` sets the triggers aside that keep the journal: tests begin with an empty one.
EMPTY_ALL = "SET session_replication_role = replica; " + "; ".join(
    f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)
)


class Missing(RuntimeError):
    """A program that the tests need is not on this machine."""


def program(name: str, package: str) -> str:
    """Where it is: on the path, or where Debian keeps PostgreSQL's own."""
    newest_first = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version, reverse=True)
    found = next((str(path) for path in newest_first), None) or shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed. Install it with: apt-get install {package}")
    return found


def _version(path: Path) -> int:
    return int("".join(filter(str.isdigit, path.parts[4])) or 0)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A child process with a folder and a port of its own. It can be killed, stopped, frozen and started again."""

    command: Sequence[str]
    folder: Path
    port: int
    user: str | None
    answers: Callable[[], bool]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        account = pwd.getpwnam(self.user) if self.user else None
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it calls the kernel and nothing else
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.command[0]} did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.01)

    def send(self, number: signal.Signals) -> None:
        """To the whole family of processes."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        if self.process is not None and self.process.poll() is None:
            self.send(signal.SIGCONT)
            # PostgreSQL's fast shutdown is asked of the postmaster alone; a kill takes all.
            if number is signal.SIGKILL:
                self.send(number)
            else:
                self.process.send_signal(number)
            self.process.wait(timeout=START_SECONDS)
        self.process = None


_LIBC, _PR_SET_PDEATHSIG = ctypes.CDLL(None), 1


def _end_with_parent() -> None:
    """A test run that is killed takes its servers along: PostgreSQL and Redis both end cleanly at this signal."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


@dataclass
class Postgres:
    server: Server

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.server.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        self._run(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def migrated(self, database: str) -> str:
        """A new database with our tables at the newest revision."""
        url = self.create(database)
        engine = open_engine(url)
        migrations.upgrade(engine)
        engine.dispose()
        return url

    def empty(self, database: str) -> str:
        """All rows gone: a few milliseconds, where a new database would cost a hundred."""
        with psycopg.connect(self._conninfo(database), autocommit=True) as connection:
            connection.execute(EMPTY_ALL)
        return self.url(database)

    def _conninfo(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.server.port} user=postgres dbname={database} connect_timeout=3"

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgresql(*, settings: Sequence[str] = FAST) -> Iterator[Postgres]:
    """PostgreSQL refuses to run as root: it then runs as the user that its package made."""
    initdb, postgres = program("initdb", "postgresql"), program("postgres", "postgresql")
    user = "postgres" if os.getuid() == 0 else None
    with _folder("vneid-pg-", user) as folder:
        account = pwd.getpwnam(user) if user else None
        subprocess.run(
            [
                initdb,
                "-D",
                folder / "data",
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        port = free_port()
        wanted = ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "max_connections=250", *settings)
        options = [part for setting in wanted for part in ("-c", setting)]
        command = [postgres, "-D", str(folder / "data"), "-p", str(port), *options]
        server = Server(command, folder, port, user, lambda: _postgresql_answers(port))
        server.start()
        try:
            yield Postgres(server)
        finally:
            server.stop()


def _postgresql_answers(port: int) -> bool:
    try:
        psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=2").close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def redis_server() -> Iterator[Server]:
    """Keeps nothing: each start is empty."""
    with _folder("vneid-redis-", None) as folder:
        port = free_port()
        command = [program("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        server = Server([*command, "--dir", str(folder)], folder, port, None, lambda: _redis_answers(port))
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGTERM)


def _redis_answers(port: int) -> bool:
    with redis.Redis(port=port, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


@contextmanager
def _folder(prefix: str, user: str | None) -> Iterator[Path]:
    """Directly under the system's folder for such: another user must reach it, and a socket's path must be short."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if user:
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_NUMBERS = count()


def fresh_name() -> str:
    """A database's name that no other test of this run has."""
    return f"t{next(_NUMBERS)}"
