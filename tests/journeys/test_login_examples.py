"""The examples of a sign-in, started as they say themselves, at the served demonstration: in, stronger, and out by each way.

Flask and Django by a secret that the command told (`agency`); FastAPI by a key, pushed requests and bound tokens (`bank`).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import idp.__main__
from certs.keys import MemorySigner
from tests import smoke
from tests.browser import Browser, Page
from tests.journeys import relying_party
from tests.smoke import ROOT, Run
from tests.world_idp import client

STARTS = {
    "flask": ["-m", "flask", "--app", "docs/examples/flask_shop.py", "run", "--host", "localhost", "--port", "{port}"],
    "django": ["docs/examples/django_shop.py", "runserver", "--noreload", "localhost:{port}"],
    "fastapi": ["-m", "uvicorn", "--app-dir", "docs/examples", "fastapi_bank:app", "--host", "localhost", "--port", "{port}"],
}  # fmt: skip
KEY = MemorySigner.generate("ES256")
READY = 20.0  # seconds
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Shop:
    name: str
    nation: Run
    url: str

    def walk(self, browser: Browser, path: str) -> Page:
        """Open it, and do at the provider what is asked there, until the browser is back."""
        page = browser.open(self.url + path)
        for _ in range(12):
            if not page.url.startswith(self.nation.urls["idp"]):
                return page
            page = relying_party._step(self.nation, browser, page)
        raise AssertionError(page.url)

    def told(self, browser: Browser, path: str = "/account") -> dict[str, Any]:
        page = self.walk(browser, path)
        assert (page.status, page.url) == (200, self.url + path), page.response.text
        told: dict[str, Any] = json.loads(page.response.text)
        return told

    def knows(self, browser: Browser) -> bool:
        return browser.client.get(self.url + "/account", follow_redirects=False).status_code == 200


def registered(run: Run, name: str, url: str, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What the application has to know; by the staff's command where there is a secret to be told."""
    if name == "fastapi":
        callbacks = {"redirect_uris": (f"{url}/login/callback",), "profile": "bank", "scopes": ("openid", "profile")}
        metadata = {
            "jwks": {"keys": [KEY.public.jwk()]},
            "post_logout_redirect_uris": [f"{url}/"],
            "backchannel_logout_uri": f"{url}/login/back-channel",
        }
        with_key = {"token_endpoint_auth_method": "private_key_jwt", "secret_hash": None, "metadata": metadata}
        relying_party.add(run, client("fastapi", **callbacks, **with_key))
        return {"CLIENT_ID": "fastapi"}
    words = ["client", "add", name, "--scope", "profile", "--redirect-uri", f"{url}/login/callback"]
    words += ["--post-logout-redirect-uri", f"{url}/", "--backchannel-logout-uri", f"{url}/login/back-channel"]
    assert idp.__main__.main([*words, "--json", "--data", str(run.data)]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    return {"CLIENT_ID": told["client_id"], "CLIENT_SECRET": told["client_secret"]}


@contextmanager
def started(name: str, url: str, log: Path, **environment: str) -> Iterator[None]:
    words = [word.format(port=url.rpartition(":")[2]) for word in STARTS[name]]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        until = time.monotonic() + READY
        while True:
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            try:
                httpx.get(url, trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(params=STARTS)
def shop(
    request: pytest.FixtureRequest, nation: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    (port,) = smoke.free_ports(1)
    url = f"http://localhost:{port}"
    (tmp_path / "client.pem").write_bytes(KEY.pem())
    known = registered(nation, request.param, url, capsys)
    known |= {"ISSUER": nation.urls["idp"], "URL": url, "PYTHONPATH": str(ROOT)}
    known |= {"CLIENT_KEY": str(tmp_path / "client.pem"), "STORE": str(tmp_path / "kept.sqlite")}
    with started(request.param, url, tmp_path / "log", **known):
        yield Shop(request.param, nation, url)


def test_in_stronger_and_out_by_each_way(shop: Shop) -> None:
    who = shop.nation.persona["name"]
    with Browser() as browser, Browser() as other:
        assert shop.told(browser) == {"name": who, "level": "LoA1"}
        cookies = [cookie for cookie in browser.client.cookies.jar if cookie.name.startswith("login-session")]
        assert len(cookies) == 1 and cookies[0].has_nonstandard_attr("HttpOnly")
        assert cookies[0].get_nonstandard_attr("SameSite") == "Lax"
        assert not shop.knows(other)
        # stronger, by the same person
        assert shop.told(browser, "/transfer") == {"name": who, "level": "LoA2"}
        assert shop.told(browser) == {"name": who, "level": "LoA2"}
        # a script of another page learns only that somebody has to sign in
        asked = other.client.get(shop.url + "/account", headers={"Sec-Fetch-Mode": "cors"}, follow_redirects=False)
        assert asked.status_code == 401
        # no other page signs them out
        assert browser.client.post(shop.url + "/login/out", follow_redirects=False).status_code == 403
        assert shop.knows(browser)
        # out, here and there
        browser.client.headers.update(OWN_PAGE)
        page = browser.submit(browser.open(shop.url + "/"), "out")
        if "sign-out" in page:
            page = browser.submit(page, "sign-out")
        assert page.url == shop.url + "/", page.response.text
        assert not shop.knows(browser)
        assert "identifier" in browser.open(shop.url + "/account")  # the provider asks who they are
        # the provider tells of a logout that began there
        assert shop.told(other)["name"] == who
        page = other.open(f"{shop.nation.urls['idp']}/logout")
        other.submit(page, "sign-out")
        until = time.monotonic() + READY
        while shop.knows(other) and time.monotonic() < until:
            time.sleep(0.05)
        assert not shop.knows(other)
