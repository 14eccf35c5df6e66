"""Pictures of every page, as people see them: `make screenshots` puts them into screenshots/, an index beside them.

`python -m tests.screenshots [folder]` starts a nation of its own, and goes through it at two widths, in two languages, by
day and by night. Nothing is compared: they are there to be looked at.
"""

import html
import json
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests import newcomers, smoke
from tests.chromium import launched, until
from tests.newcomers import Newcomer
from tests.pictures import picture_of, video_of
from tests.pocket import CODE, at_screen
from tests.sign_in_tour import Tour, contexts
from tests.walk import Walk

LICENCE = "driving_licence"
NIGHT = {  # the pages that are pictured in dark colours too
    "login",
    "login-refused",
    "consent-wallet",
    "documents",
    "offer",
    "receive",
    "wallet-documents",
    "document",
    "show",
    "counter-check",
    "verdict-accepted",
    "verdict-why",
    "verdict-suspended",
    "verdict-undetermined",
    "customer",
    "face",
    "more",
    "phone",
    "register",
    "security",
    "account",
    "wallet-approve",
    "app-home",
    "app-asked",
    "app-locked",
}
# Language, width, height, persona: each has a licence; the first one's is suspended on the way.
WALKS = [
    ("vi", 390, 844, "minh-anh"),
    ("en", 390, 844, "van-binh"),
    ("vi", 1200, 800, "anne-marie"),
    ("en", 1200, 800, "thanh-truc"),
]


@dataclass
class Camera:
    """Takes the pictures of one walk: the whole page, numbered in the order of the walk."""

    page: Page
    folder: Path
    taken: list[Path] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        self._take(name, "light")
        if name in NIGHT:
            self._take(name, "dark")
            self.page.emulate_media(color_scheme="light")

    def of(self, page: Page, name: str) -> None:
        """Of another page, in the same row of pictures."""
        Camera(page, self.folder, self.taken)(name)

    def _take(self, name: str, scheme: Literal["light", "dark"]) -> None:
        self.page.emulate_media(color_scheme=scheme)
        path = self.folder / f"{len(self.taken) + 1:02d}-{name}{'-dark' if scheme == 'dark' else ''}.png"
        self.page.screenshot(path=path, full_page=True)
        self.taken.append(path)


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    pictures: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="screenshots-") as data, sync_playwright() as playwright:
        run = smoke.Run(Path(data))
        film = Path(data) / "held.mjpeg"
        with smoke.demonstration(run):
            people = json.loads((run.data / "personas.json").read_text("utf-8"))
            film.write_bytes(video_of(frames=4))
            with launched(playwright, camera=film) as browser:
                strangers = newcomers.found(run, len(WALKS))
                for number, (language, width, height, person) in enumerate(WALKS):
                    run.persona = next(each for each in people if each["key"] == person)
                    to = folder / f"{language}-{width}"
                    to.mkdir(parents=True, exist_ok=True)
                    for old in to.glob("*.png"):
                        old.unlink()
                    pictures += one_walk(run, browser, language, (width, height), to, strangers[number])
                    print(f"{to}: {len(list(to.glob('*.png')))} pictures")
    (folder / "index.html").write_text(_index(folder, pictures), "utf-8")
    print(f"{folder / 'index.html'} shows them all")
    return 0


def one_walk(
    run: smoke.Run, browser: Browser, language: str, size: tuple[int, int], folder: Path, newcomer: Newcomer
) -> list[Path]:
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, locale=language, permissions=["camera"])  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(10_000)
    camera = Camera(page, folder)
    at = Walk(page, run.urls, run.persona, camera)
    at.before_signing_in()
    _scanning(at)
    at.sign_in()
    camera("app-empty")
    document = at.receive(LICENCE)
    at.add("tax_registration")
    at.go("wallet", "/documents")
    camera("wallet-documents")
    _on_the_phone(at)
    text = at.show(document)
    at.check_text(text)
    camera("verdict-accepted")
    page.click("#why summary")
    page.click("#all-facts summary")
    camera("verdict-why")
    page.click("#receipt")
    page.wait_for_selector("#save")
    camera("counter-receipt")
    _asked(at)
    at.check_picture(picture_of(text, text[:-3] + "000"))
    page.wait_for_selector("#code-2")
    camera("counter-choose")
    _other_verdicts(run, at, document, text)
    at.sign_in_at_the_bank()
    at.signed_in()
    _not_allowed(run, at)
    at.remove(document)
    at.sign_out()
    context.close()
    smoke._idp(run, "staff", "grant", str(run.persona["pid"]), "clients")
    others = contexts(browser, viewport=viewport, locale=language)
    Tour(run.urls, run.persona, others, camera.of).whole(newcomer, f"09{newcomer.pid[-8:]}")
    return camera.taken


