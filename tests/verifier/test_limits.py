"""What a hostile text or picture may cost in memory. What it may cost in time is measured by `make bench`, never tested."""

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from certs import qr
from certs.encoding import base45_encode
from tests.world import World
from verifier import Outcome, Verifier
from verifier.scan import NothingToCheck, texts

MEBIBYTE = 1024 * 1024
MEMORY = 64 * MEBIBYTE
LONGEST = qr.BYTES_LIMIT - 8

# Each is as long as its kind may be, and goes as deep into the checks as its kind can.
TEXTS: dict[str, Callable[[], str]] = {
    "a mebibyte": lambda: "VN1:" + "A" * (MEBIBYTE - 4),
    "a mebibyte of letters beyond Latin": lambda: "Ế" * MEBIBYTE,
    "base45 of the longest code": lambda: "VN1:" + "0" * (qr.TEXT_LIMIT - 4),
    "arrays in arrays": lambda: "VN1:" + base45_encode(b"\x81" * LONGEST),
    "a map that announces 2^64 entries": lambda: "VN1:" + base45_encode(b"\xbb" + b"\xff" * 8 + b"\x00" * LONGEST),
    "a text that announces 2^64 bytes": lambda: "VN1:" + base45_encode(b"\x7b" + b"\xff" * 8 + b"a" * LONGEST),
    "colliding keys": lambda: "VN1:" + base45_encode(_colliding()),
    "lone surrogates": lambda: "\ud800" * MEBIBYTE,
}


def _colliding() -> bytes:
    """Integers that are all 0 modulo 2^61 - 1, the modulus of Python's hash of numbers."""
    keys = (number * (2**61 - 1) for number in range(1, 8))
    return b"\xa7" + b"".join(b"\x1b" + key.to_bytes(8, "big") + b"\x00" for key in keys)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_costs_little_memory(world: World, tmp_path: Path, name: str) -> None:
    verifier = Verifier.from_bundle(world.write_bundle(tmp_path / "bundle.cbor"), clock=lambda: world.now)
    text = TEXTS[name]()
    tracemalloc.start()
    try:
        report = verifier.inspect(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.outcome is Outcome.REJECTED
    assert peak < MEMORY


def test_a_picture_of_25_megapixels_is_read_and_a_larger_one_is_not_decoded(world: World) -> None:
    text = world.present_text()
    code = Image.open(io.BytesIO(qr.draw_png(text))).convert("L")
    for size, found in (((5000, 5000), (text,)), ((5001, 5000), None)):
        picture, data = Image.new("L", size, 255), io.BytesIO()
        picture.paste(code, (2000, 2000))
        picture.save(data, "PNG")
        if found is not None:
            assert tuple(texts(data.getvalue())) == found
        else:
            with pytest.raises(NothingToCheck, match="too large"):
                texts(data.getvalue())
