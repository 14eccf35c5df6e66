"""A web server that is not ours: Apache with mod_auth_openidc protects a page, in a real Chromium, and hears of every log-out.

Spec: OpenID Connect Core 1.0 §3.1, §4 (third-party-initiated); RP-Initiated Logout 1.0; Back-Channel Logout 1.0; Front-Channel
Logout 1.0
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from tests import apache
from tests.databases import free_port
from tests.journeys import relying_party
from tests.smoke import Run
from tests.world_idp import SECRET, client

pytestmark = pytest.mark.skipif(apache.missing() is not None, reason=apache.missing() or "")

PATIENCE = 15.0  # seconds, on a busy machine; the courier looks four times a second


@contextmanager
def protected(nation: Run, name: str, **more: str | bool) -> Iterator[str]:
    """Apache's address. `more`: what else it registered; texts are what comes after its redirect URI."""
    url = f"http://127.0.0.1:{free_port()}"
    back = f"{url}/protected/redirect"
    metadata = {key: f"{back}?{value}".rstrip("?") if isinstance(value, str) else value for key, value in more.items()}
    registered = client(
        name, redirect_uris=(back,), metadata={"post_logout_redirect_uris": [f"{url}/index.html"], **metadata}
    )
    relying_party.add(nation, registered)
    with apache.protecting(url, issuer=nation.urls["idp"], client_id=name, secret=SECRET):
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def sign_in(nation: Run, page: Page, url: str) -> None:
    """At the protected page, by the provider's log-in and consent."""
    page.goto(f"{url}/protected/")
    log_in(nation, page)
    assert page.url == f"{url}/protected/"


def log_in(nation: Run, page: Page) -> None:
    page.fill("#identifier", nation.persona["pid"])
    page.fill("#password", nation.persona["password"])
    page.click("#sign-in")
    page.wait_for_selector("#share, #user")
    if page.locator("#share").count():
        page.click("#share")
    page.wait_for_selector("#user")
    assert page.inner_text("#user").startswith(nation.persona["pid"])
    assert page.inner_text("#name") == nation.persona["name"]
    assert page.inner_text("#acr") == "LoA1"


def is_signed_in(page: Page, url: str) -> bool:
    page.goto(f"{url}/protected/")
    page.wait_for_selector("#user, #identifier")
    return page.locator("#user").count() == 1


def ends(page: Page, url: str) -> None:
    end = time.monotonic() + PATIENCE
    while is_signed_in(page, url):
        assert time.monotonic() < end, "Apache did not hear of it"
        time.sleep(0.1)


def sign_out_at_the_provider(nation: Run, page: Page) -> None:
    elsewhere = page.context.new_page()
    elsewhere.goto(nation.urls["idp"] + "/sign-out")
    with elsewhere.expect_navigation():  # loaded with its frames, where it has any
        elsewhere.click("main #sign-out")


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with relying_party.served(tmp_path_factory.mktemp("apache")) as run:
        yield run


def test_the_page_logs_out_at_the_provider_too(nation: Run, page: Page) -> None:
    with protected(nation, "initiates") as url:
        sign_in(nation, page, url)
        page.goto(f"{url}/protected/redirect?{urlencode({'logout': f'{url}/index.html'})}")
        page.wait_for_url(f"{url}/index.html*")
        assert not is_signed_in(page, url)
        page.goto(nation.urls["idp"] + "/documents")
        page.wait_for_selector("#identifier")


def test_it_is_told_by_the_provider_itself(nation: Run, page: Page) -> None:
    with protected(nation, "told", backchannel_logout_uri="logout=backchannel") as url:
        sign_in(nation, page, url)
        assert is_signed_in(page, url)
        sign_out_at_the_provider(nation, page)
        ends(page, url)


def test_it_is_told_in_a_frame(nation: Run, page: Page) -> None:
    front: dict[str, str | bool] = {
        "frontchannel_logout_uri": "logout=get",
        "frontchannel_logout_session_required": True,
    }
    with protected(nation, "framed", **front) as url:
        sign_in(nation, page, url)
        assert is_signed_in(page, url)
        sign_out_at_the_provider(nation, page)
        ends(page, url)


def test_whoever_is_not_told_goes_on(nation: Run, page: Page) -> None:
    """So that the others end for what we told them, and not by themselves."""
    with protected(nation, "untold") as url:
        sign_in(nation, page, url)
        sign_out_at_the_provider(nation, page)
        assert is_signed_in(page, url)


def test_a_third_party_starts_it(nation: Run, page: Page) -> None:
    with protected(nation, "started") as url:
        target = {"iss": nation.urls["idp"], "target_link_uri": f"{url}/protected/"}
        page.goto(f"{url}/protected/redirect?{urlencode(target)}")
        log_in(nation, page)
        assert page.url == f"{url}/protected/"


def test_we_start_it_from_the_page_of_applications(nation: Run, page: Page) -> None:
    with protected(nation, "offered", initiate_login_uri="") as url:
        page.goto(nation.urls["idp"] + "/applications")
        page.fill("#identifier", nation.persona["pid"])
        page.fill("#password", nation.persona["password"])
        page.click("#sign-in")
        page.click("[data-client=offered] a")
        page.click("#share")
        page.wait_for_selector("#user")
        assert page.url == f"{url}/protected/"
        assert page.inner_text("#name") == nation.persona["name"]
