"""Clients with tokens of every kind, and the endpoints that they ask about them."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.model import Client
from tests.world_idp import State, basic, client

API, OTHER_API = "https://api.example.vn/v1", "urn:example:other-api"
MACHINE = {
    "redirect_uris": (),
    "entitled_to_pid": False,
    "metadata": {
        "grant_types": ["client_credentials"],
        "client_credentials_scope": "prices.read prices.write",
        "resources": [API, OTHER_API],
    },
}
GUARD = {"redirect_uris": (), "entitled_to_pid": False, "metadata": {"protected_resources": [API], "grant_types": []}}


def machine(name: str = "machine", **more: Any) -> Client:
    return client(name, **{**MACHINE, "metadata": {**MACHINE["metadata"], **more}})  # type: ignore[dict-item]


def guard(name: str = "guard", **changed: Any) -> Client:
    return client(name, **{**GUARD, **changed})


@pytest.fixture
def machines(state: State) -> State:
    state.put(clients=(machine(), guard()))
    return state


def own(state: State, name: str = "machine", pairs: tuple[tuple[str, str], ...] = ()) -> TestResponse:
    return state.token([("grant_type", "client_credentials"), *pairs], basic(name))


def introspect(state: State, token: str, headers: dict[str, str] | None = None, **more: str) -> TestResponse:
    return state.token({"token": token, **more}, headers, path="/introspect")


def told(state: State, token: str, name: str = "bank") -> dict[str, Any]:
    answer = introspect(state, token, basic(name))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.get_json()
    return found
