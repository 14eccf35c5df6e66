"""A phone whose browser has the offline wallet: a licence in its vault, everything else in its cache. For journeys and figures."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page

from tests import smoke
from tests.chromium import Troubles, until
from tests.walk import CODE, PASSCODE, SCREEN, Walk

__all__ = ["CODE", "KEPT", "PASSCODE", "SCREEN", "Phone", "at_screen", "begin", "enrolled", "unlock"]
# Bytes of all that the service worker keeps.
KEPT = """async () => {
    const [name] = await caches.keys();
    const cache = await caches.open(name);
    const sizes = await Promise.all((await cache.keys()).map(async (file) => (await (await cache.match(file)).blob()).size));
    return sizes.reduce((sum, size) => sum + size, 0);
}"""


@dataclass
class Phone:
    """A browser whose vault has a licence, and the persona whose it is."""

    nation: smoke.Run
    context: BrowserContext
    persona: dict[str, str]

    def page(self, route: str = "", *, troubles: Troubles | None = None) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(10_000)
        if troubles is not None:
            troubles.watch(page)
        page.goto(f"{self.nation.urls['wallet']}/app{route}")
        return page

    def opened(self, route: str = "") -> Page:
        page = self.page(route)
        unlock(page)
        return page

    @contextmanager
    def offline(self) -> Iterator[None]:
        self.context.set_offline(True)
        try:
            yield
        finally:
            self.context.set_offline(False)


def at_screen(page: Page, name: str) -> None:
    until(page, f"{SCREEN} === '{name}'")


def unlock(page: Page, passcode: str = PASSCODE) -> None:
    at_screen(page, "locked")
    page.fill("#passcode", passcode)
    page.keyboard.press("Enter")
    until(page, f"{SCREEN} !== 'locked'")


def begin(page: Page) -> None:
    """The first passcode; then the vault is filled."""
    page.fill("#fresh", PASSCODE)
    page.fill("#again", PASSCODE)
    page.keyboard.press("Enter")
    page.wait_for_selector("#documents [data-type]")


def enrolled(nation: smoke.Run, browser: Browser, key: str, *, language: str) -> Phone:
    """Signs in, receives a licence, sets a passcode, and has everything in the vault and in the cache."""
    people = json.loads((nation.data / "personas.json").read_text("utf-8"))
    persona = next(each for each in people if each["key"] == key)
    context = browser.new_context(viewport={"width": 360, "height": 780}, locale=language)
    phone = Phone(nation, context, persona)
    page = phone.page()
    at_screen(page, "newcomer")
    page.click("#sign-in")
    at = Walk(page, nation.urls, persona, lambda _: None)
    page.wait_for_url(nation.urls["idp"] + "/login/**")
    at.log_in(persona["password"], keyboard=False)
    at.consent("")
    at_screen(page, "new-vault")
    at.add("driving_licence")
    at.go("wallet", "/app")
    at_screen(page, "new-vault")
    begin(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.close()
    return phone
