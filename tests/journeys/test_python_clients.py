"""Two relying parties that are not ours, on PyPI's libraries, unmodified, at the served demonstration: a browser walks in between.

`Authlib`'s Flask client in a small application: by secret, and by assertions of its key. `idpyoidc`: registers itself with an
initial access token, and signs its assertions. Both check issuer, state, nonce, audience, times and the ID token's signature.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from certs.keys import MemorySigner
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage
from tests import peers, smoke
from tests.browser import Browser, Page
from tests.smoke import Run
from tests.world_idp import SECRET, client

SCOPE = "openid profile email phone offline_access"
HERE = "http://127.0.0.1:9"  # of `idpyoidc`; nobody listens there: the test itself brings the address back
KEY = MemorySigner.generate("ES256", kid="flask")
BASIC, SIGNED = "client_secret_basic", "private_key_jwt"


@dataclass
class Application:
    """The relying party's process, and where it is."""

    nation: Run
    method: str
    port: int
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, Any]:
        known = {"issuer": self.nation.urls["idp"], "client_id": self.method, "scope": SCOPE, "url": self.url}
        secret = {"key": KEY.pem().decode()} if self.method == SIGNED else {"secret": SECRET}
        return {**known, **secret, "method": self.method, "port": self.port}

    def register(self) -> None:
        shape: dict[str, Any] = {
            "redirect_uris": (f"{self.url}/callback",),
            "scopes": tuple(SCOPE.split()),
            "token_endpoint_auth_method": self.method,
            "id_token_signed_response_alg": "ES256" if self.method == SIGNED else "RS256",
            "metadata": {"post_logout_redirect_uris": [f"{self.url}/signed-out"]},
        }
        if self.method == SIGNED:  # its assertions name the token endpoint, as OpenID Connect Core 1.0 §9 has it
            shape |= {"profile": "baseline", "secret_hash": None}
            shape["metadata"] |= {"jwks": {"keys": [KEY.public.jwk()]}}
        engine = open_engine(f"sqlite:///{self.nation.data / 'idp' / 'idp.sqlite'}")
        with SqlStorage(engine).transaction() as ports:
            ports.clients.add(client(self.method, **shape))
        engine.dispose()

    @contextmanager
    def running(self) -> Iterator["Application"]:
        command = [str(peers.python()), str(peers.SCRIPTS / "flask_client.py")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, text=True, cwd=peers.SCRIPTS, **pipes) as process:  # type: ignore[call-overload]
            try:
                process.stdin.write(json.dumps(self.settings) + "\n")
                process.stdin.flush()
                assert process.stdout.readline() == "listens\n", process.stderr.read()
                yield self
            finally:
                process.kill()


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("python-clients"))
    with smoke.demonstration(run):
        yield run


@pytest.fixture(scope="module", params=[BASIC, SIGNED])
def application(nation: Run, request: pytest.FixtureRequest) -> Iterator[Application]:
    (port,) = smoke.free_ports(1)
    made = Application(nation, request.param, port)
    made.register()
    with made.running():
        yield made


def told(page: Page) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(page.response.text)
    assert page.status == 200, answer
    return answer


def signed_in(application: Application, browser: Browser, **asked: str) -> dict[str, Any]:
    nation = application.nation
    page = browser.open(str(httpx.URL(f"{application.url}/sign-in", params=asked)))
    if "sign-in" in page:
        page = browser.submit(page, "sign-in", identifier=nation.persona["pid"], password=nation.persona["password"])
    return told(browser.submit(page, "share") if "share" in page else page)


def test_the_flask_client_signs_a_person_in_and_out(application: Application) -> None:
    nation = application.nation
    with Browser() as browser:
        first = signed_in(application, browser)
        assert first["claims"]["iss"] == nation.urls["idp"] and first["claims"]["aud"] == application.method
        assert first["claims"]["sub"] == first["userinfo"]["sub"] == nation.persona["pid"]
        assert first["userinfo"]["name"] == nation.persona["name"] and first["claims"]["nonce"]
        second = told(browser.open(f"{application.url}/refresh"))
        assert second["access"] != first["access"] and second["userinfo"] == first["userinfo"]
        assert (second["claims"]["sub"], second["claims"]["auth_time"]) == (
            first["claims"]["sub"],
            first["claims"]["auth_time"],
        )
        again = signed_in(application, browser, prompt="none")  # nobody is asked
        assert again["claims"]["sid"] == first["claims"]["sid"]
        assert told(browser.open(f"{application.url}/sign-out")) == {"signed_in": False}
        refused = browser.open(f"{application.url}/sign-in?prompt=none")
        assert refused.status == 500 and "login_required" in refused.response.text


