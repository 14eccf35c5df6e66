"""A citizen and a clerk at the screen: the steps of the main job in a real browser, for the journeys and the pictures.

Each page that is reached is handed to `look` under its name. Ids are those of the pages; texts are never relied on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from tests.chromium import tab_to, until

PASSCODE = "482913"  # of the wallet on this phone
CODE = "document.getElementById('qr')?.dataset.text"
SCREEN = "document.documentElement.dataset.screen"
Look = Callable[[str], None]


@dataclass
class Walk:
    """One browser page that goes through the three roles. `urls` has the addresses of `idp`, `wallet`, `verifier`."""

    page: Page
    urls: Mapping[str, str]
    persona: Mapping[str, Any]
    look: Look

    def go(self, role: str, path: str = "/") -> None:
        self.page.goto(self.urls[role] + path)

    def click(self, selector: str) -> None:
        self.page.locator(selector).click()

    def verdict(self) -> tuple[str, str]:
        data = self.page.locator("#verdict").evaluate("element => ({ ...element.dataset })")
        return data["outcome"], data["code"]

    # --- the citizen --------------------------------------------------------------------------------------------------

    def sign_in(self, *, keyboard: bool = False) -> None:
        """At the wallet, with one wrong password on the way."""
        self.go("wallet")
        self.look("wallet-newcomer")
        if keyboard:
            tab_to(self.page, "sign-in")
            self.page.keyboard.press("Enter")
        else:
            self.click("#sign-in")
        self.page.wait_for_url(self.urls["idp"] + "/login/**")
        self.look("login")
        self.log_in("not-the-password", keyboard=keyboard)
        self.page.wait_for_selector(".error-summary")
        self.look("login-refused")
        self.log_in(self.persona["password"], keyboard=keyboard)
        self.consent("consent-wallet", keyboard=keyboard)
        self.open_app(keyboard=keyboard, looks=True)
        self.page.wait_for_selector("#as-of")

    def open_app(self, *, keyboard: bool = False, looks: bool = False) -> None:
        """Past the passcode, which is set the first time, to whatever screen the address names."""
        fields = {"new-vault": ("fresh", "again"), "locked": ("passcode",)}
        self.page.wait_for_url(self.urls["wallet"] + "/app**")
        found = str(until(self.page, f"['new-vault', 'locked'].find((each) => each === {SCREEN})"))
        if looks:
            self.look(f"app-{found}")
        for id_ in fields[found]:
            if keyboard:
                tab_to(self.page, id_)
                self.page.keyboard.type(PASSCODE)
            else:
                self.page.fill(f"#{id_}", PASSCODE)
        self.page.keyboard.press("Enter")
        until(self.page, f"{SCREEN} !== '{found}'")

    def log_in(self, password: str, *, keyboard: bool) -> None:
        for id_, text in (("identifier", self.persona["pid"]), ("password", password)):
            if keyboard:
                tab_to(self.page, id_)  # which marks what is in the field, so that typing replaces it
                self.page.keyboard.type(text)
            else:
                self.page.fill(f"#{id_}", text)
        if keyboard:
            self.page.keyboard.press("Enter")
        else:
            self.click("#sign-in")

    def consent(self, name: str, *, keyboard: bool = False) -> None:
        self.page.wait_for_selector("#share")
        self.look(name)
        if keyboard:
            tab_to(self.page, "share")
            self.page.keyboard.press("Enter")
        else:
            self.click("#share")

    def receive(self, kind: str, *, looks: bool = True) -> str:
        """From an offer on the issuer's page into the wallet; the address of the new document."""
        look = self.look if looks else _nothing
        self.go("idp", "/documents")
        look("documents")
        self.click(f"#offer-{kind} button")
        code = str(until(self.page, "document.getElementById('transaction-code')?.dataset.code"))
        look("offer")
        self.click("#open-wallet")
        self.page.wait_for_selector("#receive:enabled")
        look("receive")
        if looks:
            self.page.fill("#tx_code", "111111" if code == "000000" else "000000")
            self.click("#receive")
            self.page.wait_for_selector("#error-summary:not([hidden])")
            look("receive-refused")
        self.page.fill("#tx_code", code)
        self.click("#receive")
        self.page.wait_for_url(self.urls["wallet"] + "/documents/*")
        look("document")
        return self.page.url

    def add(self, kind: str) -> str:
        """From the wallet itself, by consent at the issuer and without a transaction code; the address of the document."""
        self.go("wallet", "/add")
        self.look("wallet-add")
        self.click(f"#add-{kind}")
        self.consent("consent-document")
        self.page.wait_for_url(self.urls["wallet"] + "/documents/*")
        return self.page.url

    def show(self, document: str, view: str | None = None, *, name: str | None = None) -> str:
        """Hold out a document's code; its text."""
        self.page.goto(document)
        self.click("#show")
        self.open_app()
        until(self.page, "document.documentElement.dataset.met === 'done'")  # the newest copies are in the vault
        if view is not None:
            self.click(f"a[data-view={view}]")
            until(self.page, f"document.getElementById('showing')?.dataset.view === '{view}'")
        text = str(until(self.page, CODE))
        self.look(name or "show")
        return text

    def remove(self, document: str) -> None:
        self.page.goto(document)
        self.click("#remove")
        self.page.wait_for_selector("button#remove")
        self.look("wallet-remove")
        self.click("button#remove")
        self.page.wait_for_url(self.urls["wallet"] + "/app")

    # --- the clerk ----------------------------------------------------------------------------------------------------

    def check_text(self, text: str) -> tuple[str, str]:
        """At the counter, as a hand scanner types it in."""
        self.go("verifier", "/check")
        self.click("#paste summary")
        self.page.fill("#text", text)
        self.click("#check")
        self.page.wait_for_selector("#verdict")
        return self.verdict()

    def check_picture(self, picture: bytes) -> None:
        self.go("verifier", "/check")
        self.page.set_input_files("#picture", {"name": "code.png", "mimeType": "image/png", "buffer": picture})
        self.click("#check")

    def sign_in_at_the_bank(self) -> None:
        """Signed in at the provider already; at a counter everybody is asked anew, and the bank has its own consent."""
        self.go("verifier")
        self.look("counter-home")
        self.click("#go-sign-in")
        self.page.wait_for_selector("#identifier")
        self.log_in(self.persona["password"], keyboard=False)
        self.consent("consent-bank")
        self.page.wait_for_selector("#customer-facts")
        self.look("customer")

    def refresh(self) -> None:
        """The counter fetches newer trust data, or has it already: it also does so by itself, now and then."""
        self.go("verifier", "/trust")
        self.click("#refresh")
        outcome = until(self.page, "document.getElementById('refresh-result')?.dataset.outcome")
        assert outcome in ("updated", "unchanged"), outcome

    # --- pages off the main road --------------------------------------------------------------------------------------

    def before_signing_in(self) -> None:
        """What somebody sees who has just come."""
        for role, path, name in (
            ("idp", "/", "state-home"),
            ("idp", "/nowhere", "state-error"),
            ("wallet", "/nowhere", "wallet-error"),
            ("verifier", "/", "counter-home"),
            ("verifier", "/customer", "counter-no-customer"),
            ("verifier", "/nowhere", "counter-error"),
            ("verifier", "/trust", "counter-trust"),
            ("verifier", "/check", "counter-check"),
        ):
            self.go(role, path)
            self.look(name)
        self.click("#check")
        self.page.wait_for_selector("#error-summary")
        self.look("counter-nothing")

    def signed_in(self) -> None:
        """What a citizen has beside the main road."""
        for role, path, name in (
            ("idp", "/", "state-account"),
            ("idp", "/consents", "consents"),
            ("wallet", "/documents", "wallet-documents"),
            ("wallet", "/history", "wallet-history"),
            ("wallet", "/receive", "wallet-paste"),
        ):
            self.go(role, path)
            self.look(name)
        self.page.fill("#offer", "https://example.org/not-an-offer")
        self.click("#continue")
        self.page.wait_for_selector("#error-summary")
        self.look("wallet-paste-refused")

    def sign_out(self) -> None:
        self.go("idp", "/sign-out")
        self.look("sign-out")
        self.click("main #sign-out")


def _nothing(name: str) -> None:
    pass
