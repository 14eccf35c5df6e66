"""A phone signs its person in on another screen: enrolled, scanned, compared, approved; and the one who was phished gives nothing.

Spec: RFC 10027 §6.1; RFC 9470; WCAG 2.2 AA; attacks QL-01, QL-02, QL-03, QL-06, QL-07.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from certs import qr
from tests import smoke
from tests.chromium import Troubles, flaws, launched, tab_to, until
from tests.pictures import picture_of, video_of
from tests.walk import Walk

NAME, PASSCODE = "Điện thoại của Minh Anh", "284671"
PHONE = {"width": 360, "height": 780}
DESKTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def playwright(nation: smoke.Run) -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with launched(playwright) as browser:
        yield browser


@dataclass
class Citizen:
    """A person's telephone: its own browser, signed in at the wallet, its key enrolled once."""

    page: Page
    nation: smoke.Run
    persona: dict[str, Any]
    troubles: Troubles = field(default_factory=Troubles)
    wrong: dict[str, Any] = field(default_factory=dict)

    @property
    def walk(self) -> Walk:
        return Walk(self.page, self.nation.urls, self.persona, lambda _: None)

    def wallet(self, path: str = "/") -> None:
        self.page.goto(self.nation.urls["wallet"] + path)

    def sign_in(self) -> None:
        self.wallet("/sign-in")
        self.walk.log_in(self.persona["password"], keyboard=False)
        self.page.wait_for_selector("#share, #footer")
        if self.page.locator("#share").count():
            self.page.click("#share")
        self.page.wait_for_url("**/app")

    def enrol(self) -> None:
        """From the wallet to the provider for a second factor, and back to give the phone a name and a passcode."""
        self.wallet("/device")
        self.page.wait_for_selector("#not-enrolled:not([hidden])")
        self.look("device")
        self.page.click("#begin")
        self.more()
        self.page.wait_for_url("**/device/new/*")
        self.page.wait_for_selector("#enrol:enabled")
        self.look("device-new")
        self.name(NAME, PASSCODE, PASSCODE)
        self.page.wait_for_selector("#enrolled:not([hidden])")
        assert self.page.inner_text("#device-name") == NAME

    def name(self, name: str, passcode: str, again: str) -> None:
        for id_, text in (("name", name), ("passcode", passcode), ("again", again)):
            self.page.fill(f"#{id_}", text)
        self.page.click("#enrol")

    def more(self) -> None:
        """What the provider asks for beside the password: a code that came as a message."""
        self.page.click("a[href$='/code']")
        if self.page.locator("#by-send").count():
            self.page.click("#by-send")
        self.page.click("#send")
        self.page.wait_for_selector("#code")
        inbox = self.page.context.new_page()
        inbox.goto(self.nation.urls["idp"] + "/simulation/messages")
        found = re.search(r"\b(\d{6})\b", inbox.locator("article").first.inner_text())
        inbox.close()
        assert found is not None
        self.page.fill("#code", found[1])
        self.page.click("#confirm")
        self.page.wait_for_selector("#share, #enrol")
        if self.page.locator("#share").count():
            self.page.click("#share")

    def upload(self, picture: bytes) -> None:
        """Scan from a picture, as where no camera is."""
        self.wallet("/scan")
        self.walk.open_app()
        self.page.set_input_files("#picture", {"name": "code.png", "mimeType": "image/png", "buffer": picture})
        self.page.click("#read")

    def asked(self) -> None:
        self.page.wait_for_selector("#asked:not([hidden])")

    def numbers(self) -> list[str]:
        return [str(each.get_attribute("value")) for each in self.page.locator("input[name=number]").all()]

    def approve(self, number: str | None, passcode: str = PASSCODE) -> None:
        if number is not None:
            self.page.check(f"input[name=number][value='{number}']")
        self.page.fill("#passcode", passcode)
        self.page.click("#approve")

    def look(self, name: str) -> None:
        """No page is too wide anywhere, and axe finds nothing, in light and in dark."""
        self.wrong.update(flaws(self.page, name))
        self.page.emulate_media(color_scheme="light")


