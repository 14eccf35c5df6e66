"""The counter's page reading codes from a camera of 1280 × 720 at 30 frames a second, in headless Chromium: what a frame costs, and how
soon after the first frame with a code its text is read (goals: 20 ms, 150 ms). The browser's own clock.

The camera is a canvas on which this file draws: it knows when a code came before it. What is read ends in the page's own call to /scan,
which is answered here without a server, so that no verdict takes part.
"""

import base64
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import CDPSession, Page, sync_playwright
from werkzeug.serving import make_server

from tests.bench.tables import table
from tests.chromium import launched
from tests.databases import free_port
from tests.distorted import distorted
from tests.pictures import opened, picture_of, saved
from tests.world import World
from verifier.app import create_app
from verifier.config import Config

FRAMES, READS = 60, 40
WIDTH, HEIGHT = 1280, 720
# A corner pixel tells the frames with a code from those without one: white in the first, black in the others.
CAMERA = """() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
    const draw = canvas.getContext("2d");
    let picture = null;
    setInterval(() => { if (picture) draw.drawImage(picture, 0, 0); }, 1000 / 30);
    globalThis.before = (name) => { picture = globalThis.pictures[name]; };
    globalThis.load = async (all) => {
        globalThis.pictures = {};
        for (const [name, source] of Object.entries(all)) {
            const image = new Image();
            image.src = source;
            await image.decode();
            globalThis.pictures[name] = image;
        }
    };
    navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);
    const asked = globalThis.fetch;
    globalThis.fetch = async (address, options) => {
        if (!String(address).endsWith("/scan")) return asked(address, options);
        globalThis.told?.(performance.now());
        return new Response(JSON.stringify({ location: null }), { status: 200 });
    };
}"""
# One code after the other before the camera of the whole page; of each, from its first frame to the call with its text.
FIRST_READS = """async ([names, pauses]) => {
    const video = document.getElementById("preview");
    const one = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
    const white = () => {
        one.drawImage(video, 0, 0, 4, 4, 0, 0, 1, 1);
        return one.getImageData(0, 0, 1, 1).data[0] > 200;
    };
    const shown = (wanted) => new Promise((resolve) => {
        const look = (now) => (white() === wanted ? resolve(performance.now()) : video.requestVideoFrameCallback(look));
        video.requestVideoFrameCallback(look);
    });
    const found = [];
    for (const [at, name] of names.entries()) {
        before("desk");
        await shown(false);
        await new Promise((resolve) => setTimeout(resolve, pauses[at]));
        const read = new Promise((resolve) => { globalThis.told = resolve; });
        before(name);
        const seen = await shown(true);
        found.push(await read - seen);
        globalThis.told = null;
    }
    return found;
}"""
# Frames one after the other through the page's own reader, or just seen; how long each took, and how many codes were read.
COST = """async ([name, count, reading]) => {
    before(name);
    const { reader } = await import("/static/js/reader.js");
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = await navigator.mediaDevices.getUserMedia();
    await video.play();
    const read = await reader();
    for (let at = 0; at < 15; at += 1) await read(video); // what is loaded, compiled and shown at first
    const [taken, began] = [[], await globalThis.spent()];
    let codes = 0;
    for (let at = 0; at < count; at += 1) {
        await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
        const start = performance.now();
        if (reading) codes += (await read(video)).length;
        taken.push(performance.now() - start);
    }
    const spent = await globalThis.spent() - began;
    video.srcObject.getTracks()[0].stop();
    return { taken, codes, spent: 1000 * spent / count };
}"""


def report() -> str:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, sync_playwright() as playwright:
        world = World(now=int(time.time()))
        with _served(world, Path(folder)) as url, launched(playwright) as browser:
            page = browser.new_page(locale="en")
            page.add_init_script(f"({CAMERA})()")
            page.goto(f"{url}/check")
            names = _load(page, world)
            rows = [*_costs(page), *_first_reads(page, names)]
    return table(["codes before the camera, 1280 × 720, headless", "ms, middle one", "ms, p95"], rows)


@contextmanager
def _served(world: World, folder: Path) -> Iterator[str]:
    port = free_port()
    config = Config(
        url=f"http://localhost:{port}",
        issuer="http://localhost:1",
        bundle=world.write_bundle(folder / "bundle.cbor"),
        client_secret=None,
        session_key=b"k" * 32,
        refresh_seconds=0,
        simulation=True,
    )
    server = make_server("localhost", port, create_app(config), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield config.url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _load(page: Page, world: World) -> list[str]:
    codes = {f"code {number}": _held(world.present_text(), Random(number)) for number in range(READS)}
    pictures = {"desk": _desk(), **codes}
    page.evaluate("load", {name: _source(each) for name, each in pictures.items()})
    return list(codes)


def _costs(page: Page) -> Iterator[list[str]]:
    """The main thread by the processor time that the browser counts for it, less what the same camera takes when nobody reads."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.expose_function("spent", lambda: _task_seconds(session))
    for name, label in (("desk", "no code in the frame"), ("code 0", "a code in the frame")):
        idle = page.evaluate(COST, [name, FRAMES, False])
        busy = page.evaluate(COST, [name, FRAMES, True])
        if bool(busy["codes"]) != (name != "desk"):
            raise AssertionError(f"{label}: {busy['codes']} codes were read")
        yield [f"{label}: the page's main thread, a frame", f"{max(0.0, busy['spent'] - idle['spent']):.1f}", "–"]
        yield [f"{label}: beside it, until the reader has answered", *_told(busy["taken"])]


def _task_seconds(session: CDPSession) -> float:
    found: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in found if each["name"] == "TaskDuration"))


def _first_reads(page: Page, names: list[str]) -> list[list[str]]:
    page.evaluate("before", "desk")
    page.click("#camera-start")
    page.wait_for_selector("#camera-live:not([hidden])")
    page.wait_for_timeout(1000)
    random = Random(7)
    taken = page.evaluate(FIRST_READS, [names, [random.randint(200, 500) for _ in names]])
    return [["from the first frame with a code to its text", *_told(taken)]]


def _told(taken: list[float]) -> tuple[str, str]:
    return f"{statistics.median(taken):.0f}", f"{statistics.quantiles(taken, n=20)[-1]:.0f}"


def _held(text: str, random: Random) -> Image.Image:
    """A code on a telephone in a hand: blur, tilt and noise of a camera, at a place of its own."""
    frame = _desk()
    code = distorted(opened(picture_of(text, module=5)), "camera", 1.0, random)
    code.thumbnail((620, 620))
    frame.paste(code, ((WIDTH - code.width) // 2 + random.randint(-40, 40), (HEIGHT - code.height) // 2))
    frame.paste(255, (0, 0, 16, 16))
    return frame


def _desk() -> Image.Image:
    """Edges, shades and noise, and no code."""
    random, frame = Random(1), Image.new("L", (WIDTH, HEIGHT), 120)
    draw = ImageDraw.Draw(frame)
    for _ in range(120):
        left, top = random.randrange(WIDTH), random.randrange(HEIGHT)
        draw.rectangle((left, top, left + random.randint(10, 300), top + random.randint(6, 120)), random.randrange(256))
    frame = Image.blend(frame.filter(ImageFilter.GaussianBlur(1.5)), Image.effect_noise((WIDTH, HEIGHT), 40), 0.15)
    frame.paste(0, (0, 0, 16, 16))
    return frame


def _source(picture: Image.Image) -> str:
    return "data:image/png;base64," + base64.b64encode(saved(picture)).decode()
