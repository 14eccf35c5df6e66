"""A single-page application that is not ours: npm `oidc-client-ts`, unmodified, in a real Chromium on an address of its own.

Spec: OpenID Connect Core 1.0 §3.1, §5.3.2, §12; RFC 7636; RFC 7009; RFC 9449; RP-Initiated Logout 1.0;
WHATWG Fetch §3.2; RFC 9700 §2.1.1, §2.2.2
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import until
from tests.journeys import relying_party
from tests.journeys.relying_party import FOLDER
from tests.site import Answer, Site
from tests.smoke import Run
from tests.world_idp import client

LIBRARY = FOLDER / "node_modules" / "oidc-client-ts" / "dist" / "browser" / "oidc-client-ts.min.js"
REFUSED = "not for this page"


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with relying_party.served(tmp_path_factory.mktemp("single-page")) as run:
        yield run


def application(nation: Run, site: Site) -> str:
    """Its files, at `site`; its address."""
    settings = f"const SETTINGS = {json.dumps({'authority': nation.urls['idp'], 'client_id': 'page'})};"
    for path, body, kind in (
        ("/", (FOLDER / "single_page.html").read_bytes(), "text/html"),
        ("/single_page.js", (FOLDER / "single_page.js").read_bytes(), "text/javascript"),
        ("/oidc-client-ts.js", LIBRARY.read_bytes(), "text/javascript"),
        ("/settings.js", settings.encode(), "text/javascript"),
    ):
        site.pages[path] = Answer(body, headers={"Content-Type": f"{kind}; charset=utf-8"})
    return f"{site.url}/"


@pytest.fixture(scope="module")
def home(nation: Run) -> Iterator[str]:
    with Site() as site:
        address = application(nation, site)
        registered = client(
            "page",
            redirect_uris=(address,),
            scopes=("openid", "profile", "offline_access"),
            token_endpoint_auth_method="none",
            secret_hash=None,
            metadata={"post_logout_redirect_uris": [address]},
        )
        relying_party.add(nation, registered)
        yield address


def state(page: Page, wanted: str) -> dict[str, Any]:
    """Wait until the application says so; what it then knows."""
    until(page, f"document.getElementById('state')?.textContent === {json.dumps(wanted)}")
    known: dict[str, Any] = json.loads(page.inner_text("#user"))
    return known


def sign_in(nation: Run, page: Page, home: str) -> dict[str, Any]:
    page.goto(home)
    page.click("#sign-in")
    page.fill("#identifier", nation.persona["pid"])
    page.fill("#password", nation.persona["password"])
    page.click("button#sign-in")
    page.wait_for_selector("#share, #user")
    if page.locator("#share").count():
        page.click("#share")
    return state(page, "signed in")


def test_it_signs_in_renews_and_signs_out(nation: Run, browser: Browser, home: str) -> None:
    page = browser.new_context().new_page()
    user = sign_in(nation, page, home)
    assert user["profile"]["name"] == nation.persona["name"]  # from userinfo
    assert user["profile"]["sub"] == nation.persona["pid"]
    page.click("#renew")
    renewed = state(page, "renewed")
    assert renewed["profile"]["sub"] == user["profile"]["sub"]
    assert renewed["access_token"] != user["access_token"]
    assert renewed["refresh_token"] != user["refresh_token"]
    page.click("#sign-out")
    page.wait_for_url(f"{home}?state=*")
    state(page, "signed out")
    page.click("#sign-in")
    page.wait_for_selector("#identifier")  # nobody is signed in at the provider any more
    page.goto(home)
    assert state(page, "ready") is None
    page.context.close()


def test_its_tokens_are_bound_to_a_key_of_its_browser(nation: Run, browser: Browser, home: str) -> None:
    """RFC 9449: what a script steals from the page is worth nothing elsewhere."""
    page = browser.new_context().new_page()
    page.goto(home)
    page.evaluate("sessionStorage.setItem('bound', '')")
    first = sign_in(nation, page, home)
    page.click("#renew")
    assert state(page, "renewed")["access_token"] != first["access_token"]
    page.click("#facts")
    seen = state(page, "facts")
    assert (seen["token_type"], seen["bare"]) == ("DPoP", 401)
    assert seen["facts"]["name"] == nation.persona["name"]
    page.context.close()


def test_its_page_gets_at_nothing_else(nation: Run, browser: Browser, home: str) -> None:
    page = browser.new_context().new_page()
    sign_in(nation, page, home)
    page.click("#ask")
    seen = state(page, "asked")
    assert seen.pop("/userinfo") == 401  # it may read a refusal
    assert set(seen.values()) == {REFUSED}, seen
    page.context.close()


def test_the_same_page_elsewhere_is_refused(nation: Run, browser: Browser, home: str) -> None:
    """Whoever copies the application to an address that is not registered reads nothing, not even with a code of its own."""
    page = browser.new_context().new_page()
    with Site() as copy:
        page.goto(application(nation, copy))
        state(page, "ready")
        page.click("#sign-in")
        page.wait_for_selector("#error-id")  # the redirect URI is not registered
        page.goto(copy.url)
        page.click("#ask")
        assert set(state(page, "asked").values()) == {REFUSED}
    page.context.close()
