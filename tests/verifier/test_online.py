"""The counter asks online: its pages, its addresses for wallets, and that no other browser gets the answer.

Spec: OpenID4VP 1.0 §5.10, §8.2, §13.3, §14.2; W3C CSP 3.
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient

from certs import jose
from certs.encoding import json_decode
from certs.keys import FileSigner
from certs.status import Status
from certs.trust import Right
from certs.x509 import Usage
from tests.site import Site
from tests.verifier.asking_online import Wallet
from tests.verifier.test_counter import OwnName
from tests.wallet.reader import PURPOSE, listed
from tests.world import Desk, World
from verifier.app import create_app
from verifier.config import Config
from verifier.transactions import MemoryTransactions

RIGHTS = (Right("driving_licence", ("licence", "age_over_18")), Right("citizen_identity", ("age_over_18", "portrait")))
LICENCE, AGE = f"driving_licence.licence@{PURPOSE.vi}", f"age_over_18@{PURPOSE.vi}"
FACTS = ("personal_identification_number", "full_name", "birth_date", "licence_number", "classes", "points")


@pytest.fixture
def world() -> World:
    return World(now=int(time.time()))


@pytest.fixture
def open_counter(world: World, site: Site, tmp_path: Path) -> Any:
    """A counter with a reader's certificate that the trust list names; more browsers of it by `client()`."""
    key = FileSigner.load_or_create(tmp_path / "reader.pem", "ES256")
    certificate = world.root.issue("bank", key.public, Usage.READER, now=world.now, hosts=("localhost",))
    (tmp_path / "reader.der").write_bytes(certificate.public_bytes(Encoding.DER))
    world.readers = (listed(Desk(key, certificate), rights=RIGHTS),)
    made: list[Any] = []

    def make(**changes: Any) -> Any:
        world.write_bundle(tmp_path / "bundle.cbor")
        settings: dict[str, Any] = {
            "url": "http://localhost:5002",
            "issuer": site.url,
            "bundle": tmp_path / "bundle.cbor",
            "client_secret": None,
            "session_key": b"k" * 32,
            "root_sha256": world.root_sha256,
            "refresh_seconds": 0,
            "simulation": True,
            "reader_key": tmp_path / "reader.pem",
            "reader_certificate": tmp_path / "reader.der",
            **changes,
        }
        app = create_app(Config(**settings))
        app.test_client_class = OwnName
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["counter"].keeper._fetcher.close()


@pytest.fixture
def clerk(open_counter: Callable[..., Any]) -> FlaskClient:
    client: FlaskClient = open_counter().test_client()
    return client


def asked(client: FlaskClient, wanted: str = LICENCE) -> str:
    """The path of the question's page."""
    token = re.search(r'name="form_token" value="([^"]+)"', client.get("/online").text)
    assert token
    done = client.post("/online", data={"form_token": token[1], "wanted": wanted})
    assert done.status_code == 303, done.text
    return str(done.headers["Location"])


def link_of(client: FlaskClient, path: str) -> str:
    found = re.search(r'id="link">([^<]+)<', client.get(path).text)
    assert found
    return found[1].replace("&amp;", "&")


def wallet_at(client: FlaskClient, world: World, link: str) -> Wallet:
    """By the network alone, as a phone comes: no cookie of the clerk."""
    uri = parse_qs(urlsplit(link).query)["request_uri"][0]
    phone = client.application.test_client()
    fetched = phone.post(urlsplit(uri).path, data={"wallet_nonce": "w-1"})
    assert (fetched.status_code, fetched.mimetype) == (200, "application/oauth-authz-req+jwt")
    claims = json_decode(jose.parse(fetched.text).payload)
    assert isinstance(claims, dict) and claims["wallet_nonce"] == "w-1"
    return Wallet(world, claims, at=world.now)


def sent(client: FlaskClient, wallet: Wallet, form: dict[str, str]) -> Any:
    phone = client.application.test_client()
    return phone.post(urlsplit(wallet.claims["response_uri"]).path, data=form)


