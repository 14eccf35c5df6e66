"""Passkeys in a real Chromium, with the virtual authenticator that its developers' protocol brings.

Spec: W3C Web Authentication Level 3 §7, §11 (virtual authenticators); Chrome DevTools Protocol, domain WebAuthn.
Register, sign out, sign in at a relying party with nothing typed, rename, remove, be refused; in two languages, on two widths.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession

from tests import smoke
from tests.citizen import Citizen

WALKS: list[tuple[str, int, str]] = [("vi", 360, "minh-anh"), ("en", 1200, "van-binh")]


@dataclass
class Device(Citizen):
    """A citizen's browser with an authenticator that answers as it is told."""

    authenticator: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.protocol: CDPSession = self.page.context.new_cdp_session(self.page)
        self.protocol.send("WebAuthn.enable")
        self.plug_in()

    # --- the authenticator --------------------------------------------------------------------------------------------

    def plug_in(self) -> None:
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = self.protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.authenticator = added["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        found = self.protocol.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})
        kept: list[dict[str, Any]] = found["credentials"]
        return kept

    def verify_user(self, verified: bool) -> None:
        self.protocol.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self.authenticator, "isUserVerified": verified}
        )

    # --- the pages ----------------------------------------------------------------------------------------------------

    def sign_in_with_two(self) -> None:
        """Password, then the code of a short message, on the way to the list of all ways to sign in."""
        self.go("/account/security")
        self.page.fill("#identifier", self.persona["pid"])
        self.page.fill("#password", self.persona["password"])
        self.page.click("#sign-in")
        self.page.wait_for_url("**/more")
        self.page.goto(self.page.url.removesuffix("/more") + "/code/message")
        self.page.click("#send")
        self.page.wait_for_selector("#code")
        self.page.fill("#code", self.code_in_the_inbox())
        self.page.click("#confirm")
        self.page.wait_for_url("**/account/security")

    def at_the_wallet(self) -> None:
        """To the log-in of a relying party."""
        self.page.goto(self.nation.urls["wallet"])
        self.page.click("#sign-in")
        self.page.wait_for_url(self.nation.urls["idp"] + "/login/**")


@pytest.mark.parametrize(("language", "width", "person"), WALKS, ids=lambda value: str(value))
def test_a_passkey_from_beginning_to_end(
    nation: smoke.Run, browser: Browser, language: str, width: int, person: str
) -> None:
    people = json.loads((nation.data / "personas.json").read_text("utf-8"))
    persona = next(each for each in people if each["key"] == person)
    context = browser.new_context(viewport={"width": width, "height": 800}, locale=language)
    at = Device(nation, context.new_page(), language, persona)
    at.sign_in_with_two()
    added(at)
    at.go("/sign-out")
    at.page.click("main #sign-out")
    signed_in_with_nothing_typed(at)
    renamed_and_removed(at)
    refused_afterwards(at)
    assert at.troubles.seen == []
    assert not at.wrong, json.dumps(at.wrong, indent=1, ensure_ascii=False)
    context.close()


def added(at: Device) -> None:
    """Cancelled once, then made; a second one on the same device is not."""
    page = at.page
    at.press("add-passkey")
    page.wait_for_selector("#use-passkey:enabled")
    at.look("add")
    at.verify_user(False)
    at.press("use-passkey")
    page.wait_for_selector("#passkey-troubles:not([hidden])")
    assert page.evaluate("document.activeElement.id") == "passkey-troubles"
    assert page.locator("#passkey-troubles span:visible").count() == 1
    at.look("add-cancelled")
    at.verify_user(True)
    page.fill("#name", "Máy của tôi")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/security")
    assert "Máy của tôi" in page.locator("#kind-passkey").inner_text()
    at.look("list")
    (credential,) = at.credentials()
    assert credential["isResidentCredential"] and credential["rpId"] == "localhost"
    assert at.persona["pid"].encode() not in base64.b64decode(credential["userHandle"])
    page.click("#add-passkey")
    page.click("#use-passkey:enabled")
    page.wait_for_selector("#passkey-troubles:not([hidden])")
    assert page.locator("[data-error=InvalidStateError]").is_visible()


def signed_in_with_nothing_typed(at: Device) -> None:
    """At the wallet, by the keyboard; what the wallet hears is level 2."""
    page = at.page
    at.at_the_wallet()
    at.verify_user(False)
    page.click("a[href$='/passkey']")  # which asks at once …
    page.wait_for_selector("[data-error=NotAllowedError]:visible")
    at.look("log-in-cancelled")
    page.goto(page.url + "/passkey")  # … and leads to a page of its own
    page.wait_for_selector("#use-passkey:enabled")
    at.look("sign-in")
    at.press("use-passkey")
    page.wait_for_selector("#passkey-troubles:not([hidden])")
    assert page.locator("[data-error=NotAllowedError]").is_visible()
    at.look("sign-in-cancelled")
    at.verify_user(True)
    at.press("use-passkey")
    page.wait_for_selector("#share")
    page.click("#share")
    page.wait_for_url(at.nation.urls["wallet"] + "/**")
    at.go("/account/security")  # asks for level 2, and nothing more is asked
    assert page.url.endswith("/account/security")
    assert page.locator("#kind-passkey .held").count() == 1
    (credential,) = at.credentials()
    assert credential["signCount"] >= 1


def renamed_and_removed(at: Device) -> None:
    page = at.page
    page.click("#kind-passkey .rename")
    page.fill("#name", "Máy cũ")
    page.click("#save")
    page.wait_for_url("**/account/security")
    assert "Máy cũ" in page.locator("#kind-passkey").inner_text()
    page.click("#kind-passkey .remove")
    page.click("#remove")
    page.wait_for_url("**/account/security")
    assert "Máy cũ" not in page.locator("#kind-passkey").inner_text()
    at.go("/sign-out")
    page.click("main #sign-out")


def refused_afterwards(at: Device) -> None:
    """The device has its key still; the account has not."""
    page = at.page
    at.go("/sign-in")
    page.click("a[href$='/passkey']")
    page.wait_for_selector("#passkey-problem")
    at.look("refused")
    at.troubles.expect("/passkey")  # the answer of 422
    page.click("#other-ways")
    page.wait_for_selector("#identifier")


def test_a_browser_without_passkeys_is_told_so(nation: smoke.Run, browser: Browser) -> None:
    context = browser.new_context(locale="en")
    context.add_init_script("delete window.PublicKeyCredential")
    page = context.new_page()
    page.goto(nation.urls["idp"] + "/sign-in")
    page.goto(page.url + "/passkey")
    page.wait_for_selector("[data-error=Unsupported]:visible")
    assert page.locator("#use-passkey").is_disabled()
    context.close()
    plain = browser.new_context(locale="en", java_script_enabled=False)
    page = plain.new_page()
    page.goto(nation.urls["idp"] + "/sign-in")
    page.goto(page.url + "/passkey")
    assert "Switch JavaScript on" in page.locator("main").inner_text()
    assert page.locator("#use-passkey").is_disabled()
    page.click("noscript a")
    page.wait_for_selector("#identifier")
    plain.close()