def _on_the_phone(at: Walk) -> None:
    """The offline wallet: each of its screens."""
    at.go("wallet")
    at.open_app(looks=True)
    at.page.wait_for_selector("#documents [data-type]")
    at.look("app-home")
    at.click(f"[data-type={LICENCE}]")
    at_screen(at.page, "details")
    at.look("app-document")
    at.click("#show")
    until(at.page, CODE)
    for route, name in (("history", "app-history"), ("settings", "app-settings")):
        at.page.evaluate("route => { location.hash = `#/${route}`; }", route)
        at_screen(at.page, route)
        at.look(name)


def _scanning(at: Walk) -> None:
    at.go("verifier", "/check")
    at.click("#camera-start")
    at.page.wait_for_selector("#camera-live:not([hidden])")
    at.page.wait_for_timeout(300)
    at.look("counter-camera")
    at.click("#camera-stop")


def _asked(at: Walk) -> None:
    """The counter asks: over the network, and by its code, which the phone reads."""
    at.go("verifier", "/online")
    at.look("counter-online-ask")
    at.click("#ask-online")
    at.page.wait_for_selector("#code img")
    at.look("counter-online")
    at.go("verifier", "/ask")
    at.look("counter-ask")
    at.click("#ask")
    at.page.wait_for_selector("#text-of-code", state="attached")
    at.look("counter-challenge")
    text = at.page.locator("#text-of-code").text_content()
    at.go("wallet", "/scan")
    at.open_app()
    at_screen(at.page, "scan")
    at.look("app-scan")
    at.click("#paste summary")
    at.page.fill("#text", text or "")
    at.click("#read")
    at_screen(at.page, "asked")
    at.look("app-asked")


def _other_verdicts(run: smoke.Run, at: Walk, document: str, text: str) -> None:
    at.check_text("999203001234||Nguyễn Thị Thuỳ Dương|09052003|Nữ|Số 1 Đường Hoa Sen|01012022")
    at.click("#unsigned-card summary")
    at.look("verdict-unsigned")
    at.check_text("VN1:" + text[5:-3])
    at.look("verdict-rejected")
    at.check_text(at.show(document, "age_over_18", name="show-adult"))
    at.look("verdict-adult")
    smoke.authority(run, "suspend", LICENCE)
    at.refresh()
    at.look("counter-refreshed")
    at.check_text(at.show(document, name="show-again"))
    at.look("verdict-suspended")
    at.go("wallet")
    at.open_app()
    until(at.page, "document.documentElement.dataset.met === 'done'")
    at.look("app-home-again")
    smoke.authority(run, "reinstate", LICENCE)
    at.refresh()


def _not_allowed(run: smoke.Run, at: Walk) -> None:
    """What a citizen says no to, and a form that came too late."""
    at.go("idp", "/consents")
    at.click("#withdraw-bank")
    at.look("consent-withdrawn")
    at.go("verifier", "/sign-in")
    at.log_in(at.persona["password"], keyboard=False)
    at.click("#do-not-share")
    at.page.wait_for_selector("#error-id")
    at.look("counter-customer-refuses")


def _index(folder: Path, pictures: list[Path]) -> str:
    rows = "".join(
        f"<figure><img src='{html.escape(str(path.relative_to(folder)))}' alt='' loading='lazy'>"
        f"<figcaption>{html.escape(str(path.relative_to(folder)))}</figcaption></figure>"
        for path in pictures
    )
    return (
        "<!doctype html><meta charset='utf-8'><title>Screenshots</title><style>body{font:14px sans-serif;display:flex;"
        "flex-wrap:wrap;gap:16px;align-items:flex-start}figure{margin:0;width:300px}img{width:100%;border:1px solid #ccc}"
        f"</style>{rows}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