@pytest.fixture(scope="module")
def citizen(nation: smoke.Run, browser: Browser) -> Iterator[Citizen]:
    context = browser.new_context(viewport=PHONE, locale="vi")  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    citizen = Citizen(context.new_page(), nation, nation.persona)
    citizen.sign_in()
    citizen.troubles.watch(citizen.page)
    citizen.enrol()
    assert citizen.troubles.seen == []
    assert not citizen.wrong, json.dumps(citizen.wrong, indent=1, ensure_ascii=False)
    yield citizen
    context.close()


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    """Another machine: a browser of its own, at a desk."""
    context = browser.new_context(viewport=DESKTOP, locale="vi")  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    yield context
    context.close()


def at_the_bank(desk: BrowserContext, nation: smoke.Run) -> Page:
    """The bank asks who one is, and one takes the telephone: the page with the code and the number."""
    page = desk.new_page()
    page.goto(nation.urls["verifier"])
    page.click("#go-sign-in")
    page.wait_for_selector("#identifier")
    page.click("a[href$='/phone']")
    page.wait_for_selector("#approval-qr svg")
    return page


def number_of(page: Page) -> str:
    return page.inner_text("#number").strip()


def shot(page: Page) -> bytes:
    return page.locator("#approval-qr").screenshot()


def text_in(page: Page) -> str:
    """What a phone reads in the code that the page shows now."""
    (text,) = qr.read_picture(shot(page))
    return text


def at_the_customer(page: Page) -> None:
    """Consent is asked once; the next time the bank is known."""
    page.wait_for_selector("#share, #customer-facts")
    if page.locator("#share").count():
        page.click("#share")
    page.wait_for_selector("#customer-facts")


def clean(citizen: Citizen) -> None:
    assert citizen.troubles.seen == []
    assert not citizen.wrong, json.dumps(citizen.wrong, indent=1, ensure_ascii=False)


def test_the_citizen_approves_and_the_other_screen_is_signed_in(
    citizen: Citizen, desk: BrowserContext, nation: smoke.Run
) -> None:
    page = at_the_bank(desk, nation)
    citizen.upload(shot(page))
    citizen.asked()
    citizen.look("approve")
    assert "Hoa Sen" in citizen.page.inner_text("#asked-client")
    assert "Chrome" in citizen.page.inner_text("#asked-device")
    assert number_of(page) in citizen.numbers()
    citizen.approve(number_of(page))
    citizen.page.wait_for_selector("#approved:not([hidden])")
    citizen.look("approved")
    at_the_customer(page)  # by itself: nobody touched that screen
    citizen.wallet("/history")
    assert "Đã xác nhận đăng nhập" in citizen.page.inner_text("#entries")
    assert nation.persona["pid"] not in citizen.page.inner_text("main")
    citizen.look("history")
    citizen.wallet()
    citizen.walk.open_app()
    citizen.page.wait_for_selector("#as-of")
    assert citizen.page.inner_text("#phone-name") == NAME
    citizen.look("home")
    clean(citizen)


def test_ql_01_who_is_phished_gives_nothing(citizen: Citizen, desk: BrowserContext, nation: smoke.Run) -> None:
    """The attacker's code, in a picture sent to the citizen: without the number of the attacker's screen it is a guess."""
    attacker = at_the_bank(desk, nation)
    citizen.upload(shot(attacker))
    citizen.asked()
    assert "chính bạn đang đăng nhập" in citizen.page.inner_text("#warning")
    guess = next(each for each in citizen.numbers() if each != number_of(attacker))
    citizen.approve(guess)
    citizen.page.wait_for_selector("#over:not([hidden])")
    assert "không ai được đăng nhập" in citizen.page.inner_text("#error-text")
    citizen.troubles.expect("/approve/decision")
    citizen.look("number-mismatch")
    attacker.wait_for_selector("#again")  # and nothing else
    assert "Số đã chọn không đúng" in attacker.inner_text("h1")
    attacker.goto(nation.urls["verifier"] + "/customer")
    assert attacker.locator("#customer-facts").count() == 0
    clean(citizen)


def test_ql_01_who_declines_gives_nothing(citizen: Citizen, desk: BrowserContext, nation: smoke.Run) -> None:
    attacker = at_the_bank(desk, nation)
    picture = shot(attacker)
    citizen.upload(picture)
    citizen.asked()
    citizen.page.click("#deny")  # no number, no passcode
    citizen.page.wait_for_selector("#denied:not([hidden])")
    citizen.look("denied")
    attacker.wait_for_selector("#again")
    assert "Điện thoại đã từ chối" in attacker.inner_text("h1")
    citizen.upload(picture)  # QL-02: the code is spent
    citizen.page.wait_for_selector("#over:not([hidden])")
    assert "hết hạn" in citizen.page.inner_text("#error-text")
    citizen.troubles.expect("/approve/view")
    clean(citizen)


