"""A citizen at the wallet's pages: signs in at the real provider, and plays the browser's half with software keys."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from certs.keys import MemorySigner
from certs.proof import key_proof
from tests.wallet.issuer import ISSUER, TX_CODE, IssuerDesk
from tests.world_idp import SECRET, State, client
from wallet.app import create_app
from wallet.config import Config
from wallet.ports import Web

URL = "http://localhost:5001"


def wallet_app(
    desk: IssuerDesk,
    provider: State,
    folder: Path,
    *,
    clock: Callable[[], int] | None = None,
    web: Web | None = None,
    database_url: str = "",
) -> Flask:
    """The wallet, reaching the provider in process and documents at the desk; `web` where it reaches others too."""
    config = Config(
        url=URL,
        issuer=ISSUER,
        data=folder,
        client_secret=SECRET,
        root_sha256=desk.world.root_sha256,
        database_url=database_url,
        simulation=True,
    )
    transport = httpx.WSGITransport(app=provider.app)
    return create_app(config, web=web or desk, transport=transport, clock=clock or (lambda: desk.world.now))


def register(provider: State) -> None:
    with provider.storage.transaction() as ports:
        ports.clients.add(client("wallet", redirect_uris=(f"{URL}/callback",), scopes=("openid", "profile", "vneid")))


@dataclass
class Citizen:
    app: Flask
    provider: State
    client: FlaskClient = field(init=False)
    keys: dict[str, MemorySigner] = field(default_factory=dict)  # by thumbprint, as the browser keeps them

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=URL, **more)

    def post(self, path: str, **more: Any) -> TestResponse:
        return self.client.post(path, base_url=URL, **more)

    def call(self, path: str, body: Any, *, csrf: str | None = None) -> TestResponse:
        return self.post(path, json=body, headers={"X-CSRF-Token": self.csrf() if csrf is None else csrf})

    def csrf(self) -> str:
        found = re.search(r'<meta name="csrf" content="([^"]+)">', self.get("/documents").text)
        assert found is not None, "not signed in"
        return found[1]

    # --- signing in -----------------------------------------------------------------------------------------------

    def answer(self, *, path: str = "/sign-in", identifier: str = "999203001234") -> dict[str, str]:
        """Go to the provider, log in and share; what comes back for `/callback`."""
        asked = self.get(path)
        assert asked.status_code == 303, asked.text
        parts = urlsplit(asked.headers["Location"])
        assert f"{parts.scheme}://{parts.netloc}" == ISSUER
        browser = self.provider.browser()
        response = browser.get(f"{parts.path}?{parts.query}")
        if response.headers["Location"].startswith("/login/"):
            response = browser.sign_in(response, identifier=identifier)
        if response.headers["Location"].startswith("/consent/"):
            response = browser.decide(response)
        return dict(parse_qsl(urlsplit(response.headers["Location"]).query))

    def come_back(self, answer: dict[str, str]) -> TestResponse:
        return self.get("/callback", query_string=answer)

    def sign_in(self, *, path: str = "/sign-in", identifier: str = "999203001234") -> TestResponse:
        response = self.come_back(self.answer(path=path, identifier=identifier))
        assert response.status_code == 303, response.text
        return response

    def sign_in_again(self, *, now: int) -> "Citizen":
        """Days later: sessions are over, on both sides."""
        self.provider.clock[0] = now
        self.client.delete_cookie("wallet_session", domain="localhost")
        self.sign_in()
        return self

    # --- receiving ------------------------------------------------------------------------------------------------

    def begin(self, link: str, tx_code: str = TX_CODE) -> TestResponse:
        return self.call("/receive/begin", {"offer": link, "tx_code": tx_code})

    def prove(self, begun: dict[str, Any], *, now: int) -> list[dict[str, str]]:
        proofs = []
        for each in begun["proofs"]:
            key = MemorySigner.generate()
            self.keys[key.public.thumbprint()] = key
            proof = key_proof(key, audience=begun["audience"], nonce=each["nonce"], now=now)
            proofs.append({"configuration": each["configuration"], "proof": proof})
        return proofs

    def receive(self, link: str, *, now: int, tx_code: str = TX_CODE) -> TestResponse:
        begun = self.begin(link, tx_code)
        if begun.status_code != 200:
            return begun
        proofs = self.prove(begun.json or {}, now=now)
        return self.call("/receive/complete", {"receipt": (begun.json or {})["receipt"], "proofs": proofs})
