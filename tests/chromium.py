"""A real Chromium, driven by Playwright: started as the tests need it, and every trouble on its pages noted.

Spec: W3C CSP 3 (violations reach the console); Media Capture and Streams. `wait_for_function` evaluates strings later than
the driver's own call and is refused by our policy: poll with `until`.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = Path(__file__).parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 10.0  # seconds for anything that a page does


def program() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise AssertionError("Chromium is needed: apt-get install chromium")
    return found


@contextmanager
def launched(playwright: Playwright, *more: str, camera: Path | None = None) -> Iterator[Browser]:
    """With `camera`, a video file (.mjpeg or .y4m) is what the camera sees, over and over."""
    flags = [*FLAGS, *more]
    if camera is not None:
        flags += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={camera}"]
    browser = playwright.chromium.launch(executable_path=program(), args=flags)
    try:
        yield browser
    finally:
        browser.close()


@dataclass
class Troubles:
    """What went wrong on a page: console errors (violations of the policy are among them) and uncaught exceptions.

    An answer of 4xx that the test asked for is noted by Chromium too; `expect` takes it out.
    """

    seen: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"{page.url}: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.seen.append(f"{message.location.get('url', '')}: {message.text}")

    def expect(self, part: str) -> None:
        """A trouble with this part was meant: it must be there, once, and does not count."""
        (meant,) = [each for each in self.seen if part in each]
        self.seen.remove(meant)


def until(page: Page, expression: str, *, seconds: float = PATIENCE) -> Any:
    """Wait until a JavaScript expression is truthy; its value."""
    end = time.monotonic() + seconds
    while True:
        try:
            value = page.evaluate(expression)
        except Error as error:
            if "context was destroyed" not in str(error):  # else the page is just being replaced by the next
                raise
            value = None
        if value:
            return value
        assert time.monotonic() < end, f"on {page.url} this never came: {expression}"
        page.wait_for_timeout(50)


def tab_to(page: Page, id_: str) -> None:
    """By the Tab key alone, as somebody without a mouse gets there."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.id") == id_:
            return
    raise AssertionError(f"the Tab key does not reach #{id_} on {page.url}")


def too_wide(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def overflows(page: Page) -> dict[str, int]:
    """Where the page is too wide: at 360 px, on a desktop zoomed to 200 %, and with text of twice the size on a phone.

    Spec: WCAG 2.2 §1.4.10 (reflow), §1.4.4 (resize text)
    """
    page.wait_for_load_state()  # a click ends when its page is committed, before there is an element
    size = page.viewport_size
    assert size is not None
    found = {}
    for name, width, text in (("360 px", 360, "100%"), ("200 %", 600, "100%"), ("text of 200 %", 390, "200%")):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
        if wide := too_wide(page):
            found[name] = wide
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(size)
    return found


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong, one line for each rule and element. All its rules but the experimental ones.

    Its text is evaluated by the driver: the page's policy stays as it is.
    """
    if not AXE.exists():
        raise AssertionError("axe-core is needed: make .venv/node.stamp")
    page.wait_for_load_state()
    page.evaluate(AXE.read_text("utf-8"))
    answer = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {node['html'][:160]} ({node.get('failureSummary', '').splitlines()[-1].strip()})"
        for rule in answer["violations"]
        for node in rule["nodes"]
    ]


def flaws(page: Page, name: str) -> dict[str, Any]:
    """What is wrong with the page that is shown: too wide somewhere, or by axe, in light and in dark. `name` tells it from others."""
    found: dict[str, Any] = {f"{name}, wide": overflows(page)}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found[f"{name}, {scheme}"] = axe(page)
    return {where: what for where, what in found.items() if what}
