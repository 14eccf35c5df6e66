"""The longest time that a hostile text or a large picture takes until its verdict (limits: 50 ms, and 1 s)."""

import io
import time
from collections.abc import Callable
from typing import TypeVar

from PIL import Image

from certs import qr
from tests.bench.tables import table
from tests.verifier.test_limits import TEXTS
from tests.world import NOW, World
from verifier.scan import NothingToCheck, texts
from verifier.verifier import Verifier

TURNS = 5
T = TypeVar("T")


def report() -> str:
    world = World()
    verifier = Verifier(world.open_bundle(), clock=lambda: NOW)
    rows = [[f"text: {name}", _worst(verifier.inspect, make())] for name, make in TEXTS.items()]
    rows += [[f"picture: {name}", _worst(_read, data)] for name, data in _pictures(world).items()]
    return table(["hostile or large input", f"ms, the worst of {TURNS}"], rows)


def _pictures(world: World) -> dict[str, bytes]:
    """25 megapixels each: a small code in a white sheet, and noise, in which every corner looks like one."""
    sheet = Image.new("L", (5000, 5000), 255)
    sheet.paste(Image.open(io.BytesIO(qr.draw_png(world.present_text()))).convert("L"), (2000, 2000))
    noise = Image.effect_noise((5000, 5000), 80)
    return {
        "25 megapixels, PNG with a code": _saved(sheet, "PNG"),
        "25 megapixels, JPEG with a code": _saved(sheet, "JPEG"),
        "25 megapixels, JPEG of noise": _saved(noise, "JPEG", quality=40),
    }


def _saved(picture: Image.Image, kind: str, **options: int) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def _read(data: bytes) -> object:
    try:
        return texts(data)
    except NothingToCheck as nothing:
        return nothing


def _worst(work: Callable[[T], object], given: T) -> str:
    worst = 0.0
    for _ in range(TURNS):
        began = time.perf_counter()
        work(given)
        worst = max(worst, time.perf_counter() - began)
    return f"{worst * 1000:.2f}"
