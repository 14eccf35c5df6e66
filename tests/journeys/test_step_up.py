"""At the bank's counter from one level to the next, in a real Chromium: each time the missing factor alone is asked for.

Spec: RFC 9470 §5; Decree 69/2024/NĐ-CP Art. 20. LoA1 by password, LoA2 by a message, then a face; LoA3 by password and face,
from the simulated camera's file, from a camera, and without JavaScript.
"""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from idp.registries import portraits
from idp.registries.personas import PERSONAS
from tests import smoke
from tests.chromium import launched, tab_to
from tests.citizen import Citizen

PEOPLE = {persona.key: persona for persona in PERSONAS}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a camera sees of Anne-Marie, over and over."""
    face = Image.open(io.BytesIO(portraits.snapshot(PEOPLE["anne-marie"].person, 7))).convert("RGB").resize((720, 960))
    frame = Image.new("RGB", (1280, 960), face.getpixel((3, 3)))
    frame.paste(face, (280, 0))
    frame.save(out := io.BytesIO(), "JPEG", quality=92)
    path = tmp_path_factory.mktemp("film") / "face.mjpeg"
    path.write_bytes(out.getvalue() * 4)
    return path


@pytest.fixture(scope="module")
def browser(film: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright, camera=film) as browser:
        yield browser


def citizen(nation: smoke.Run, browser: Browser, key: str, language: str, width: int, **more: Any) -> Citizen:
    persona = PEOPLE[key]
    context = browser.new_context(viewport={"width": width, "height": 844}, locale=language, **more)
    return Citizen(nation, context.new_page(), language, {"pid": persona.pid, "password": persona.password})


def press(page: Page, id_: str) -> None:
    """By the keyboard alone."""
    tab_to(page, id_)
    page.keyboard.press("Enter")


def level_at_the_bank(at: Citizen) -> str:
    at.page.wait_for_url(at.nation.urls["verifier"] + "/customer")
    told = str(at.page.locator("#acr").text_content())
    seen = at.page.locator("#fact-authentication_level").inner_text()  # the same in the clerk's words
    assert told.removeprefix("LoA") in seen
    return told


def at_the_counter(at: Citizen, *, look: bool = True) -> None:
    at.go("/", "verifier")
    press(at.page, "go-sign-in")
    at.page.wait_for_selector("#identifier")
    at.type(identifier=at.persona["pid"], password=at.persona["password"])
    at.page.wait_for_selector("#share, #customer-facts")
    if at.page.locator("#share").count():  # the bank asks a person once
        press(at.page, "share")
    assert level_at_the_bank(at) == "LoA1"
    if look:
        at.look("customer-LoA1")


def offered(page: Page) -> list[str]:
    """The ways that the page of what is missing has, in its order."""
    page.wait_for_url("**/more")
    links = page.locator("ul.cards h2 a")
    return [str(each.get_attribute("href")).rpartition("/")[2] for each in links.all()]


def picture_of(at: Citizen, pid: str) -> bytes:
    """From the simulated camera, which opens in a tab of its own."""
    with at.page.expect_popup() as opened:
        at.page.click("#to-faces")
    camera = opened.value
    camera.fill("#pid", pid)
    camera.click("#take")
    camera.wait_for_selector("#download")
    with camera.expect_download() as saved:
        camera.click("#download")
    data = Path(saved.value.path()).read_bytes()
    camera.close()
    return data


def choose(page: Page, picture: bytes) -> None:
    page.set_input_files("#picture", {"name": "face.webp", "mimeType": "image/webp", "buffer": picture})


def with_their_face(at: Citizen, button: Callable[[Page], None]) -> None:
    """One honest picture in a hundred is refused (`idp.login.simulated_face`): then one takes another, as people do."""
    for _ in range(3):
        choose(at.page, picture_of(at, at.persona["pid"]))
        with at.page.expect_navigation():
            button(at.page)
        if at.page.locator("#customer-facts").count():
            return
    raise AssertionError("three pictures of the right face were refused")


def well(at: Citizen) -> None:
    for each in list(at.troubles.seen):  # answers of 4xx that were asked for
        if "Failed to load resource" in each and "422" in each:
            at.troubles.seen.remove(each)
    assert at.troubles.seen == []
    assert not at.wrong, json.dumps(at.wrong, indent=1, ensure_ascii=False)
    at.page.context.close()


@pytest.mark.parametrize(
    ("language", "width", "person"), [("vi", 360, "minh-anh"), ("en", 1200, "van-binh")], ids=["vi-360", "en-1200"]
)
def test_each_step_asks_for_what_is_missing(
    nation: smoke.Run, browser: Browser, language: str, width: int, person: str
) -> None:
    at = citizen(nation, browser, person, language, width)
    at_the_counter(at)
    press(at.page, "stronger-LoA2")
    assert offered(at.page) == ["code", "face"]  # no password again, nothing unheld
    at.look("more-LoA2")
    at.page.click("a[href$='/code']")
    press(at.page, "send")
    at.page.wait_for_selector("#code")
    at.type(code=at.code_in_the_inbox())
    assert level_at_the_bank(at) == "LoA2"
    at.look("customer-LoA2")
    press(at.page, "stronger-LoA3")
    assert offered(at.page) == ["face"]
    at.look("more-LoA3")
    at.page.click("a[href$='/face']")
    the_face(at)
    assert level_at_the_bank(at) in ("LoA3", "LoA4")  # a message and a password were shown already
    at.look("customer-with-a-biometric")
    assert at.page.locator("[id^=stronger-]").count() == 0
    well(at)


def the_face(at: Citizen) -> None:
    page = at.page
    page.wait_for_selector("#picture")
    at.look("face")
    press(page, "confirm")
    page.wait_for_selector(".error-summary")
    at.look("face-nothing")
    choose(page, picture_of(at, PEOPLE["thanh-truc"].pid))
    press(page, "confirm")
    page.wait_for_selector(".error-summary")
    at.look("face-refused")
    with page.expect_popup() as opened:
        page.click("#to-faces")
    looked = Citizen(at.nation, opened.value, at.language, at.persona)
    looked.page.fill("#pid", at.persona["pid"])
    looked.look("faces")
    looked.page.click("#take")
    looked.page.wait_for_selector("#download")
    looked.look("faces-taken")
    looked.page.close()
    at.wrong.update(looked.wrong)
    with_their_face(at, lambda page: press(page, "confirm"))


def test_a_password_and_a_camera_are_level_3(nation: smoke.Run, browser: Browser) -> None:
    """The camera's picture goes into the form; what it shows is the person, by the keyboard alone."""
    at = citizen(nation, browser, "anne-marie", "en", 390, permissions=["camera"])
    at_the_counter(at, look=False)
    press(at.page, "stronger-LoA3")
    assert offered(at.page) == ["face"]
    at.page.click("a[href$='/face']")
    press(at.page, "camera-start")
    at.page.wait_for_selector("#camera-take:not([hidden])")
    assert at.page.evaluate("document.activeElement.id") == "camera-take"
    at.look("face-camera")
    at.page.focus("#camera-take")
    at.page.keyboard.press("Enter")
    at.page.wait_for_selector("#camera-taken:not([hidden])")
    assert at.page.evaluate("document.getElementById('preview').srcObject") is None  # its light is off
    at.look("face-taken")
    at.page.focus("#confirm")
    at.page.keyboard.press("Enter")
    assert level_at_the_bank(at) == "LoA3"
    assert at.page.locator("#stronger-LoA2").count() == 0
    well(at)


