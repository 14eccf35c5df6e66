"""The real provider as real processes: the demonstration's server program, on a port of its own, started, killed, started."""

import http.client
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from idp import config, processes
from idp.processes import Role, Running
from tests.databases import free_port

START_SECONDS = 30.0
FACTORY = "idp.app:create_app_from_environment"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Served:
    """One process of the provider. Several on one folder and database are one provider."""

    def __init__(
        self, settings: Mapping[str, str], logs: Path, port: int | None = None, *, factory: str = FACTORY
    ) -> None:
        self.port = port or free_port()
        self._logs = logs / str(self.port)
        environment = config.for_child(settings)
        self._role = Role("idp", factory, self.port, environment)
        self._host = settings["IDP_ISSUER"].partition("//")[2]
        self._running: Running | None = None

    def start(self) -> float:
        """Seconds until it answered."""
        began = time.monotonic()
        self._running = processes.start(self._role, self._logs)
        processes.wait_ready([self._running], lambda _: self._answers(), seconds=START_SECONDS)
        return time.monotonic() - began

    def kill(self) -> None:
        """At once and without a word, the server and its workers."""
        if self._running is not None:
            with suppress(ProcessLookupError):  # it had ended by itself
                os.killpg(self._running.process.pid, signal.SIGKILL)
            self._running.process.wait()
            self._running = None

    def end(self) -> None:
        if self._running is not None:
            processes.end([self._running])
            self._running = None

    def connect(self) -> "Line":
        return Line(self.port, self._host)

    def _answers(self) -> bool:
        try:
            with self.connect() as line:
                return line.get("/jwks")[0] == 200
        except (OSError, http.client.HTTPException):
            return False


class Line:
    """One connection that is kept; it calls the provider by its public name, whatever its port."""

    def __init__(self, port: int, host: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._host = host

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        return self._send("GET", path, None, headers or {})

    def post(self, path: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        return self._send("POST", path, urlencode(form).encode(), {**FORM, **(headers or {})})

    def post_json(self, path: str, content: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        return self._send("POST", path, content, {"Content-Type": "application/json", **headers})

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        self._connection.request(method, path, body, {"Host": self._host, **headers})
        response = self._connection.getresponse()
        return response.status, response.read()


@contextmanager
def served(settings: Mapping[str, str], logs: Path, count: int, *, factory: str = FACTORY) -> Iterator[list[Served]]:
    servers = [Served(settings, logs, factory=factory) for _ in range(count)]
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.end()
