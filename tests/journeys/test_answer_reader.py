"""A reader asks a citizen in a real Chromium: consent, both formats signed by keys that never leave the browser, and the way back.

Spec: OpenID4VP 1.0 §3.1, §3.2, §8; RFC 9901 §4.3; ISO/IEC 18013-5 §9.1.3.6; W3C CSP 3; WCAG 2.2 AA.
"""

import json
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from certs import bundle as bundles
from certs.encoding import b64url_decode
from certs.formats import Expected, mdoc, sd_jwt
from certs.formats.elements import ISO_NAMESPACE
from certs.formats.session_transcript import redirect
from tests import smoke
from tests.chromium import Troubles, flaws
from tests.journeys import reader_site
from tests.journeys.reader_site import Site
from tests.walk import Walk
from tests.wallet.reader import MDOC, SD_JWT, VCT, query
from wallet.reader_metadata import Encryption

OURS = f"{ISO_NAMESPACE}.VN"
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
    with reader_site.served(nation) as site:
        answer_here(at, page, site, look)
        answer_scanned(at, page, site, look)
        decline(at, page, site, look)
        refuse(at, page, site, look, troubles)
    at.go("wallet", "/history")
    assert page.locator("#entries > li").count() >= 5
    assert troubles.seen == []
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


def answer_here(at: Walk, page: Page, site: Site, look: Any) -> None:
    """Same device, encrypted: from the reader's page and back to it."""
    site.number, site.encrypted, site.asks = 1, True, query(SD_JWT, MDOC)
    at.go("wallet", f"/present?{site.query}")
    page.wait_for_selector("#share:not([disabled])")
    assert "đi" in str(page.locator(".leaving").first.text_content()) or page.locator(".leaving").count() == 2
    look("asked")
    at.click("#share")
    page.wait_for_url(f"{site.url}/back#1")
    token = site.arrived[-1]["vp_token"]
    check(site, token["licence"][0], token["mdl"][0])


def answer_scanned(at: Walk, page: Page, site: Site, look: Any) -> None:
    """Another device: by the link of its code, and a page that says it is done; the key of the copy is gone."""
    site.number, site.encrypted, site.asks = 2, False, query(ADULT)
    at.go("wallet", "/scan")
    page.locator("#paste summary").click()
    page.fill("#text", site.link)
    at.click("#read")
    page.wait_for_selector("#share:not([disabled])")
    look("asked-age")
    at.click("#share")
    page.wait_for_selector("#sent:not([hidden])")
    assert page.locator("#to-reader").get_attribute("href") == f"{site.url}/back#2"
    look("sent")
    (presentation,) = site.arrived[-1]["vp_token"]["adult"]
    assert sd_jwt.peek(presentation).claims == {"age_over_18": True}


def decline(at: Walk, page: Page, site: Site, look: Any) -> None:
    site.number, site.asks = 3, query(SD_JWT, MDOC, credential_sets=[{"options": [["licence"], ["mdl"]]}])
    at.go("wallet", f"/present?{site.query}")
    page.wait_for_selector("#share:not([disabled])")
    look("asked-ways")
    at.click("#decline")
    page.wait_for_url(f"{site.url}/back#3")
    assert site.arrived[-1]["error"] == "access_denied" and len(site.arrived) == 3


def refuse(at: Walk, page: Page, site: Site, look: Any, troubles: Troubles) -> None:
    site.number, site.asks = 4, query(TOO_MUCH)
    address = f"/present?{site.query}"
    at.go("wallet", address)
    assert "nhiều hơn mức được phép" in str(page.locator("h1").text_content())
    look("overasking")
    troubles.expect(address)
    assert site.arrived[-1]["error"] == "invalid_request"


def check(site: Site, licence: str, mdl: str) -> None:
    now = int(time.time())
    held = bundles.read(site.run.bundle.read_bytes(), now=now)
    expected = Expected(audience=site.client_id, challenge=site.nonce.encode())
    told = sd_jwt.verify(licence, trust=held.trust, statuses=held.statuses, now=now, expected=expected)
    assert set(told.claims) == {"full_name", "classes"} and told.holder_bound
    transcript = redirect(
        client_id=site.client_id,
        nonce=site.nonce,
        response_uri=f"{site.url}/answer",
        thumbprint=Encryption(site.key.public, "A128GCM").thumbprint,
    )
    shown = mdoc.verify(
        b64url_decode(mdl),
        transcript=transcript,
        trust=held.trust,
        statuses=held.statuses,
        now=now,
        expected=Expected(),
    )
    assert shown.holder_bound and set(shown.elements) == {ISO_NAMESPACE, OURS}
