"""The page that waits for a phone, in a real Chromium: with its script it renews the code and goes on by itself, without it
by its button; in two languages, on two widths, with the QR read from the very pixels that a phone would see.

Spec: RFC 10027 §6.1; WCAG 2.2 AA; attacks QL-01, QL-02, QL-06
"""

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, SupportsIndex
from urllib.parse import urlencode

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from idp.app import create_app
from idp.config import Config
from idp.login.approval import LIFETIME, TURN
from tests.chromium import Troubles, axe, launched, overflows, until
from tests.phone import Phone
from tests.world_idp import State, populate, query

WALKS = [("vi", 390), ("en", 1200)]


class Ticking(list[int]):
    """The clock of this machine, which a test may put forward."""

    ahead = 0

    def __getitem__(self, _: SupportsIndex | slice) -> Any:
        return int(time.time()) + self.ahead


@dataclass
class Served:
    state: State
    clock: Ticking
    phone: Phone

    @property
    def issuer(self) -> str:
        return self.state.web.config.issuer


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, clock = tmp_path_factory.mktemp("approval"), Ticking()
    server = make_server("localhost", 0, lambda *_: [], threaded=True)
    issuer = f"http://localhost:{server.server_port}"
    config = Config(
        issuer=issuer,
        data=folder,
        database_url=f"sqlite:///{folder / 'idp.sqlite'}",
        simulation=True,
        wallet_url=f"{issuer}/static",  # somewhere that answers, so that one sees where the link leads
    )
    state = State(create_app(config, clock=lambda: clock[0]), clock)
    with state.storage.transaction() as ports:
        populate(ports)
    server.app = state.app
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Served(state, clock, Phone(state).enrolled())
    server.shutdown()
    state.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


@dataclass
class Desk:
    """A browser at a desk, waiting for a phone."""

    served: Served
    page: Page
    language: str
    troubles: Troubles = field(default_factory=Troubles)
    wrong: dict[str, Any] = field(default_factory=dict)

    def wait_for_phone(self) -> None:
        self.troubles.watch(self.page)
        self.page.goto(f"{self.served.issuer}/authorize?" + urlencode(query(ui_locales=self.language)))
        self.page.click("a[href$='/phone']")
        self.page.wait_for_selector("#approval-qr svg")

    def scanned(self) -> str:
        """What the QR says, read from its picture."""
        picture = Image.open(io.BytesIO(self.page.locator("#approval-qr").screenshot()))
        (found,) = zxingcpp.read_barcodes(picture)
        address, _, code = found.text.rpartition("/")
        assert address == f"{self.served.issuer}/phone"
        return str(code)

    def number(self) -> str:
        return self.page.inner_text("#number").strip()

    def look(self, name: str) -> None:
        if wide := overflows(self.page):
            self.wrong[f"{name}, wide"] = wide
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            if found := axe(self.page):
                self.wrong[f"{name}, {scheme}"] = found
        self.page.emulate_media(color_scheme="light")


@pytest.fixture(params=WALKS, ids=lambda walk: f"{walk[0]}-{walk[1]}")
def desk(request: pytest.FixtureRequest, served: Served, chromium: Browser) -> Iterator[Desk]:
    language, width = request.param
    context = chromium.new_context(viewport={"width": width, "height": 800}, locale=language)
    context.set_default_timeout(10_000)
    desk = Desk(served, context.new_page(), language)
    yield desk
    context.close()
    assert not desk.wrong, desk.wrong
    assert desk.troubles.seen == []


@pytest.fixture
def without_script(served: Served, chromium: Browser) -> Iterator[Desk]:
    context = chromium.new_context(java_script_enabled=False, locale="vi")
    context.set_default_timeout(10_000)
    yield Desk(served, context.new_page(), "vi")
    context.close()


def test_the_page_goes_on_by_itself(desk: Desk) -> None:
    phone = desk.served.phone
    desk.wait_for_phone()
    desk.look("waiting")
    code, number = desk.scanned(), desk.number()
    assert phone.look(code).status_code == 200
    until(desk.page, "document.getElementById('approval-status').textContent !== ''")
    desk.look("seen")
    assert phone.approve(code, number).status_code == 200
    desk.page.wait_for_selector("#share")


def test_the_code_turns_and_the_number_stays(desk: Desk) -> None:
    desk.wait_for_phone()
    code, number = desk.scanned(), desk.number()
    desk.served.clock.ahead += TURN
    until(desk.page, "document.querySelector('#approval-qr svg') !== null")
    end = time.monotonic() + 10
    while desk.scanned() == code and time.monotonic() < end:
        desk.page.wait_for_timeout(200)
    assert desk.scanned() != code
    assert desk.number() == number
    assert desk.served.phone.look(desk.scanned()).status_code == 200


def test_denied_mistaken_and_expired_say_so(desk: Desk) -> None:
    phone = desk.served.phone
    desk.wait_for_phone()
    code = desk.scanned()
    phone.look(code)
    phone.deny(code)
    desk.page.wait_for_selector("#again")
    desk.look("denied")
    desk.page.click("#again")
    desk.page.wait_for_selector("#approval-qr svg")
    code = desk.scanned()
    shown = phone.look(code).get_json()["numbers"]
    phone.approve(code, next(one for one in shown if one != desk.number()))
    desk.page.wait_for_selector("#again")
    desk.look("mismatch")
    desk.page.click("#again")
    desk.page.wait_for_selector("#approval-qr svg")
    desk.served.clock.ahead += LIFETIME
    desk.page.wait_for_selector("#again")
    desk.troubles.expect("404")  # the poll was told that there is nothing to wait for
    desk.look("expired")
    desk.page.goto(f"{desk.served.issuer}/phone/{code}")
    desk.look("link")


def test_without_a_script(without_script: Desk) -> None:
    desk, phone = without_script, without_script.served.phone
    desk.wait_for_phone()
    first, number = desk.scanned(), desk.number()
    desk.served.clock.ahead += TURN
    desk.page.click("#refresh")
    code = desk.scanned()
    assert (code != first, desk.number()) == (True, number)
    phone.look(code)
    desk.page.click("#refresh")
    assert "đã quét" in desk.page.inner_text("#approval-status")
    phone.approve(code, number)
    desk.page.click("#refresh")
    desk.page.wait_for_selector("#share")


def test_the_app_on_this_device(desk: Desk) -> None:
    desk.wait_for_phone()
    desk.troubles.seen.clear()
    with desk.page.expect_request(lambda request: "/approve?request=" in request.url) as led:
        desk.page.click("#same-device")
    request = led.value.url.partition("request=")[2]
    assert desk.served.phone.look(request).get_json()["same_device"] is True
    answer = desk.served.phone.approve(request, None)
    desk.page.goto(answer.get_json()["redirect_to"])
    desk.page.wait_for_selector("#share")
    desk.troubles.seen.clear()  # the stand-in for the wallet answered 404
