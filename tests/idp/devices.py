"""A television that has no browser: it asks, polls, and its person types the code elsewhere."""

from typing import Any

from werkzeug.test import TestResponse

from idp.model import Client
from tests.world_idp import Browser, State, client

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def television(client_id: str = "tv", **changed: Any) -> Client:
    shape: dict[str, Any] = {
        "redirect_uris": (),
        "token_endpoint_auth_method": "none",
        "secret_hash": None,
        "scopes": ("openid", "profile", "offline_access"),
        "metadata": {"grant_types": [GRANT]},
    }
    return client(client_id, **{**shape, **changed})


def begin(state: State, name: str = "tv", scope: str = "openid profile", **more: str) -> TestResponse:
    return state.token({"client_id": name, "scope": scope, **more}, {}, path="/device_authorization")


def poll(state: State, device_code: str, name: str = "tv", **more: str) -> TestResponse:
    return state.token({"grant_type": GRANT, "device_code": device_code, "client_id": name, **more}, {})


def signed_in(state: State, **who: str) -> Browser:
    browser = state.browser()
    browser.sign_in(browser.get("/device"), **who)
    return browser


def type_code(browser: Browser, code: str) -> TestResponse:
    return browser.submit(browser.get("/device"), user_code=code)


def allow(browser: Browser, code: str, decision: str = "share") -> TestResponse:
    """Through the pages as a person goes, to the last one."""
    confirm = type_code(browser, code)
    assert confirm.status_code == 200, confirm.text
    return browser.decide(browser.submit(confirm, decision="continue"), decision)
