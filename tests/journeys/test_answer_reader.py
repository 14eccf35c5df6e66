"""A reader asks a citizen in a real Chromium: consent, both formats signed by keys that never leave the browser, and the way back.
The reader's half is `verifier.request` and `verifier.response`, over real HTTP.

Spec: OpenID4VP 1.0 §3.1, §3.2, §8; RFC 9901 §4.3; ISO/IEC 18013-5 §9.1.3.6; W3C CSP 3; WCAG 2.2 AA.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from certs.formats.elements import ISO_NAMESPACE
from tests import smoke
from tests.chromium import Troubles, flaws
from tests.journeys import reader_site
from tests.journeys.reader_site import Site
from tests.walk import Walk
from tests.wallet.reader import MDOC, SD_JWT, VCT, query
from verifier.response import Declined, NotAnswered

OURS = f"{ISO_NAMESPACE}.VN"
OPENING = "driving_licence.licence@Nhận biết khách hàng khi mở tài khoản"
ADULT = {"id": "adult", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}, "claims": [{"path": ["age_over_18"]}]}
HEALTH = {"vct_values": [VCT.replace("driving_licence", "health_record")]}
TOO_MUCH = {**SD_JWT, "meta": HEALTH, "claims": [{"path": ["blood_group"]}, {"path": ["allergies"]}]}


def test_a_citizen_answers_declines_and_is_protected(nation: smoke.Run, browser: Browser, tmp_path: Path) -> None:
    wrong: dict[str, Any] = {}
    page = browser.new_context(viewport={"width": 390, "height": 800}, locale="vi").new_page()
    page.set_default_timeout(10_000)

    def look(name: str) -> None:
        wrong.update(flaws(page, name))

    at = Walk(page, nation.urls, nation.persona, lambda name: None)
    at.sign_in()
    at.go("wallet", "/add")
    at.click("#add-driving_licence")
    at.click("#share")
    page.wait_for_url(nation.urls["wallet"] + "/documents/*")
    troubles = Troubles()
    troubles.watch(page)
    with reader_site.served(reader_site.of_the_bank(nation)) as site:
        answer_here(at, page, site, look)
        answer_scanned(at, page, site, look)
        decline(at, page, site, look)
        refuse(at, page, site, look, troubles)
    at_the_counter_here(at, page, look)
    at_the_counter_scanned(at, page, browser, look, wrong)
    at.go("wallet", "/history")
    assert page.locator("#entries > li").count() >= 7
    assert troubles.seen == []
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


def answer_here(at: Walk, page: Page, site: Site, look: Any) -> None:
    """Same device, encrypted: from the reader's page and back to it."""
    started = site.ask(query(SD_JWT, MDOC), encrypted=True, same_device=True)
    at.go("wallet", f"/present?{started.query}")
    page.wait_for_selector("#share:not([disabled])")
    assert "đi" in str(page.locator(".leaving").first.text_content()) or page.locator(".leaving").count() == 2
    look("asked")
    at.click("#share")
    page.wait_for_url(f"{site.url}/back?response_code=*")
    with pytest.raises(NotAnswered):
        site.told("")
    told = site.told(page.url).documents
    (licence,), (shown,) = told["licence"], told["mdl"]
    assert set(licence.claims) == {"full_name", "classes"} and licence.holder_bound
    assert shown.holder_bound and set(shown.elements) == {ISO_NAMESPACE, OURS}


def answer_scanned(at: Walk, page: Page, site: Site, look: Any) -> None:
    """Another device: by the link of its code, and a page that says it is done; the key of the copy is gone."""
    started = site.ask(query(ADULT), encrypted=False, same_device=False)
    scan(at, started.link)
    page.wait_for_selector("#share:not([disabled])")
    look("asked-age")
    at.click("#share")
    page.wait_for_selector("#sent:not([hidden])")
    assert str(page.locator("#to-reader").get_attribute("href")).startswith(f"{site.url}/back?response_code=")
    look("sent")
    assert site.told("").only.claims == {"age_over_18": True}


def scan(at: Walk, link: str) -> None:
    """By the phone, as pasted; the wallet's server finds out who asks."""
    at.go("wallet", "/scan")
    at.open_app()
    at.click("#paste summary")
    at.page.fill("#text", link)
    at.click("#read")


def decline(at: Walk, page: Page, site: Site, look: Any) -> None:
    asked = query(SD_JWT, MDOC, credential_sets=[{"options": [["licence"], ["mdl"]]}])
    at.go("wallet", f"/present?{site.ask(asked, encrypted=True, same_device=True).query}")
    page.wait_for_selector("#share:not([disabled])")
    look("asked-ways")
    at.click("#decline")
    page.wait_for_url(f"{site.url}/back?response_code=*")
    with pytest.raises(Declined, match="access_denied"):
        site.told(page.url)
    assert [reply.status for reply in site.replies] == [200, 200, 200]


def refuse(at: Walk, page: Page, site: Site, look: Any, troubles: Troubles) -> None:
    address = f"/present?{site.ask(query(TOO_MUCH), encrypted=True, same_device=False).query}"
    at.go("wallet", address)
    assert "nhiều hơn mức được phép" in str(page.locator("h1").text_content())
    look("overasking")
    troubles.expect(address)
    with pytest.raises(Declined, match="invalid_request"):
        site.told("")


def at_the_counter_here(at: Walk, page: Page, look: Any) -> None:
    """The bank's own page asks, and the wallet is in the same browser."""
    at.go("verifier", "/")
    at.click("#go-online")
    page.wait_for_selector("#wanted")
    look("online-ask")
    page.select_option("#wanted", OPENING)
    at.click("#ask-online")
    page.wait_for_selector("#code img")
    look("online-question")
    at.click("#here")
    page.wait_for_selector("#share:not([disabled])")
    at.click("#share")
    page.wait_for_selector("#verdict")
    assert page.locator("#verdict").get_attribute("data-outcome") == "accepted"
    assert page.locator("#person").count() == 1


def at_the_counter_scanned(at: Walk, page: Page, browser: Browser, look: Any, wrong: dict[str, Any]) -> None:
    """The clerk has a screen of their own, which goes on by itself, with a script and without."""
    for script in (True, False):
        context = browser.new_context(viewport={"width": 360, "height": 800}, locale="en", java_script_enabled=script)
        clerk = context.new_page()
        clerk.set_default_timeout(20_000)
        clerk.goto(f"{at.urls['verifier']}/online")
        clerk.select_option("#wanted", OPENING)
        clerk.click("#ask-online")
        link = clerk.locator("#link").text_content()
        if script:
            wrong.update(flaws(clerk, "online-question-narrow"))
        scan(at, str(link))
        page.wait_for_selector("#share:not([disabled])")
        if script:
            clerk.wait_for_selector("#fetched:not([hidden])")
            wrong.update(flaws(clerk, "online-fetched"))
        else:
            page.locator('input[name="set-0"]').nth(1).check()  # as an mdoc
        at.click("#share")
        page.wait_for_selector("#sent:not([hidden])")
        clerk.wait_for_selector("#verdict")
        assert clerk.locator("#verdict").get_attribute("data-outcome") == "accepted"
        context.close()
    page.goto(str(page.locator("#to-reader").get_attribute("href")))  # on the phone: the other screen has it
    page.wait_for_selector("h1#sent")
    look("online-sent")
