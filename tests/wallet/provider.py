"""The real provider in process, as the wallet's server and the wallet's person reach it."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from certs import device
from certs.encoding import json_encode
from certs.fetch import FetchError, Response
from certs.keys import MemorySigner
from tests.wallet.citizen import URL, Citizen
from tests.wallet.issuer import ISSUER
from tests.world_idp import SECRET, State, client, reopen
from wallet.app import create_app
from wallet.config import Config


# The provider's own tests run on both databases; here it is the other side of a wire.
@pytest.fixture
def state(made: Path, tmp_path: Path) -> Iterator[State]:
    state = reopen(Path(shutil.copytree(made, tmp_path / "idp")))
    yield state
    state.close()


PASSCODE, NAME = "284671", "Điện thoại của Dương"


@dataclass
class Provider:
    """Implements `wallet.ports.Web`. A test puts an answer of its own in `changes`, or loses answers on the way."""

    state: State
    changes: dict[str, Response | FetchError] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def get(self, url: str, *, accept: str = "*/*", size_limit: int = 0) -> Response:
        return self._sent(url, lambda path: self.state.app.test_client().get(path, headers={"Accept": accept}))

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        jwt: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        self.asked.append((url.removeprefix(ISSUER), dict(json or form or {})))
        body: dict[str, Any] = {"data": dict(form)} if form is not None else {}
        if json is not None:
            body = {"data": json_encode(json), "content_type": "application/json"}
        if jwt is not None:
            body = {"data": jwt, "content_type": "application/jwt"}
        return self._sent(
            url, lambda path: self.state.app.test_client().post(path, headers=dict(headers or {}), **body)
        )

    def _sent(self, url: str, send: Callable[[str], TestResponse]) -> Response:
        assert url.startswith(ISSUER + "/"), url
        path = url.removeprefix(ISSUER)
        changed = self.changes.get(path)
        if isinstance(changed, FetchError):
            raise changed
        if changed is not None:
            return changed
        answer = send(path)
        return Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.data)

    def answers(self, path: str, status: int, content: Mapping[str, Any], **headers: str) -> None:
        """From now on it says this, whatever is asked."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.changes[path] = Response(status, named, json_encode(content))


def wallet_of(state: State, folder: Path) -> tuple[Flask, Provider]:
    """A wallet that is registered at the provider and reaches nobody else."""
    addresses = tuple(f"{URL}{path}" for path in ("/callback", "/add/callback", "/device/callback"))
    scopes = ("openid", "profile", "vneid", "device")
    state.put(clients=(client("wallet", redirect_uris=addresses, scopes=scopes),))
    config = Config(url=URL, issuer=ISSUER, data=folder, client_secret=SECRET, root_sha256="0" * 64, simulation=True)
    web = Provider(state)
    transport = httpx.WSGITransport(app=state.app)
    return create_app(config, web=web, transport=transport, clock=lambda: state.clock[0]), web


@dataclass
class Telephone(Citizen):
    """A citizen at the wallet, with the half of the page's script played by a key of ours."""

    signer: MemorySigner = field(default_factory=MemorySigner.generate)

    def csrf(self) -> str:
        """From a page that asks nobody else."""
        found = re.search(r'<meta name="csrf" content="([^"]+)">', self.get("/receive").text)
        return found[1] if found else ""

    # --- enrolling ------------------------------------------------------------------------------------------------

    def away(self) -> str:
        """Where the wallet sends its person for the right to enrol."""
        answer = self.post("/device/begin", data={"csrf": self.csrf()})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def granted(self, address: str, *, identifier: str = "999203001234", waive: bool = False) -> dict[str, str]:
        """At the provider: password, a code that comes as a message, consent; what comes back."""
        browser, parts = self.provider.browser(), urlsplit(address)
        response = browser.sign_in(browser.get(f"{parts.path}?{parts.query}"), identifier=identifier)
        more = response.headers["Location"]
        if more.endswith("/more"):
            if waive:
                response = browser.submit(browser.get(more))
            else:
                sent = browser.submit(browser.get(f"{more.removesuffix('/more')}/code/message"))
                response = browser.submit(browser.get(sent.headers["Location"]), code=self.message())
        if response.headers["Location"].startswith("/consent/"):
            response = browser.decide(response)
        return dict(parse_qsl(urlsplit(response.headers["Location"]).query))

    def message(self) -> str:
        with self.provider.storage.reading() as ports:
            newest = ports.messages.recent(now=self.provider.clock[0])[0]
        return str(re.findall(r"\b\d{6}\b", newest.text.en)[0])

    def enrolment(self, **more: Any) -> str:
        """The id of a right to enrol."""
        back = self.get("/device/callback", query_string=self.granted(self.away(), **more))
        assert back.status_code == 303, back.text
        assert self.get(back.headers["Location"]).status_code == 200
        return str(back.headers["Location"].rpartition("/")[2])

    def name(self, enrolment: str, *, name: str = NAME, passcode: str = PASSCODE) -> TestResponse:
        given = self.call("/device/nonce", {}).get_json()
        proof = device.sign_enrolment(self.signer, **given, now=self.provider.clock[0])
        return self.call("/device/enrol", {"enrolment": enrolment, "name": name, "passcode": passcode, "proof": proof})

    def enrol(self) -> "Telephone":
        answer = self.name(self.enrolment())
        assert answer.status_code == 200, answer.text
        return self

    # --- approving ------------------------------------------------------------------------------------------------

    def scan(self, text: str) -> TestResponse:
        return self.call("/scan", {"text": text})

    def scanned(self, code: str) -> str:
        """The id under which the wallet keeps what it scanned."""
        answer = self.scan(f"{ISSUER}/phone/{code}")
        assert answer.status_code == 200, answer.text
        location = answer.get_json()["location"]
        assert self.get(location).status_code == 200
        return str(location.rpartition("/")[2])

    def look(self, code: str, **named: str) -> TestResponse:
        proof = device.sign_view(self.signer, **self._about(code))
        return self.call("/approve/view", {**(named or {"scanned": self.scanned(code)}), "proof": proof})

    def decision(self, code: str, asking: str, number: str | None, *, approve: bool = True) -> dict[str, str]:
        proof = device.sign_decision(self.signer, **self._about(code), approve=approve, number=number)
        return {"asking": asking, "proof": proof}

    def approve(self, code: str, asking: str, number: str | None, *, passcode: str = PASSCODE) -> TestResponse:
        return self.call("/approve/decision", {**self.decision(code, asking, number), "passcode": passcode})

    def deny(self, code: str, asking: str) -> TestResponse:
        return self.call("/approve/decision", self.decision(code, asking, None, approve=False))

    def _about(self, code: str) -> dict[str, Any]:
        return {"audience": ISSUER, "request": code, "jti": device.new_id(), "now": self.provider.clock[0]}
