"""The counter opened anew while its server is away, in a real Chromium: one page says so, and goes on by itself; nothing else is kept.

Spec: W3C Service Workers; W3C Web App Manifest; CSP 3.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from tests.chromium import Troubles, flaws, until
from tests.databases import free_port
from tests.world import World
from verifier.app import create_app
from verifier.config import Config

READY = "navigator.serviceWorker.ready.then((registration) => registration.active?.state === 'activated')"
KEPT = """async () => {
    const found = [];
    for (const name of await caches.keys()) for (const each of await (await caches.open(name)).keys()) found.push(new URL(each.url).pathname);
    return found.sort();
}"""


@contextmanager
def served(config: Config, port: int) -> Iterator[None]:
    """A counter that ends as a killed one does: its port is closed."""
    app = create_app(config)
    try:
        with listening(app, port):
            yield
    finally:
        app.extensions["counter"].keeper._fetcher.close()


@contextmanager
def listening(app: Callable[..., Any], port: int) -> Iterator[None]:
    server = make_server("localhost", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_opened_without_its_server_it_says_so_and_goes_on(browser: Browser, tmp_path: Path) -> None:
    world, port = World(now=int(time.time())), free_port()
    config = Config(
        url=f"http://localhost:{port}",
        issuer="http://localhost:1",
        bundle=world.write_bundle(tmp_path / "bundle.cbor"),
        client_secret=None,
        session_key=b"k" * 32,
        refresh_seconds=0,
        simulation=True,
    )
    context = browser.new_context(viewport={"width": 360, "height": 700}, locale="vi")
    with served(config, port):
        page = context.new_page()
        page.goto(config.url)
        until(page, READY)
        told = httpx.get(f"{config.url}/counter.webmanifest").json()
        assert told["start_url"] == "/check" and all(
            httpx.get(config.url + each["src"]).headers["Content-Type"] == "image/png" for each in told["icons"]
        )
        page.goto(f"{config.url}/check?lang=en")
        page.evaluate("document.getElementById('paste').open = true")
        page.fill("#text", world.present())
        page.click("#check")
        page.wait_for_selector("#verdict[data-outcome=accepted]")
        verdict = page.url
        page.close()
    page, troubles = context.new_page(), Troubles()
    troubles.watch(page)
    answer = page.goto(verdict)
    assert answer is not None and answer.status == 503
    assert page.locator("#away").is_visible() and page.locator("#verdict").count() == 0
    assert "Nguyễn" not in page.content()
    assert flaws(page, "away") == {}
    kept = page.evaluate(KEPT)
    assert kept == [
        "/away",
        *(f"/static/{name}" for name in ("base.css", "icon.svg", "js/away-page.js", "js/away.js", "role.css")),
    ]
    context.new_cdp_session(page).send("Network.clearBrowserCache")  # an hour later: what the worker keeps is there
    with listening(Response("no upstream", 502), port):  # a proxy in its place, which has no file of that page either
        page.goto(f"{config.url}/check")
        page.wait_for_selector("#away")
    with served(config, port):
        page.wait_for_selector("#check-form")  # by itself, and in the language of before
        assert page.url == f"{config.url}/check" and page.inner_text("h1") == "Check a QR code"
        assert page.evaluate(KEPT) == kept
    assert [each for each in troubles.seen if not re.search("ERR_CONNECTION_REFUSED|50[23]", each)] == []
    context.close()
