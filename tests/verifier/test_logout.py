"""The provider says that a session is over: what is believed, what is not, and whom the counter forgets."""

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from certs import jose
from certs.encoding import b64url_encode, json_encode
from certs.keys import MemorySigner
from tests.site import Site
from tests.verifier.provider import CLIENT, PERSON, SECRET, Provider, unsigned
from tests.verifier.test_counter import OwnName
from tests.verifier.test_counter import token as form_token
from verifier.app import create_app
from verifier.config import Config
from verifier.web.shelf import Shelf

EVENTS = {"http://schemas.openid.net/event/backchannel-logout": {}}


@pytest.fixture
def client(site: Site, tmp_path: Path) -> Iterator[FlaskClient]:
    config = Config(
        url="http://localhost:5002",
        issuer=site.url,
        bundle=tmp_path / "bundle.cbor",
        client_id=CLIENT,
        client_secret=SECRET,
        session_key=b"k" * 32,
        refresh_seconds=0,
        simulation=True,
    )
    app = create_app(config)
    app.test_client_class = OwnName
    yield app.test_client()
    app.extensions["counter"].keeper._fetcher.close()


@pytest.fixture
def provider(site: Site) -> Provider:
    return Provider(site, int(time.time()), claims={"sid": "sid-1"})


def customer(client: FlaskClient, provider: Provider) -> None:
    back = provider.authorize(client.get("/sign-in").headers["Location"])
    assert str(PERSON["name"]) in client.get("/callback", query_string=back, follow_redirects=True).text


def knows(client: FlaskClient) -> bool:
    return str(PERSON["name"]) in client.get("/customer").text


def claims(provider: Provider, **changed: Any) -> dict[str, Any]:
    said = {
        "iss": provider.issuer,
        "sub": PERSON["sub"],
        "aud": CLIENT,
        "iat": provider.now,
        "exp": provider.now + 120,
        "jti": secrets.token_urlsafe(8),
        "sid": "sid-1",
        "events": EVENTS,
        **changed,
    }
    return {name: value for name, value in said.items() if value is not None}


def signed(provider: Provider, *, typ: str = "logout+jwt", key: MemorySigner | None = None, **changed: Any) -> str:
    return jose.sign(claims(provider, **changed), key or provider.key, typ=typ)


def tell(client: FlaskClient, *tokens: str) -> int:
    return client.application.test_client().post("/backchannel-logout", data={"logout_token": list(tokens)}).status_code


@pytest.mark.parametrize("changed", [{}, {"sub": None}, {"sid": None}], ids=["both", "session", "person"])
def test_the_customer_is_forgotten(client: FlaskClient, provider: Provider, changed: dict[str, None]) -> None:
    customer(client, provider)
    assert tell(client, signed(provider, **changed)) == 200
    assert not knows(client)


@pytest.mark.parametrize("changed", [{"sid": "sid-2"}, {"sub": "999090000111"}])
def test_another_session_stays(client: FlaskClient, provider: Provider, changed: dict[str, str]) -> None:
    customer(client, provider)
    assert tell(client, signed(provider, **changed)) == 200
    assert knows(client)


WRONG: dict[str, Callable[[Provider], str]] = {
    "nonce": lambda provider: signed(provider, nonce="n"),
    "no events": lambda provider: signed(provider, events=None),
    "another event": lambda provider: signed(provider, events={"https://example.vn/event": {}}),
    "an event that says nothing": lambda provider: signed(provider, events={next(iter(EVENTS)): True}),
    "for another": lambda provider: signed(provider, aud="shop"),
    "for another too": lambda provider: signed(provider, aud=[CLIENT, "shop"]),
    "of another": lambda provider: signed(provider, iss="https://evil.example"),
    "unsigned": lambda provider: unsigned(claims(provider)),
    "another key of this name": lambda provider: signed(
        provider, key=MemorySigner.generate("ES256", kid=provider.key.public.kid)
    ),
    "an ID token": lambda provider: signed(provider, typ="JWT"),
    "an access token": lambda provider: signed(provider, typ="at+jwt"),
    "expired": lambda provider: signed(provider, iat=provider.now - 300, exp=provider.now - 100),
    "not yet": lambda provider: signed(provider, iat=provider.now + 300, exp=provider.now + 400),
    "good for a year": lambda provider: signed(provider, exp=provider.now + 31_536_000),
    "nobody": lambda provider: signed(provider, sid=None, sub=None),
    "an empty name": lambda provider: signed(provider, sid=""),
    "no name of its own": lambda provider: signed(provider, jti=None),
    "no token": lambda _: "x",
    "too long": lambda _: "x" * 9000,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_believed(client: FlaskClient, provider: Provider, wrong: str) -> None:
    customer(client, provider)
    assert tell(client, WRONG[wrong](provider)) == 400
    assert knows(client)
    assert tell(client, signed(provider)) == 200 and not knows(client)


def test_once_and_one_at_a_time(client: FlaskClient, provider: Provider) -> None:
    customer(client, provider)
    used = signed(provider)
    assert (tell(client), tell(client, used, used)) == (400, 400) and knows(client)
    assert tell(client, used) == 200
    customer(client, provider)
    assert tell(client, used) == 400 and knows(client)
    answer = client.post("/backchannel-logout", data={"logout_token": used})
    assert answer.get_json()["error"] == "invalid_request" and answer.headers["Cache-Control"] == "no-store"


def test_strangers_cannot_make_us_ask_the_provider_again_and_again(client: FlaskClient, provider: Provider) -> None:
    customer(client, provider)
    asked = len(provider.site.asked)
    head = b64url_encode(json_encode({"alg": "ES256", "kid": "unknown", "typ": "logout+jwt"}))
    for _ in range(20):
        assert tell(client, f"{head}.{b64url_encode(json_encode(claims(provider)))}.{'A' * 86}") == 400
    assert len(provider.site.asked) == asked


def test_who_leaves_the_counter_signs_out_at_the_provider(client: FlaskClient, provider: Provider) -> None:
    provider.metadata["end_session_endpoint"] = provider.issuer + "/logout"
    customer(client, provider)
    page = client.get("/customer")
    assert f"form-action 'self' {provider.issuer};" in page.headers["Content-Security-Policy"]
    away = client.post("/customer/close", data={"form_token": form_token(client), "everywhere": "1"})
    to = away.headers["Location"]
    assert to.startswith(provider.issuer + "/logout?id_token_hint=ey") and "&client_id=bank&" in to
    assert to.endswith("&post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A5002%2F")
    assert not knows(client)


def test_a_frame_ends_this_browsers_own_session_alone(client: FlaskClient, provider: Provider) -> None:
    customer(client, provider)
    for wrong in (
        {},
        {"sid": "sid-1"},
        {"iss": provider.issuer, "sid": "sid-2"},
        {"iss": "https://evil.example", "sid": "sid-1"},
    ):
        assert client.get("/frontchannel-logout", query_string=wrong).status_code == 200
    right = {"iss": provider.issuer, "sid": "sid-1"}
    client.application.test_client().get("/frontchannel-logout", query_string=right)  # of another browser
    assert knows(client)
    answer = client.get("/frontchannel-logout", query_string=right)
    assert f"frame-ancestors {provider.issuer};" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers and not knows(client)


def test_names_are_first_once() -> None:
    shelf = Shelf(keep_for=10, at_most=2)
    assert shelf.first("a", now=0) and not shelf.first("a", now=9)
    assert shelf.first("a", now=10)
