"""The door to Flask in this process; all three are started as programs in `tests/journeys/test_login_examples.py`."""

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import create_environ, run_wsgi_app

from tests.site import Site
from tests.verifier.provider import CLIENT, PERSON, SECRET, Provider
from verifier.login.flask import Login

URL = "http://localhost:9000"


@pytest.fixture
def provider(site: Site) -> Provider:
    return Provider(site, int(time.time()), claims={"sid": "sid-1"}, token={"refresh_token": "rt"})


@pytest.fixture
def app(provider: Provider) -> Iterator[Flask]:
    app = Flask("shop")
    login = Login(app, issuer=provider.issuer, client_id=CLIENT, secret=SECRET, url=URL, home="/open")

    @app.get("/account/<name>")
    @login.required()
    def account(name: str) -> dict[str, object]:
        return {"of": name, "email": login.person and login.person.claims["email"]}

    @app.get("/refresh")
    @login.required("LoA2", within=60)
    def refresh() -> dict[str, object]:
        person = login.refresh()
        return {"email": person and person.claims["email"]}

    @app.get("/open")
    def open_() -> dict[str, object]:
        return {"known": login.person is not None, "again": login.refresh() is not None}

    app.extensions["login"] = login
    yield app
    login.site.sign_in._fetcher.close()


def signed_in(app: Flask, provider: Provider, path: str) -> FlaskClient:
    client = app.test_client()
    away = client.get(path, base_url=URL)
    back = client.get("/login/callback", base_url=URL, query_string=provider.authorize(away.headers["Location"]))
    assert back.status_code == 303 and back.headers["Location"] == path
    return client


def test_a_page_for_people_who_signed_in(app: Flask, provider: Provider) -> None:
    path = "/account/Ho%C3%A0?a=1&b=%26"
    client = signed_in(app, provider, path)
    page = client.get(path, base_url=URL)
    assert page.get_json() == {"of": "Hoà", "email": PERSON["email"]}
    assert page.headers["Cache-Control"] == "no-store"  # nobody sees it by the button `back` after the logout
    assert app.test_client().get("/open", base_url=URL).get_json() == {"known": False, "again": False}


def test_new_claims_stay(app: Flask, provider: Provider) -> None:
    client = signed_in(app, provider, "/refresh")
    provider.person = {**PERSON, "email": "moi@example.vn"}
    provider.request["nonce"] = ""
    assert client.get("/account/x", base_url=URL).get_json()["email"] == PERSON["email"]
    assert client.get("/refresh", base_url=URL).get_json()["email"] == "moi@example.vn"
    assert client.get("/account/x", base_url=URL).get_json()["email"] == "moi@example.vn"


def test_what_is_too_long_is_not_read(app: Flask) -> None:
    sent = {"logout_token": "x" * 20_000}
    assert app.test_client().post("/login/back-channel", base_url=URL, data=sent).status_code == 413


def test_a_view_that_does_not_wait(app: Flask) -> None:
    async def view() -> str:
        return ""

    with pytest.raises(TypeError, match="plain function"):
        app.extensions["login"].required()(view)


class Endless(io.RawIOBase):
    """A body that goes on for as long as somebody reads it, and a while longer than anybody should."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.taken += len(buffer)
        return len(buffer) if self.taken < 4_000_000 else 0


def test_nor_what_does_not_say_how_long_it_is(app: Flask) -> None:
    body, form = Endless(), "application/x-www-form-urlencoded"
    sent = create_environ("/login/back-channel", URL, method="POST", content_type=form)
    sent |= {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    sent.pop("CONTENT_LENGTH", None)
    assert run_wsgi_app(app, sent)[1].startswith("4") and body.taken < 200_000
