"""A television asks and a person lets it in from another screen: in a real Chromium, without JavaScript, on a narrow screen.

Spec: RFC 8628 §3.2 to §3.5
"""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from idp.registries.personas import PERSONAS
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage
from tests import smoke
from tests.citizen import Citizen
from tests.idp.devices import GRANT, television

PERSONA = next(persona for persona in PERSONAS if persona.key == "thanh-truc")
SCOPE = "openid profile"


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[smoke.Run]:
    run = smoke.Run(tmp_path_factory.mktemp("television"))
    with smoke.demonstration(run):
        engine = open_engine(f"sqlite:///{run.data / 'idp' / 'idp.sqlite'}")
        with SqlStorage(engine).transaction() as ports:
            ports.clients.add(television())
        engine.dispose()
        yield run


def post(nation: smoke.Run, path: str, **form: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(nation.urls["idp"] + path, urlencode({"client_id": "tv", **form}).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def citizen(nation: smoke.Run, browser: Browser, language: str, **more: Any) -> Citizen:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale=language, **more)
    return Citizen(nation, context.new_page(), language, {"pid": PERSONA.pid, "password": PERSONA.password})


@pytest.mark.parametrize("language", ["vi", "en"])
def test_by_keyboard_on_a_narrow_screen(nation: smoke.Run, browser: Browser, language: str) -> None:
    _, begun = post(nation, "/device_authorization", scope=SCOPE)
    at = citizen(nation, browser, language)
    at.page.goto(begun["verification_uri_complete"])
    at.page.wait_for_selector("#identifier")
    at.type(identifier=at.persona["pid"], password=at.persona["password"])
    at.page.wait_for_selector("#device-qr svg")
    assert at.page.input_value("#user_code") == begun["user_code"]
    at.look("device")
    at.type(user_code="BBBB-BBBB")
    at.page.wait_for_selector("#user_code-error")
    at.look("device, refused")
    at.type(user_code=begun["user_code"].lower())
    at.page.wait_for_selector("#continue")
    assert at.page.inner_text("#code") == begun["user_code"]
    at.look("confirm")
    at.press("continue")
    at.page.wait_for_selector("#share")
    assert begun["user_code"] in at.page.inner_text("main")
    at.look("consent")
    at.press("share")
    at.page.wait_for_url(re.compile("/device/done"))
    at.look("done")
    status, tokens = post(nation, "/token", grant_type=GRANT, device_code=begun["device_code"])
    assert status == 200 and set(tokens) >= {"access_token", "id_token"}
    assert at.wrong == {}
    at.page.context.close()


def test_without_javascript_and_refused(nation: smoke.Run, browser: Browser) -> None:
    _, begun = post(nation, "/device_authorization", scope=SCOPE)
    at = citizen(nation, browser, "vi", java_script_enabled=False)
    at.go("/device")
    at.page.fill("#identifier", at.persona["pid"])
    at.page.fill("#password", at.persona["password"])
    at.page.click("#sign-in")
    at.page.fill("#user_code", begun["user_code"])
    at.page.click("#next")
    at.page.click("#stop")
    at.page.wait_for_url(re.compile("/device/done"))
    assert "không được cho phép" in at.page.inner_text("h1")
    status, refused = post(nation, "/token", grant_type=GRANT, device_code=begun["device_code"])
    assert (status, refused["error"]) == (400, "access_denied")
    at.page.context.close()


def test_a_device_that_hurries_is_slowed_down(nation: smoke.Run) -> None:
    _, begun = post(nation, "/device_authorization", scope=SCOPE)
    began = time.monotonic()
    told = [post(nation, "/token", grant_type=GRANT, device_code=begun["device_code"])[1]["error"] for _ in range(3)]
    assert told[0] == "authorization_pending"
    assert "slow_down" in told or time.monotonic() - began > begun["interval"]
