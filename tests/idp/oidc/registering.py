"""An application that registers itself at the running provider, and its own pages on a real server of this machine."""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from idp.model import InitialToken
from idp.oidc.secrets import token_hash
from tests.certs.servers import Server
from tests.world_idp import ISSUER, State

GOOD: Mapping[str, Any] = {"client_name": "Sen", "redirect_uris": ["https://sen.example/cb"]}
TOKEN = "an-initial-access-token-of-some-length"
KEPT_BACK = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")


def offer(state: State, value: str = TOKEN, **changed: Any) -> str:
    known: dict[str, Any] = {
        "name": "Lotus",
        "profile": "agency",
        "scopes": ("openid", "profile"),
        "entitled_to_pid": False,
        "uses": 1,
        "expires": state.clock[0] + 600,
        **changed,
    }
    with state.storage.transaction() as ports:
        ports.registrations.offer(InitialToken(token_hash=token_hash(value), **known))
    return value


def bearer(value: str | None) -> dict[str, str]:
    return {} if value is None else {"Authorization": f"Bearer {value}"}


def post(state: State, token: str | None = None, **changed: Any) -> TestResponse:
    metadata = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    return state.app.test_client().post("/register-client", json=metadata, headers=bearer(token))


def registered(state: State, token: str | None = None, **changed: Any) -> dict[str, Any]:
    answer = post(state, token, **changed)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def own(
    state: State, told: Mapping[str, Any], method: str = "GET", *, token: str | None = None, **more: Any
) -> TestResponse:
    path = told["registration_client_uri"].removeprefix(ISSUER)
    return state.app.test_client().open(
        path, method=method, headers=bearer(token or told["registration_access_token"]), **more
    )


def as_sent(told: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """What an update must hold (RFC 7592 §2.2): what was told, but for what is the server's to give."""
    kept = {name: value for name, value in told.items() if name not in (*KEPT_BACK, "client_secret")}
    return {name: value for name, value in {**kept, **changed}.items() if value is not None}


def refused(answer: TestResponse, error: str = "invalid_client_metadata", status: int = 400) -> None:
    assert (answer.status_code, answer.get_json()["error"]) == (status, error), answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@dataclass
class Site:
    """A page that may change while it is served: `talk` is for `tests.certs.servers.serving`."""

    body: bytes = b""
    status: str = "200 OK"
    kind: str = "application/json"
    headers: str = ""
    served: int = field(default=0)

    def talk(self, connection: socket.socket) -> None:
        self.served += 1
        head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\nContent-Type: {self.kind}\r\n"
        connection.sendall(f"{head}Connection: close\r\n{self.headers}\r\n".encode() + self.body)

    def say(self, value: Any) -> None:
        self.body = json.dumps(value).encode()


def at(server: Server, path: str = "/") -> str:
    return server.url(path, host="localhost")
