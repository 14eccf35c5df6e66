"""One-time codes in a real Chromium: an app is added, and opens a bank's second level; messages are read in the inbox.

Spec: RFC 6238; RFC 9470; Decree 69/2024/NĐ-CP Art. 20. Two languages, a telephone and a desktop, day and night; without
JavaScript, since none of these pages has any.
"""

import base64
import json
import time
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from idp.login import totp
from tests import smoke
from tests.chromium import tab_to
from tests.citizen import Citizen

WALKS: list[tuple[str, int, str]] = [("vi", 390, "minh-anh"), ("en", 1200, "van-binh")]


@dataclass
class WithAnApp(Citizen):
    secret: bytes = b""
    used: int = 0

    def code_of_the_app(self) -> str:
        """The next code that was not used: it may be of the step to come."""
        self.used = max(self.used + 1, int(time.time()) // totp.STEP_SECONDS)
        return totp.code(self.secret, self.used)


@pytest.mark.parametrize(("language", "width", "person"), WALKS, ids=lambda value: str(value))
def test_codes_from_beginning_to_end(
    nation: smoke.Run, browser: Browser, language: str, width: int, person: str
) -> None:
    people = json.loads((nation.data / "personas.json").read_text("utf-8"))
    persona = next(each for each in people if each["key"] == person)
    context = browser.new_context(viewport={"width": width, "height": 844}, locale=language)
    at = WithAnApp(nation, context.new_page(), language, persona)
    an_empty_inbox(at)
    to_the_ways_to_sign_in_by_message(at)
    an_app_is_added(at)
    recovery_codes_are_made(at)
    a_passcode_is_set(at)
    at.go("/sign-out")
    at.page.click("main #sign-out")
    the_bank_gets_its_second_level(at)
    a_message_alone(at)
    the_app_is_removed(at)
    for each in list(at.troubles.seen):  # answers of 4xx that were asked for
        if "Failed to load resource" in each and ("422" in each or "429" in each):
            at.troubles.seen.remove(each)
    assert at.troubles.seen == []
    assert not at.wrong, json.dumps(at.wrong, indent=1, ensure_ascii=False)
    context.close()


def an_empty_inbox(at: WithAnApp) -> None:
    at.go("/")
    at.page.click("#to-messages")
    at.page.fill("#phone", "12")
    at.page.click("#show")
    at.look("inbox-refused")
    at.page.fill("#phone", "0999 999 999")
    at.page.click("#show")
    at.page.wait_for_selector("#no-messages")
    at.look("inbox-empty")


def to_the_ways_to_sign_in_by_message(at: WithAnApp) -> None:
    """Password first; the page of the ways to sign in asks for more, and a message is what everybody has here."""
    at.go("/account/security")
    at.type(identifier=at.persona["pid"], password=at.persona["password"])
    at.page.wait_for_url("**/more")
    at.page.click("a[href$='/code']")
    at.look("second-send")
    tab_to(at.page, "send")
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#code")
    at.look("second-message")
    code = at.code_in_the_inbox()
    at.type(code=f"{(int(code) + 1) % 10**6:06d}")
    at.page.wait_for_selector(".error-summary")
    at.look("second-refused")
    at.type(code=code)
    at.page.wait_for_url("**/account/security")
    assert at.page.locator("#only-password").is_visible()
    at.look("ways-none")


def an_app_is_added(at: WithAnApp) -> None:
    page = at.page
    page.click("#add-totp")
    text = page.locator("#secret").inner_text().replace(" ", "")
    at.secret = base64.b32decode(text + "=" * (-len(text) % 8))
    at.look("totp")
    page.fill("#code", "000000")
    page.click("#add")
    page.wait_for_selector(".error-summary")
    at.look("totp-refused")
    at.type(code=at.code_of_the_app())
    page.wait_for_url("**/account/security")
    assert page.locator("#kind-totp .held").count() == 1
    page.click("#kind-totp .rename")
    at.look("rename")
    page.fill("#name", "Máy của mẹ")
    page.click("#save")
    assert "Máy của mẹ" in page.locator("#kind-totp").inner_text()


def recovery_codes_are_made(at: WithAnApp) -> None:
    page = at.page
    page.click("#add-recovery_code")
    at.look("recovery")
    page.click("#make")
    assert page.locator("#codes li").count() == 10
    at.look("recovery-codes")
    page.click("#kept")
    assert page.locator("#codes-left").inner_text() == "10"


def a_passcode_is_set(at: WithAnApp) -> None:
    at.page.click("#add-passcode")
    at.type(passcode="123456", again="123456")
    at.page.wait_for_selector(".error-summary")
    at.look("passcode-refused")
    at.type(passcode="482913", again="482913")
    at.page.wait_for_url("**/account/security")
    assert at.page.locator("#kind-passcode .held").count() == 1
    at.look("ways-all")


def the_bank_gets_its_second_level(at: WithAnApp) -> None:
    """It has the first one, and asks for more: the citizen adds a code from the app, and nothing else."""
    page = at.page
    at.go("/sign-in", "verifier")
    at.type(identifier=at.persona["pid"], password=at.persona["password"])
    page.click("#share")
    page.wait_for_selector("#customer-facts")
    assert page.locator("#acr").text_content() == "LoA1"
    page.click("#stronger-LoA2")
    page.wait_for_url("**/more")
    page.click("a[href$='/code']")
    at.look("second-app")
    page.click("#by-recovery")
    at.look("second-recovery")
    page.click("#by-app")
    at.type(code=at.code_of_the_app())
    page.wait_for_selector("#customer-facts")
    assert page.locator("#acr").text_content() == "LoA2"


def a_message_alone(at: WithAnApp) -> None:
    """In another browser, by telephone number: level 1."""
    context = at.page.context.browser.new_context(  # type: ignore[union-attr]
        viewport=at.page.viewport_size, locale=at.language
    )
    other = Citizen(at.nation, context.new_page(), at.language, at.persona)
    other.go("/sign-in")
    other.page.click("a[href$='/code']")
    other.page.click("#send")
    other.page.wait_for_selector(".error-summary")
    other.look("first-refused")
    other.type(identifier=other.persona["pid"])
    other.page.wait_for_selector("#code")
    other.look("first-message")
    other.type(code=other.code_in_the_inbox())
    other.page.wait_for_url("**/account")
    other.go("/simulation/messages")
    other.look("inbox")
    other.go("/account/security")  # a second message would be the same factor again: it is not offered
    other.page.wait_for_url("**/more")
    assert other.page.locator("a[href$='/code']").count() == 0
    at.wrong.update(other.wrong)
    context.close()


def the_app_is_removed(at: WithAnApp) -> None:
    page = at.page
    at.go("/account/security")
    page.click("#kind-totp .remove")
    at.look("remove")
    page.click("#remove")
    page.wait_for_url("**/account/security")
    assert page.locator("#kind-totp .held").count() == 0


def test_without_javascript(nation: smoke.Run, browser: Browser) -> None:
    """The whole second step by plain forms."""
    people = json.loads((nation.data / "personas.json").read_text("utf-8"))
    persona = next(each for each in people if each["key"] == "anne-marie")
    context = browser.new_context(java_script_enabled=False, locale="vi")
    page = context.new_page()
    page.goto(nation.urls["idp"] + "/account/security")
    page.fill("#identifier", persona["pid"])
    page.fill("#password", persona["password"])
    page.click("#sign-in")
    page.click("a[href$='/code']")
    page.click("#send")
    at = WithAnApp(nation, page, "vi", persona)
    page.fill("#code", at.code_in_the_inbox())
    page.click("#confirm")
    page.wait_for_url("**/account/security")
    context.close()
