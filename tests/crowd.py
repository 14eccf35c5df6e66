"""A crowd at the log-in page of a served provider, and somebody who redeems tokens beside it."""

import http.client
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode, urlsplit

from idp.model import Consent, Grant, Token
from idp.oidc.secrets import token_hash
from tests.browser import Browser
from tests.databases import free_port
from tests.soak.serving import FORM, Served
from tests.world_idp import basic, build

SCOPES = ("openid", "profile")
DETAILS = {"acr": "LoA1", "amr": ["pwd"], "auth_time": 1, "sid": "s"}
TIMEOUT = 20.0


@dataclass(frozen=True)
class Place:
    """A served provider where refresh tokens are laid out, one for each `refresh(line, number)`."""

    server: Served
    issuer: str

    def line(self) -> http.client.HTTPConnection:
        return connect(self.server.port)


def connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)


@contextmanager
def place(folder: Path, *, tokens: int) -> Iterator[Place]:
    state = build(folder)
    now = int(time.time())
    with state.storage.transaction() as ports:
        ports.consents.record(Consent("a-duong", "bank", SCOPES, now))
        for number in range(tokens):
            grant = Grant(f"g{number}", "a-duong", "bank", SCOPES, "openid", now, now + 3600, DETAILS)
            ports.grants.open(grant, [Token(token_hash(_value(number)), grant.grant_id, "refresh", now + 3600)])
    state.close()
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    settings = {"IDP_ISSUER": issuer, "IDP_DATA": str(folder), "IDP_SIMULATION": "1", "IDP_TRUSTED_PROXIES": "1"}
    server = Served(settings, folder / "logs", port)
    try:
        server.start()
        yield Place(server, issuer)
    finally:
        server.end()


def refresh(line: http.client.HTTPConnection, number: int) -> int:
    form = {"grant_type": "refresh_token", "refresh_token": _value(number)}
    return _sent(line, "POST", "/token", urlencode(form), {**FORM, **basic()}).status


def keys(line: http.client.HTTPConnection) -> int:
    return _sent(line, "GET", "/jwks", None, {}).status


def _value(number: int) -> str:
    return f"{number:043}"


def _sent(
    line: http.client.HTTPConnection, method: str, path: str, body: str | None, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    line.request(method, path, body, dict(headers))
    answer = line.getresponse()
    answer.read()
    return answer


@dataclass(frozen=True)
class Form:
    """The log-in page, open in one browser: it can be sent many times with a wrong password."""

    path: str
    cookies: str
    hidden: Mapping[str, str]

    def send(self, line: http.client.HTTPConnection, number: int) -> http.client.HTTPResponse:
        """As somebody whom nobody knows, from an address of their own: no counter of attempts holds them back."""
        fields = {**self.hidden, "identifier": f"9990900{number % 100_000:05}", "password": "not the password"}
        address = f"198.18.{number // 250 % 250}.{number % 250}"
        headers = {**FORM, "Cookie": self.cookies, "X-Forwarded-For": address}
        return _sent(line, "POST", self.path, urlencode(fields), headers)


def form(issuer: str) -> Form:
    with Browser() as browser:
        page = browser.open(f"{issuer}/sign-in")
        found = page.form("sign-in")
        hidden = {name: value for name, value in found.fields if name not in ("identifier", "password")}
        cookies = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
        return Form(urlsplit(found.action).path, cookies, hidden)


@dataclass
class Crowd:
    """`size` people who send the form again and again, all together at most `rate` times a second."""

    issuer: str
    port: int
    size: int
    rate: float

    def __post_init__(self) -> None:
        self.stop = Event()
        self.statuses: Counter[int] = Counter()
        self.retry_after: set[str | None] = set()

    @contextmanager
    def pressing(self) -> Iterator[None]:
        opened = form(self.issuer)
        people = [Thread(target=self._press, args=(opened, number)) for number in range(self.size)]
        for one in people:
            one.start()
        try:
            yield
        finally:
            self.stop.set()
            for one in people:
                one.join()

    def until(self, status: int, number: int) -> bool:
        """So many were answered so; False if that does not come."""
        ends = time.monotonic() + TIMEOUT
        while self.statuses[status] < number and time.monotonic() < ends:
            time.sleep(0.01)
        return self.statuses[status] >= number

    def _press(self, opened: Form, who: int) -> None:
        line, pause = connect(self.port), self.size / self.rate
        due = time.monotonic() + pause * who / self.size
        turn = 0
        while not self.stop.wait(max(0.0, due - time.monotonic())):
            answer = opened.send(line, who + self.size * turn)
            self.statuses[answer.status] += 1
            if answer.status == 503:
                self.retry_after.add(answer.headers["Retry-After"])
            turn += 1
            due = max(due + pause, time.monotonic())
        line.close()
