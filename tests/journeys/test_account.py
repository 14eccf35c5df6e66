"""The citizen's own pages in a real Chromium, at the nation as it is served: seen, filtered, narrowed, ended, taken along.

Spec: WCAG 2.2 AA §1.4.3, §1.4.10, §2.1.1; W3C CSP 3
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests import smoke
from tests.chromium import PATIENCE, Troubles, axe, overflows, tab_to, until
from tests.walk import Walk

WALKS = [("vi", 360, "minh-anh"), ("en", 1200, "van-binh")]
PAGES = ("data", "sessions", "activity", "notices", "security", "export")


class Look:
    """Each page that is reached: no wider than its window, nothing for axe-core to find, by day and by night."""

    def __init__(self, page: Page, pictures: Path | None) -> None:
        self.page, self.pictures, self.seen = page, pictures, 0
        self.wrong: dict[str, Any] = {}

    def __call__(self, name: str) -> None:
        self.seen += 1
        schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
        for scheme in schemes:
            self.page.emulate_media(color_scheme=scheme)
            if found := axe(self.page):
                self.wrong[f"{name}, {scheme}"] = found
            if self.pictures:
                self.page.screenshot(path=self.pictures / f"{self.seen:02d}-{name}-{scheme}.png", full_page=True)
        if wide := overflows(self.page):
            self.wrong[f"{name}, wide"] = wide


def code_of_the_message(at: Walk) -> str:
    """From the simulated inbox, in a page of its own."""
    inbox = at.page.context.new_page()
    inbox.goto(at.urls["idp"] + "/simulation/messages")
    found = re.search(r"(?<!\d)(\d{6})(?!\d)", str(inbox.locator("main").inner_text()))
    inbox.close()
    assert found is not None
    return found[1]


def to_level_two(at: Walk) -> None:
    """From a page that asks for it, by the code in a message, and back to that page."""
    asked = at.page.url
    assert asked.endswith("/more"), asked
    at.click('main a[href*="/code"]')
    at.click("#send")
    at.page.fill("#code", code_of_the_message(at))
    at.click("#confirm")


def other_device(browser: Browser, at: Walk, language: str) -> Page:
    """The same person in another browser."""
    page = browser.new_context(locale=language, user_agent="Mozilla/5.0 (Android 14) Firefox/140").new_page()
    page.goto(at.urls["idp"] + "/sign-in")
    page.fill("#identifier", at.persona["pid"])
    page.fill("#password", at.persona["password"])
    page.click("#sign-in")
    page.wait_for_url("**/account")
    return page


@pytest.mark.parametrize(("language", "width", "person"), WALKS, ids=str)
def test_the_citizens_own_pages(nation: smoke.Run, browser: Browser, language: str, width: int, person: str) -> None:
    people = json.loads((nation.data / "personas.json").read_text("utf-8"))
    nation.persona = next(each for each in people if each["key"] == person)
    page = browser.new_context(viewport={"width": width, "height": 800}, locale=language).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    pictures = os.environ.get("ACCOUNT_PICTURES")
    folder = Path(pictures) / f"{language}-{width}" if pictures else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    troubles, look = Troubles(), Look(page, folder)
    at = Walk(page, nation.urls, nation.persona, lambda _: None)
    troubles.watch(page)
    at.go("idp", "/account")
    at.log_in(nation.persona["password"], keyboard=True)
    page.wait_for_url("**/account")
    at.go("idp", "/account/activity")
    assert page.locator("#nothing-yet").count() == 1
    look("activity-empty")
    at.sign_in_at_the_bank()
    other = other_device(browser, at, language)
    at.go("idp", "/account")
    look("account")
    read_by_keyboard(at, look)
    narrowed_and_withdrawn(at, look)
    ended_elsewhere(at, other, look)
    taken_along(at, look)
    verified_by_command(nation)
    assert not look.wrong, json.dumps(look.wrong, indent=1, ensure_ascii=False)
    troubles.expect("/consents/narrow")  # the refusal that was asked for
    assert troubles.seen == []


def read_by_keyboard(at: Walk, look: Look) -> None:
    """From the home by links alone; the filter too."""
    page = at.page
    for name in ("data", "activity", "notices"):
        at.go("idp", "/account")
        page.evaluate("path => { document.querySelector(`#pages a[href='${path}']`).id = 'next' }", f"/account/{name}")
        tab_to(page, "next")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/account/{name}")
        look(name)
    at.go("idp", "/account/activity")
    assert page.locator("[data-party=bank]").count() == 2  # the id_token, and userinfo
    tab_to(page, "party")
    page.keyboard.press("ArrowDown")
    tab_to(page, "filter")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/activity?**")
    assert page.locator("#releases > li").count() == page.locator("[data-party]").count() > 0
    look("activity-filtered")
    at.go("idp", "/account/notices")
    assert page.locator("[data-kind=new_device_signed_in]").count() >= 1
    page.select_option("#group", "sign-ins")
    at.click("#filter")
    page.wait_for_selector("[data-kind=signed_in]")
    look("notices-sign-ins")


def narrowed_and_withdrawn(at: Walk, look: Look) -> None:
    page = at.page
    at.go("idp", "/consents")
    look("consents")
    at.click("#narrow-bank")
    look("consents-narrow")
    boxes = page.locator("fieldset input[type=checkbox]")
    for number in range(boxes.count()):
        boxes.nth(number).uncheck()
    at.click("#save")
    page.wait_for_selector(".error-summary")
    look("consents-narrow-refused")
    boxes.first.check()
    at.click("#save")
    page.wait_for_url("**/consents")
    assert page.locator("#narrow-bank").count() == 0  # one thing is left: to keep or to take back
    at.click("#withdraw-bank")
    until(page, "!document.getElementById('withdraw-bank')")
    at.go("idp", "/account/notices")
    for kind in ("consent_narrowed", "consent_withdrawn"):
        assert page.locator(f"[data-kind={kind}]").count() >= 1


def ended_elsewhere(at: Walk, other: Page, look: Look) -> None:
    """Within a second, whichever process is asked."""
    at.go("idp", "/account/sessions")
    assert at.page.locator("#sessions > li").count() == 2
    assert "Firefox, Android" in str(at.page.locator("#sessions").inner_text())
    look("sessions")
    tab_to(at.page, "end-others")
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#only-here")
    ended = time.monotonic()
    other.goto(at.urls["idp"] + "/account")
    assert "/login/" in other.url
    assert time.monotonic() - ended < PATIENCE
    other.context.close()
    look("sessions-only-here")


def taken_along(at: Walk, look: Look) -> None:
    at.go("idp", "/account/export")
    to_level_two(at)
    at.page.wait_for_url("**/account/export")
    look("export")
    with at.page.expect_download() as download:
        at.click("#download")
    told = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert told["person"]["pid"] == at.persona["pid"]
    assert {"consent_narrowed", "claims_released", "session_ended"} <= {one["kind"] for one in told["history"]}


def verified_by_command(nation: smoke.Run) -> None:
    """The demonstration's own housekeeping has sealed what was done, without being asked."""
    deadline = time.monotonic() + 30
    while True:
        command = [sys.executable, "-m", "idp", "journal", "verify", "--json", "--data", str(nation.data)]
        (told,) = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=smoke.ROOT).stdout)
        assert told["outcome"] == "OK"
        if told["events"] > 10 and told["not sealed yet"] == 0:
            return
        assert time.monotonic() < deadline, told
        time.sleep(0.5)
