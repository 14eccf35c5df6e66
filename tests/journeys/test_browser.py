"""The main job in a real Chromium, against the nation as it is served: telephone and desktop, Vietnamese and English.

Spec: Web Cryptography API; OpenID4VCI 1.0 Appendix F.1; `certs/qr.md`; W3C CSP 3; WCAG 2.2 AA §1.4.3, §1.4.10, §2.1.1.
"""

import json
import time
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import pytest
from playwright.sync_api import Browser, Page

from certs import bundle as bundles
from certs import qr
from certs.catalogue import document_type
from certs.formats import Expected, Verified, cwt
from tests import smoke
from tests.chromium import Troubles, axe, overflows, until
from tests.idp.commands.asked import authority
from tests.pictures import picture_of
from tests.walk import CODE, Walk

MAIN_JOB = [("vi", 390, "minh-anh"), ("en", 1200, "van-binh")]
PAGES = [("en", 390, "anne-marie"), ("vi", 1200, "thanh-truc")]


@dataclass
class Looks:
    """What is wrong with the pages that were looked at: their width, and what axe-core finds by day or by night.

    Each page once in a language for its width, and once in each scheme: how wide the walk's own window is tells neither.
    """

    page: Page
    language: str
    scheme: Literal["light", "dark"]
    wrong: dict[str, object] = field(default_factory=dict)
    looked: ClassVar[set[tuple[str, str]]] = set()

    def __call__(self, name: str) -> None:
        if self._first(name, self.language) and (wide := overflows(self.page)):
            self.wrong[f"{name}, wide"] = wide
        if self._first(name, self.scheme):
            self.page.emulate_media(color_scheme=self.scheme)
            if found := axe(self.page):
                self.wrong[f"{name}, {self.scheme}"] = found

    def _first(self, name: str, what: str) -> bool:
        known = (name, what) in self.looked
        self.looked.add((name, what))
        return not known


def walk(nation: smoke.Run, browser: Browser, language: str, width: int, person: str) -> tuple[Walk, Looks, Troubles]:
    people = json.loads((nation.data / "personas.json").read_text("utf-8"))
    nation.persona = next(each for each in people if each["key"] == person)
    context = browser.new_context(viewport={"width": width, "height": 800}, locale=language)
    page = context.new_page()
    page.set_default_timeout(10_000)
    looks, troubles = Looks(page, language, "light" if width > 600 else "dark"), Troubles()
    troubles.watch(page)
    return Walk(page, nation.urls, nation.persona, looks), looks, troubles


def language_of(page: Page) -> str:
    page.wait_for_load_state()
    return str(page.evaluate("document.documentElement.lang"))


def checked(nation: smoke.Run, text: str) -> Verified:
    """What a verifier reads offline, from the nation's bundle."""
    now = int(time.time())
    held = bundles.read(nation.bundle.read_bytes(), now=now)
    expected = Expected(proof_age=600)  # it was shown a while ago
    return cwt.verify(qr.from_text(text), trust=held.trust, statuses=held.statuses, now=now, expected=expected)


def keys_can_leave(page: Page) -> list[bool]:
    found: list[bool] = page.evaluate(
        """() => new Promise((resolve) => {
        const opening = indexedDB.open("vneid-wallet");
        opening.onsuccess = () => {
            const all = opening.result.transaction("keys").objectStore("keys").getAll();
            all.onsuccess = () => resolve(all.result.map((key) => key.privateKey.extractable));
        };
    })"""
    )
    return found


