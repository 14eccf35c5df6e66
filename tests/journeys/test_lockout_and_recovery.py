"""A stranger guesses, the owner is not locked out; a lost password is set anew without it. In a real Chromium.

Spec: NIST SP 800-63B-4 §3.2.2, §4.2; attacks BF-01, BF-10 to BF-12. Two languages, a telephone and a desktop, day and night.
`VNEID_PICTURES=folder` keeps a picture of each page at both widths.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from idp.login.attempts import PERSON
from tests import smoke
from tests.journeys.test_passkeys import Device

WALKS: list[tuple[str, int, str]] = [("vi", 390, "minh-anh"), ("en", 1200, "van-binh")]
PICTURES = os.environ.get("VNEID_PICTURES")
FREE = PERSON.steps[0][0] + 1
NEW = "một câu dài mà tôi nhớ"
NEWER = "another long sentence"


@dataclass
class Person(Device):
    def look(self, name: str) -> None:
        if PICTURES:
            size = self.page.viewport_size
            assert size is not None
            for width in (390, 1200):
                self.page.set_viewport_size({"width": width, "height": 800})
                path = Path(PICTURES) / f"recovery-{name}-{self.language}-{width}.png"
                self.page.screenshot(path=path, full_page=True)
            self.page.set_viewport_size(size)
        super().look(name)

    def log_in(self, password: str) -> Page:
        if "/login/" not in self.page.url:
            self.go("/sign-in")
        self.page.fill("#identifier", self.persona["pid"])
        self.page.fill("#password", password)
        self.press("sign-in")
        return self.page

    def sign_out(self) -> None:
        self.go("/sign-out")
        self.page.click("main #sign-out")
        self.page.wait_for_selector("a[href='/sign-in']")


@pytest.mark.parametrize(("language", "width", "person"), WALKS, ids=lambda value: str(value))
def test_lock_out_and_recovery(nation: smoke.Run, browser: Browser, language: str, width: int, person: str) -> None:
    people = json.loads((nation.data / "personas.json").read_text("utf-8"))
    persona = next(each for each in people if each["key"] == person)

    def somebody() -> Person:
        context = browser.new_context(viewport={"width": width, "height": 800}, locale=language)
        return Person(nation, context.new_page(), language, persona)

    owner, stranger = somebody(), somebody()
    has_a_passkey(owner)
    guesses(stranger)
    still_signs_in(owner)
    recovers(owner)
    changes(owner)
    for one in (owner, stranger):
        assert one.troubles.seen == []
        assert not one.wrong, json.dumps(one.wrong, indent=1, ensure_ascii=False)
        one.page.context.close()


def has_a_passkey(owner: Person) -> None:
    page = owner.page
    owner.sign_in_with_two()
    page.click("#add-passkey")
    page.click("#use-passkey:enabled")
    page.wait_for_url("**/account/security")
    owner.sign_out()


def guesses(stranger: Person) -> None:
    """Until nothing is looked at any more, not even what is right."""
    for _ in range(FREE):
        stranger.log_in("not-the-password").wait_for_selector(".error-summary")
        stranger.troubles.expect("422")
    stranger.look("refused")
    for password in ("not-the-password", stranger.persona["password"]):
        stranger.go("/sign-in")
        stranger.log_in(password).wait_for_selector("#error-id")
        stranger.troubles.expect("429")
    stranger.look("too-many")


def still_signs_in(owner: Person) -> None:
    """With the password, on the browser that knows the account."""
    owner.go("/sign-in")
    owner.look("log-in")
    owner.log_in(owner.persona["password"]).wait_for_url("**/account")
    owner.sign_out()


def recovers(owner: Person) -> None:
    """By the keyboard, with the passkey that is left."""
    page = owner.page
    owner.go("/sign-in")
    owner.press("recover")
    page.wait_for_selector("#continue")
    owner.look("whose")
    owner.press("continue")
    page.wait_for_selector("#identifier-error")
    owner.troubles.expect("422")
    page.fill("#identifier", owner.persona["pid"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/recover/**")
    owner.look("ways")
    half_way(owner)
    page.click("a[href$='/passkey']")
    page.click("#use-passkey:enabled")
    page.wait_for_selector("#set-password")
    owner.look("new-password")
    for new, again in (("ngắn", "ngắn"), (NEW, NEWER)):
        page.fill("#new", new)
        page.fill("#again", again)
        owner.press("set-password")
        page.wait_for_selector(".error-summary")
        owner.troubles.expect("422")
    owner.look("new-password-refused")
    page.fill("#new", NEW)
    page.fill("#again", NEW)
    owner.press("set-password")
    page.wait_for_url("**/recovered**")
    owner.look("recovered")
    owner.press("sign-in")
    page.wait_for_selector("#identifier")
    owner.log_in(owner.persona["password"]).wait_for_selector(".error-summary")
    owner.troubles.expect("422")
    owner.log_in(NEW).wait_for_url("**/account")


def half_way(owner: Person) -> None:
    """A code of a short message proves one kind, and one kind is not enough."""
    page = owner.page
    page.click("a[href$='/code']")
    page.goto(f"{page.url}/message")
    page.click("#send")
    page.wait_for_selector("#code")
    page.fill("#code", owner.code_in_the_inbox())
    page.click("#confirm")
    page.wait_for_url("**/recover/**")
    assert page.locator("#set-password").count() == 0
    owner.look("ways-after-a-code")


def changes(owner: Person) -> None:
    page = owner.page
    owner.go("/account/password")
    page.wait_for_selector("a[href$='/passkey']")
    page.click("a[href$='/passkey']")
    page.click("#use-passkey:enabled")
    page.wait_for_url("**/account/password")
    owner.look("change")
    for field, text in (("current", NEW), ("new", NEWER), ("again", NEWER)):
        page.fill(f"#{field}", text)
    owner.press("set-password")
    page.wait_for_url("**/account/password/changed")
    owner.look("changed")