def test_a_camera_that_is_refused_leaves_the_upload(nation: smoke.Run, browser: Browser) -> None:
    at = citizen(nation, browser, "minh-anh", "vi", 390)
    at_the_counter(at, look=False)
    at.page.click("#stronger-LoA3")
    at.page.click("a[href$='/face']")
    at.page.click("#camera-start")
    at.page.wait_for_selector("#camera-refused:not([hidden]), #camera-missing:not([hidden])")
    at.look("face-camera-refused")
    with_their_face(at, lambda page: page.click("#confirm"))
    assert level_at_the_bank(at) == "LoA3"
    well(at)


def test_without_javascript(nation: smoke.Run, browser: Browser) -> None:
    at = citizen(nation, browser, "thanh-truc", "vi", 390, java_script_enabled=False)
    page = at.page
    at.go("/sign-in", "verifier")
    page.fill("#identifier", at.persona["pid"])
    page.fill("#password", at.persona["password"])
    page.click("#sign-in")
    page.click("#share")
    page.click("#stronger-LoA3")
    page.click("a[href$='/face']")
    assert page.locator("#camera").is_hidden()
    with_their_face(at, lambda page: page.click("#confirm"))
    assert level_at_the_bank(at) == "LoA3"
    page.context.close()


def test_who_does_not_want_to_goes_back_at_the_old_level(nation: smoke.Run, browser: Browser) -> None:
    at = citizen(nation, browser, "minh-anh", "en", 390)
    at_the_counter(at, look=False)
    at.page.click("#stronger-LoA2")
    at.page.wait_for_selector("#without")
    at.page.click("#without")
    at.page.wait_for_url(at.nation.urls["verifier"] + "/**")
    at.look("customer-refused-to-add")
    at.go("/customer", "verifier")
    assert level_at_the_bank(at) == "LoA1"
    at.troubles.seen = [each for each in at.troubles.seen if "Failed to load resource" not in each]
    well(at)