def test_where_too_much_is_asked_nobodys_open_question_is_given_up(clerk: FlaskClient, world: World) -> None:
    app = clerk.application
    full = replace(app.extensions["counter"], transactions=MemoryTransactions(at_most=1))
    app.extensions["counter"] = full
    path, stranger = asked(clerk), app.test_client()
    token = re.search(r'name="form_token" value="([^"]+)"', stranger.get("/online").text)
    assert token
    told = stranger.post("/online", data={"form_token": token[1], "wanted": LICENCE})
    assert told.status_code == 503 and told.headers["Retry-After"] == "60" and "Chờ vài phút" in told.text
    assert clerk.get(f"{path}/here").status_code == 503
    wallet = wallet_at(clerk, world, link_of(clerk, path))
    assert sent(clerk, wallet, wallet.form({"driving_licence": [wallet.sd_jwt(FACTS)]})).status_code == 200
    assert 'data-outcome="accepted"' in clerk.get(path, follow_redirects=True).text


def test_another_device(clerk: FlaskClient, world: World) -> None:
    path = asked(clerk)
    assert clerk.get(f"{path}/phase").get_json() == {"phase": "waiting"}
    page = clerk.get(path)
    assert PURPOSE.vi in page.text and "Giấy phép lái xe" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "camera=()" in page.headers["Permissions-Policy"]
    assert clerk.get(f"{path}.svg").mimetype == "image/svg+xml"
    wallet = wallet_at(clerk, world, link_of(clerk, path))
    assert clerk.get(f"{path}/phase").get_json() == {"phase": "fetched"}
    assert clerk.get(f"{path}/verdict").headers["Location"] == path  # not yet
    done = sent(clerk, wallet, wallet.form({"driving_licence": [wallet.sd_jwt(FACTS)]}))
    assert done.status_code == 200 and "no-store" in done.headers["Cache-Control"]
    assert "đã đến nơi" in clerk.application.test_client().get(done.get_json()["redirect_uri"]).text
    assert clerk.get(f"{path}/phase").get_json() == {"phase": "answered"}
    (to_verdict,) = [clerk.get(path).headers["Location"]]
    shown = clerk.get(to_verdict, follow_redirects=True)
    assert 'data-outcome="accepted"' in shown.text and "Nguyễn Thị Thuỳ Dương" in shown.text
    assert clerk.get(f"{path}/phase").get_json() == {"phase": "gone"}
    assert "đã hết hạn hoặc đã được trả lời" in clerk.get(path).text


def test_vp_09_no_other_browser_gets_the_answer(clerk: FlaskClient, world: World) -> None:
    path = asked(clerk)
    thief = clerk.application.test_client()
    for more in ("", ".svg", "/phase", "/here", "/verdict"):
        assert thief.get(path + more).status_code == 404
    here = clerk.get(f"{path}/here")
    assert here.status_code == 303 and here.headers["Location"].startswith("openid4vp://authorize?")
    assert (
        clerk.get(f"{path}/here").headers["Location"] == here.headers["Location"]
    )  # one, until a wallet has fetched it
    wallet = wallet_at(clerk, world, here.headers["Location"])
    back = sent(clerk, wallet, wallet.form({"driving_licence": [wallet.sd_jwt(FACTS)]})).get_json()["redirect_uri"]
    assert "Thuỳ Dương" not in thief.get(back, follow_redirects=True).text
    assert "đã đến nơi" in clerk.get("/online/back?response_code=guessed").text
    assert 'data-outcome="accepted"' in clerk.get(back, follow_redirects=True).text
    assert "đã đến nơi" in clerk.get(back).text  # once


def test_a_wallet_with_a_web_address_opens_on_this_device(open_counter: Callable[..., Any]) -> None:
    clerk = open_counter(wallet="http://localhost:5001").test_client()
    assert clerk.get(f"{asked(clerk)}/here").headers["Location"].startswith("http://localhost:5001/present?client_id=")


