"""Group XS: what a stranger wrote is text on our pages and never markup; XS-03 (form_post) is still to come."""

import re
import time
from html import escape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from certs.catalogue import Text
from idp.oidc.clients import registration
from idp.oidc.clients.registration import RegistrationError
from tests.attacks import answers
from tests.verifier.test_counter import OwnName, check, verdict
from tests.world import World
from tests.world_idp import CALLBACK, State, answer_of, client
from verifier.app import create_app
from verifier.config import Config

IMAGE = "<img src=x onerror=alert(1)>"
MARKUP = [IMAGE, "</strong><script>alert(1)</script>", "{{7*7}}", "{% raw %}", '" onmouseover="alert(1)', "&lt;b&gt;"]
FULL_NAME = 4  # the claim key of `full_name`


def is_text(page: TestResponse, written: str) -> None:
    """On the page as its reader would have it spelled, and nowhere as it would be run."""
    spelled = escape(written).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
    assert spelled in page.text
    assert spelled == written or written not in page.text
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def metadata(**more: object) -> dict[str, object]:
    return {"client_name": "Sen", "purpose": "x", "redirect_uris": [CALLBACK], **more}


def register(**more: object) -> None:
    registration.client(
        metadata(**more),
        client_id="x",
        secret_hash="0" * 64,
        profile="agency",
        entitled_to_pid=False,
        simulation=False,
    )


@pytest.mark.parametrize("written", MARKUP)
def test_xs_01_a_client_s_name_and_purpose(state: State, written: str) -> None:
    state.put(clients=(client("hostile", name=Text(written, written), purpose=Text(written + " ", written)),))
    browser = state.browser()
    asked = browser.ask(client_id="hostile")
    is_text(browser.get(asked.headers["Location"]), written)
    consent = browser.get(browser.sign_in(asked).headers["Location"])
    is_text(consent, written)
    is_text(consent, written + " ")
    assert "code" in answer_of(browser.submit(consent, decision="share"))
    is_text(browser.get("/consents"), written)


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,x", "//bank.example.vn/"])
def test_xs_01_an_address_of_the_client_that_is_none(uri: str) -> None:
    register(client_uri="https://bank.example.vn/about")
    with pytest.raises(RegistrationError) as caught:
        register(client_uri=uri)
    assert caught.value.code == "invalid_client_metadata"


def test_xs_01_an_address_of_the_client_stands_on_no_citizen_s_page(state: State) -> None:
    addresses = {
        name: f"https://bank.example.vn/{name}" for name in ("client_uri", "logo_uri", "policy_uri", "tos_uri")
    }
    state.put(clients=(client("hostile", metadata=addresses),))
    browser = state.browser()
    asked = browser.ask(client_id="hostile")
    consent = browser.get(browser.sign_in(asked).headers["Location"])
    assert "code" in answer_of(browser.submit(consent, decision="share"))
    for page in (consent, browser.get("/consents"), browser.get("/applications")):
        assert page.status_code == 200
        assert not any(address in page.text for address in addresses.values())


@pytest.mark.parametrize("written", MARKUP)
def test_xs_02_login_hint(state: State, written: str) -> None:
    browser = state.browser()
    is_text(browser.get(browser.ask(login_hint=written).headers["Location"]), written)


@pytest.mark.parametrize("written", MARKUP)
def test_xs_02_state_and_error_description(state: State, written: str) -> None:
    """In the address every sign of it is encoded; a description is never the sender's."""
    browser = state.browser()
    refused = browser.ask(state=written, response_type="token", error_description=written)
    answers.redirect(refused, "unsupported_response_type", state=written)
    location = refused.headers["Location"]
    assert not set("<>\"' {}") & set(location)
    assert written not in answer_of(refused)["error_description"]
    assert written not in refused.text
    shown = browser.ask(state=written, client_id="n0body", error_description=written)
    answers.page(shown, reflected=(written, escape(written)))


def test_xs_04_no_logo_is_shown(state: State) -> None:
    with pytest.raises(RegistrationError) as caught:
        register(logo_uri="data:image/svg+xml,<svg onload='alert(1)'/>")
    assert caught.value.code == "invalid_client_metadata"
    state.put(clients=(client("hostile", metadata={"logo_uri": "https://evil.example/logo.svg"}),))
    browser = state.browser()
    page = browser.get(browser.sign_in(browser.ask(client_id="hostile")).headers["Location"])
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    for source in re.findall(r'<img[^>]+src="([^"]+)"', page.text):
        assert source.startswith("/static/")


@pytest.mark.parametrize("written", MARKUP)
def test_xs_05_a_claim_at_the_counter(tmp_path: Path, written: str) -> None:
    world = World(now=int(time.time()))
    app = create_app(
        Config(
            url="http://localhost:5002",
            issuer="http://localhost:5000",
            bundle=world.write_bundle(tmp_path / "bundle.cbor"),
            client_secret=None,
            session_key=b"k" * 32,
            root_sha256=world.root_sha256,
            refresh_seconds=0,
            simulation=True,
        )
    )
    app.test_client_class = OwnName
    page = check(app.test_client(), text=world.present(world.issue_with({FULL_NAME: written}, view="full")))
    assert verdict(page)[0] == "accepted"
    is_text(page, written)
    app.extensions["counter"].keeper._fetcher.close()