def test_ql_07_a_foreign_code_and_a_sent_link_lead_nowhere(
    citizen: Citizen, desk: BrowserContext, nation: smoke.Run
) -> None:
    attacker = at_the_bank(desk, nation)
    code = text_in(attacker)
    citizen.upload(picture_of(code.replace("localhost", "localhost.evil.example")))
    citizen.page.wait_for_selector("#error-summary:not([hidden])")
    assert "Ví không biết mã hoặc đường dẫn này của ai" in citizen.page.inner_text("#error-summary")
    citizen.look("scan-refused")
    citizen.troubles.expect("/scan")
    citizen.page.goto(code)  # opened as a link: the provider's page says to scan it, and leads nowhere
    assert citizen.page.locator("main a").count() == 0
    citizen.wallet("/approve?request=" + code.rpartition("/")[2])
    citizen.page.wait_for_selector("#over:not([hidden])")
    assert "bằng đường dẫn" in citizen.page.inner_text("#error-text")
    citizen.troubles.expect("/approve/view")
    assert citizen.page.locator("#asked").is_hidden()
    clean(citizen)


def test_a_wrong_passcode_may_be_typed_again(citizen: Citizen, desk: BrowserContext, nation: smoke.Run) -> None:
    page = at_the_bank(desk, nation)
    citizen.upload(shot(page))
    citizen.asked()
    citizen.page.click("#approve")
    assert "chọn số" in citizen.page.inner_text("#error-text")
    citizen.page.check(f"input[name=number][value='{number_of(page)}']")
    citizen.page.click("#approve")
    assert "6 chữ số" in citizen.page.inner_text("#error-text")
    citizen.look("approve-incomplete")
    citizen.approve(number_of(page), "905173")
    until(citizen.page, "document.getElementById('error-text').textContent.includes('Còn 2 lần thử')")
    citizen.troubles.expect("/approve/decision")
    assert citizen.page.evaluate("document.activeElement.id") == "error-summary"
    citizen.approve(number_of(page))
    at_the_customer(page)
    clean(citizen)


def test_on_the_same_device(citizen: Citizen, nation: smoke.Run) -> None:
    """Bank and wallet in one browser: no number, and one comes back to where one was."""
    page = at_the_bank(citizen.page.context, nation)
    page.click("#same-device")
    page.wait_for_selector("#asked:not([hidden])")
    assert page.locator("#numbers").is_hidden()
    here = Citizen(page, nation, nation.persona)
    here.look("approve-here")
    here.approve(None)
    at_the_customer(page)
    page.close()
    clean(here)


def test_by_keyboard_alone_and_in_english(citizen: Citizen, desk: BrowserContext, nation: smoke.Run) -> None:
    page = at_the_bank(desk, nation)
    citizen.upload(shot(page))
    citizen.asked()
    citizen.page.click("#other-language")
    citizen.asked()
    assert "Are you signing in?" in citizen.page.inner_text("h1:visible")
    citizen.look("approve-en")
    place = citizen.numbers().index(number_of(page))
    tab_to(citizen.page, "number-1")
    citizen.page.keyboard.press("Space")
    for _ in range(place):
        citizen.page.keyboard.press("ArrowRight")
    tab_to(citizen.page, "passcode")
    citizen.page.keyboard.type(PASSCODE)
    tab_to(citizen.page, "approve")
    citizen.page.keyboard.press("Enter")
    citizen.page.wait_for_selector("#approved:not([hidden])")
    assert citizen.page.evaluate("document.activeElement.id") == "approved"
    at_the_customer(page)
    citizen.wallet("/?lang=vi")
    clean(citizen)


def test_ql_02_without_a_script_a_button_renews_the_code(citizen: Citizen, browser: Browser, nation: smoke.Run) -> None:
    context = browser.new_context(viewport=DESKTOP, locale="vi", java_script_enabled=False)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page = at_the_bank(context, nation)
    first, number = text_in(page), number_of(page)
    for _ in range(20):  # a code is shown for 25 seconds
        page.wait_for_timeout(2_000)
        page.click("#refresh")
        if text_in(page) != first:
            break
    assert text_in(page) != first and number_of(page) == number
    citizen.upload(shot(page))
    citizen.asked()
    citizen.approve(number)
    citizen.page.wait_for_selector("#approved:not([hidden])")
    page.click("#refresh")
    at_the_customer(page)
    context.close()
    clean(citizen)


