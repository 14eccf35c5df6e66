"""Start the roles' servers, wait until each answers, watch them, end them all. Roles are started, never imported.

A child runs in a session of its own: Ctrl-C reaches the demonstration alone, which then ends its children in order, and no
child can outlive a clean end.
"""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from certs.log import server_settings

GRACE = 5.0  # seconds for requests in flight before a child is killed
THREADS = 4  # of each role: a page may ask another role, which may ask back
HEADERS_LIMIT = 32 * 1024  # bytes of a request's head; the server would take 400 KB, by HTTP/2 16 MB (attacks HD-05)


class CannotServe(Exception):
    """A message for the person at the terminal; one line."""


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    factory: str  # module:callable
    port: int
    environment: Mapping[str, str] = field(repr=False)  # the whole of it
    certificate: Path | None = None  # with its key: served over https
    key: Path | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.certificate else 'http'}://localhost:{self.port}"


@dataclass(frozen=True, slots=True)
class Work:
    """A command of ours that runs beside the servers, and serves nothing."""

    name: str
    command: tuple[str, ...]  # after the interpreter's name
    environment: Mapping[str, str] = field(repr=False)


@dataclass(slots=True)
class Running:
    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    url: str | None = None  # where it serves


def check_free(ports: Sequence[tuple[str, int]]) -> None:
    """Raises CannotServe for the first port that somebody listens on, or that is named twice."""
    seen: set[int] = set()
    for name, port in ports:
        if port in seen or not _is_free(port):
            raise CannotServe(f"port {port} for the {name} is taken; choose another: make demo {name.upper()}_PORT=…")
        seen.add(port)


def _is_free(port: int) -> bool:
    """`localhost` may mean either loopback address, so both must be free."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):  # anything else: no such address family here
                return False
    return True


def alive(pid: str) -> bool:
    """A process of this number runs, whoever's it is."""
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def start(role: Role, logs: Path) -> Running:
    logs.mkdir(parents=True, exist_ok=True)
    log, settings = logs / f"{role.name}.log", logs / f"{role.name}.logging.json"
    settings.write_text(json.dumps(server_settings(role.name)), "utf-8")
    return Running(role.name, _started(command(role, settings), role.environment, log), log, role.url)


def start_work(work: Work, logs: Path) -> Running:
    log = logs / f"{work.name}.log"
    return Running(work.name, _started([sys.executable, *work.command], work.environment, log), log)


def _started(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
            arguments,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def command(role: Role, log_settings: Path) -> list[str]:
    """How granian is told to serve a role. Its access log stays off: addresses carry codes."""
    options = {
        "--interface": "wsgi",
        "--host": "127.0.0.1",
        "--port": role.port,
        "--blocking-threads": THREADS,
        "--http1-buffer-size": HEADERS_LIMIT,
        "--http2-max-headers-size": HEADERS_LIMIT,
        "--log-level": "warning",
        "--log-config": log_settings,
    }
    if role.certificate and role.key:
        options |= {"--ssl-certificate": role.certificate, "--ssl-keyfile": role.key}
    named = [part for name, value in options.items() for part in (name, str(value))]
    return [sys.executable, "-m", "granian", "--factory", "--no-ws", "--no-access-log", *named, role.factory]


def wait_ready(running: Sequence[Running], answers: Callable[[str], bool], *, seconds: float) -> None:
    """Until `answers(url)` holds for each. Raises CannotServe when one ends or time runs out."""
    deadline = time.monotonic() + seconds
    waiting = list(running)
    while waiting:
        raise_if_ended(running)
        waiting = [child for child in waiting if child.url and not answers(child.url)]
        if waiting and time.monotonic() > deadline:
            raise CannotServe(f"the {waiting[0].name} does not answer after {seconds:.0f} s; see {waiting[0].log}")
        if waiting:
            time.sleep(0.03)


def raise_if_ended(running: Sequence[Running]) -> None:
    for child in running:
        code = child.process.poll()
        if code is not None:
            raise CannotServe(f"the {child.name} ended by itself (exit code {code}); see {child.log}")


def end(running: Sequence[Running]) -> None:
    """Ask all to finish, then make them. Safe to call twice."""
    for child in running:
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    for child in running:
        try:
            child.process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL)
            child.process.wait()
        _signal(child, signal.SIGKILL)  # whatever a child left behind in its own session


def _signal(child: Running, number: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return  # all of them are gone
