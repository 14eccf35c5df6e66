"""Every page of signing in, one after another, each handed to `look`: for the pictures. What the pages do is tested in journeys."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.newcomers import Newcomer
from tests.pocket import at_screen
from tests.walk import Walk

PASSWORD, PASSCODE = "mưa rào tháng bảy", "482913"
Look = Callable[[Page, str], None]
Context = Callable[[], BrowserContext]


@dataclass
class Tour:
    """`context` opens another browser of the same width and language."""

    urls: Mapping[str, str]
    persona: Mapping[str, Any]
    context: Context
    look: Look

    def whole(self, newcomer: Newcomer, phone: str) -> None:
        self.registers(newcomer, phone)
        computer = self.own_pages()
        self.administers(computer)
        telephone = self.enrols_a_phone()
        self.approves(telephone)
        self.adds_a_face(computer)
        self.recovers()

    # --- registration -------------------------------------------------------------------------------------------------

    def registers(self, who: Newcomer, phone: str) -> None:
        page = self._open("idp", "/register")
        self.look(page, "register")
        page.click("#continue")
        page.wait_for_selector(".error-summary")
        self.look(page, "register-refused")
        for id_, text in (("pid", who.pid), ("name", who.name), ("birth_date", who.day), ("phone", phone)):
            page.fill(f"#{id_}", text)
        page.click("#continue")
        page.wait_for_selector("#code")
        self.look(page, "register-code")
        page.fill("#code", self._code(page))
        page.click("#confirm")
        page.wait_for_selector("#new")
        self.look(page, "register-password")
        page.fill("#new", PASSWORD)
        page.fill("#again", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/registered/yes")
        self.look(page, "registered")
        page.goto(page.url.replace("/yes", "/no"))
        self.look(page, "registered-no")
        page.context.close()

    # --- the ways to sign in, and the citizen's own pages ---------------------------------------------------------------

    def own_pages(self) -> Page:
        page = self._open("idp", "/account/security")
        step = page.url
        for way in ("passkey", "code"):
            page.goto(f"{step}/{way}")
            self.look(page, f"login-{way}")
        page.goto(step)
        self._log_in(page)
        page.wait_for_url("**/more")
        self.look(page, "more")
        page.click("a[href$='/code']")
        self.look(page, "code-send")
        page.click("#send")
        page.wait_for_selector("#code")
        self.look(page, "code-message")
        page.fill("#code", self._code(page))
        page.click("#confirm")
        page.wait_for_url("**/account/security")
        self.look(page, "security")
        for kind in ("passkey", "totp", "recovery_code", "passcode"):
            page.goto(self.urls["idp"] + "/account/security")
            page.click(f"#add-{kind}")
            self.look(page, f"security-{kind}")
        for path in ("", "/data", "/sessions", "/activity", "/notices", "/export", "/password", "/wallets"):
            page.goto(f"{self.urls['idp']}/account{path}")
            self.look(page, f"account{path.replace('/', '-')}")
        page.goto(self.urls["idp"] + "/simulation/messages")
        self.look(page, "messages")
        return page

    def administers(self, computer: Page) -> None:
        """The pages of a member of staff, as the persona of the pictures is."""
        for path in ("clients", "clients/bank", "clients/bank/change", "clients/bank/secret", "clients/bank/remove"):
            computer.goto(f"{self.urls['idp']}/admin/{path}")
            self.look(computer, f"admin-{path.replace('/', '-')}")
        computer.goto(f"{self.urls['idp']}/admin/new-client")
        self.look(computer, "admin-new-client")
        computer.click("#save")
        computer.wait_for_selector(".error-summary")
        self.look(computer, "admin-new-client-refused")
        computer.goto(f"{self.urls['idp']}/applications")
        self.look(computer, "applications")

    # --- the telephone ------------------------------------------------------------------------------------------------

    def enrols_a_phone(self) -> Page:
        page = self._open("wallet", "/sign-in")
        self._log_in(page)
        self._shared(page, "#fresh")
        page.goto(self.urls["wallet"] + "/device")
        page.wait_for_selector("#not-enrolled:not([hidden])")
        self.look(page, "wallet-device")
        page.click("#begin")
        page.wait_for_url("**/more")
        page.click("a[href$='/code']")
        if page.locator("#by-send").count():
            page.click("#by-send")
        page.click("#send")
        page.wait_for_selector("#code")
        page.fill("#code", self._code(page))
        page.click("#confirm")
        self._shared(page, "#enrol:enabled")
        self.look(page, "wallet-device-new")
        for id_, text in (("name", "Điện thoại"), ("passcode", PASSCODE), ("again", PASSCODE)):
            page.fill(f"#{id_}", text)
        page.click("#enrol")
        page.wait_for_selector("#enrolled:not([hidden])")
        self.look(page, "wallet-device-enrolled")
        return page

    def approves(self, telephone: Page) -> None:
        desk = self._open("verifier", "/sign-in")
        desk.click("a[href$='/phone']")
        desk.wait_for_selector("#approval-qr svg")
        self.look(desk, "phone")
        picture = desk.locator("#approval-qr").screenshot()
        telephone.goto(self.urls["wallet"] + "/scan")
        Walk(telephone, self.urls, self.persona, lambda _: None).open_app()
        at_screen(telephone, "scan")
        telephone.set_input_files("#picture", {"name": "code.png", "mimeType": "image/png", "buffer": picture})
        telephone.click("#read")
        telephone.wait_for_selector("#asked:not([hidden])")
        self.look(telephone, "wallet-approve")
        telephone.check(f"input[name=number][value='{desk.inner_text('#number').strip()}']")
        telephone.fill("#passcode", PASSCODE)
        telephone.click("#approve")
        telephone.wait_for_selector("#approved:not([hidden])")
        self.look(telephone, "wallet-approved")
        self._shared(desk, "#customer-facts")
        self.look(desk, "customer-by-phone")
        desk.context.close()
        telephone.context.close()

    # --- a biometric, a lost password -----------------------------------------------------------------------------------

    def adds_a_face(self, computer: Page) -> None:
        computer.goto(self.urls["verifier"] + "/sign-in")
        self._log_in(computer)
        self._shared(computer, "#customer-facts")
        computer.click("#stronger-LoA3")
        computer.wait_for_url("**/more")
        self.look(computer, "more-biometric")
        computer.click("a[href$='/face']")
        self.look(computer, "face")
        computer.click("#confirm")
        computer.wait_for_selector(".error-summary")
        self.look(computer, "face-refused")
        computer.goto(self.urls["idp"] + "/simulation/faces")
        computer.fill("#pid", self.persona["pid"])
        computer.click("#take")
        computer.wait_for_selector("#download")
        self.look(computer, "faces")
        computer.context.close()

    def recovers(self) -> None:
        page = self._open("idp", "/recover")
        self.look(page, "recover")
        page.fill("#identifier", self.persona["pid"])
        page.click("#continue")
        page.wait_for_url("**/recover/**")
        self.look(page, "recover-ways")
        page.click("a[href$='/phone']")
        page.wait_for_selector("#continue, #approval-qr")
        self.look(page, "recover-by-phone")
        page.context.close()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _open(self, role: str, path: str) -> Page:
        page = self.context().new_page()
        page.set_default_timeout(10_000)
        page.goto(self.urls[role] + path)
        return page

    def _log_in(self, page: Page) -> None:
        page.fill("#identifier", self.persona["pid"])
        page.fill("#password", self.persona["password"])
        page.click("#sign-in")

    def _shared(self, page: Page, then: str) -> None:
        """Consent is asked once for each relying party and each new scope."""
        page.wait_for_selector(f"#share, {then}")
        if page.locator("#share").count():
            page.click("#share")
        page.wait_for_selector(then)

    def _code(self, page: Page) -> str:
        inbox = page.context.new_page()
        inbox.goto(self.urls["idp"] + "/simulation/messages")
        newest = next(
            text for text in inbox.locator("article.message").all_inner_texts() if re.search(r"@localhost #", text)
        )
        inbox.close()
        return str(re.findall(r"@localhost #([0-9]{6})", newest)[0])


def contexts(browser: Browser, **options: Any) -> Context:
    return lambda: browser.new_context(**options)
