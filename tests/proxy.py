"""The three roles as a ministry would run them: nginx of Debian ends TLS in front, granian answers behind it, on free ports.

Started by the tests with its own configuration and folders; nothing of the machine's own nginx is read or touched.
"""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

from idp import demo, processes, tls
from idp.demo import Options
from idp.nation import Nation
from idp.processes import Running
from idp.progress import Progress
from tests.databases import Missing
from tests.smoke import ROOT, free_ports

ROLES = ("idp", "wallet", "verifier")
START_SECONDS = 20.0
# As the roles' own: what a role refuses while a proxy still sends it becomes a 502.
LIMITS = {"idp": "256k", "wallet": "128k", "verifier": "13m"}

# What a front door needs and no more: the name that the browser asked for, and who really asked, never what was claimed.
_SERVER = """
    server {{
        listen 127.0.0.1:{port}{ssl};
        server_name localhost;
        client_max_body_size {limit};
        location = /refused {{
            internal;
            default_type text/plain;
            add_header Content-Security-Policy "default-src 'none'; frame-ancestors 'none'" always;
            add_header X-Frame-Options DENY always;
            add_header X-Content-Type-Options nosniff always;
            add_header Referrer-Policy no-referrer always;
            add_header Cross-Origin-Opener-Policy same-origin always;
            add_header Strict-Transport-Security "max-age=300" always;
            add_header Cache-Control no-store always;
            return 200 "";
        }}
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host "";
            proxy_set_header Forwarded "";
        }}
    }}
"""
_CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    server_tokens off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3;
    merge_slashes off;
    large_client_header_buffers 4 8k;
    # What nginx refuses by itself carries the same headers as what the roles answer.
    error_page 400 405 413 414 500 501 502 503 504 /refused;
    error_page 494 =431 /refused;
{servers}
}}
"""


@dataclass(frozen=True)
class Answer:
    """One answer as it came over the wire; header names in lower case, each line of a repeated one kept."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    closed: bool  # the other side ended the connection

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def __getitem__(self, name: str) -> str:
        (value,) = self.all(name)
        return value


@dataclass(frozen=True)
class House:
    """`front` by nginx and https, `behind` by granian; ports by role, and `plain` where nginx speaks http."""

    nation: Nation
    front: Mapping[str, int]
    behind: Mapping[str, int]
    plain: int
    trusted: ssl.SSLContext

    def logs(self) -> str:
        return "".join(path.read_text("utf-8") for path in sorted((self.nation.folder / "logs").glob("*.log")))

    def own(self, role: str) -> bytes:
        """The host by which a role is known, wherever the bytes are sent."""
        return f"localhost:{self.front[role]}".encode()

    def send(self, role: str, data: bytes, *, front: bool, wait: float = 3.0) -> Answer:
        """These very bytes, and the first answer to them."""
        with socket.create_connection(("127.0.0.1", (self.front if front else self.behind)[role]), timeout=wait) as raw:
            stream = self.trusted.wrap_socket(raw, server_hostname="localhost") if front else raw
            with stream:
                return exchange(stream, data)

    def ask(
        self,
        role: str,
        path: str,
        *headers: str,
        front: bool = True,
        method: str = "GET",
        body: bytes = b"",
        host: str | None = None,
    ) -> Answer:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host or self.own(role).decode()}", "Connection: close", *headers]
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        if not front and not any(line.startswith("X-Forwarded-Proto") for line in lines):
            lines.append("X-Forwarded-Proto: https")  # what the proxy would say
        return self.send(role, "\r\n".join([*lines, "", ""]).encode("utf-8") + body, front=front)


def exchange(stream: socket.socket, data: bytes) -> Answer:
    with suppress(OSError):  # it answered before it had read all; the answer is there
        stream.sendall(data)
    received, closed = b"", False
    while b"\r\n\r\n" not in received:
        part = _receive(stream)
        if part is None:
            break
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    found = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", first)
    assert found, (first, "no answer")
    headers = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    length = dict(headers).get("content-length")
    while not closed and (length is None or len(body) < int(length)) and found[1] not in ("204", "304"):
        part = _receive(stream)
        closed = part is None
        body += part or b""
    return Answer(int(found[1]), headers, body, closed or _ends(stream))


def _receive(stream: socket.socket) -> bytes | None:
    try:
        return stream.recv(65_536) or None
    except (TimeoutError, OSError):
        return None


def _ends(stream: socket.socket) -> bool:
    stream.settimeout(0.3)
    try:
        return stream.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@contextmanager
def house(folder: Path) -> Iterator[House]:
    ports = free_ports(7)
    front, behind = dict(zip(ROLES, ports[:3], strict=True)), dict(zip(ROLES, ports[3:6], strict=True))
    options = Options(folder / "nation", *front.values(), tls=True)
    nation = demo.prepare(options, now=int(time.time()), progress=Progress(StringIO(), 8))
    running: list[Running] = []
    server = _nginx(nation, folder, front, behind, ports[6])
    try:
        for role in demo.roles(nation):
            environment = {**role.environment, "PYTHONPATH": str(ROOT)} | {"IDP_TRUSTED_PROXIES": "1"}
            served = {"factory": f"tests.faulty:create_{role.name}", "port": behind[role.name]}
            inner = replace(role, environment=environment, certificate=None, key=None, **served)
            running.append(processes.start(inner, nation.folder / "logs"))
        made = House(nation, front, behind, ports[6], ssl.create_default_context(cafile=str(tls.ca_bundle(nation))))
        _wait(made, running, server)
        yield made
    finally:
        processes.end(running)
        server.terminate()
        server.wait(timeout=10)


def _nginx(
    nation: Nation, folder: Path, front: Mapping[str, int], behind: Mapping[str, int], plain: int
) -> "subprocess.Popen[bytes]":
    place = folder / "nginx"
    place.mkdir(parents=True)
    files = tls.served(nation, "idp")
    assert files is not None
    servers = [_SERVER.format(port=front[role], ssl=" ssl", behind=behind[role], limit=LIMITS[role]) for role in ROLES]
    servers.append(_SERVER.format(port=plain, ssl="", behind=behind["idp"], limit=LIMITS["idp"]))
    text = _CONFIGURATION.format(
        folder=place,
        certificate=files.certificate,
        key=files.key,
        servers="".join(servers),
        user="user root;" if os.getuid() == 0 else "",
    )
    (place / "nginx.conf").write_text(text)
    command = [
        _program(),
        "-p",
        str(place),
        "-c",
        str(place / "nginx.conf"),
        "-e",
        str(place / "error.log"),
    ]
    return subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL)


def _program() -> str:
    found = shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))
    if found is None:
        raise Missing("nginx is not installed. Install it with: apt-get install nginx")
    return found


def _wait(made: House, running: list[Running], server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    for role in ROLES:
        while True:
            processes.raise_if_ended(running)
            assert server.poll() is None, "nginx ended"
            try:
                if made.ask(role, "/").status == 200:
                    break
            except (OSError, AssertionError):
                pass
            assert time.monotonic() < deadline, f"{role} does not answer:\n{made.logs()[-2000:]}"
            time.sleep(0.05)
