"""Start the roles' servers, wait until each answers, watch them, end them all. Roles are started, never imported.

A child runs in a session of its own: Ctrl-C reaches the demonstration alone, which then ends its children in order, and no
child can outlive a clean end.
"""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

GRACE = 5.0  # seconds for requests in flight before a child is killed
THREADS = 4  # of each role: a page may ask another role, which may ask back


class CannotServe(Exception):
    """A message for the person at the terminal; one line."""


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    factory: str  # module:callable
    port: int
    environment: Mapping[str, str] = field(repr=False)  # the whole of it

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


@dataclass(slots=True)
class Running:
    role: Role
    process: "subprocess.Popen[bytes]"
    log: Path


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


def start(role: Role, logs: Path) -> Running:
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{role.name}.log"
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--host", "127.0.0.1"]
    command += ["--port", str(role.port), "--no-ws", "--log-level", "warning", "--blocking-threads", str(THREADS)]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
            [*command, role.factory],
            env=dict(role.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Running(role, process, log)


def wait_ready(running: Sequence[Running], answers: Callable[[str], bool], *, seconds: float) -> None:
    """Until `answers(url)` holds for each. Raises CannotServe when one ends or time runs out."""
    deadline = time.monotonic() + seconds
    waiting = list(running)
    while waiting:
        raise_if_ended(running)
        waiting = [child for child in waiting if not answers(child.role.url)]
        if waiting and time.monotonic() > deadline:
            raise CannotServe(f"the {waiting[0].role.name} does not answer after {seconds:.0f} s; see {waiting[0].log}")
        if waiting:
            time.sleep(0.03)


def raise_if_ended(running: Sequence[Running]) -> None:
    for child in running:
        code = child.process.poll()
        if code is not None:
            raise CannotServe(f"the {child.role.name} ended by itself (exit code {code}); see {child.log}")


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