@pytest.mark.parametrize(("language", "width", "person"), MAIN_JOB, ids=lambda value: str(value))
def test_the_main_job(nation: smoke.Run, browser: Browser, language: str, width: int, person: str) -> None:
    at, looks, troubles = walk(nation, browser, language, width, person)
    at.sign_in(keyboard=True)
    looks("app-empty")
    assert language_of(at.page) == language
    licence = at.receive("driving_licence")
    at.add("health_record")
    for asked in ("/login/", "/receive/begin"):  # the wrong password, the wrong transaction code
        troubles.expect(asked)
    at.go("wallet")
    at.open_app()
    until(at.page, "document.querySelectorAll('#documents [data-type]').length === 2")
    looks("app-home")
    shown_in_the_browser(nation, at, licence)
    accepted_at_the_counter(at, licence)
    at.sign_in_at_the_bank()
    assert at.page.locator("#subject").text_content() == nation.persona["pid"]
    for verb, outcome in (
        ("suspend", ("rejected", "suspended")),
        ("reinstate", ("accepted", "")),
        ("revoke", ("rejected", "revoked")),
    ):
        authority(nation.data, verb, nation.persona["pid"], "driving_licence")
        at.refresh()
        assert at.check_text(at.show(licence)) == outcome
        looks(f"verdict-{verb}")
    assert troubles.seen == []
    assert not looks.wrong, json.dumps(looks.wrong, indent=1, ensure_ascii=False)


def shown_in_the_browser(nation: smoke.Run, at: Walk, licence: str) -> None:
    """Each code is signed by the browser's own key, says what its view says, and is gone with the next."""
    first = at.show(licence)
    assert 20 <= int(at.page.locator("#seconds").inner_text()) <= 30
    assert qr.version(first) <= smoke.QR_LIMIT
    verified = checked(nation, first)
    assert (verified.document, verified.view, verified.holder_bound) == ("driving_licence", "licence", True)
    assert verified.claims["personal_identification_number"] == nation.persona["pid"]
    at.page.reload()
    at.open_app()
    assert until(at.page, CODE) != first
    adult = at.show(licence, "age_over_18", name="show-adult")
    assert set(checked(nation, adult).claims) == set(document_type("driving_licence").view("age_over_18").fields)
    assert qr.read_picture(at.page.locator("#qr-frame").screenshot()) == (adult,)
    leaves = keys_can_leave(at.page)
    assert leaves and not any(leaves)


def accepted_at_the_counter(at: Walk, licence: str) -> None:
    """By a photograph of the very screen."""
    at.show(licence, name="show-again")
    photograph = at.page.locator("#qr-frame").screenshot()
    at.check_picture(photograph)
    at.page.wait_for_selector("#verdict")
    assert at.verdict() == ("accepted", "")
    at.page.click("#why summary")
    at.page.click("#all-facts summary")
    at.look("verdict-accepted")
    at.page.reload()
    at.page.wait_for_selector("#verdict")
    at.page.keyboard.press("Enter")  # the next person, by one key
    at.page.wait_for_url("**/check")


@pytest.mark.parametrize(("language", "width", "person"), PAGES, ids=lambda value: str(value))
def test_the_pages_off_the_main_road(
    nation: smoke.Run, browser: Browser, language: str, width: int, person: str
) -> None:
    at, looks, troubles = walk(nation, browser, language, width, person)
    at.before_signing_in()
    at.sign_in()
    licence = at.receive("driving_licence", looks=False)
    text = at.show(licence)
    at.check_picture(picture_of(text, text[:-3] + "000"))
    at.page.wait_for_selector("#code-2")
    looks("counter-choose")
    at.click("#code-1 button")
    at.page.wait_for_selector("#verdict")
    at.signed_in()
    at.remove(licence)
    at.sign_out()
    assert language_of(at.page) == language
    for each in list(troubles.seen):  # answers of 4xx that were asked for; anything of another kind stays
        if "Failed to load resource" in each:
            troubles.expect(each)
    assert troubles.seen == []
    assert not looks.wrong, json.dumps(looks.wrong, indent=1, ensure_ascii=False)


def test_the_language_switch_keeps_the_place(nation: smoke.Run, browser: Browser) -> None:
    at, _, troubles = walk(nation, browser, "vi", 390, "anne-marie")
    for role, path in (("wallet", "/sign-in"), ("verifier", "/trust"), ("wallet", "/")):
        at.go(role, path)  # the first one ends at the provider, amid a log-in
        there = at.page.url
        at.click("header a[hreflang]")
        assert at.page.url == there.partition("?")[0] + "?lang=en"
        assert language_of(at.page) == "en"
    assert troubles.seen == []
