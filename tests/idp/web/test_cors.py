"""What a page of another site may read of our answers: exactly the table, for pages of public clients, and never with cookies."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from certs.catalogue import Text
from idp.ports import Ports
from idp.storage.errors import Unavailable
from idp.storage.memory import MemoryStorage
from idp.web.cors import KNOWN_SECONDS, TABLE, Origins, of
from tests.world_idp import State, build, client

PAGE = "https://app.example.vn"
PUBLIC: dict[str, Any] = {"token_endpoint_auth_method": "none", "secret_hash": None}
METHODS = [(path, method) for path, rule in TABLE.items() for method in rule.methods]
EVERYWHERE = ("/authorize", "/logout", "/introspect", "/par", "/device_authorization", "/", "/sign-in", "/consents")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    built = build(tmp_path_factory.mktemp("cors"))
    built.put(clients=(client("app", name=Text("Trang", "Page"), redirect_uris=(f"{PAGE}/cb",), **PUBLIC),))
    yield built
    built.close()


def ask(state: State, path: str, method: str, origin: str, **headers: str) -> TestResponse:
    return state.app.test_client().open(path, method=method, headers={"Origin": origin, **headers})


def preflight(state: State, path: str, origin: str, method: str = "POST") -> TestResponse:
    return ask(state, path, "OPTIONS", origin, **{"Access-Control-Request-Method": method})


def admitted(response: TestResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers if name.lower().startswith("access-control-")}


@pytest.mark.parametrize("path", TABLE)
def test_the_page_of_a_public_client_may_ask(state: State, path: str) -> None:
    response = preflight(state, path, PAGE)
    assert response.status_code == 204
    told = admitted(response)
    assert told["access-control-allow-origin"] == PAGE
    assert told["access-control-allow-methods"] == ", ".join(TABLE[path].methods)
    assert told["access-control-allow-headers"] == ", ".join(TABLE[path].headers)
    assert "access-control-allow-credentials" not in told
    assert "Origin" in response.vary


@pytest.mark.parametrize(("path", "method"), METHODS)
def test_it_may_read_refusals_too(state: State, path: str, method: str) -> None:
    response = ask(state, path, method, PAGE)
    assert response.status_code >= 400
    told = admitted(response)
    assert told.keys() == {"access-control-allow-origin", "access-control-expose-headers"}
    assert told["access-control-allow-origin"] == PAGE
    assert "Origin" in response.vary


@pytest.mark.parametrize(
    "origin",
    [
        "https://bank.example.vn",  # has a secret
        "https://shop.example.vn",
        "http://127.0.0.1",  # of an application on a device
        "vn.example.app:",
        "https://app.example.vn.evil.example",
        "https://evil.example",
        "https://app.example.vn:8443",
        "http://app.example.vn",
        "https://APP.example.vn",
        "https://app.example.vn/",
        "https://app.example.vn https://evil.example",
        "null",
        "*",
        "",
    ],
)
@pytest.mark.parametrize("path", TABLE)
def test_nobody_else_may(state: State, path: str, origin: str) -> None:
    before = preflight(state, path, origin)
    assert before.status_code == 405
    assert admitted(before) == {}
    response = ask(state, path, "POST", origin)
    assert admitted(response) == {}
    assert "Origin" in response.vary  # no cache gives one origin's answer to another


@pytest.mark.parametrize("path", EVERYWHERE)
def test_no_other_address_is_for_foreign_pages(state: State, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        response = ask(state, path, method, PAGE, **{"Access-Control-Request-Method": "POST"})
        assert admitted(response) == {}, method


@pytest.mark.parametrize("path", TABLE)
def test_secrets_and_cookies_are_not_for_pages(state: State, path: str) -> None:
    told = admitted(preflight(state, path, PAGE))
    assert ("authorization" in told["access-control-allow-headers"]) == (path == "/userinfo")
    assert "*" not in told.values()


def test_options_alone_is_no_preflight(state: State) -> None:
    response = ask(state, "/token", "OPTIONS", PAGE)
    assert response.status_code == 405


@pytest.mark.parametrize(
    ("uris", "origins"),
    [
        (("https://a.example/cb", "https://a.example/cb2"), {"https://a.example"}),
        (("https://a.example:443/cb",), {"https://a.example"}),
        (("https://a.example:8443/cb",), {"https://a.example:8443"}),
        (("http://localhost:80/cb",), {"http://localhost"}),
        (("http://localhost:443/cb",), {"http://localhost:443"}),
        (("http://[::1]:5000/cb",), {"http://[::1]:5000"}),
        (("http://[::1]/cb",), {"http://[::1]"}),
        ((), set()),
    ],
)
def test_origins_are_written_as_browsers_write_them(uris: tuple[str, ...], origins: set[str]) -> None:
    assert of(client(redirect_uris=uris, **PUBLIC)) == origins


def test_a_change_of_the_register_shows_within_seconds_and_costs_one_look() -> None:
    storage, now, looks = MemoryStorage(), [0.0], [0]

    class Counted:
        @contextmanager
        def reading(self) -> Iterator[Ports]:
            looks[0] += 1
            with storage.reading() as ports:
                yield ports

        transaction = storage.transaction

    origins = Origins(Counted(), lambda: now[0])
    assert [PAGE in origins for _ in range(3)] == [False, False, False]
    assert looks == [1]
    with storage.transaction() as ports:
        ports.clients.add(client("app", redirect_uris=(f"{PAGE}/cb",), **PUBLIC))
    now[0] += KNOWN_SECONDS
    assert PAGE in origins
    with storage.transaction() as ports:
        ports.clients.replace(replace(client("app"), redirect_uris=()))
    now[0] += KNOWN_SECONDS
    assert PAGE not in origins


def test_while_the_database_is_away_what_was_known_holds() -> None:
    storage, now, away = MemoryStorage(), [0.0], [False]
    with storage.transaction() as ports:
        ports.clients.add(client("app", redirect_uris=(f"{PAGE}/cb",), **PUBLIC))

    class Away:
        @contextmanager
        def reading(self) -> Iterator[Ports]:
            if away[0]:
                raise Unavailable("gone")
            with storage.reading() as ports:
                yield ports

        transaction = storage.transaction

    origins = Origins(Away(), lambda: now[0])
    assert PAGE in origins
    away[0], now[0] = True, now[0] + KNOWN_SECONDS
    assert PAGE in origins
    assert "https://evil.example" not in origins
