"""The counter reads codes from a camera: a real Chromium whose camera sees a film of codes of the nation.

Spec: Media Capture and Streams; Shape Detection API (BarcodeDetector); attacks QR-09 to QR-11.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, Route, sync_playwright

from certs import qr
from certs.keys import MemorySigner
from certs.proof import holder_proof
from tests import smoke
from tests.browser import Browser as Scriptless
from tests.chromium import PATIENCE, Troubles, axe, flaws, launched
from tests.pictures import video_of
from tests.walk import Walk
from verifier.__main__ import main as command
from verifier.staff.change import Rule, disabled
from verifier.staff.file import StaffFile

Held = tuple[bytes, MemorySigner]

# A browser that reads codes itself, with what it reads at first and then.
READER = """texts => {
    let calls = 0;
    globalThis.BarcodeDetector = class {
        static async getSupportedFormats() { return ["qr_code"]; }
        async detect() { return calls++ < 2 ? [] : texts.map((rawValue) => ({ rawValue })); }
    };
}"""


@pytest.fixture(scope="module")
def held(nation: smoke.Run) -> Held:
    """A licence and the key it is bound to."""
    with Scriptless() as browser:
        smoke.sign_in_at_the_bank(nation, browser)
        browser.submit(browser.open(f"{nation.urls['wallet']}/sign-in"), "share")
        return smoke.receive(nation, browser, "driving_licence", "licence")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


def shown(held: Held) -> str:
    return qr.to_text(holder_proof(held[0], held[1], now=int(time.time())))


def counter(context: BrowserContext, nation: smoke.Run) -> tuple[Page, Troubles]:
    context.set_default_timeout(10_000)
    page, troubles = context.new_page(), Troubles()
    troubles.watch(page)
    page.goto(nation.urls["verifier"] + "/check")
    return page, troubles


def verdict(page: Page) -> tuple[str, str]:
    page.wait_for_selector("#verdict")
    return Walk(page, {}, {}, lambda _: None).verdict()


def wait_for(page: Page, things: list[Route], count: int) -> None:
    end = time.monotonic() + PATIENCE
    while len(things) < count:
        assert time.monotonic() < end, f"{len(things)} of {count} came"
        page.wait_for_timeout(50)


def test_a_code_before_the_camera_is_a_verdict(
    nation: smoke.Run, held: Held, playwright: Playwright, tmp_path: Path
) -> None:
    film = tmp_path / "held.mjpeg"
    film.write_bytes(video_of(shown(held)))
    with launched(playwright, camera=film) as browser:
        page, troubles = counter(browser.new_context(permissions=["camera"], locale="vi"), nation)
        bodies: list[bytes] = []
        page.on("request", lambda r: bodies.append(r.post_data_buffer or b"") if r.url.endswith("/scan") else None)
        assert page.evaluate("document.activeElement.id") == "camera-start"
        page.keyboard.press("Enter")
        assert verdict(page) == ("accepted", "")
        assert nation.persona["name"] in page.locator("#person").inner_text()
        page.keyboard.press("Enter")  # the next person: the camera is on again by itself, and reads again
        page.wait_for_url("**/check")
        assert verdict(page) == ("accepted", "")
        page.goto(nation.urls["verifier"] + "/check")
        page.wait_for_url("**/verdict/*")
        assert len(bodies) == 3 and not [body for body in bodies if b"JFIF" in body]  # read here: no picture went out
        assert troubles.seen == []


def test_two_codes_before_the_camera_wait_for_a_choice(
    nation: smoke.Run, held: Held, playwright: Playwright, tmp_path: Path
) -> None:
    film = tmp_path / "two.mjpeg"
    good = shown(held)
    film.write_bytes(video_of(good, "https://example.org/a-poster-on-the-wall", width=1080, height=1080))
    with launched(playwright, camera=film) as browser:
        page, troubles = counter(browser.new_context(permissions=["camera"]), nation)
        page.click("#camera-start")
        page.wait_for_selector("#code-2")
        assert page.locator("#verdict").count() == 0
        texts = [page.locator(f"#code-{number} input[name=text]").input_value() for number in (1, 2)]
        page.click(f"#code-{texts.index(good) + 1} button")
        assert verdict(page) == ("accepted", "")
        assert troubles.seen == []


def test_a_camera_that_sees_no_code_goes_on_and_can_be_stopped(
    nation: smoke.Run, playwright: Playwright, tmp_path: Path
) -> None:
    """Where this browser cannot read codes at all, the server does: one frame at a time."""
    film = tmp_path / "nothing.mjpeg"
    film.write_bytes(video_of(frames=2))
    with launched(playwright, camera=film) as browser:
        context = browser.new_context(permissions=["camera"], viewport={"width": 360, "height": 700})
        context.add_init_script("delete globalThis.Worker")
        page, troubles = counter(context, nation)
        held_back: list[Route] = []
        page.route("**/scan", lambda route: held_back.append(route))
        page.click("#camera-start")
        page.wait_for_selector("#camera-live:not([hidden])")
        assert axe(page) == []
        wait_for(page, held_back, 1)
        page.wait_for_timeout(1200)
        assert len(held_back) == 1  # however long an answer takes, no second frame is sent before it
        held_back[0].continue_()
        wait_for(page, held_back, 2)
        page.click("#camera-stop")
        assert page.evaluate("document.getElementById('preview').srcObject") is None
        held_back[1].continue_()
        page.wait_for_timeout(800)
        assert len(held_back) == 2
        assert page.locator("#camera-start").is_visible()
        assert troubles.seen == []


def test_where_our_own_reader_does_not_load_the_server_reads(
    nation: smoke.Run, held: Held, playwright: Playwright, tmp_path: Path
) -> None:
    """Blocked on its way, or not served: nobody is told a word of it, and the verdict is the same."""
    film = tmp_path / "held.mjpeg"
    film.write_bytes(video_of(shown(held)))
    losses: dict[str, Callable[[Route], None]] = {
        "code-worker.js": lambda route: route.abort("blockedbyclient"),
        "zxing_reader.wasm": lambda route: route.fulfill(status=404),
    }
    with launched(playwright, camera=film) as browser:
        for missing, lost in losses.items():
            context = browser.new_context(permissions=["camera"])
            asked: list[str] = []
            context.on("request", lambda r, a=asked: a.append(r.url))
            context.route(f"**/{missing}", lost)
            page, troubles = counter(context, nation)
            bodies: list[bytes] = []
            page.on("request", lambda r, b=bodies: b.append(r.post_data_buffer or b"") if r.method == "POST" else None)
            page.click("#camera-start")
            assert verdict(page) == ("accepted", "")
            assert bodies and all(b"JFIF" in body for body in bodies)
            # What the browser itself, and the reader's own loader, write to its console.
            assert [each for each in troubles.seen if missing not in each and "/vendor/zxing/" not in each] == []
            assert any(each.endswith(missing) for each in asked)
            context.close()


def test_without_leave_the_upload_stays(nation: smoke.Run, held: Held, playwright: Playwright, tmp_path: Path) -> None:
    film = tmp_path / "held.mjpeg"
    film.write_bytes(video_of(shown(held)))
    with launched(playwright, "--deny-permission-prompts", camera=film) as browser:
        page, troubles = counter(browser.new_context(), nation)
        page.click("#camera-start")
        page.wait_for_selector("#camera-refused:not([hidden])")
        assert page.evaluate("document.activeElement.id") == "camera-start"
        assert axe(page) == []
        picture = {"name": "code.png", "mimeType": "image/png", "buffer": qr.draw_png(shown(held))}
        page.set_input_files("#picture", picture)  # type: ignore[arg-type]
        page.click("#check")
        assert verdict(page) == ("accepted", "")
        assert troubles.seen == []


def test_a_browser_that_reads_codes_itself_sends_no_picture(
    nation: smoke.Run, held: Held, playwright: Playwright, tmp_path: Path
) -> None:
    film = tmp_path / "nothing.mjpeg"
    film.write_bytes(video_of(frames=2))
    with launched(playwright, camera=film) as browser:
        context = browser.new_context(permissions=["camera"])
        context.add_init_script(f"({READER})({json.dumps([shown(held)])})")
        page, troubles = counter(context, nation)
        bodies: list[bytes] = []
        page.on("request", lambda r: bodies.append(r.post_data_buffer or b"") if r.url.endswith("/scan") else None)
        page.select_option("#documents", "health_record")
        page.click("#camera-start")
        assert verdict(page) == ("rejected", "policy_refused")
        assert len(bodies) == 1 and b"VN1:" in bodies[0] and b"JFIF" not in bodies[0]
        assert troubles.seen == []


def test_a_counter_whose_server_is_away_keeps_what_was_read(
    nation: smoke.Run, held: Held, playwright: Playwright, tmp_path: Path
) -> None:
    """Told on the page; nothing is judged in it; what waits is judged when the server is back, or let go."""
    film = tmp_path / "nothing.mjpeg"
    film.write_bytes(video_of(frames=2))
    with launched(playwright, camera=film) as browser:
        context = browser.new_context(permissions=["camera"], viewport={"width": 360, "height": 700})
        context.add_init_script(f"({READER})({json.dumps([shown(held)])})")
        page, troubles = counter(context, nation)
        context.set_offline(True)
        page.click("#camera-start")
        page.wait_for_selector("#kept")
        assert page.evaluate("document.activeElement.id") == "forget" and page.locator("#verdict").count() == 0
        assert axe(page) == []
        page.keyboard.press("Enter")
        page.wait_for_selector("#kept", state="hidden")
        page.evaluate("document.getElementById('paste').open = true")
        page.fill("#text", shown(held))
        page.click("#check")
        page.wait_for_selector("#kept")
        assert page.input_value("#text").startswith("VN1:")
        context.set_offline(False)
        assert verdict(page) == ("accepted", "")
        page.click("#receipt")
        page.wait_for_selector("#print:not([hidden])")
        assert axe(page) == []
        with page.expect_download() as download:
            page.click("#save")
        assert "Mã lý do" not in Path(download.value.path()).read_text("utf-8")
        assert [each for each in troubles.seen if "ERR_INTERNET_DISCONNECTED" not in each] == []


def test_without_a_script_there_is_no_camera_and_the_upload_is_the_way(
    nation: smoke.Run, playwright: Playwright
) -> None:
    with launched(playwright) as browser:
        page, _ = counter(browser.new_context(java_script_enabled=False), nation)
        assert not page.locator("#camera").is_visible()
        assert page.locator("#check").is_visible()


def keys(page: Page, *typed: str) -> None:
    """From what is in focus, each into the next field; the last is sent."""
    for text in typed[:-1]:
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.type(typed[-1])
    page.keyboard.press("Enter")


def test_who_works_here_signs_in_by_keyboard_and_checks(
    nation: smoke.Run, held: Held, playwright: Playwright, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last one: from its first account on this counter is open to nobody else."""
    listed = nation.data / "verifier" / "staff.json"
    once = {name: appointed(listed, name, role, capsys) for name, role in (("hoa", "teller"), ("binh", "supervisor"))}
    wrong: dict[str, object] = {}
    film = tmp_path / "nothing.mjpeg"
    film.write_bytes(video_of(frames=2))
    with launched(playwright, camera=film) as browser:
        size = {"width": 360, "height": 700}
        context = browser.new_context(permissions=["camera"], viewport=size, locale="vi")  # type: ignore[arg-type]
        context.add_init_script(f"({READER})({json.dumps([shown(held)])})")
        page, troubles = counter(context, nation)
        page.wait_for_selector("#staff-form")
        wrong |= flaws(page, "sign-in")
        keys(page, "hoa", "not the password")
        page.wait_for_selector("#error-summary")
        wrong |= flaws(page, "sign-in refused")
        page.focus("#name")
        keys(page, "hoa", once["hoa"])
        page.wait_for_selector("#must-change")
        wrong |= flaws(page, "first password")
        keys(page, once["hoa"], "một câu dài chỉ Hoa biết", "một câu dài chỉ Hoa biết")
        page.wait_for_selector("#go-check")
        page.focus("#go-check")
        page.keyboard.press("Enter")
        page.wait_for_selector("#camera-start:focus")
        change(listed, disabled("hoa", off=True))
        page.keyboard.press("Enter")  # the code is read, and the page goes to whoever must sign in first
        page.wait_for_selector("#staff-form")
        change(listed, disabled("hoa", off=False))
        page.click("#language")
        page.wait_for_selector("html[lang=en] #staff-form")
        page.focus("#name")
        keys(page, "hoa", "một câu dài chỉ Hoa biết")
        assert verdict(page) == ("accepted", "")  # back on the page that was asked for, whose camera goes on
        first = page.url
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/verdict/" in url and url != first)  # the next person, in one key
        page.wait_for_selector("html[lang=en] #verdict")
        page.goto(nation.urls["verifier"] + "/")
        page.wait_for_selector("html[lang=en] #go-check")
        page.focus("#staff-sign-out")
        page.keyboard.press("Enter")
        page.wait_for_selector("#staff-form")
        keys(page, "binh", once["binh"])
        page.wait_for_selector("#must-change")
        keys(page, once["binh"], "một câu dài chỉ Bình biết", "một câu dài chỉ Bình biết")
        page.wait_for_selector("#go-check")
        page.click("#nav-book")
        page.wait_for_selector("#entries [data-outcome=accepted]")
        assert "hoa" in page.locator("#entries li").first.inner_text()
        wrong |= flaws(page, "book")
        page.click("#staff-member a[href='/staff']")
        page.wait_for_selector("#staff-list")
        wrong |= flaws(page, "staff")
        assert [each for each in troubles.seen if "422" not in each and "401" not in each] == []
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)


def appointed(listed: Path, name: str, role: str, capsys: pytest.CaptureFixture[str]) -> str:
    """By the command; its one-time password."""
    title = f"Trần Thị {name.title()}"
    assert command(["staff", "add", name, "--title", title, "--role", role, "--staff", str(listed), "--json"]) == 0
    return str(json.loads(capsys.readouterr().out)["one_time_password"])


def change(listed: Path, rule: Rule) -> None:
    StaffFile(listed).change(rule)