def test_the_flask_client_is_told_of_a_refusal(application: Application) -> None:
    with Browser() as browser:
        nation = application.nation
        page = browser.open(f"{application.url}/sign-in?prompt=consent")
        page = browser.submit(page, "sign-in", identifier=nation.persona["pid"], password=nation.persona["password"])
        refused = browser.submit(page, "do-not-share")
        assert refused.url.startswith(f"{application.url}/callback") and "access_denied" in refused.response.text


# --- idpyoidc ---------------------------------------------------------------------------------------------------------


def initial_token(nation: Run) -> str:
    """As an operator makes one for somebody."""
    words = ["client", "token", "idpyoidc", "--profile", "baseline", "--scope", SCOPE, "--json"]
    command = [sys.executable, "-m", "idp", *words, "--data", str(nation.data)]
    done = subprocess.run(command, cwd=smoke.ROOT, check=True, capture_output=True, text=True, timeout=30)
    (told,) = json.loads(done.stdout)
    return str(told["initial_access_token"])


class AtTheClient(Exception):
    """The address of the redirect."""


def stop_at_the_client(response: Any) -> None:
    if (location := response.headers.get("Location", "")).startswith(HERE):
        raise AtTheClient(location)


def walk(nation: Run, browser: Browser, url: str) -> str:
    """The person's part; returns the address of the client to which the browser is sent."""
    try:
        page = browser.open(url)
        if "sign-in" in page:
            who = nation.persona
            page = browser.submit(page, "sign-in", identifier=who["pid"], password=who["password"])
            page = browser.submit(page, "share")
    except AtTheClient as arrived:
        return str(arrived)
    raise AssertionError(f"the browser never came back to the client, but to {page.url}")


def learnt(nation: Run, *, token: str, alg: str = "ES256") -> dict[str, Any]:
    settings = {
        "issuer": nation.urls["idp"],
        "token": token,
        "alg": alg,
        "method": "private_key_jwt",
        "name": "Thư viện điện tử",
        "callback": f"{HERE}/callback",
        "after": f"{HERE}/left",
        "scope": SCOPE,
        "subject_type": "pairwise",
    }
    command = [str(peers.python()), str(peers.SCRIPTS / "idpyoidc_client.py")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, cwd=peers.SCRIPTS, **pipes) as process, Browser() as browser:
        assert process.stdin and process.stdout and process.stderr
        browser.client.event_hooks = {"response": [stop_at_the_client]}
        said = json.dumps(settings)
        try:
            while True:
                process.stdin.write(said + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
                assert line, process.stderr.read()
                sent: dict[str, Any] = json.loads(line)
                if "visit" not in sent:
                    return sent
                said = walk(nation, browser, sent["visit"])
        finally:
            process.kill()


@pytest.mark.parametrize("alg", ["ES256", "PS256"])
def test_idpyoidc_registers_itself_and_signs_a_person_in_and_out(nation: Run, alg: str) -> None:
    told = learnt(nation, token=initial_token(nation), alg=alg)
    registered, claims, userinfo = told["registered"], told["claims"], told["userinfo"]
    assert registered["client_id"] == claims["aud"][0] and registered["token_endpoint_auth_method"] == "private_key_jwt"
    assert (registered["scope"], registered["subject_type"]) == (SCOPE, "pairwise")
    assert told["header"]["alg"] == registered["id_token_signed_response_alg"] == alg
    assert claims["iss"] == nation.urls["idp"] and claims["nonce"] and claims["auth_time"]
    assert claims["sub"] == userinfo["sub"] != nation.persona["pid"]  # it is not entitled to the number
    assert userinfo["name"] == nation.persona["name"]
    assert {"access_token", "refresh_token", "id_token"} <= set(told["refreshed"])
    assert told["left"] == ["state"]


def test_idpyoidc_without_a_token_cannot_register_itself(nation: Run) -> None:
    with pytest.raises(AssertionError, match="invalid_token"):
        learnt(nation, token="x" * 43)
