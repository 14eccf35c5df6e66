"""Two browsers face to face, the phone without a network: the counter's code by one camera, the answering code by the other.

Spec: `certs/challenge.md`; Media Capture and Streams; W3C CSP 3 (WebAssembly in the worker alone); WCAG 2.2 AA.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from certs import qr
from certs.challenge import PREFIX, Challenge, sign, wanted
from certs.encoding import base45_decode, base45_encode
from certs.keys import FileSigner
from certs.x509 import load
from tests import smoke
from tests.chromium import Troubles, axe, flaws, launched, overflows, until
from tests.pictures import video_of
from tests.pocket import CODE, KEPT, Phone, at_screen, enrolled, unlock
from tests.walk import Walk

OPENING = "Nhận biết khách hàng khi mở tài khoản"
SCANNER = "caches.keys().then((names) => names.some((name) => name.startsWith('scanner')))"
WHOLE = """async () => {
    const name = (await caches.keys()).find((each) => each.startsWith("scanner"));
    return (await (await caches.open(name)).keys()).length;
}"""
WEIGHT = 300 * 1024


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What each camera sees: the phone's, the counter's. Written before the camera is started, anew each time."""
    folder = tmp_path_factory.mktemp("films")
    for name in ("phone", "counter"):
        (folder / f"{name}.mjpeg").write_bytes(video_of(frames=2))
    return folder / "phone.mjpeg", folder / "counter.mjpeg"


@pytest.fixture(scope="module")
def browser(playwright: Playwright, films: tuple[Path, Path]) -> Iterator[Browser]:
    with launched(playwright, camera=films[0]) as browser:
        yield browser


@pytest.fixture(scope="module")
def phone(nation: smoke.Run, browser: Browser) -> Phone:
    held = enrolled(nation, browser, "minh-anh", language="vi")
    held.context.grant_permissions(["camera"])
    return held


@pytest.fixture(scope="module")
def desk(nation: smoke.Run, playwright: Playwright, films: tuple[Path, Path]) -> Iterator[Page]:
    with launched(playwright, camera=films[1]) as browser:
        page = browser.new_context(permissions=["camera"], locale="vi").new_page()
        page.set_default_timeout(10_000)
        yield page


def forged(nation: smoke.Run, *, now: int | None = None, **changes: object) -> str:
    """A question signed by the real bank's key, whatever it says."""
    at = int(time.time()) if now is None else now
    stated = {
        "audience": "bank",
        "purpose": OPENING,
        "wanted": wanted(("driving_licence", "licence")),
        "challenge": bytes(16),
        "issued": at,
        "expires": at + 120,
    }
    key = FileSigner.load(nation.data / "verifier" / "reader.pem", "ES256")
    certificate = load((nation.data / "verifier" / "reader.der").read_bytes())
    return sign(Challenge(**{**stated, **changes}), key, certificate)  # type: ignore[arg-type]


def asks(desk: Page, nation: smoke.Run, option: str) -> str:
    """The counter's question is on its screen; its text."""
    desk.goto(nation.urls["verifier"] + "/")
    desk.evaluate("sessionStorage.clear()")  # the camera waits for its button
    desk.click("#go-ask")
    desk.wait_for_selector("#wanted")
    desk.select_option("#wanted", f"{option}@{OPENING}")
    desk.click("#ask")
    until(desk, "document.querySelector('#code img')?.naturalWidth")
    (text,) = qr.read_picture(desk.locator("#code").screenshot())
    assert text.startswith(PREFIX)
    return text


def scans(page: Page, text: str, film: Path) -> None:
    """By the phone's camera, to the screen that asks its person."""
    film.write_bytes(video_of(text))
    page.click("#scan")
    at_screen(page, "scan")
    page.click("#camera-start")
    at_screen(page, "asked")


def pastes(page: Page, text: str) -> None:
    page.evaluate("location.hash = '#/scan'")
    at_screen(page, "scan")
    page.evaluate("document.getElementById('paste').open = true")
    page.fill("#text", text)
    page.click("#read")


