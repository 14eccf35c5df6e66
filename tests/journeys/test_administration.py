"""A member of staff adds, changes and removes an application, in a real Chromium, by the keyboard, and without JavaScript.

Spec: WCAG 2.2 AA §1.4.3, §1.4.10, §2.1.1, §3.3.1; W3C CSP 3
"""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from idp.registries.personas import PERSONAS
from tests import smoke
from tests.citizen import Citizen

PEOPLE = {persona.key: persona for persona in PERSONAS}
REDIRECT = "https://library.example.vn/cb"
ALIKE = ("one-changed", "renew", "list-nothing", "applications-none")  # of nothing new on a wide screen
WALKS = [("vi", 390, "minh-anh"), ("en", 1200, "van-binh")]


class Officer(Citizen):
    """Looks at each page that is reached; its pictures are kept where ADMIN_PICTURES says."""

    seen = 0

    def look(self, name: str) -> None:
        if self.language == "en" and name in ALIKE:
            return
        super().look(name)
        self.seen += 1
        if folder := os.environ.get("ADMIN_PICTURES"):
            path = Path(folder) / f"{self.language}-{self.seen:02d}-{name}.png"
            self.page.screenshot(path=path, full_page=True)


def officer(
    nation: smoke.Run, browser: Browser, key: str, language: str, width: int, *, script: bool = True
) -> Officer:
    persona = PEOPLE[key]
    context = browser.new_context(viewport={"width": width, "height": 844}, locale=language, java_script_enabled=script)
    return Officer(nation, context.new_page(), language, {"pid": persona.pid, "password": persona.password})


def idp(nation: smoke.Run, *arguments: str) -> None:
    smoke._idp(nation, *arguments)


def to_the_register(at: Officer) -> None:
    """Sign in as everybody does; the menu has one more entry, and it asks for the second level."""
    at.go("/account")
    at.page.fill("#identifier", at.persona["pid"])
    at.page.fill("#password", at.persona["password"])
    at.page.click("#sign-in")
    at.page.wait_for_selector("#to-admin")
    at.page.click("#to-admin")
    at.page.wait_for_url("**/more")
    at.page.click("main a[href$='/code']")
    at.page.click("#send")
    at.page.wait_for_selector("#code")
    inbox = at.page.context.new_page()
    inbox.goto(at.nation.urls["idp"] + "/simulation/messages")
    text = inbox.locator("article.message").first.inner_text()
    inbox.close()
    at.page.fill("#code", text.partition("@localhost #")[2][:6])
    at.page.click("#confirm")
    at.page.wait_for_url("**/admin/clients")


@pytest.mark.parametrize(("language", "width", "person"), WALKS, ids=["vi-390", "en-1200"])
def test_an_application_from_its_beginning_to_its_end(
    nation: smoke.Run, browser: Browser, language: str, width: int, person: str
) -> None:
    idp(nation, "staff", "grant", PEOPLE[person].pid, "clients")
    at = officer(nation, browser, person, language, width)
    to_the_register(at)
    at.look("list")
    added(at)
    changed(at)
    given_a_new_secret(at)
    removed(at)
    opened_by_the_citizen(at)
    for each in list(at.troubles.seen):  # the refusals that were asked for
        if "Failed to load resource" in each and ("422" in each or "404" in each):
            at.troubles.seen.remove(each)
    assert at.troubles.seen == []
    assert not at.wrong, json.dumps(at.wrong, indent=1, ensure_ascii=False)
    at.page.context.close()


def added(at: Officer) -> None:
    page = at.page
    at.press("add")
    page.wait_for_url("**/admin/new-client")
    page.focus("#save")
    page.keyboard.press("Enter")
    page.wait_for_selector(".error-summary")
    at.look("new-refused")
    page.click(".error-summary a[href='#name']")
    assert page.evaluate("document.activeElement.id") == "name"
    page.keyboard.type("Thư viện Hoa Sen")
    for id_, text in (("name_en", "Lotus Library"), ("purpose", "Mượn sách"), ("redirect_uris", REDIRECT)):
        page.fill(f"#{id_}", text)
    page.check("#scope-profile")
    page.click("#save")
    page.wait_for_selector("#client-secret")
    at.look("secret")
    page.click("#kept")
    page.wait_for_selector("#last-change")
    at.look("one")


def changed(at: Officer) -> None:
    page, secret_gone = at.page, at.page.locator("#client-secret").count() == 0
    assert secret_gone
    at.press("change")
    page.wait_for_selector("#save")
    page.fill("#frontchannel_logout_uri", "https://elsewhere.example.vn/out")
    page.click("#save")
    page.wait_for_selector(".error-summary a[href='#frontchannel_logout_uri']")
    at.look("change-refused")
    page.fill("#frontchannel_logout_uri", "https://library.example.vn/out")
    page.click("#save")
    page.wait_for_selector("#last-change")
    assert "frontchannel_logout_uri" in page.locator("#changes").inner_text()
    page.click("#metadata summary")
    at.look("one-changed")


def given_a_new_secret(at: Officer) -> None:
    at.press("secret")
    at.page.wait_for_selector("#renew")
    at.look("renew")
    at.press("renew")
    at.page.wait_for_selector("#client-secret")
    at.page.click("#kept")


def removed(at: Officer) -> None:
    page = at.page
    client_id = str(page.locator("#client-id").text_content())
    at.press("remove")
    page.wait_for_selector("#what-ends")
    at.look("remove")
    at.press("remove")
    page.wait_for_selector("#clients")
    page.click("#sort-and-filter summary")
    page.select_option("#sort", "client_id")
    page.fill("#id", client_id)
    page.click("#filter")
    page.wait_for_selector("#nothing-found")
    at.look("list-nothing")


def opened_by_the_citizen(at: Officer) -> None:
    """My applications, and what somebody without the role sees of the register: nothing."""
    at.go("/applications")
    if at.page.locator("#no-applications").count():  # in the first walk
        at.look("applications-none")
        idp(at.nation, "client", "update", "bank", "--initiate-login-uri", at.nation.urls["verifier"] + "/sign-in")
        at.page.reload()
    at.page.wait_for_selector("#applications")
    at.look("applications")
    idp(at.nation, "staff", "withdraw", at.persona["pid"], "clients")
    at.go("/admin/clients")
    assert at.page.locator("#error-id").count() == 1
    at.go("/account")
    assert at.page.locator("#to-admin").count() == 0


def test_without_javascript(nation: smoke.Run, browser: Browser) -> None:
    idp(nation, "staff", "grant", PEOPLE["anne-marie"].pid, "clients")
    at = officer(nation, browser, "anne-marie", "vi", 390, script=False)
    page = at.page
    to_the_register(at)
    page.click("#add")
    for id_, text in (("name", "Thư viện"), ("purpose", "Mượn sách"), ("redirect_uris", REDIRECT)):
        page.fill(f"#{id_}", text)
    page.click("#save")
    page.click("#kept")
    page.click("#change")
    page.fill("#name_en", "Library")
    page.click("#save")
    assert "client_name#en" in page.locator("#changes").inner_text()
    page.click("#remove")
    page.click("button#remove")
    page.wait_for_url("**/admin/clients")
    assert page.locator("li[data-client^='client-']", has_text="Thư viện").count() == 0
    page.context.close()
