"""The offline wallet in headless Chromium, network cut: how soon it is seen, unlocked, and shows a code. The browser's own clock."""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests import smoke
from tests.bench.tables import table
from tests.chromium import launched, until
from tests.pocket import CODE, KEPT, PASSCODE, Phone, at_screen, enrolled, unlock

OPENINGS, CODES = 15, 20
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
MARK = "performance.getEntriesByName('screen {}').at(-1).startTime"
CHOSEN = """async (view) => {
    const text = () => document.getElementById("qr")?.dataset.text;
    const [before, began] = [text(), performance.now()];
    document.querySelector(`a[data-view=${view}]`).click();
    while (!text() || text() === before) await new Promise((resolve) => { setTimeout(resolve, 0); });
    await new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve, 0)); });
    return performance.now() - began;
}"""
VIEWS = ("licence", "age_over_18")


def report() -> str:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, sync_playwright() as playwright:
        run = smoke.Run(Path(folder))
        with smoke.demonstration(run), launched(playwright) as browser:
            phone = enrolled(run, browser, "minh-anh", language="vi")
            with phone.offline():
                weight, seconds = _measured(phone)
    rows = [[name, f"{statistics.median(each):.0f}", f"{max(each):.0f}"] for name, each in seconds.items()]
    head = [f"offline wallet, {weight / 1024:.0f} KB in the cache, network cut", "ms, middle one", "ms, worst"]
    return table(head, rows)


def _measured(phone: Phone) -> tuple[int, dict[str, list[float]]]:
    seen: list[float] = []
    asked: list[float] = []
    opened: list[float] = []
    for _ in range(OPENINGS):
        page = phone.page()
        at_screen(page, "locked")
        seen.append(float(until(page, PAINT)))
        asked.append(float(page.evaluate(MARK.format("locked"))))
        page.fill("#passcode", PASSCODE)
        began = float(page.evaluate("(document.getElementById('unlock').requestSubmit(), performance.now())"))
        at_screen(page, "home")
        opened.append(float(page.evaluate(MARK.format("home"))) - began)
        page.close()
    page = phone.page()
    unlock(page)
    weight, (fresh, chosen) = int(page.evaluate(KEPT)), _codes(page)
    return weight, {
        "first paint": seen,
        "the passcode can be typed": asked,
        "passcode → documents (600,000 rounds of PBKDF2)": opened,
        "fresh code: signed, encoded, put into the page": fresh,
        "a view chosen → its code painted": chosen,
    }


def _codes(page: Page) -> tuple[list[float], list[float]]:
    """Of each code how long it took by itself, and from the choice of its view until it was painted."""
    page.click("[data-type=driving_licence]")
    page.click("#show")
    until(page, CODE)
    chosen = [float(page.evaluate(CHOSEN, VIEWS[number % 2])) for number in range(1, CODES)]
    fresh = page.evaluate("performance.getEntriesByName('fresh code').map((each) => each.duration)")
    return [float(each) for each in fresh], chosen
