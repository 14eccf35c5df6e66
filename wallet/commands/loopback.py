"""Hear what a browser on this machine brings back from the issuer: an address of this process, for one answer.

Spec: RFC 8252 §7.3 (loopback address, any port), §8.3 (never `localhost`); RFC 6749 §4.1.2

Whoever is on this machine can call it: nothing but the answer to `state` ends the waiting, and the code in it is worth nothing
without the PKCE verifier, which stays here.
"""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from wallet.errors import WalletError
from wallet.login import read_answer

HOST, PATH = "127.0.0.1", "/callback"
PATIENCE = 600  # seconds: to sign in and agree
PAUSE = 1.0  # seconds between two looks at the clock
LINE_LIMIT = 4_096  # characters of the address that a browser brings
_DONE = "Xong. Hãy quay lại cửa sổ dòng lệnh. / Done. Go back to your terminal."
_NOT_HERE = "Không có gì ở đây. / There is nothing here."


class Loopback(HTTPServer):
    """Listens from the moment it is made, so that its address can be told."""

    timeout = PAUSE

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.state = ""
        self.answer: dict[str, str] | None = None

    @property
    def redirect_uri(self) -> str:
        return f"http://{HOST}:{self.server_port}{PATH}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.server_close()

    def wait(self, state: str, *, clock: Callable[[], int]) -> dict[str, str]:
        """The parameters of the answer to this `state`. Raises WalletError when none comes in time."""
        self.state, until = state, clock() + PATIENCE
        while self.answer is None:
            if clock() >= until:
                raise WalletError("asking_unknown", "nobody came back in time")
            self.handle_request()
        return self.answer

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that breaks off is nobody's business."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 5  # seconds for a request: one that says nothing keeps nobody waiting
    server: Loopback
    server_version, sys_version = "vneid-wallet", ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        found = self._answer(parts.query) if parts.path == PATH and len(self.path) <= LINE_LIMIT else None
        if found is not None:
            self.server.answer = found
        text = (_NOT_HERE if found is None else _DONE).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(text)

    def _answer(self, query: str) -> dict[str, str] | None:
        try:
            answer = read_answer(parse_qs(query, max_num_fields=16))
        except (ValueError, WalletError):
            return None
        return answer if self.server.state and answer.get("state") == self.server.state else None

    def log_message(self, format: str, *args: object) -> None:
        """Its lines would hold codes."""