def test_the_counter_asks_and_the_phone_answers_without_a_network(
    nation: smoke.Run, phone: Phone, desk: Page, films: tuple[Path, Path]
) -> None:
    wrong: dict[str, object] = {}
    troubles, at_desk = Troubles(), Troubles()
    at_desk.watch(desk)
    page = phone.opened()
    until(page, SCANNER)
    until(page, f"({WHOLE})().then((count) => count === 4)")
    assert page.evaluate(KEPT) < WEIGHT
    page.close()
    question = asks(desk, nation, "driving_licence.licence")
    asked_at = desk.url
    wrong.update(flaws(desk, "counter asks"))
    with phone.offline():
        page = phone.page(troubles=troubles)
        unlock(page)
        scans(page, question, films[0])
        assert "Ngân hàng Hoa Sen" in page.locator("#reader").inner_text()
        assert page.locator("#purpose").inner_text() == OPENING
        assert page.locator("#tells li").count() == 6 and page.locator("#sensitive").is_visible() is False
        wrong.update(
            {f"asked: {line}": "axe" for line in axe(page)} | {f"asked {k}": v for k, v in overflows(page).items()}
        )
        page.click("#agree")
        at_screen(page, "answer")
        answer = str(until(page, CODE))
        wrong.update({f"answer: {line}": "axe" for line in axe(page)})
        assert qr.read_picture(page.locator("#qr-frame").screenshot()) == (answer,)
        films[1].write_bytes(video_of(answer))
        desk.click("#camera-start")
        desk.wait_for_selector("#verdict")
        assert Walk(desk, {}, {}, lambda _: None).verdict() == ("accepted", "")
        assert phone.persona["name"] in desk.locator("#person").inner_text()
        page.click("#done")
        at_screen(page, "home")
        page.click("#history")
        at_screen(page, "history")
        assert "Ngân hàng Hoa Sen" in page.locator("[data-shown] .to").inner_text()
    first = desk.url
    desk.goto(asked_at)  # the same code once more, at the same question: the camera is on by itself
    desk.wait_for_url(lambda url: "/verdict/" in url and url != first)
    desk.wait_for_selector("#verdict")
    assert Walk(desk, {}, {}, lambda _: None).verdict() == ("rejected", "presentation_replayed")
    until(page, "document.querySelectorAll('[data-shown]').length === 0")  # told to the server, by name
    assert "Ngân hàng Hoa Sen" in page.locator("#entries > li .to").first.inner_text()
    page.close()
    assert [each for each in troubles.seen if "ERR_INTERNET_DISCONNECTED" not in each] == []
    assert at_desk.seen == []
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


def test_what_should_not_be_answered_is_refused_by_the_phone(nation: smoke.Run, phone: Phone) -> None:
    now = int(time.time())
    good = forged(nation)
    body = bytearray(base45_decode(good.removeprefix(PREFIX)))
    body[-1] ^= 1
    refused: dict[str, Callable[[], str]] = {
        "tên mình": lambda: forged(nation, audience="police"),
        "nhiều hơn mức": lambda: forged(nation, wanted=wanted(("driving_licence", "full"))),
        "đã hết hạn": lambda: forged(nation, now=now - 400),
        "giờ chưa tới": lambda: forged(nation, now=now + 300),
        "Chữ ký": lambda: PREFIX + base45_encode(bytes(body)),
        "không đọc được": lambda: good[:-3],
        "cần có mạng": lambda: "openid4vp://?client_id=x509_hash:abc&request_uri=https://bank.example/1",
        "người khác xuất trình": lambda: "VN1:0",
        "không biết loại": lambda: "HC1:0",
    }
    with phone.offline():
        page = phone.opened()
        for said, text in refused.items():
            pastes(page, text())
            until(page, "document.getElementById('error-summary')")
            assert said in page.locator("#error-summary").inner_text(), said
            assert page.evaluate("document.documentElement.dataset.screen") == "scan"
            page.evaluate("document.getElementById('trouble').replaceChildren()")
        assert axe(page) == []
        pastes(page, forged(nation, wanted=wanted(("citizen_identity", "identity"))))
        at_screen(page, "asked")
        page.wait_for_selector("#missing")  # asked, but this phone has none
        assert page.locator("#agree").count() == 0
        pastes(page, good)
        at_screen(page, "asked")
        page.click("#decline")
        at_screen(page, "home")
        page.evaluate("location.hash = '#/history'")
        page.wait_for_selector("#entries li[data-shown='']")  # a no is a line too, and says what was asked
        assert "Giấy phép lái xe – " in page.locator("#entries li[data-shown=''] .asked").first.inner_text()
        assert page.locator("#entries li[data-shown='']").count() == 6, (
            "five by the phone that could be read, one by its person"
        )
        page.evaluate("location.hash = '#/asked'")
        at_screen(page, "asked-over")  # nothing to go back to
        page.close()