def test_the_camera_reads_the_code_of_the_other_screen(
    nation: smoke.Run, playwright: Playwright, desk: BrowserContext, tmp_path: Path
) -> None:
    """Another person with a telephone of their own: the film that its camera sees is made when the code is known."""
    film = tmp_path / "seen.mjpeg"
    film.write_bytes(video_of(frames=2))
    persona = json.loads((nation.data / "personas.json").read_text("utf-8"))[1]
    with launched(playwright, camera=film) as browser:
        context = browser.new_context(viewport=PHONE, locale="vi", permissions=["camera"])  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        citizen = Citizen(context.new_page(), nation, persona)
        citizen.sign_in()
        citizen.enrol()
        page = at_the_bank(desk, nation)
        film.write_bytes(video_of(text_in(page)))
        citizen.wallet("/scan")
        citizen.walk.open_app()
        tab_to(citizen.page, "camera-start")
        citizen.page.keyboard.press("Enter")
        citizen.asked()
        citizen.approve(number_of(page))
        at_the_customer(page)
        assert persona["pid"] in page.inner_text("main").replace("\u202f", "").replace(" ", "")
        clean(citizen)


def test_a_key_signs_for_its_own_person_alone(nation: smoke.Run, browser: Browser) -> None:
    """Two people at one browser: the second finds no phone enrolled, the first finds theirs again, and may forget it."""
    first, second = json.loads((nation.data / "personas.json").read_text("utf-8"))[:2]
    context = browser.new_context(viewport=DESKTOP, locale="vi")  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page = context.new_page()
    one, two = Citizen(page, nation, first), Citizen(page, nation, second)
    one.sign_in()
    one.enrol()
    sign_out(one)
    two.sign_in()
    two.wallet("/device")
    page.wait_for_selector("#not-enrolled:not([hidden])")
    two.wallet("/approve?request=" + "A" * 22)
    page.wait_for_selector("#not-enrolled:not([hidden])")
    two.look("approve-not-enrolled")
    sign_out(two)
    one.sign_in()
    one.wallet("/device")
    page.wait_for_selector("#enrolled:not([hidden])")
    one.look("device-enrolled")
    page.click("#forgetting summary")
    page.click("#forget")
    page.wait_for_selector("#forgotten:not([hidden])")
    one.look("device-forgotten")
    page.reload()
    page.wait_for_selector("#not-enrolled:not([hidden])")
    context.close()
    clean(one)
    clean(two)


def sign_out(citizen: Citizen) -> None:
    citizen.wallet("/documents")
    citizen.page.click("#sign-out")
    citizen.walk.sign_out()


def test_two_passcodes_must_be_the_same_and_not_too_easy(nation: smoke.Run, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, locale="vi")  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    persona = json.loads((nation.data / "personas.json").read_text("utf-8"))[2]
    one = Citizen(context.new_page(), nation, persona)
    one.sign_in()
    one.wallet("/device")
    one.page.click("#begin")
    one.more()
    one.page.wait_for_selector("#enrol:enabled")
    one.troubles.watch(one.page)
    for name, passcode, again, said in (
        ("Máy", "28467", "28467", "đúng 6 chữ số"),
        ("Máy", "284671", "284672", "không giống nhau"),
        ("", "284671", "284671", "đặt tên"),
        ("Máy", "123456", "123456", "quá dễ đoán"),
    ):
        one.name(name, passcode, again)
        until(one.page, f"document.getElementById('error-text').textContent.includes('{said}')")
    one.look("device-new-refused")
    for _ in range(2):
        one.troubles.seen.remove(next(each for each in one.troubles.seen if "/device/enrol" in each))
    one.name("Máy", "284671", "284671")
    one.page.wait_for_selector("#enrolled:not([hidden])")
    context.close()
    clean(one)


def test_without_a_script_the_pages_say_what_is_missing(nation: smoke.Run, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, locale="vi", java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    one = Citizen(page, nation, nation.persona)
    one.sign_in()
    for path in ("/device", "/approve?request=" + "A" * 22, "/scan"):
        one.wallet(path)
        assert "cần JavaScript" in page.inner_text("main")
    page.click("noscript a")  # what needs no key works without
    assert page.locator("#empty, #documents").is_visible() and page.locator("#history").is_visible()
    context.close()
