"""Adding and refreshing a document in a real Chromium: the policy lets the forms reach the issuer, the script makes the keys. And
locking what a lost phone holds, until it is fetched again.

Spec: OpenID4VCI 1.0 §3.4, §14.5; W3C CSP 3 §6.4.2 (`form-action` and redirects); WCAG 2.2 AA.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from certs import bundle as bundles
from certs import qr
from certs.formats import Expected, cwt
from tests import smoke
from tests.chromium import Troubles, flaws, launched
from tests.idp.commands.asked import authority
from tests.journeys.test_account import to_level_two
from tests.walk import Walk


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright, launched(playwright) as browser:
        page = browser.new_context(viewport={"width": 390, "height": 800}, locale="vi").new_page()
        page.set_default_timeout(10_000)
        yield page


def test_add_and_refresh(nation: smoke.Run, page: Page) -> None:
    wrong: dict[str, Any] = {}
    pictures: list[str] = []

    def look(name: str) -> None:
        pictures.append(name)
        wrong.update(flaws(page, name))

    troubles = Troubles()
    at = Walk(page, nation.urls, nation.persona, lambda name: None)
    at.sign_in()
    troubles.watch(page)
    at.go("wallet", "/add")
    look("add")
    at.click("#add-driving_licence")
    page.wait_for_selector("#share")
    assert page.url.startswith(nation.urls["idp"] + "/consent/")
    look("consent-documents")
    at.click("#share")
    page.wait_for_url(nation.urls["wallet"] + "/documents/*")
    first = page.url
    look("document")
    at.go("wallet", "/add")
    look("add-held")
    refresh(at, first)
    text, now = at.show(first), int(time.time())
    held = bundles.read(nation.bundle.read_bytes(), now=now)
    verified = cwt.verify(
        qr.from_text(text), trust=held.trust, statuses=held.statuses, now=now, expected=Expected(proof_age=600)
    )
    assert verified.holder_bound and verified.claims["personal_identification_number"] == nation.persona["pid"]
    lost_and_fetched_again(at, first, look)
    authority(nation.data, "suspend", nation.persona["pid"], "driving_licence")
    page.goto(first)
    at.click("#refresh")
    page.wait_for_selector("#error-summary:not([hidden])")
    assert "tạm đình chỉ" in str(page.locator("#error-text").text_content())
    look("refresh-refused")
    troubles.expect("/receive/complete")
    assert troubles.seen == []
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


def refresh(at: Walk, document: str) -> None:
    """New copies by the script of the page in between; then the same address."""
    at.page.goto(document)
    with at.page.expect_response("**/receive/complete") as answer:
        at.click("#refresh")
    assert answer.value.ok
    at.page.wait_for_url(document)


def lost_and_fetched_again(at: Walk, document: str, look: Callable[[str], None]) -> None:
    """Locked from the account's page, refused at the counter, and good again in the copy that is fetched anew."""
    page = at.page
    at.go("idp", "/account/wallets")
    to_level_two(at)
    page.wait_for_selector("#wallets")
    look("wallets")
    page.locator('a[href*="/account/wallets/lock"]').first.click()
    page.wait_for_selector("#lock")
    look("wallet-lock")
    at.click("#lock")
    page.wait_for_selector("#after")
    look("wallets-locked")
    at.refresh()
    assert at.check_text(at.show(document)) == ("rejected", "holder_locked")
    refresh(at, document)
    assert at.check_text(at.show(document)) == ("accepted", "")