def test_a_refusal_is_shown_with_its_reason(clerk: FlaskClient, world: World, open_counter: Callable[..., Any]) -> None:
    world.set_state(3, Status.SUSPENDED)
    clerk = open_counter().test_client()
    path = asked(clerk)
    wallet = wallet_at(clerk, world, link_of(clerk, path))
    wallet.index = 3
    done = sent(clerk, wallet, wallet.form({"driving_licence": [wallet.sd_jwt(FACTS)]}))
    assert done.status_code == 400
    assert done.get_json() == {"error": "invalid_request", "error_description": "suspended"}
    assert 'data-code="suspended"' in clerk.get(path, follow_redirects=True).text


def test_a_refusal_of_this_devices_wallet_is_told_where_it_began(
    world: World, open_counter: Callable[..., Any]
) -> None:
    """The wallet got no address to go on to; other questions of the counter are not mixed up with it."""
    world.set_state(4, Status.INVALID)
    clerk = open_counter().test_client()
    path, other = asked(clerk), asked(clerk)
    wallet = wallet_at(clerk, world, clerk.get(f"{path}/here").headers["Location"])
    wallet.index = 4
    assert 'id="waiting"' in clerk.get(path).text
    assert sent(clerk, wallet, wallet.form({"driving_licence": [wallet.sd_jwt(FACTS)]})).status_code == 400
    assert 'id="waiting"' in clerk.get(other).text
    assert 'data-code="revoked"' in clerk.get(path, follow_redirects=True).text


def test_a_customer_who_declines(clerk: FlaskClient, world: World) -> None:
    path = asked(clerk, AGE)
    wallet = wallet_at(clerk, world, link_of(clerk, path))
    assert {each["id"] for each in wallet.claims["dcql_query"]["credentials"]} == {
        "driving_licence",
        "driving_licence-mdoc",
        "citizen_identity",
        "citizen_identity-mdoc",
    }
    assert sent(clerk, wallet, {"error": "access_denied", "state": wallet.claims["state"]}).status_code == 200
    assert 'id="declined"' in clerk.get(path, follow_redirects=True).text


def test_age_is_told_and_nothing_else(clerk: FlaskClient, world: World) -> None:
    path = asked(clerk, AGE)
    wallet = wallet_at(clerk, world, link_of(clerk, path))
    sent(clerk, wallet, wallet.form({"citizen_identity": [wallet.sd_jwt(("age_over_18",), "citizen_identity")]}))
    shown = clerk.get(path, follow_redirects=True).text
    assert 'data-outcome="accepted"' in shown and "Thuỳ Dương" not in shown


def test_what_a_wallet_sends_wrongly(clerk: FlaskClient, world: World) -> None:
    wallet = wallet_at(clerk, world, link_of(clerk, asked(clerk)))
    phone = clerk.application.test_client()
    answer = urlsplit(wallet.claims["response_uri"]).path
    for form in ({}, {"vp_token": "{}"}, {"response": "x"}, {"response": "a", "state": "b"}):
        assert phone.post(answer, data=form).status_code == 400
    unknown = phone.post("/online/requests/unknown", data={"wallet_nonce": "w"})
    assert (unknown.status_code, unknown.get_json()["error"]) == (404, "invalid_request")
    assert phone.post("/online/requests/unknown", data={"wallet_nonce": "ä"}).status_code == 400
    assert phone.get("/online/requests/unknown").status_code == 404
    assert phone.get(answer).status_code == 405


def test_forms_of_others_ask_nothing(clerk: FlaskClient) -> None:
    assert clerk.post("/online", data={"wanted": LICENCE}).status_code == 400
    page = clerk.get("/online").text
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token
    for wanted in ("", "health_record.summary@x", "driving_licence.full@" + PURPOSE.vi):
        done = clerk.post("/online", data={"form_token": token[1], "wanted": wanted})
        assert done.status_code == 422 and 'id="error-summary"' in done.text


def test_a_counter_without_a_certificate_on_the_list(open_counter: Callable[..., Any], world: World) -> None:
    assert open_counter(reader_key=None).test_client().get("/online").status_code == 404
    world.readers = ()
    assert 'href="/trust"' in open_counter().test_client().get("/online").text
    both = open_counter().test_client().get("/online?lang=en").text
    assert "not on the trust list" in both
